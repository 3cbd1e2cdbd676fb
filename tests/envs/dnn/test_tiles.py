"""The environment of tile mappings as users meet it, and ArchGym's space of 17 genes."""

from __future__ import annotations

import math

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.batch import Batch
from archgym.encodings import from_index, from_one_hot, from_unit, to_index, to_one_hot, to_unit
from archgym.envs.dnn.tiles import ENVIRONMENT
from archgym.envs.dnn.tiles_space import tile_sizes
from archgym.errors import InvalidDesignError, SettingError, WorkloadError

LAYER = "conv:K=12,C=8,R=3,S=3,P=6,Q=7,stride=2"
SIZES = {"K": 12, "C": 8, "R": 3, "S": 3, "P": 6, "Q": 7}


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"l2_K": 0}, "'l2_K': 0 is not allowed"),
        ({"l1_order": "KCPQRR"}, "'l1_order': 'KCPQRR' is not allowed .a permutation of the"),
        ({"l2_order": "NKCPQRS"}, "'l2_order'"),
        ({"l2_par": "R"}, "'l2_par': 'R' is not allowed .one of K, C, P, Q"),
        ({"l3_K": 2}, "'l3_K'"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem(LAYER).evaluate([design])


def test_what_cannot_be_mapped_is_refused():
    with pytest.raises(WorkloadError, match="each layer of a network"):
        ENVIRONMENT.make_problem("resnet18")
    with pytest.raises(WorkloadError, match="mapped one by one"):
        ENVIRONMENT.make_problem("mobilenet_v1/dw1")
    with pytest.raises(SettingError, match="name one"):
        ENVIRONMENT.make_problem("columns", space="archgym")


def test_tiles_of_the_grid_differ_in_number_and_lose_none():
    for size in (1, 7, 56, 64, 300):
        counts = [math.ceil(size / tile) for tile in tile_sizes(size)]
        assert len(set(counts)) == len(counts)
        assert set(counts) == {math.ceil(size / tile) for tile in range(1, size + 1)}


@pytest.mark.parametrize("space", ["full", "archgym"])
@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
def test_every_random_design_is_feasible_and_scored(objective, space):
    problem = ENVIRONMENT.make_problem("resnet18/conv2_x", objective, space=space)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 300))
    assert set(outcomes.labels()) == {"ok"}
    assert (outcomes.reward > 0).all()


def test_every_listed_workload_runs():
    for name in ENVIRONMENT.workloads:
        problem = ENVIRONMENT.make_problem(name)
        outcomes = problem.outcomes(problem.space.default)
        assert outcomes.labels() == ["ok"]
        assert outcomes.reward.tolist() == [1.0]


# -- ArchGym's 17 genes ---------------------------------------------------------------------------


def archgym_problem(objective: str = "latency"):
    return ENVIRONMENT.make_problem(LAYER, objective, space="archgym")


def test_it_has_the_17_parameters_in_archgyms_order():
    space = archgym_problem().space
    tiles = "SRKCQP"
    assert space.names == (
        "l2_order",
        "l2_par",
        *(f"l2_{d}" for d in tiles),
        "l1_par",
        *(f"l1_{d}" for d in tiles),
        "l1_order",
        "num_pes",
    )
    assert len(space) == 17
    assert space.size == 720**2 * 4**2 * math.prod(SIZES.values()) ** 2 * 1023


def test_every_value_is_reached_from_every_encoding():
    space = archgym_problem().space
    most = max(axis.size for axis in space.axes)
    index = np.minimum(np.arange(most)[:, None], [axis.size - 1 for axis in space.axes])
    for codes in (
        from_unit(space, to_unit(space, index)),
        from_one_hot(space, to_one_hot(space, index)),
    ):
        np.testing.assert_array_equal(codes, index)
    batch = Batch(space, index)
    for d, size in SIZES.items():
        assert set(batch[f"l1_{d}"].tolist()) == set(range(1, size + 1))
    assert set(batch["num_pes"].tolist()) == set(range(1, 1024))
    assert set(batch["l2_par"].tolist()) == set("KCPQ")
    drawn = space.sample(np.random.default_rng(0), 20_000)
    assert len(set(drawn["l1_order"].tolist())) == 720


