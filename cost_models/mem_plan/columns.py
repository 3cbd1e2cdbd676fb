"""Names of the columns of designs, and the words in them."""

METHOD, ORDER, REPLACEMENT, SCRATCHPAD = "method", "order", "replacement", "scratchpad_B"

EXPLICIT = "explicit"
BEAM_SEARCH, LOCAL_SEARCH = "beam_search", "local_search"
ILP, STATE_SEARCH = "ilp", "state_search"
CP_SAT, CP_SAT_ADDRESSES = "cp_sat", "cp_sat_addresses"
LRU_TOPO, BELADY_TOPO, OPT_REPLACEMENT_TOPO = "lru_topo", "belady_topo", "opt_replacement_topo"
SOLVERS = (BEAM_SEARCH, LOCAL_SEARCH, ILP, STATE_SEARCH, CP_SAT, CP_SAT_ADDRESSES)
# Fast on any graph, and with no need of an extra.
HEURISTICS = (LRU_TOPO, BELADY_TOPO, OPT_REPLACEMENT_TOPO, BEAM_SEARCH, LOCAL_SEARCH)
METHODS = (EXPLICIT, LRU_TOPO, BELADY_TOPO, OPT_REPLACEMENT_TOPO, *SOLVERS)

LRU, BELADY, OPTIMAL = "lru", "belady", "optimal"
REPLACEMENTS = (LRU, BELADY)

# What a method on the given order means for the replacement.
REPLACEMENT_OF = {LRU_TOPO: LRU, BELADY_TOPO: BELADY, OPT_REPLACEMENT_TOPO: OPTIMAL}
