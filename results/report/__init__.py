"""One page about a store: what it holds, who found what, and what good designs look like."""
