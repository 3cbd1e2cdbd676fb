"""Names of the columns of designs, and the words in them."""

METHOD, ORDER, REPLACEMENT, SCRATCHPAD = "method", "order", "replacement", "scratchpad_B"

EXPLICIT = "explicit"
BEAM_SEARCH, ILP, STATE_SEARCH = "beam_search", "ilp", "state_search"
LRU_TOPO, BELADY_TOPO, OPT_REPLACEMENT_TOPO = "lru_topo", "belady_topo", "opt_replacement_topo"
METHODS = (EXPLICIT, LRU_TOPO, BELADY_TOPO, OPT_REPLACEMENT_TOPO, BEAM_SEARCH, ILP, STATE_SEARCH)

LRU, BELADY, OPTIMAL = "lru", "belady", "optimal"
REPLACEMENTS = (LRU, BELADY)

# What a method on the given order means for the replacement.
REPLACEMENT_OF = {LRU_TOPO: LRU, BELADY_TOPO: BELADY, OPT_REPLACEMENT_TOPO: OPTIMAL}
