"""Teams that search designs: roles, rewards, memory, constraints, launches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgym.agents.marl.designs import DesignTeam
from archgym.agents.marl.layout import TeamActions
from archgym.batch import Batch
from archgym.errors import LaunchError, SettingError, UnknownNameError
from archgym.evaluator import Evaluator
from archgym.experiments.plan import read_plan
from archgym.registry import agents, make_agent
from archgym.scalar_parameters import Categorical, Integer, Real
from archgym.views.multi_agent import DesignTeamEnv
from tests.agents.searches import codes_of, problem_of, records_of, rewards_of
from tests.toys import toy_problem

TEAMS = ["ippo", "mappo", "isac"]
OWN = {"right": ["cache_ways", "cache"], "left": ["policy", "banks"], "up": ["buffer_entries"]}


class TestRoles:
    def test_are_those_of_the_pettingzoo_view(self):
        problem = toy_problem()
        for roles in ("per_parameter", "subsystem", "single"):
            env = DesignTeamEnv(Evaluator(problem, 1), roles)
            assert make_agent("ippo", problem, roles=roles).team.roles == env.roles

    def test_equal_roles_are_equal_teams_whatever_their_order(self):
        turned = dict(reversed([(agent, names[::-1]) for agent, names in OWN.items()]))
        teams = [make_agent("mappo", toy_problem(), roles=roles).team for roles in (OWN, turned)]
        assert list(teams[0].roles) == list(teams[1].roles) == ["left", "up", "right"]
        assert teams[0].roles == teams[1].roles
        codes = [
            codes_of(records_of(make_agent("ippo", toy_problem(), roles=roles), 40))
            for roles in (OWN, turned)
        ]
        assert (codes[0] == codes[1]).all()

    @pytest.mark.parametrize(
        ("roles", "error", "words"),
        [
            (OWN | {"up": []}, SettingError, r"'roles'.*not allowed.*mapping of agents"),
            (OWN | {"up": "buffer_entries"}, SettingError, "mapping of agents to lists"),
            ({}, SettingError, "mapping of agents"),
            ("subsystems", SettingError, "per_parameter, subsystem, single"),
            (3, SettingError, "per_parameter, subsystem, single"),
            (OWN | {"up": ["buffer_entires"]}, UnknownNameError, "did you mean 'buffer_entries'"),
            ({k: OWN[k] for k in ("right", "left")}, SettingError, "'buffer_entries' .* no agent"),
            (
                OWN | {"up": ["buffer_entries", "cache"]},
                SettingError,
                "'cache' belongs to right and up",
            ),
        ],
    )
    def test_wrong_ones_are_refused(self, roles: Any, error: Any, words: str):
        with pytest.raises(error, match=words):
            make_agent("ippo", toy_problem(), roles=roles)

    def test_launches_take_names_and_groups_and_sweep_over_them(self, tmp_path: Path):
        launch = tmp_path / "teams.yaml"
        text = (
            "name: teams\nproblems: [{env: tests.toys:TOY}]\nbudget: 10\nagents:\n"
            "  - name: mappo\n    hyperparameters:\n      roles:\n        - subsystem\n"
            "        - {front: [policy, banks], back: [buffer_entries, cache, cache_ways]}\n"
        )
        launch.write_text(text)
        first, second = read_plan(launch).trials
        assert first.hyperparameters["roles"] == "subsystem"
        assert second.hyperparameters["roles"]["front"] == ["policy", "banks"]
        launch.write_text(text.replace("banks]", "bank]"))
        with pytest.raises(LaunchError, match=r"teams.yaml: agents\[0\]: .*did you mean 'banks'"):
            read_plan(launch)


class TestDesigns:
    def test_are_those_of_the_pettingzoo_view(self):
        problem = toy_problem()
        env = DesignTeamEnv(Evaluator(problem, 99), "subsystem")
        team = DesignTeam(problem.space, "subsystem")
        random = np.random.default_rng(0)
        shape = (20, team.layout.agents, team.layout.most_choices)
        index = np.zeros(shape, dtype=np.int64)
        for agent, sizes in enumerate(team.layout.choices):
            for choice, size in enumerate(sizes):
                index[:, agent, choice] = random.integers(size, size=20)
        batch = team.designs(TeamActions(index, np.zeros((20, 3, 0), np.float32)))
        for row, design in enumerate(batch.dicts()):
            env.reset()
            chosen = {
                name: index[row, agent, : len(team.layout.choices[agent])]
                for agent, name in enumerate(team.roles)
            }
            *_, infos = env.step(chosen)
            assert infos["cache"]["design"] == design

    def test_counterfactual_ones_differ_in_one_agents_parameters(self):
        problem = toy_problem()
        team = DesignTeam(problem.space, "subsystem")
        batch = problem.space.sample(np.random.default_rng(0), 5)
        default = problem.space.default.dicts()[0]
        variants = team.without(batch).dicts()
        for row, design in enumerate(batch.dicts()):
            for agent, names in enumerate(team.roles.values()):
                expected = design | {name: default[name] for name in names}
                assert variants[row * 3 + agent] == expected

    def test_an_agent_without_effect_is_not_judged(self):
        team = DesignTeam(toy_problem().space, "per_parameter")
        batch = toy_problem().space.encode([{"cache": "none"}, {"cache": "small"}])
        assert team.effective(batch).tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]

    def test_real_and_long_axes_are_numbers_and_reach_their_ends(self):
        space = problem_of(Real("x", 1.0, 16.0, log=True), Integer("n", 0, 999)).space
        team = DesignTeam(space, "per_parameter")
        assert team.layout.numbers == (1, 1)
        raw = np.array([-20.0, 0.0, 20.0], np.float32).repeat(2).reshape(3, 2, 1)
        batch = team.designs(TeamActions(np.zeros((3, 2, 0), np.int64), raw))
        assert batch["x"] == pytest.approx([1.0, 4.0, 16.0])
        assert batch["n"].tolist() == [0, 500, 999]


@pytest.mark.parametrize("name", TEAMS)
class TestBudget:
    def test_difference_rewards_are_evaluated_and_counted(self, name):
        problem = toy_problem("toy.flat", parameters=4)
        agent = make_agent(name, problem, reward="difference", rollout=16)
        evaluator = Evaluator(problem, 150, (records := []).append)
        agent.run(evaluator)
        assert evaluator.spent == 150
        drawn = Batch(problem.space, records[0].batch.codes[:1])
        evaluated = set(Batch(problem.space, codes_of(records)).keys())
        assert evaluated >= set(agent.team.without(drawn).keys())

    def test_without_memory_repeated_designs_hit_the_cache_and_are_counted_apart(self, name):
        problem = problem_of(Integer("x", 0, 3), Integer("y", 0, 3))
        forgetful = Evaluator(problem, 60)
        make_agent(name, problem, remember=False, reward="difference").run(forgetful)
        assert forgetful.spent == 60
        assert forgetful.unique <= 16
        knowing = Evaluator(problem, 60)
        make_agent(name, problem).run(knowing)
        assert (knowing.spent, knowing.unique) == (16, 16), "nothing is left to try"

    def test_designs_that_break_constraints_teach_but_are_not_asked_for(self, name):
        problem = toy_problem()
        records = records_of(make_agent(name, problem, seed=1), 200)
        assert all(problem.space.valid(record.batch).all() for record in records)

    @pytest.mark.parametrize("roles", ["per_parameter", "subsystem", "single", OWN])
    def test_every_formulation_spends_the_budget_and_improves(self, name, roles):
        problem = toy_problem()
        for settings in ({}, {"share_parameters": True, "fitness": "reward"}):
            rewards = rewards_of(
                records_of(make_agent(name, problem, 0, roles=roles, **settings), 160)
            )
            assert len(rewards) == 160
            assert rewards.max() > 1.5 * rewards[:16].mean()


def test_values_that_one_parameter_must_not_take_are_masked():
    from archgym.constraint import Constraint

    rule = Constraint("small", ("x",), lambda columns: columns["x"] < 3, "x < 3")
    problem = problem_of(Integer("x", 0, 9), Categorical("y", ("a", "b")), constraints=[rule])
    team = make_agent("ippo", problem).team
    assert team.layout.allowed[0, 0].tolist() == [True] * 3 + [False] * 7


def test_a_team_without_a_single_new_design_draws_at_random():
    """A policy that is certain from the start must not keep the search from going on."""
    problem = problem_of(Integer("x", 0, 30), Integer("y", 0, 30))
    agent = make_agent("ippo", problem, exploration=0.0, learning_rate=1.0, entropy=0.0)
    evaluator = Evaluator(problem, 300)
    agent.run(evaluator)
    assert (evaluator.spent, evaluator.unique) == (300, 300)


@pytest.mark.parametrize("name", TEAMS)
def test_declares_ranges_within_which_it_runs(name):
    declared = agents.get(name).hyperparameters
    assert {"roles", "reward", "share_parameters"} <= set(declared)
    for key, item in declared.items():
        if item.low is not None:
            for end in (item.low, item.high):
                if key in ("rollout", "width", "epochs", "steps", "critic_steps", "alternatives"):
                    end = min(end, 32)
                agent = make_agent(name, toy_problem(), **{key: end})
                assert len(codes_of(records_of(agent, 40))) == 40


def test_one_agent_for_all_is_as_good_as_the_librarys_ppo():
    """Best rewards of eight seeds on a separable problem, in which both are far from random."""
    problem = toy_problem("toy.flat", parameters=6)

    def best(name: str, **settings: Any) -> list[float]:
        made = [make_agent(name, problem, seed, **settings) for seed in range(8)]
        return [float(rewards_of(records_of(agent, 400)).max()) for agent in made]

    own, library, random = best("ippo", roles="single"), best("ppo"), best("random")
    assert np.mean(own) > 0.9 * np.mean(library)
    assert np.mean(own) > np.mean(random) + 2 * np.std(random)
