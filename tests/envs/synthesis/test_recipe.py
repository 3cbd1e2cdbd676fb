"""`synthesis.recipe`: designs, tables, workloads, statuses."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import archgym
from archgym.cost_models.synthesis import model
from archgym.cost_models.synthesis.actions import RESYN2, action_set, legal_actions
from archgym.cost_models.synthesis.aiger import read_aiger, write_binary
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.equivalence import EquivalenceChecker
from archgym.cost_models.synthesis.passes import PassRunner
from archgym.cost_models.synthesis.session import Session
from archgym.errors import InvalidDesignError, SettingError
from archgym.evaluator import Evaluator
from tests.cost_models.synthesis.engines import are_gone, wrapped

COMPRESS2RS = (
    "balance -l;resub -K 6 -l;rewrite -l;resub -K 6 -N 2 -l;refactor -l;resub -K 8 -l;balance -l;"
    "resub -K 8 -N 2 -l;rewrite -l;resub -K 10 -l;rewrite -z -l;resub -K 10 -N 2 -l;balance -l;"
    "resub -K 12 -l;refactor -z -l;resub -K 12 -N 2 -l;rewrite -z -l;balance -l"
)


def problem(workload="comparator", **settings):
    return archgym.make_problem("synthesis.recipe", workload=workload, **settings)


# -- recipes as designs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", ""),
        (" rewrite ;  resub   -z", "rewrite;resub -z"),
        ("6206236136", RESYN2),
        ("0011", "refactor;refactor;refactor -z;refactor -z"),
        ("b;rwz;rs;rfz", "balance;rewrite -z;resub;refactor -z"),
        ("dch;syn4;resub -K 16 -N 0 -z -l", "dch;syn4;resub -K 16 -N 0 -z -l"),
        (COMPRESS2RS, COMPRESS2RS),
        ("3" * 140, ";".join(["rewrite -z"] * 140)),
        (["balance", "fraig"], "balance;fraig"),
        (None, ""),
    ],
)
@pytest.mark.parametrize("settings", [{}, {"length": 3, "stop": True}, {"actions": "full"}])
def test_recipes_are_read_and_survive_encoding(text, passes, settings):
    space = problem(**settings).space
    if passes.count(";") >= space["recipe"].longest:
        pytest.skip("is too long for this space")
    batch = space.encode([{"recipe": text}, {}])
    assert batch["recipe"].tolist() == [passes, ""]
    assert space.encode(batch.dicts()).keys() == batch.keys()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("balance;rewritte", "rewritte"),
        ("resub -K 99", "resub -K 99"),
        ("resub -z -K 6", "resub -z -K 6"),
        ("balance;;rewrite", ""),
        ("0127", "0127"),
        ("resyn2", "resyn2"),
        ("balance; quit", "quit"),
        ("6" * 141, "141 passes"),
    ],
)
def test_wrong_recipes_are_refused_by_the_word_that_is_wrong(text, value):
    with pytest.raises(InvalidDesignError, match="up to 140 passes") as refused:
        problem().space.encode([{"recipe": text}])
    assert (refused.value.parameter, refused.value.value) == ("recipe", value)


@pytest.mark.parametrize("number", [123, 6206236136, np.int64(5), 1.5])
def test_digits_that_became_a_number_are_refused(number):
    with pytest.raises(InvalidDesignError, match="leading zeros are lost"):
        problem().space.encode([{"recipe": number}])


def test_the_sets_have_their_published_order():
    assert action_set("std7")[:3] == ("refactor", "refactor -z", "rewrite")
    assert action_set("ext11")[7:] == ("fraig", "sopb", "blut", "dsdb")
    assert action_set("full")[:11] == action_set("ext11")
    assert set(COMPRESS2RS.split(";")) <= set(action_set("full"))
    assert len(set(legal_actions())) == len(legal_actions()) < 511


def test_agents_see_the_recipe_alone():
    space = problem(length=5, actions="ext11").space
    assert space.size == 11**5
    drawn = space.sample(np.random.default_rng(0), 50)
    assert {recipe.count(";") for recipe in drawn["recipe"]} == {4}
    shorter = problem(length=5, stop=True).space.sample(np.random.default_rng(0), 50)["recipe"]
    assert {"" if not r else r.count(";") for r in shorter} == {"", 0, 1, 2, 3, 4}
    assert space.default["recipe"].tolist() == [";".join(RESYN2.split(";")[:5])]


# -- what a row says -----------------------------------------------------------------------------


def test_rows_agree_with_an_abc_called_by_hand():
    """Ten recipes, each in a process of its own that has never seen another."""
    chosen = problem("alu", library="lut4")
    rng = np.random.default_rng(3)
    recipes = ["".join(map(str, rng.integers(0, 7, 6))) for _ in range(4)] + ["", RESYN2]
    table = chosen.evaluate([{"recipe": r, "chain": c} for r in recipes for c in CHAINS])
    for row in table.to_dict("records"):
        assert by_hand(chosen.workload, row) == (
            row["and_count"],
            row["level"],
            row["mapped_area"],
            row["mapped_delay"],
        ), row["recipe"]
    reference = by_hand(chosen.workload, {"recipe": RESYN2, "chain": "plain"})
    product = table["mapped_area"] * table["mapped_delay"]
    assert table["area_delay_product"].tolist() == product.tolist()
    expected = product / (reference[2] * reference[3])
    assert np.allclose(table["adp_vs_resyn2"], expected, rtol=1e-12)
    by_levels = table["mapped_area"] / reference[2] + table["mapped_delay"] / reference[3]
    assert np.allclose(table["lut_cost"], by_levels, rtol=1e-12)
    assert set(table["equivalent"]) == {"yes"}
    assert table["engine"].unique().tolist() == ["abc (pyosys)"]
    assert table["binary_sha256"].unique().tolist() == [find_engine().sha256]


CHAINS = ("canonical", "plain")


def by_hand(circuit, row):
    """Return AND gates, level, tables and levels from one call of ABC."""
    import re
    import tempfile

    between = "; strash; " if row["chain"] == "canonical" else "; "
    passes = between.join(["strash", *filter(None, row["recipe"].split(";"))])
    ending = "; strash" if row["chain"] == "canonical" else ""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "c.aig").write_bytes(circuit.content)
        script = f"read c.aig; {passes}{ending}; print_stats; strash; if -K 4; print_stats"
        command = [find_engine().path, "-s", "-c", script]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    aig = re.search(r"and =\s*(\d+)\s+lev =\s*(\d+)", said)
    mapped = re.search(r"\bnd =\s*(\d+).*lev =\s*(\d+)", said)
    return tuple(map(float, (*aig.groups(), *mapped.groups())))


def test_a_row_without_mapping_is_ok_and_leaves_mapped_metrics_empty():
    table = problem().evaluate(
        [{"recipe": "6", "mapping": "off"}, {"recipe": "6"}, {"recipe": "", "library": "lut6"}]
    )
    assert table["status"].tolist() == ["ok"] * 3
    assert table["error"].tolist() == [""] * 3
    assert table["reward"][0] == 0.0
    assert table.loc[0, ["gates", "mapped_area", "adp_vs_resyn2"]].isna().all()
    assert (table["reward"][1:] > 0).all()


def test_results_do_not_depend_on_order_or_company():
    chosen = problem("random:ands=120,seed=2", length=6, actions="ext11")
    batch = chosen.space.sample(np.random.default_rng(1), 12)
    together = chosen.run(batch)
    order = np.random.default_rng(2).permutation(12)
    other = problem("random:ands=120,seed=2", length=6, actions="ext11")
    shuffled = other.run(batch.select(order))
    for name, values in together.metrics.items():
        assert np.array_equal(values[order], shuffled.metrics[name], equal_nan=True), name


def test_a_result_that_is_not_equivalent_keeps_its_metrics_and_is_infeasible(monkeypatch):
    chosen = problem()
    real = PassRunner._snapshot

    def corrupt(self, commands):
        snapshot = real(self, commands)
        if "refactor" not in commands:
            return snapshot
        aig = read_aiger(snapshot.aiger)
        outputs = aig.outputs.copy()
        outputs[1] ^= 1
        return replace(snapshot, aiger=write_binary(replace(aig, outputs=outputs)))

    monkeypatch.setattr(PassRunner, "_snapshot", corrupt)
    table = chosen.evaluate([{"recipe": "balance"}, {"recipe": "balance;refactor"}])
    assert table["equivalent"].tolist() == ["yes", "no"]
    assert table["status"].tolist() == ["ok", "infeasible"]
    assert table["error"].tolist() == ["", "not equivalent to the circuit"]
    assert table["and_count"].notna().all()
    assert table["reward"][1] < 0


def drawn(count, length):
    digits = np.random.default_rng(0).integers(0, 7, (count, length)).tolist()
    return [{"recipe": "".join(map(str, row))} for row in digits]


def test_equivalence_may_be_sampled_or_left_out(monkeypatch):
    monkeypatch.setattr(model, "_SAMPLED_SHARE", 0.4)
    rows = drawn(30, 3)
    verdicts = {}
    for check in ("always", "sampled", "never"):
        chosen = problem("random:ands=150", equivalence=check)
        verdicts[check] = chosen.evaluate(rows)["equivalent"]
    assert set(verdicts["always"]) == {"yes"}
    assert verdicts["never"].isna().all()
    assert 0 < verdicts["sampled"].notna().sum() < len(rows)


# -- failures cost their own row -----------------------------------------------------------------


def test_a_killed_engine_costs_nothing_but_time(monkeypatch):
    designs = drawn(9, 5)
    expected = problem("alu").evaluate(designs)
    chosen, calls = problem("alu"), []
    synthesizer = chosen.cost_model.synthesizer
    real_apply, real_check = Session.apply, EquivalenceChecker.check

    def apply(self, state, action):
        calls.append(action)
        if len(calls) % 7 == 0 and synthesizer.runner.process.pid:
            os.kill(synthesizer.runner.process.pid, signal.SIGKILL)
        if len(calls) % 11 == 0:
            for mapper in synthesizer._mappers.values():
                os.kill(mapper.process.pid, signal.SIGKILL)
        return real_apply(self, state, action)

    def check(self, circuit, aiger):
        if self.process.pid:
            os.kill(self.process.pid, signal.SIGKILL)
        return real_check(self, circuit, aiger)

    monkeypatch.setattr(Session, "apply", apply)
    monkeypatch.setattr(EquivalenceChecker, "check", check)
    table = chosen.evaluate(designs)
    assert table.equals(expected)
    assert synthesizer.runner.process.starts > 3


@pytest.mark.parametrize(
    ("how", "status"),
    [("abc.kill(); os._exit(3)", "crashed"), ("abc.kill(); time.sleep(60)", "timeout")],
)
def test_a_pass_that_always_fails_costs_its_rows_alone(tmp_path, how, status):
    body = f"for x in lines:\n    if b'dsdb' in x: {how}\n    send(x)"
    path = wrapped(tmp_path, body)
    limit = 0.7 if status == "timeout" else 20
    chosen = problem(abc=str(path), time_limit_s=limit)
    table = chosen.evaluate([{"recipe": r} for r in ("balance", "balance;dsdb", "rewrite")])
    good = problem().evaluate([{"recipe": r} for r in ("balance", "rewrite")])
    assert table["status"].tolist() == ["ok", status, "ok"]
    assert table["error"][1]
    assert table.loc[1, "and_count"] != table.loc[1, "and_count"]
    for name in ("and_count", "level", "mapped_area", "mapped_delay", "adp_vs_resyn2"):
        assert table[name][[0, 2]].tolist() == good[name].tolist(), name


def test_evaluations_in_a_process_of_their_own_are_the_same_and_leave_none():
    chosen = problem(length=4)
    batch = chosen.space.sample(np.random.default_rng(0), 4)
    evaluator = Evaluator(problem(length=4), 10, timeout_s=60)
    apart, here = evaluator.evaluate(batch), chosen.outcomes(batch)
    assert apart.reward.tolist() == here.reward.tolist()
    child = evaluator._isolated._process.pid
    tools = children_of(child)
    assert tools
    evaluator.close()
    assert are_gone([child, *tools])


def children_of(pid: int) -> list[int]:
    return [int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_library_that_cannot_be_used_is_an_error_of_the_problem_or_of_the_row(tmp_path):
    bad = tmp_path / "noinv.genlib"
    bad.write_text("GATE nand2 2 O=!(a*b); PIN * INV 1 999 1 0 1 0\n")
    with pytest.raises(SettingError, match=r"noinv\.genlib: has no inverter"):
        problem(library=str(bad)).evaluate([{"recipe": "balance"}])
    table = problem().evaluate([{"library": str(bad)}, {"recipe": "balance"}])
    assert table["status"].tolist() == ["crashed", "ok"]
    assert "has no inverter" in table["error"][0]


def test_models_travel_without_their_processes():
    chosen = problem()
    row = chosen.evaluate([{"recipe": "0123"}])
    copy = pickle.loads(pickle.dumps(chosen))
    assert copy.cost_model._synthesizer is None
    assert copy.evaluate([{"recipe": "0123"}]).equals(row)
    assert find_engine().sha256[:12] in copy.cost_model.version
