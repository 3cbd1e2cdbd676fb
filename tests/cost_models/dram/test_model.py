"""The simulator behind the contract of cost models."""

from __future__ import annotations

import numpy as np

from archgym.cost_models.dram.knobs import KNOBS, MAPPING_NAMES, encode
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.model import MemoryControllerModel, knob_codes
from archgym.envs.dram.space import design_space
from archgym.outcome import Status
from tests.cost_models.dram.small_traces import random_trace


def test_metrics_are_those_declared() -> None:
    memory = load_memory("ddr4_2400")
    model, space = MemoryControllerModel(memory), design_space()
    measured = model.evaluate(space.default, random_trace(memory, 100, seed=0))
    assert tuple(measured.metrics) == tuple(metric.name for metric in model.metrics)
    assert measured.status.tolist() == [Status.OK]
    assert measured.violation.tolist() == [0.0]
    assert model.sources
    assert model.leaves_out
    assert model.checked_against


def test_codes_follow_the_names_of_the_space() -> None:
    space = design_space()
    designs = [
        {"page_policy": "closed", "arbiter": "reorder", "max_active_transactions": 3},
        {"request_buffer_size": 128, "cmd_mux": "strict", "refresh_max_postponed": 0},
    ]
    codes = knob_codes(space.encode(designs), MAPPING_NAMES)
    assert codes.tolist() == [encode(design).tolist() for design in designs]


def test_knobs_outside_the_space_keep_their_default() -> None:
    codes = knob_codes(design_space("archgym").default, MAPPING_NAMES)
    assert codes.tolist() == [[knob.code(knob.default) for knob in KNOBS]]


def test_missing_refreshes_are_a_violation() -> None:
    memory = load_memory("ddr3_1600")
    trace = random_trace(memory, 2000, seed=0)
    batch = design_space().encode(
        [{"refresh_policy": "no_refresh"}, {"refresh_policy": "all_bank"}]
    )
    enforced = MemoryControllerModel(memory).evaluate(batch, trace)
    assert enforced.violation.tolist() == [1.0, 0.0]
    ignored = MemoryControllerModel(memory, retention="ignore").evaluate(batch, trace)
    assert ignored.violation.tolist() == [0.0, 0.0]
    assert ignored.metrics["refresh_deficit"][0] > 0


def test_detail_is_the_command_log() -> None:
    memory = load_memory("hbm2")
    trace = random_trace(memory, 50, seed=1)
    space = design_space()
    commands = MemoryControllerModel(memory).detail(space.default, trace)["commands"]
    served = np.isin(commands["command"], ["RD", "RDA", "WR", "WRA"])
    assert sorted(commands["request"][served]) == list(range(50))
