"""The controller's design space: sizes, defaults, legal values off the grid, conditions, roles."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.dram.knobs import KNOB_NAMES
from archgym.envs.dram.space import design_space
from archgym.errors import InvalidDesignError

ARCHGYM_DEFAULT = {
    "page_policy": "open",
    "scheduler": "fr_fcfs",
    "scheduler_buffer": "bankwise",
    "request_buffer_size": 8,
    "resp_queue": "fifo",
    "refresh_policy": "all_bank",
    "refresh_max_postponed": 0,
    "refresh_max_pulledin": 0,
    "arbiter": "simple",
    "max_active_transactions": 128,
}
WATERMARKS = {"high_watermark": 8, "low_watermark": 4}
DEFAULT = ARCHGYM_DEFAULT | {
    "address_mapping": "row_bank_col",
    "cmd_mux": "oldest",
    "power_down_policy": "no_power_down",
}


@pytest.mark.parametrize(
    ("kind", "size", "default"),
    [
        ("full", 5_308_416, DEFAULT),
        ("archgym", 442_368, ARCHGYM_DEFAULT),
        # 5 schedulers instead of 3, and two watermarks of seven values each
        ("extended", 5_308_416 // 3 * 5 * 7 * 7, DEFAULT | WATERMARKS),
    ],
)
def test_sizes_and_defaults(kind, size, default):
    space = design_space(kind)
    assert space.size == size
    assert space.default.dicts() == [default]


def test_columns_are_the_simulators_knobs():
    assert design_space("extended").names == KNOB_NAMES
    assert (*design_space().names, *WATERMARKS) == KNOB_NAMES


LPDDR4 = {"policies": ("no_refresh", "all_bank", "per_bank"), "memory": "memory lpddr4_3200"}


@pytest.mark.parametrize("kind", ["full", "extended"])
def test_more_values_are_legal_and_only_the_extended_space_searches_them(kind):
    space = design_space(kind, **LPDDR4)
    designs = [
        {"scheduler": scheduler, "refresh_policy": "per_bank", "refresh_max_postponed": limit}
        for scheduler in ("grp_fr_fcfs", "grp_fr_fcfs_wm")
        for limit in (1, 8)
    ]
    batch = space.encode(designs)
    found = [{name: design[name] for name in designs[0]} for design in batch.dicts()]
    assert found == designs
    assert len(set(batch.keys())) == 4  # the limits matter with any refresh
    sampled = space.sample(np.random.default_rng(0), 3000)
    searched = set(sampled["scheduler"]) | set(sampled["refresh_policy"])
    assert ({"grp_fr_fcfs", "grp_fr_fcfs_wm", "per_bank"} <= searched) == (kind == "extended")


def test_stored_codes_of_the_searched_values_stay():
    space = design_space(**LPDDR4)
    codes = [space[name].parse(value)[0] for name, value in DEFAULT.items()]
    assert codes == [0, 1, 0, 3, 0, 1, 4, 4, 0, 7, 0, 0, 0]
    assert space["scheduler"].parse("fr_fcfs_grp") == (2,)
    assert space["scheduler"].parse("grp_fr_fcfs") == (3,)


def test_a_policy_that_the_memory_lacks_is_refused_with_its_name():
    with pytest.raises(InvalidDesignError, match=r"all_bank, per_bank with memory lpddr4_3200"):
        design_space(**LPDDR4).encode([{"refresh_policy": "same_bank"}])
    with pytest.raises(InvalidDesignError, match="grp_fr_fcfs"):
        design_space("archgym").encode([{"scheduler": "grp_fr_fcfs"}])


def test_watermarks_matter_under_their_scheduler_and_must_be_in_order():
    space = design_space("extended")
    marks = [{"high_watermark": 4, "low_watermark": 2}, {"high_watermark": 2, "low_watermark": 32}]
    idle = space.encode(marks)
    assert len(set(idle.keys())) == 1
    assert space.valid(idle).all()
    active = space.encode([design | {"scheduler": "grp_fr_fcfs_wm"} for design in marks])
    assert space.valid(active).tolist() == [True, False]
    assert "low_watermark < high_watermark" in space.violations(active)[1]
    assert space.valid(space.sample(np.random.default_rng(1), 2000)).all()


@pytest.mark.parametrize(
    ("parameter", "legal", "illegal"),
    [
        ("request_buffer_size", [1, 3, 128, 1000, "5"], [0, -1, 1.5, "many", None]),
        ("max_active_transactions", [1, 7, 128, 4096], [0, 0.5, ""]),
        ("refresh_max_postponed", [0, 3, 8, "8"], [-1, 9, 2.5]),
        ("refresh_max_pulledin", [0, 5, 8], [-1, 9]),
        ("page_policy", ["open", "closed_adaptive"], ["Open", "open ", 1]),
        ("address_mapping", ["bank_row_col"], ["bank_col_row"]),
    ],
)
def test_legal_values_off_the_grid_are_accepted(parameter, legal, illegal):
    space = design_space()
    batch = space.encode([{parameter: value} for value in legal])
    assert [str(design[parameter]) for design in batch.dicts()] == [str(value) for value in legal]
    for value in illegal:
        with pytest.raises(InvalidDesignError, match=parameter):
            space.encode([{parameter: value}])


def test_a_parameter_of_the_other_space_is_unknown():
    with pytest.raises(InvalidDesignError, match="cmd_mux"):
        design_space("archgym").encode([{"cmd_mux": "strict"}])


@pytest.mark.parametrize(
    ("parent", "idle", "parameter"),
    [
        ("refresh_policy", "no_refresh", "refresh_max_postponed"),
        ("refresh_policy", "no_refresh", "refresh_max_pulledin"),
        ("arbiter", "simple", "max_active_transactions"),
    ],
)
def test_parameters_without_effect_make_no_new_design(parent, idle, parameter):
    space = design_space()
    under_idle = space.encode([{parent: idle, parameter: value} for value in (1, 8)])
    assert len(set(under_idle.keys())) == 1
    assert not space.active(under_idle)[parameter].any()
    active = "all_bank" if parent == "refresh_policy" else "reorder"
    assert len(set(space.encode([{parent: active, parameter: v} for v in (1, 8)]).keys())) == 2


def test_enumeration_visits_every_behaviour_once():
    space = design_space("archgym")
    batches = list(space.enumerate())
    keys = {key for batch in batches for key in set(batch.keys())}
    # 4*3*3*8*2 controllers, 1 + 4*4 refresh behaviours, 1 + 2*8 arbiters.
    assert sum(map(len, batches)) == len(keys) == 576 * 17 * 17
    policies = np.concatenate([batch["refresh_policy"] for batch in batches])
    assert (policies == "no_refresh").sum() == 576 * 17


def test_roles_are_subsystems_and_own_everything():
    roles = design_space().roles
    assert set(roles) == {
        "row_policy",
        "scheduling",
        "queues",
        "refresh",
        "arbitration",
        "mapping",
        "power",
    }
    owned = sorted(name for names in roles.values() for name in names)
    assert owned == sorted(design_space().names)
    assert roles["refresh"] == ("refresh_policy", "refresh_max_postponed", "refresh_max_pulledin")


def test_every_parameter_says_what_it_is():
    assert all(len(p.description) > 20 for p in design_space("extended").parameters)