def test_the_same_design_twice_is_the_same_outcome_whatever_lies_between():
    problem = archgym_problem()
    drawn = problem.space.sample(np.random.default_rng(1), 40)
    once = [problem.outcomes(drawn.select([row])).metrics for row in range(40)]
    again = [problem.outcomes(drawn.select([row])).metrics for row in reversed(range(40))]
    for one, other in zip(once, reversed(again), strict=True):
        assert {k: v.tolist() for k, v in one.items()} == {k: v.tolist() for k, v in other.items()}


def test_every_gene_acts():
    problem = archgym_problem()
    rng = np.random.default_rng(2)
    names = ("runtime_cycles", "energy_pj", "area_um2")
    for gene in problem.space.names:
        columns = problem.space.columns[gene]
        drawn = problem.space.sample(rng, 400)
        changed = drawn.codes.copy()
        changed[:, columns] = problem.space.sample(rng, 400).codes[:, columns]
        before, after = (
            problem.outcomes(Batch(problem.space, codes)).metrics
            for codes in (drawn.codes, changed)
        )
        assert any((before[name] != after[name]).any() for name in names), gene


def test_a_cluster_has_as_many_pes_as_there_are_tiles_for_it():
    # 8 channels in L2 tiles, one a PE: clusters of 8, so 16 PEs take two filters at a time.
    design = {"l2_K": 1, "l2_C": 8, "l2_P": 1, "l2_Q": 1, "l1_C": 1, "num_pes": 16}
    found = archgym_problem().evaluate([design]).iloc[0]
    assert found["runtime_cycles"] == 12 // 2 * 6 * 7 * 9


def test_the_legacy_rewards_are_those_of_the_published_code():
    drawn = archgym_problem().space.sample(np.random.default_rng(3), 30)

    def outcomes(objective):
        return archgym_problem(objective).outcomes(drawn)

    found = outcomes("archgym_legacy")
    cycles, area = found.metrics["runtime_cycles"], found.metrics["area_um2"]
    energy_nj = found.metrics["energy_pj"] / 1e3
    np.testing.assert_allclose(found.reward, 1 / cycles, rtol=1e-9)
    expected = 1 / (cycles * energy_nj * 1e4)
    np.testing.assert_allclose(outcomes("archgym_legacy_energy").reward, expected, rtol=1e-9)
    np.testing.assert_allclose(outcomes("archgym_legacy_area").reward, 1 / area, rtol=1e-9)
    pes = drawn["num_pes"]
    l1, l2 = found.metrics["l1_bytes"], found.metrics["l2_bytes"]
    formula = pes * 4470 + np.ceil(l2 / 32768) * 4161.536 + np.ceil(l1 / 64) * 4505.1889 * pes
    np.testing.assert_allclose(area, formula, rtol=1e-12)


def test_index_and_back():
    problem = ENVIRONMENT.make_problem("conv:K=2,C=2,R=1,S=1,P=2,Q=1", space="archgym")
    index = np.arange(0, int(problem.space.size), 10**7 + 1)
    np.testing.assert_array_equal(to_index(problem.space, from_index(problem.space, index)), index)


@pytest.mark.parametrize("space", ["full", "archgym"])
def test_the_gymnasium_environment(space):
    env = gymnasium.make("archgym/dnn.tiles-v0", space=space)
    check_env(env.unwrapped, skip_render_check=True)
    vector = gymnasium.make_vec("archgym/dnn.tiles-v0", num_envs=4, space=space)
    vector.reset(seed=0)
    rewards = vector.step(vector.action_space.sample())[1]
    assert (rewards > 0).all()
