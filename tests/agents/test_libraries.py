"""A wrapped agent is its library called directly, seed by seed."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.batch import Batch
from archgym.encodings import from_unit
from archgym.registry import make_agent
from tests.agents.searches import codes_of, records_of
from tests.toys import toy_problem

SEEDS = (0, 7)


@pytest.mark.parametrize("seed", SEEDS)
def test_tpe_is_optuna(seed):
    import optuna

    problem = toy_problem("toy.flat", parameters=4)
    agent = make_agent("tpe", problem, seed)
    asked = []

    def objective(trial):
        asked.append([trial.suggest_int(name, 0, 15) for name in problem.space.names])
        return problem.outcomes(Batch(problem.space, np.array(asked[-1:]))).reward[0]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=agent.library_seed, constant_liar=False)
    optuna.create_study(direction="maximize", sampler=sampler).optimize(objective, n_trials=60)
    assert codes_of(records_of(agent, 60)).tolist() == asked


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["genetic", "nsga2"])
def test_genetic_algorithms_are_pymoo(name, seed):
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.core.problem import Problem
    from pymoo.operators.crossover.ux import UX
    from pymoo.optimize import minimize

    from archgym.agents import pymoo_operators as operators
    from archgym.agents.distinct import DistinctDesigns

    multiple = name == "nsga2"
    toy = toy_problem("toy.flat", parameters=4, objective="tradeoff" if multiple else "latency")
    agent = make_agent(name, toy, seed, population=10)
    asked, proposed = [], DistinctDesigns(toy.space)

    class Direct(Problem):
        def _evaluate(self, x, out, *args, **kwargs):
            batch = Batch(toy.space, from_unit(toy.space, x))
            proposed.take_new(batch)
            asked.extend(batch.codes.tolist())
            out["F"] = -toy.outcomes(batch).objectives

    selection = {} if multiple else {"selection": operators.tournament(2)}
    algorithm = (NSGA2 if multiple else GA)(
        pop_size=10,
        sampling=operators.ValidSampling(toy.space),
        **selection,
        crossover=UX(prob=0.9),
        mutation=operators.AxisMutation(proposed),
        repair=operators.ValidRepair(toy.space),
        eliminate_duplicates=operators.NewDesigns(proposed),
    )
    minimize(
        Direct(4, 2 if multiple else 1, xl=0.0, xu=1.0),
        algorithm,
        ("n_gen", 8),
        seed=agent.library_seed,
        copy_algorithm=False,
    )
    assert codes_of(records_of(agent, 80)).tolist() == asked


@pytest.mark.parametrize("seed", SEEDS)
def test_gp_is_optuna(seed):
    pytest.importorskip("torch", reason="the agent gp needs the extra bo")
    import optuna

    problem = toy_problem("toy.flat", parameters=5)
    agent = make_agent("gp", problem, seed)
    asked = []

    def objective(trial):
        asked.append([trial.suggest_int(name, 0, 15) for name in problem.space.names])
        return np.log(problem.outcomes(Batch(problem.space, np.array(asked[-1:]))).reward[0])

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        sampler = optuna.samplers.GPSampler(seed=agent.library_seed, deterministic_objective=True)
    optuna.create_study(direction="maximize", sampler=sampler).optimize(objective, n_trials=24)
    assert codes_of(records_of(agent, 24)).tolist() == asked


@pytest.mark.slow
def test_smac_is_smac(tmp_path):
    """The facade as it is made by default, on several threads and with its huge trees."""
    smac = pytest.importorskip("smac", reason="the agent smac needs the extra smac")
    from ConfigSpace import ConfigurationSpace

    problem = toy_problem("toy.flat", parameters=3)
    names = problem.space.names
    agent = make_agent("smac", problem, seed=3, candidates=10_000)
    asked = []

    def target(config, seed: int = 0) -> float:
        asked.append([config[name] for name in names])
        return -problem.outcomes(Batch(problem.space, np.array(asked[-1:]))).reward[0]

    scenario = smac.Scenario(
        ConfigurationSpace(dict.fromkeys(names, (0, 15))),
        deterministic=True,
        n_trials=20,
        seed=agent.library_seed,
        output_directory=tmp_path,
    )
    facade = smac.HyperparameterOptimizationFacade
    design = facade.get_initial_design(scenario, n_configs=10, max_ratio=0.5)
    facade(scenario, target, initial_design=design, logging_level=False).optimize()
    assert codes_of(records_of(agent, 20)).tolist() == asked
