"""What the arrays of the mapper's kernels hold, beside those of the mapping model."""

from __future__ import annotations

from pathlib import Path

from archgym.cost_models.compiled import Compiler
from archgym.cost_models.dnn.mapping.kernels import layout as at

_MODEL = sorted(Path(at.__file__).parent.glob("*.py"))
COMPILER = Compiler("dnn-mapper", Path(__file__).parent, also=_MODEL)

# Machines, float64: `N_HARDWARE` entries as the mapping model has them, then the words of a PE's
# memory of each tensor, the energy of one access to it, and the rows and columns of PEs.
WEIGHT_WORDS, INPUT_WORDS, OUTPUT_WORDS = range(at.N_HARDWARE, at.N_HARDWARE + 3)
E_WEIGHTS, E_INPUTS, E_OUTPUTS = range(at.N_HARDWARE + 3, at.N_HARDWARE + 6)
MESH_X, MESH_Y = range(at.N_HARDWARE + 6, at.N_HARDWARE + 8)
N_MACHINE = at.N_HARDWARE + 8

# Prime factors of the layer's dimensions, int64 (n, 3): the prime, its dimension, its level.
PRIME, DIMENSION, LEVEL = range(3)
N_FACTOR_FIELDS = 3
MOST_FACTORS = 50  # layers have less than 2^50 MACs

# Columns of the random numbers of one step.
KIND, FIRST, SECOND, PLACE, ACCEPT = range(5)
N_DRAWS = 5
