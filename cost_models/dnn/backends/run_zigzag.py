"""One mapping through zigzag-dse 3.9.1's cost model; loaded by ``tool_server.py``.

The mapping is the request's, not found by the tool: every loop is kept at the level where the
request has it, for all three operands.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.datatypes import LayerDim, LayerOperand
from zigzag.mapping.data_movement import DataDirection, DataMoveAttr
from zigzag.mapping.temporal_mapping import TemporalMapping, TemporalMappingType
from zigzag.parser.accelerator_factory import AcceleratorFactory
from zigzag.parser.accelerator_validator import AcceleratorValidator
from zigzag.parser.mapping_validator import MappingValidator
from zigzag.parser.workload_factory import WorkloadFactory
from zigzag.parser.workload_validator import WorkloadValidator
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.stage import Stage

logging.disable(logging.CRITICAL)

_WORD_BITS = 16
_RF_WORDS_PER_CYCLE = 128  # so many that registers are no bottleneck
_DRAM_BITS = 10**13
_DIMENSIONS = {"N": "B", "K": "K", "C": "C", "P": "OY", "Q": "OX", "R": "FY", "S": "FX"}
_OPERANDS = ("I1", "I2", "O")
_LINKS = {"O": "O", "W": "I2", "I": "I1"}
# What moves through the ports of a memory: to and from the level below, from and to that above.
_READS = ("I1, tl", "I2, tl", "O, tl", "O, th")
_WRITES = ("I1, fh", "I2, fh", "O, fh", "O, fl")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return what the tool says of a mapping.

    Args:
        request: ``machine`` (the columns of one), ``layer`` (seven dimensions and ``stride``),
            ``spatial`` and, per level, ``rf``, ``glb``, ``dram`` (pairs of dimension and bound,
            innermost loop first, bounds above 1).
    """
    layer = _layer(request["layer"], request["spatial"])
    stages = SpatialMappingGeneratorStage(
        [_GivenLoops], accelerator=_accelerator(request["machine"]), layer=layer, request=request
    )
    (evaluation, (_, seconds)), *_ = list(stages.run())
    return {
        "energy_pj": float(evaluation.energy_total),
        "cycles": float(evaluation.latency_total2),
        "compute_cycles": float(evaluation.ideal_temporal_cycle),
        "macs": float(evaluation.layer.total_mac_count),
        "dram_w_reads": _memory_words(evaluation, "W", DataDirection.RD_OUT_TO_LOW),
        "dram_i_reads": _memory_words(evaluation, "I", DataDirection.RD_OUT_TO_LOW),
        "dram_o_reads": _memory_words(evaluation, "O", DataDirection.RD_OUT_TO_LOW),
        "dram_o_updates": _memory_words(evaluation, "O", DataDirection.WR_IN_BY_LOW),
        "cpu_seconds": seconds,
    }


def _memory_words(evaluation: Any, operand: str, direction: Any) -> float:
    """Return the words of an operand that pass the port of the memory in one direction."""
    moved = evaluation.mapping.unit_mem_data_movement[LayerOperand(operand)][-1]
    amount, periods = (
        moved.get_attribute(attribute).get(direction)
        for attribute in (
            DataMoveAttr.DATA_TRANS_AMOUNT_PER_PERIOD,
            DataMoveAttr.DATA_TRANS_PERIOD_COUNT,
        )
    )
    return float(amount * periods)


class _GivenLoops(Stage):  # type: ignore[misc]
    """Evaluates the loops of the request, in place of the tool's search."""

    def __init__(self, callables: Any, *, accelerator: Any, layer: Any, request: Any, **more: Any):
        super().__init__(callables)
        self.accelerator, self.layer, self.request, self.more = accelerator, layer, request, more

    def is_leaf(self) -> bool:
        return True

    def run(self) -> Any:
        levels = [
            [(LayerDim(_DIMENSIONS[name]), bound) for name, bound in self.request[level]]
            for level in ("rf", "glb", "dram")
        ]
        loops = {
            operand: [list(level) for level in levels] for operand in self.layer.layer_operands
        }
        started = time.process_time()
        evaluation = CostModelEvaluation(
            accelerator=self.accelerator,
            layer=self.layer,
            spatial_mapping=self.more["spatial_mapping"],
            spatial_mapping_int=self.more["spatial_mapping_int"],
            temporal_mapping=TemporalMapping(loops, self.layer, TemporalMappingType.EVEN),
            access_same_data_considered_as_no_access=False,
        )
        yield evaluation, time.process_time() - started


