"""What every environment must do."""

from __future__ import annotations

import itertools
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import pytest

from archgym import registry
from archgym.environment import Environment
from archgym.errors import ArchgymError, SettingError, UnknownNameError
from archgym.problem import Problem
from archgym.testing.view_checks import (
    REWARDS,
    ROLES,
    STYLES,
    check_encoding,
    check_episode,
    check_gymnasium,
    check_petting_zoo,
    check_team,
    check_vector,
    make_view,
)

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ENUMERABLE = 50_000


class EnvironmentConformance:
    """Tests of an environment; a subclass names it.

    Attributes:
        environment: The environment.
        settings: Those that differ from the defaults.
        workloads: The workloads that are tried; None for all.
    """

    environment: ClassVar[Environment]
    settings: ClassVar[Mapping[str, Any]] = {}
    workloads: ClassVar[Sequence[str] | None] = None

    def problem(self, **arguments: Any) -> Problem:
        """Return a problem, freshly made."""
        return self.environment.make_problem(**{**self.settings, **arguments})

    # -- declarations ----------------------------------------------------------------------------

    def test_declares_itself(self) -> None:
        """What listings show, and what folders are called."""
        environment = self.environment
        assert _ID.fullmatch(environment.id), environment.id
        assert isinstance(environment.version, int)
        assert environment.description.strip()
        assert environment.cost_models
        assert environment.workloads
        assert environment.objectives
        for name in (*environment.objectives, *environment.settings):
            assert _NAME.fullmatch(name), name

    def test_declares_its_parameters(self) -> None:
        """Their names head columns; their domains are put in words."""
        for parameter in self.problem().space.parameters:
            assert _COLUMN.fullmatch(parameter.name), parameter.name
            assert parameter.allowed, parameter.name

    def test_is_described(self, capsys: pytest.CaptureFixture[str]) -> None:
        """By ``archgym describe``, with every parameter, metric and objective."""
        from archgym.cli.listing import describe
        from archgym.cli.tables import Format

        name = f"{self.environment.id}-under-test"
        registry.environments.add(name, self.environment)
        try:
            describe(name, None, [f"{k}={v}" for k, v in self.settings.items()], Format.JSON)
        finally:
            registry.environments.remove(name)
        shown, problem = capsys.readouterr().out, self.problem()
        for word in (*problem.space.names, *problem.metric_names, *self.environment.objectives):
            assert word in shown, word

    # -- problems --------------------------------------------------------------------------------

    def test_the_default_design_evaluates_on_every_workload(self) -> None:
        """To a feasible outcome that earns the reward 1, where rewards compare with it.

        Limits of an objective may ask for more than the default design gives.
        """
        for workload in self.workloads or self.environment.workloads:
            problem = self.problem(workload=workload)
            outcomes = problem.outcomes(problem.space.default)
            broken = [problem.default_measured.violation[0], problem.default_measured.status[0]]
            assert broken == [0, 0], (workload, outcomes.errors())
            if problem.objective.limits and outcomes.labels() == ["infeasible"]:
                continue
            assert outcomes.labels() == ["ok"], (workload, outcomes.errors())
            if problem.objective.compared:
                assert outcomes.reward[0] == pytest.approx(1.0), workload

    def test_features_tell_workloads_apart(self) -> None:
        """By the same finite numbers for all, the same each time; where features are declared."""
        if self.environment.workload_features is None:
            pytest.skip("declares no features of workloads")
        names = list(self.workloads or self.environment.workloads)
        told = [self.problem(workload=name).workload_features for name in [*names, names[0]]]
        assert len({tuple(one) for one in told}) == 1
        assert np.isfinite([list(one.values()) for one in told]).all()
        assert told[0] == told[-1]

    def test_every_objective_parses_and_scores(self) -> None:
        """With finite rewards for all designs."""
        rng = np.random.default_rng(0)
        batch = None
        for name in self.environment.objectives:
            problem = self.problem(objective=name)
            batch = problem.space.sample(rng, 8) if batch is None else batch
            assert np.isfinite(problem.outcomes(batch).reward).all(), name

    def test_every_cost_model_evaluates(self) -> None:
        """Under its declared metrics."""
        for name in self.environment.cost_models:
            problem = self.problem(cost_model=name)
            assert problem.measure(problem.space.default).status.tolist() == [0], name

    def test_wrong_names_are_refused(self) -> None:
        """One clear error each, before anything runs."""
        for wrong in (
            {"workload": "no_such_workload"},
            {"objective": "no_such_objective"},
            {"cost_model": "no_such_model"},
            {"no_such_setting": 1},
        ):
            with pytest.raises(ArchgymError):
                self.problem(**wrong)

    def test_wrong_settings_are_refused(self) -> None:
        """Those with choices take nothing else; no setting takes any object."""
        for name, setting in self.environment.settings.items():
            with pytest.raises((SettingError, UnknownNameError)):
                self.problem(**{name: object()})
            if setting.choices and not setting.or_file:
                with pytest.raises(SettingError):
                    self.problem(**{name: "no such choice"})

    def test_problems_travel_to_other_processes(self) -> None:
        """As trials with a time limit need."""
        problem = self.problem()
        copy = (
            pickle.loads(pickle.dumps(problem.cost_model)),
            pickle.loads(pickle.dumps(problem.workload)),
        )
        assert copy[0].version == problem.cost_model.version

    # -- the design space ------------------------------------------------------------------------

    def test_designs_survive_encoding(self) -> None:
        """To values and back; drawn ones and the default are valid."""
        space = self.problem().space
        drawn = space.sample(np.random.default_rng(0), 200)
        assert space.valid(drawn).all()
        assert space.valid(space.default).all()
        assert space.encode(drawn.dicts()).keys() == drawn.keys()

    def test_a_small_space_is_enumerated(self) -> None:
        """Every valid design, each once."""
        space = self.problem().space
        if space.size > _ENUMERABLE:
            pytest.skip(f"has {space.size:.3g} designs")
        keys = list(itertools.chain.from_iterable(batch.keys() for batch in space.enumerate()))
        assert 1 <= len(keys) == len(set(keys)) <= space.size

    @pytest.mark.parametrize("encoding", ["multi_discrete", "box"])
    def test_every_value_is_reached_by_every_action_encoding(self, encoding: str) -> None:
        """So that agents of all kinds search the same space."""
        check_encoding(self.problem().space, encoding)

    # -- the views -------------------------------------------------------------------------------

    @pytest.mark.parametrize(("style", "action"), STYLES)
    def test_gymnasium_view_conforms(self, style: str, action: str) -> None:
        """Gymnasium's checker, that of stable-baselines3, and whole episodes."""
        problem = self.problem()
        check_gymnasium(lambda: make_view(problem, style, action))
        check_episode(lambda: make_view(problem, style, action))

    @pytest.mark.parametrize("reward", REWARDS)
    @pytest.mark.parametrize("roles", ROLES)
    def test_petting_zoo_view_conforms(self, roles: str, reward: str) -> None:
        """PettingZoo's own tests."""
        check_petting_zoo(self.problem(), roles, reward)

    def test_own_dynamics_conform(self) -> None:
        """Where the environment brings a Gymnasium class of its own."""
        if not self.environment.make_gym:
            pytest.skip("has the generic views only")
        from archgym.views.making import make_env

        with self._registered() as name:
            check_gymnasium(lambda: make_env(name, **self.settings))

    def test_own_vector_environment_conforms(self) -> None:
        """Where it brings one."""
        if not self.environment.make_vector:
            pytest.skip("has the generic views only")
        from archgym.views.making import make_vector_env

        with self._registered() as name:
            check_vector(lambda count: make_vector_env(name, count, **self.settings))

    def test_own_team_conforms(self) -> None:
        """Where it brings one."""
        if not self.environment.make_team:
            pytest.skip("has the generic views only")
        from archgym.views.making import make_team_env

        with self._registered() as name:
            check_team(lambda: make_team_env(name, **self.settings))

    @contextmanager
    def _registered(self) -> Iterator[str]:
        """Register the environment under a name of its own."""
        name = f"{self.environment.id}-under-test"
        registry.environments.add(name, self.environment)
        try:
            yield name
        finally:
            registry.environments.remove(name)
