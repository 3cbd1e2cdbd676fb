"""The baselines that environments list: legal designs of every workload's space."""

from __future__ import annotations

import pytest

import archgym

CASES = {
    "soc.schedule": ("top_50us:jobs=20", 9),
    "mem_plan.scratchpad": (None, 5),
    "synthesis.recipe": ("comparator:width=4", 4),
}


@pytest.mark.parametrize("env", CASES)
def test_listed_evaluates_each_baseline_once(env: str) -> None:
    workload, count = CASES[env]
    problem = archgym.make_problem(env, workload=workload)
    found = archgym.search(problem, archgym.make_agent("listed", problem), budget=50).history
    assert len(found) == count == len(problem.baselines)
    assert (found["status"] == "ok").all()
    for at, design in enumerate(problem.baselines.values()):
        for name, value in design.items():
            assert str(found[name][at]) == str(value)


def test_shipped_policies_are_legal_values_that_survive_encoding() -> None:
    space = archgym.make_problem("soc.schedule", workload="top_50us:jobs=5").space
    batch = space.encode([{"scheduler": "policy:top3"}])
    again = archgym.make_problem("soc.schedule", workload="top_50us:jobs=5").space
    assert type(batch)(again, batch.codes)["scheduler"].tolist() == ["policy:top3"]