def _accelerator(machine: dict[str, float]) -> Any:
    pes = int(machine["num_pes"])
    glb = _ports(machine["glb_read_bw"], machine["glb_write_bw"])
    data = {
        "name": "machine",
        "memories": {
            "rf": _memory(machine["rf_words"] * _WORD_BITS, machine["e_rf_pj"], _register_ports())
            | {"served_dimensions": []},
            "glb": _memory(machine["glb_words"] * _WORD_BITS, machine["e_glb_pj"], glb),
            "dram": _memory(_DRAM_BITS, machine["e_dram_pj"], _shared_port(machine["dram_bw"])),
        },
        "operational_array": {
            "unit_energy": float(machine["e_mac_pj"]),
            "unit_area": 0.0,
            "dimensions": ["D1"],
            "sizes": [pes],
        },
    }
    validator = AcceleratorValidator(data)
    if not validator.validate():
        raise ValueError(f"machine refused: {validator.validator.errors}")
    return AcceleratorFactory(validator.normalized_data).create()


def _memory(bits: float, word_pj: float, ports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a memory; the tool charges for accesses of the width of a port."""
    read, write = (
        next(p["bandwidth_max"] for p in ports if p["type"] in (kind, "read_write")) / _WORD_BITS
        for kind in ("read", "write")
    )
    return {
        "size": int(bits),
        "r_cost": word_pj * read,
        "w_cost": word_pj * write,
        "area": 0.0,
        "latency": 1,
        "operands": list(_OPERANDS),
        "ports": ports,
        "served_dimensions": ["D1"],
    }


def _port(number: int, kind: str, words: float, moves: tuple[str, ...]) -> dict[str, Any]:
    bits = max(1, round(words * _WORD_BITS))
    return {
        "name": f"{ {'read': 'r', 'write': 'w', 'read_write': 'rw'}[kind] }_port_{number}",
        "type": kind,
        "bandwidth_min": min(bits, _WORD_BITS),
        "bandwidth_max": bits,
        "allocation": list(moves),
    }


def _register_ports() -> list[dict[str, Any]]:
    words = _RF_WORDS_PER_CYCLE
    reads = [_port(n, "read", words, (move,)) for n, move in enumerate(_READS, 1)]
    return reads + [_port(n, "write", words, (move,)) for n, move in enumerate(_WRITES, 1)]


def _ports(read_words: float, write_words: float) -> list[dict[str, Any]]:
    return [_port(1, "read", read_words, _READS), _port(1, "write", write_words, _WRITES)]


def _shared_port(words: float) -> list[dict[str, Any]]:
    return [_port(1, "read_write", words, (*_READS, *_WRITES))]


def _layer(sizes: dict[str, int], spatial: list[list[Any]]) -> Any:
    stride = sizes["stride"]
    workload = {
        "id": 0,
        "name": "layer",
        "operator_type": "Conv",
        "equation": "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]",
        "dimension_relations": [f"ix={stride}*ox+1*fx", f"iy={stride}*oy+1*fy"],
        "loop_dims": list(_DIMENSIONS.values()),
        "loop_sizes": [sizes[name] for name in _DIMENSIONS],
        "operand_precision": dict.fromkeys(("W", "I", "O", "O_final"), _WORD_BITS),
    }
    unrolled = [f"{_DIMENSIONS[name]}, {bound}" for name, bound in spatial]
    mapping = {
        "name": "default",
        "spatial_mapping": {"D1": unrolled or ["K, 1"]},
        "memory_operand_links": _LINKS,
    }
    layers, mappings = WorkloadValidator([workload]), MappingValidator([mapping])
    if not layers.validate() or not mappings.validate():
        raise ValueError("the layer or its mapping is refused")
    network = WorkloadFactory(layers.normalized_data, mappings.normalized_data).create()
    return next(iter(network.topological_sort()))
