"""A wrapped agent is its library called directly, seed by seed."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.smac import in_fixed_order
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


def direct_problem(toy, objectives, losses, asked, proposed):
    """Return a pymoo problem that notes the designs it is asked for."""
    from pymoo.core.problem import Problem

    class Direct(Problem):
        def _evaluate(self, x, out, *args, **kwargs):
            batch = Batch(toy.space, from_unit(toy.space, x))
            proposed.take_new(batch)
            asked.extend(batch.codes.tolist())
            out["F"] = losses(toy.outcomes(batch).objectives)

    return Direct(toy.space.width, objectives, xl=0.0, xu=1.0)


def algorithm_of(name, toy, proposed):
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.algorithms.moo.nsga3 import NSGA3
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.operators.crossover.ux import UX
    from pymoo.util.ref_dirs import get_reference_directions

    from archgym.agents import pymoo_operators as operators

    common = {
        "sampling": operators.ValidSampling(toy.space),
        "crossover": UX(prob=0.9),
        "mutation": operators.AxisMutation(proposed),
        "repair": operators.ValidRepair(toy.space),
        "eliminate_duplicates": operators.NewDesigns(proposed),
    }
    if name == "nsga3":
        directions = get_reference_directions("das-dennis", 2, n_partitions=9)
        return NSGA3(directions, pop_size=10, **common)
    if name == "nsga2":
        return NSGA2(pop_size=10, **common)
    return GA(pop_size=10, selection=operators.tournament(2), **common)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["genetic", "nsga2", "nsga3"])
def test_genetic_algorithms_are_pymoo(name, seed):
    from pymoo.optimize import minimize

    single = name == "genetic"
    toy = toy_problem("toy.flat", parameters=4, objective="latency" if single else "tradeoff")
    agent = make_agent(name, toy, seed, population=10)
    asked, proposed = [], DistinctDesigns(toy.space)
    losses = np.negative if single else lambda objectives: -np.log(objectives)
    direct = direct_problem(toy, 1 if single else 2, losses, asked, proposed)
    minimize(
        direct,
        algorithm_of(name, toy, proposed),
        ("n_gen", 8),
        seed=agent.library_seed,
        copy_algorithm=False,
    )
    assert codes_of(records_of(agent, 80)).tolist() == asked


def without_repeats(rows):
    return list(map(list, dict.fromkeys(map(tuple, rows))))


@pytest.mark.parametrize("seed", SEEDS)
def test_differential_evolution_is_pymoo(seed):
    from pymoo.algorithms.soo.nonconvex.de import DE
    from pymoo.optimize import minimize

    from archgym.agents import pymoo_operators as operators

    toy = toy_problem("toy.flat", parameters=4)
    agent = make_agent("differential_evolution", toy, seed, population=12)
    asked, proposed = [], DistinctDesigns(toy.space)
    algorithm = DE(
        pop_size=12,
        sampling=operators.ValidSampling(toy.space),
        variant="DE/best/1/bin",
        CR=0.7,
        F=0.5,
        prob_mut=0.5,
        repair=operators.ValidRepair(toy.space),
    )
    minimize(
        direct_problem(toy, 1, np.negative, asked, proposed),
        algorithm,
        ("n_gen", 10),
        seed=agent.library_seed,
        copy_algorithm=False,
    )
    wanted = without_repeats(asked)
    assert len(wanted) > 80
    assert codes_of(records_of(agent, len(wanted))).tolist() == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_cma_es_is_cmaes_with_margin(seed):
    from cmaes import CMAwM

    toy = toy_problem("toy.flat", parameters=6)
    agent = make_agent("cma_es", toy, seed, population=10)
    asked = []
    direct = CMAwM(
        mean=np.full(6, 0.5),
        sigma=0.3,
        bounds=np.tile([0.5 / 16, 15.5 / 16], (6, 1)),
        steps=np.full(6, 1 / 16),
        seed=agent.library_seed,
        population_size=10,
    )
    for _ in range(15):
        points = [direct.ask() for _ in range(10)]
        batch = Batch(toy.space, from_unit(toy.space, np.array([point for point, _ in points])))
        losses = -np.log(toy.outcomes(batch).reward)
        direct.tell([(raw, loss) for (_, raw), loss in zip(points, losses, strict=True)])
        asked += batch.codes.tolist()
    wanted = without_repeats(asked)
    assert len(wanted) > 100
    assert codes_of(records_of(agent, len(wanted))).tolist() == wanted


@pytest.mark.parametrize("seed", range(3))
def test_margin_cma_is_cmaes_on_mixed_axes(seed):
    """Three discrete axes of 2 to 4 values among continuous ones, 60 generations."""
    from cmaes import CMAwM

    from archgym.agents.margin_cma import MarginCma

    steps = np.array([0.0, 0.0, 0.5, 0.25, 1 / 3, 0.0])
    bounds = np.stack([steps / 2, 1 - steps / 2], axis=1)
    mean = np.full(6, 0.5)
    direct = CMAwM(mean.copy(), 0.3, bounds, steps, seed=seed, population_size=12)
    own = MarginCma(mean.copy(), 0.3, steps, 12, seed)
    for _ in range(60):
        points, raw = own.ask()
        wanted = [direct.ask() for _ in range(12)]
        assert points == pytest.approx(np.array([point for point, _ in wanted]), abs=1e-12)
        losses = ((points - 0.3) ** 2).sum(axis=1)
        own.tell(raw, losses)
        direct.tell([(r, loss) for (_, r), loss in zip(wanted, losses.tolist(), strict=True)])


@pytest.mark.parametrize("seed", SEEDS)
def test_sobol_is_scipy(seed):
    from scipy.stats.qmc import Sobol

    toy = toy_problem("toy.real")
    agent = make_agent("sobol", toy, seed)
    wanted = from_unit(toy.space, Sobol(toy.space.width, rng=agent.library_seed).random(128))
    assert (codes_of(records_of(agent, 128)) == wanted).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_gp_is_optuna(seed):
    pytest.importorskip("torch", reason="the agent gp needs the extra bo")
    import optuna

    problem = toy_problem("toy.flat", parameters=5)
    agent = make_agent("gp", problem, seed, local_searches=10)
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
    """The facade as it is made by default, on several threads and with its huge trees.

    Only the order of starting points is fixed, which SMAC leaves to the seed of hashes.
    """
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
    maximizer = in_fixed_order(facade.get_acquisition_maximizer(scenario))
    facade(
        scenario,
        target,
        initial_design=design,
        acquisition_maximizer=maximizer,
        logging_level=False,
    ).optimize()
    assert codes_of(records_of(agent, 20)).tolist() == asked
