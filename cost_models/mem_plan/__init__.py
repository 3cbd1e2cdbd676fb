"""Memory planning: operator graphs, one scratchpad, and what has to leave it."""
