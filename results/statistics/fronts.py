"""How good a set of designs is under several objectives at once; larger is better in each."""

from __future__ import annotations

import numpy as np

from archgym.results.statistics import Floats


def hypervolume(points: Floats, reference: Floats) -> float:
    """Return the volume that points dominate above a reference point (pymoo).

    Args:
        points: Shape (n, k).
        reference: Shape (k,); points that are not better in every objective count nothing.

    Source: Zitzler and Thiele, Multiobjective optimization using evolutionary algorithms, PPSN
    1998.
    """
    from pymoo.indicators.hv import HV

    kept = np.asarray(points)[(np.asarray(points) > reference).all(axis=1)]
    return float(HV(ref_point=-np.asarray(reference))(-kept)) if len(kept) else 0.0


def inverted_generational_distance(points: Floats, front: Floats) -> float:
    """Return the mean distance from the points of the true front to the nearest point found.

    Args:
        points: What was found, shape (n, k).
        front: The true front, shape (m, k), in the same scale.

    Source: Coello Coello and Reyes Sierra, A study of the parallelization of a coevolutionary
    multi-objective evolutionary algorithm, MICAI 2004. Infinity where nothing was found.
    """
    from scipy.spatial.distance import cdist

    if not len(points):
        return float(np.inf)
    return float(cdist(np.asarray(front), np.asarray(points)).min(axis=1).mean())


def hypervolume_curve(points: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Return after how many evaluations the hypervolume grew, and to what: steps of a curve.

    Args:
        points: In the order of evaluation, shape (n, k).
        reference: Shape (k,).
    """
    at, values, front = [], [], np.empty((0, np.shape(points)[1]))
    for count, point in enumerate(np.asarray(points), start=1):
        if not (point > reference).all() or (front >= point).all(axis=1).any():
            continue
        front = np.vstack([front[(front > point).any(axis=1)], point])
        at.append(float(count))
        values.append(hypervolume(front, reference))
    return np.asarray(at, dtype=np.float64), np.asarray(values, dtype=np.float64)
