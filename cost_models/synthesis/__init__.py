"""Logic synthesis: what recipes of AIG-rewriting passes make of circuits, by a real ABC."""
