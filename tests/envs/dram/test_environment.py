"""The environment as users meet it: settings, objectives, workloads, bad input."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import yaml
from gymnasium.utils.env_checker import check_env

from archgym.cost_models.dram.memory import load_memory, memory_names
from archgym.cost_models.dram.workloads.readers import read_trace
from archgym.envs.dram import ENVIRONMENT
from archgym.errors import SettingError, UnknownNameError, WorkloadError
from archgym.views.making import make_env
from tests.shared_data import shared_data

FAST = {"workload": "gemm_short"}


def make(**arguments):
    return ENVIRONMENT.make_problem(**(FAST | arguments))


def test_importing_it_loads_no_compiler():
    code = "import sys, archgym.envs.dram as d; d.ENVIRONMENT.space; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_defaults():
    problem = ENVIRONMENT.make_problem()
    assert problem.env == "dram-v0"
    assert problem.workload_name == "stream"
    assert problem.space.size == 5_308_416
    assert problem.settings["memory"] == "ddr3_1600"
    assert problem.objective.metrics == ("total_time_ns",)


@pytest.mark.parametrize("memory", memory_names())
def test_every_memory_runs(memory):
    found = make(memory=memory).evaluate([{}, {"page_policy": "closed"}])
    assert (found["status"] == "ok").all()
    assert found["total_time_ns"].iloc[0] < found["total_time_ns"].iloc[1]
    has_energy = load_memory(memory).power is not None
    assert found["energy_pj"].notna().all() == has_energy


def test_energy_is_power_times_time():
    found = make().evaluate(make().space.sample(np.random.default_rng(1), 50))
    product = found["average_power_mw"] * found["total_time_ns"]
    assert np.allclose(found["energy_pj"], product, rtol=1e-12)


@pytest.mark.parametrize("objective", list(ENVIRONMENT.objectives))
def test_every_objective_scores_every_design(objective):
    problem = make(objective=objective)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(2), 40))
    assert np.isfinite(outcomes.reward).all()
    assert "ok" in outcomes.labels()


def test_power_under_a_cap_does_not_reward_slow_designs():
    problem = make(workload="stream_short", objective="power_under_latency_cap")
    slow = {"arbiter": "fifo", "max_active_transactions": 1}
    found = problem.evaluate([{}, slow])
    assert found["average_power_mw"].iloc[1] < found["average_power_mw"].iloc[0]
    assert found["status"].tolist() == ["ok", "infeasible"]
    assert found["reward"].iloc[1] < 0 < found["reward"].iloc[0]
    assert "total_time_ns" in found["error"].iloc[1]


def test_no_refresh_is_infeasible_unless_asked_for():
    long_run = {"workload": "pointer_chase"}
    design = [{"refresh_policy": "no_refresh"}]
    enforced = make(**long_run).evaluate(design).iloc[0]
    assert enforced["status"] == "infeasible"
    assert enforced["refresh_deficit"] > 0
    assert enforced["total_time_ns"] > 0
    ignored = make(**long_run, retention="ignore").evaluate(design).iloc[0]
    assert ignored["status"] == "ok"
    assert ignored["total_time_ns"] == enforced["total_time_ns"]


def test_parameters_without_effect_change_no_metric():
    problem = make(workload="bfs_short")
    designs = [
        {"refresh_policy": "no_refresh", "refresh_max_postponed": 1, "refresh_max_pulledin": 1},
        {"refresh_policy": "no_refresh", "refresh_max_postponed": 8, "refresh_max_pulledin": 8},
        {"refresh_policy": "no_refresh", "max_active_transactions": 1},
    ]
    found = problem.evaluate(designs)[list(problem.metric_names)]
    assert found.drop_duplicates().shape[0] == 1


def test_the_archgym_space_keeps_the_other_parameters_at_their_default():
    design = {"scheduler": "fifo", "request_buffer_size": 2}
    full, small = (make(space=kind).evaluate([design]).iloc[0] for kind in ("full", "archgym"))
    assert full["total_time_ns"] == small["total_time_ns"]
    assert "cmd_mux" not in small.index


def test_the_trace_clock_stretches_sparse_traces():
    normal, half = (
        make(workload="pointer_chase_short", trace_clock_mhz=clock).evaluate([{}]).iloc[0]
        for clock in (None, 400)
    )
    assert half["total_time_ns"] / normal["total_time_ns"] == pytest.approx(2, rel=0.01)


def test_longer_requests_move_more_bytes():
    one, four = (make(request_bytes=size).evaluate([{}]).iloc[0] for size in (None, 256))
    assert four["n_reads"] + four["n_writes"] == 4 * (one["n_reads"] + one["n_writes"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"memory": "ddr9"}, "'ddr9' is not one of .*ddr3_1600.* or a file"),
        ({"space": "tiny"}, "'tiny' is not one of full, archgym, extended"),
        ({"retention": "maybe"}, "enforce, ignore"),
        ({"trace_clock_mhz": -1}, "not positive"),
        ({"trace_clock_mhz": "fast"}, "not of type float"),
        ({"request_bytes": 0}, "not positive"),
        ({"wrap_addresses": "perhaps"}, "not of type bool"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        make(**settings)


def test_unknown_names_are_guessed():
    with pytest.raises(UnknownNameError, match="did you mean 'memory'"):
        make(memroy="ddr4_2400")
    with pytest.raises(UnknownNameError, match="did you mean 'stencil'"):
        make(workload="stensil")
    with pytest.raises(UnknownNameError, match="did you mean 'latency'"):
        make(objective="latancy")


def test_energy_objectives_are_refused_without_currents():
    with pytest.raises(SettingError, match="energy_pj of the default design is nan"):
        make(memory="hbm2", objective="energy").evaluate([{}])


def test_traces_that_do_not_fit_are_refused_before_any_run(tmp_path):
    (tmp_path / "far.stl").write_text("0: read 0x0\n1: read 0x40000000\n")
    (tmp_path / "back.stl").write_text("5: read 0x0\n1: read 0x40\n")
    with pytest.raises(WorkloadError, match=r"far.stl, request 1.*wrap_addresses"):
        make(workload=str(tmp_path / "far.stl"))
    with pytest.raises(WorkloadError, match=r"back.stl, request 1.*allow_unsorted"):
        make(workload=str(tmp_path / "back.stl"))
    make(workload=str(tmp_path / "far.stl"), wrap_addresses=True).evaluate([{}])
    make(workload=str(tmp_path / "back.stl"), allow_unsorted=True).evaluate([{}])


def test_a_memory_of_ones_own_brings_its_own_maps(tmp_path):
    data = yaml.safe_load(shared_data("dram", "memories_and_points.yaml").read_text())
    memory = data["memories"]["ddr3_1600"]
    maps = memory["address_mappings"]
    maps["mine"] = maps.pop("bank_row_col")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(memory))
    problem = make(memory=str(path), workload="triad_sat")
    assert problem.space["address_mapping"].values == ("row_bank_col", "row_col_bank", "mine")
    names = ["row_bank_col", "row_col_bank", "mine"]
    mine = problem.evaluate([{"address_mapping": name} for name in names])
    names[2] = "bank_row_col"
    known = make(workload="triad_sat").evaluate([{"address_mapping": name} for name in names])
    assert mine["total_time_ns"].tolist() == known["total_time_ns"].tolist()
    assert len(set(mine["total_time_ns"])) == 3


def test_threads_and_batches_change_nothing():
    batch = make().space.sample(np.random.default_rng(3), 30)
    together = make().outcomes(batch)
    threaded = make(threads=2).outcomes(batch)
    alone = [make().outcomes(batch.select([row])).reward[0] for row in range(len(batch))]
    assert np.array_equal(together.reward, threaded.reward)
    assert np.array_equal(together.reward, alone)


def test_a_design_leaves_as_a_dramsys_folder(tmp_path):
    problem = make(memory="lpddr4_3200", space="archgym")
    design = problem.space.encode([{"scheduler": "fr_fcfs_grp", "request_buffer_size": 3}])
    files = problem.cost_model.export(design, problem.workload)
    controller = json.loads(files["mcconfig/controller.json"])["mcconfig"]
    assert controller["Scheduler"] == "FrFcfsGrp"
    assert controller["RequestBufferSize"] == 3
    assert controller["CmdMux"] == "Oldest"
    simulation = json.loads(files["simulation.json"])["simulation"]
    assert simulation["tracesetup"] == [{"clkMhz": 1600, "name": "trace.stl"}]
    path = tmp_path / "trace.stl"
    path.write_text(files["traces/trace.stl"])
    trace = read_trace(path)
    assert np.array_equal(trace.times, problem.workload.times)
    assert np.array_equal(trace.addresses, problem.workload.addresses)
    assert (trace.lengths == 32).all()


def test_gymnasium_accepts_it():
    environment = make_env("archgym.envs.dram:ENVIRONMENT", **FAST)
    check_env(environment, skip_render_check=True)


def test_notes_say_where_there_is_no_energy():
    (listed,) = re.findall(r"hence no energy: ([^.]*)\.", ENVIRONMENT.notes)
    without = {name for name in memory_names() if load_memory(name).power is None}
    assert set(listed.replace("\n", " ").split(", ")) == without


@pytest.mark.parametrize("memory", ["ddr5_4800", "lpddr5_6400", "gddr6_14000"])
def test_what_dramsys_cannot_simulate_is_not_exported(memory):
    problem = make(memory=memory, space="archgym")
    with pytest.raises(SettingError, match=r"cannot be exported; .* share DDR3, DDR4"):
        problem.cost_model.export(problem.space.encode([{}]), problem.workload)
