"""Statistics of scores, curves and fronts: pure functions of arrays, without a store.

The scores of one agent are a list of arrays, one per problem, each with one score per seed, larger
is better. Curves are step functions: where the best so far improved, and to what.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Strata = Sequence[Floats]
