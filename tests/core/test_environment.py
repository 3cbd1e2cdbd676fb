"""Spaces that depend on the workload."""

from __future__ import annotations

from dataclasses import replace

from archgym import DesignSpace, Integer
from archgym.views.making import make_env
from tests.toys import FLAT_OPTIMUM, TOY_FLAT


def as_long_as_the_optimum(settings, workload):
    return DesignSpace([Integer(name, 0, 3) for name in workload])


WORKLOADS = {"two": {"x0": 1, "x1": 2}, "three": {"x0": 1, "x1": 2, "x2": 3}}
ENVIRONMENT = replace(
    TOY_FLAT,
    space_of=as_long_as_the_optimum,
    workloads=dict.fromkeys(WORKLOADS, ""),
    load_workload=lambda name, settings: WORKLOADS[name],
)


def test_the_space_is_that_of_the_workload():
    sizes = {name: ENVIRONMENT.make_problem(name).space.size for name in WORKLOADS}
    assert sizes == {"two": 16, "three": 64}
    best = ENVIRONMENT.make_problem("three").evaluate([WORKLOADS["three"]])
    assert best["latency_ns"].tolist() == [10.0]


def test_views_follow_the_workload():
    for name, entries in (("two", 2), ("three", 3)):
        env = make_env("tests.core.test_environment:ENVIRONMENT", workload=name)
        assert env.action_space.nvec.tolist() == [4] * entries


def test_without_it_the_space_depends_on_settings_alone():
    assert len(TOY_FLAT.make_problem().space) <= len(FLAT_OPTIMUM)
