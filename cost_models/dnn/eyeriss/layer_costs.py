"""What layers cost on machines, each pair mapped once and remembered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.mapper.search import Found, find_mappings
from archgym.cost_models.dnn.mapping.columns import BOUNDS, EXACT, HARDWARE
from archgym.cost_models.dnn.network import LAYER_FIELDS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FIELDS = (
    "cycles",
    "energy_pj",
    "macs",
    "mac_pj",
    "spads_pj",
    "glb_pj",
    "dram_pj",
    "dram_words",
)
_REMEMBERED = 200_000  # pairs, about 60 MB
_K, _C, _GROUPS = (LAYER_FIELDS.index(name) for name in ("K", "C", "groups"))


class LayerCosts:
    """Costs of pairs of a machine and a layer.

    Args:
        evaluations: Mappings that are tried per pair; see `find_mappings`.
        metric: What mappings minimise.
    """

    def __init__(self, evaluations: int, metric: str):
        self._evaluations, self._metric = evaluations, metric
        self._known: dict[bytes, Floats] = {}

    def __call__(self, machines: Floats, layers: Ints) -> Floats:
        """Return the costs of layers, all groups together.

        Args:
            machines: float64 (n, N_MACHINE).
            layers: int64 (1, m, 9) of one network, or (n, m, 9).

        Returns:
            float64 (n, m, `FIELDS`).
        """
        n, m = len(machines), layers.shape[1]
        width = machines.shape[1]
        pairs = np.empty((n, m, width + layers.shape[2]))
        pairs[:, :, :width], pairs[:, :, width:] = machines[:, None], layers
        flat = pairs.reshape(n * m, -1)
        keys = [row.tobytes() for row in flat]
        new = list({key: at for at, key in enumerate(keys) if key not in self._known}.values())
        if len(self._known) + len(new) > _REMEMBERED:
            self._known.clear()
            new = list({key: at for at, key in enumerate(keys)}.values())
        if new:
            chosen = flat[new]
            costs = self._costs(chosen[:, :width], chosen[:, width:].astype(np.int64))
            self._known.update(zip((keys[at] for at in new), costs, strict=True))
        return np.array([self._known[key] for key in keys]).reshape(n, m, len(FIELDS))

    def mappings(self, machine: Floats, layers: Ints) -> tuple[dict[str, NDArray[Any]], Floats]:
        """Return one group's mapping of each layer in the columns of the mapping environment.

        The energy of a register access there is the mean over the scratchpads' accesses.

        Returns:
            (column -> values (m,), costs (m, `FIELDS`) of all groups together)
        """
        machines = np.repeat(machine[None], len(layers), axis=0)
        single = one_group(layers)
        found = self._find(machines, single)
        table = {BOUNDS: np.full(len(layers), EXACT)}
        table |= dict(zip(LAYER_FIELDS, single.T, strict=True))
        table |= {name: machines[:, at] for at, name in enumerate(HARDWARE)}
        per_access = _spads_pj(found.results, machines) / _spad_accesses(found.results)
        table |= {"e_rf_pj": per_access} | found.columns()
        return table, _fields(found.results, machines) * layers[:, [_GROUPS]]

    def _costs(self, machines: Floats, layers: Ints) -> Floats:
        found = self._find(machines, one_group(layers))
        return _fields(found.results, machines) * layers[:, [_GROUPS]]

    def _find(self, machines: Floats, layers: Ints) -> Found:
        return find_mappings(layers, machines, self._evaluations, self._metric)


def one_group(layers: Ints) -> Ints:
    """Return the layer that each group of a layer is, int64 (n, 9)."""
    single = layers.copy()
    single[:, [_K, _C]] //= layers[:, [_GROUPS]]
    single[:, _GROUPS] = 1
    return single


def _fields(results: Floats, machines: Floats) -> Floats:
    """Return float64 (n, `FIELDS`) of the mapping model's results (N_RESULTS, n)."""
    from archgym.cost_models.dnn.mapping.kernels import layout as at

    dram = results[at.DRAM_W_READS : at.DRAM_O_UPDATES + 1]
    mac = results[at.MACS] * machines[:, at.E_MAC]
    spads = _spads_pj(results, machines)
    dram_pj = (np.ceil(dram / _BLOCK_WORDS) * _BLOCK_WORDS).sum(axis=0) * machines[:, at.E_DRAM]
    energy = results[at.ENERGY]
    rest = energy - mac - spads - dram_pj
    columns = (results[at.CYCLES], energy, results[at.MACS], mac, spads, rest, dram_pj)
    return np.stack([*columns, dram.sum(axis=0)], axis=1)


def _spads_pj(results: Floats, machines: Floats) -> Floats:
    from archgym.cost_models.dnn.mapper.kernels import layout as m
    from archgym.cost_models.dnn.mapping.kernels import layout as at

    weights, inputs, outputs = _spad_counts(results)
    energy = weights * machines[:, m.E_WEIGHTS] + inputs * machines[:, m.E_INPUTS]
    return np.asarray((energy + outputs * machines[:, m.E_OUTPUTS]) * results[at.UTILIZED_PES])


def _spad_accesses(results: Floats) -> Floats:
    """Return the accesses to all scratchpads of all PEs."""
    from archgym.cost_models.dnn.mapping.kernels import layout as at

    return np.asarray(sum(_spad_counts(results)) * results[at.UTILIZED_PES])


def _spad_counts(results: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the accesses to one PE's weights, inputs and partial sums."""
    from archgym.cost_models.dnn.mapping.kernels import layout as at

    weights = results[at.RF_W_READS] + results[at.RF_W_FILLS]
    inputs = results[at.RF_I_READS] + results[at.RF_I_FILLS]
    outputs = results[at.RF_O_READS] + results[at.RF_O_FILLS] + results[at.RF_O_UPDATES]
    return weights, inputs, outputs


_BLOCK_WORDS = 4  # as in the mapping model, which pays for whole blocks
