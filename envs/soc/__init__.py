"""Systems on chip: scheduling their tasks, designing them."""
