"""Sized topologies against ngspice."""

from __future__ import annotations

import numpy as np
import pytest

import archgym
from archgym.cost_models.analog.ngspice.availability import library
from archgym.cost_models.analog.topology.blocks import all_blocks, assemble
from archgym.cost_models.analog.topology.encode import encode

COMPARED = ("gain_db", "ugbw_hz", "phase_margin_deg", "power_w", "input_noise_1khz_v_rthz")


@pytest.mark.skipif(
    library() is None, reason="ngspice is not installed (apt-get install ngspice libngspice0)"
)
def test_found_sizes_have_the_same_figures_in_ngspice(tmp_path):
    problem = archgym.make_problem("analog.topology", simulations=30)
    every, compared = list(all_blocks()), 0
    for at in np.random.default_rng(0).permutation(len(every))[:5]:
        batch = problem.space.encode([{"circuit": " ".join(encode(assemble(every[at])))}])
        own = problem.measure(batch)
        if own.violation[0]:
            continue
        path = tmp_path / "circuit.yaml"
        path.write_text(problem.cost_model.export(batch, problem.workload)["circuit.yaml"])
        found = problem.cost_model.detail(batch, problem.workload)["sizes"]
        sizes = dict(zip(found["parameter"].tolist(), found["value"].tolist(), strict=True))
        there = archgym.make_problem(
            "analog.sizing", str(path), cost_model="ngspice", metrics="without_slew"
        )
        theirs = there.measure(there.space.encode([sizes])).metrics
        for name in COMPARED:
            assert own.metrics[name][0] == pytest.approx(theirs[name][0], rel=3e-4, nan_ok=True)
        compared += 1
    assert compared >= 4
