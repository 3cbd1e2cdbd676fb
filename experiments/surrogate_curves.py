"""Learning curves of surrogates: scores by how many rows were learnt."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from archgym.cost_models.learned.rows import Rows
from archgym.errors import SettingError
from archgym.experiments.surrogate_datasets import TEST_SHARE, Lesson

FEWEST = 10


def check_sizes(sizes: Sequence[int]) -> None:
    """Refuse numbers of rows that make no curve.

    Raises:
        SettingError: They do not ascend, or begin with too few.
    """
    if not sizes or sizes[0] < FEWEST or any(a >= b for a, b in itertools.pairwise(sizes)):
        raise SettingError(
            f"--sizes {','.join(map(str, sizes))}: must ascend, and begin with {FEWEST} or more"
        )


def curve_lessons(
    rows: Rows, sizes: Sequence[int], seeds: Iterable[int], kept_out_by: int
) -> Iterator[tuple[int, Lesson]]:
    """Yield each seed with a lesson of each size.

    All lessons are scored on the same fifth of the rows. Of one seed each size holds the rows of
    the sizes before it.

    Args:
        rows: Of a dataset.
        sizes: How many rows are learnt, those that calibrate among them; ascending.
        seeds: Each learns other rows.
        kept_out_by: Seed of the fifth that is scored on.

    Raises:
        SettingError: The rows do not suffice.
    """
    pool, test = rows.split(np.random.default_rng(kept_out_by), TEST_SHARE)
    if sizes[-1] > len(pool):
        raise SettingError(
            f"--sizes: {sizes[-1]} rows cannot be learnt of {len(rows)}, {len(test)} of which are"
            f" kept out; at most {len(pool)}"
        )
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(pool))
        for size in sizes:
            yield seed, Lesson("", pool.select(order[:size]), test)
