"""Turning a design that breaks a constraint into one that obeys."""

from __future__ import annotations

import numpy as np

from archgym.batch import Batch


def repair(batch: Batch, rng: np.random.Generator) -> Batch:
    """Return the batch with each broken design moved towards a valid one until it obeys.

    A broken design takes over the values of a random valid design, one axis after the other in
    random order, and stops at the first that makes it valid: it keeps as much of itself as it can.
    """
    space = batch.space
    broken = np.flatnonzero(~space.valid(batch)) if space.constraints else np.array([], dtype=int)
    if not len(broken):
        return batch
    codes = batch.codes.copy()
    donors = space.sample(rng, len(broken)).codes
    order = rng.permuted(np.tile(np.arange(space.width), (len(broken), 1)), axis=1)
    for step in range(space.width):
        axes = order[:, step]
        codes[broken, axes] = donors[np.arange(len(broken)), axes]
        still = ~space.valid(Batch(space, codes[broken]))
        broken, donors, order = broken[still], donors[still], order[still]
        if not len(broken):
            break
    return Batch(space, codes)
