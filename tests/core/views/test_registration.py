"""Registration with Gymnasium: lazy, cheap, in any order of imports, and as plain data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from archgym.errors import SettingError, UnknownNameError
from archgym.gym_registration import register
from archgym.registry import environments
from archgym.views.local import LocalEnv
from archgym.views.local_vector import LocalVectorEnv
from archgym.views.one_shot import OneShotEnv
from archgym.views.sequential_vector import SequentialVectorEnv
from archgym.views.vector import OneShotVectorEnv
from tests.core.views.cases import REGISTERED
from tests.toys import TOYS, registered_toys

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _toys() -> Iterator[None]:
    with registered_toys():
        register()
        yield
    for toy in TOYS.values():
        gymnasium.registry.pop(f"archgym/{toy.versioned_id}", None)


@pytest.mark.parametrize("name", [*TOYS, *REGISTERED])
def test_every_id_is_made_checked_and_stepped(name: str) -> None:
    env = gymnasium.make(f"archgym/{environments.get(name).versioned_id}")
    env.reset(seed=0)
    env.step(env.action_space.sample())


def test_arguments_choose_problem_style_and_encoding() -> None:
    env = gymnasium.make(
        "archgym/toy-v0",
        workload="other",
        objective={"minimize": "energy_pj"},
        style="local",
        episode_length=3,
        reward="reward",
        max_banks=8,
    )
    assert isinstance(env.unwrapped, LocalEnv)
    problem = env.unwrapped.problem
    assert (problem.workload_name, problem.settings["max_banks"]) == ("other", 8)
    assert problem.objective_spec == {"minimize": "energy_pj"}
    box = gymnasium.make("archgym/toy-v0", action="box")
    assert box.action_space == gymnasium.spaces.Box(-1, 1, (5,), np.float32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"style": "oneshot"}, "did you mean 'one_shot'"),
        ({"workload": "mixd"}, "mixed"),
        ({"max_bank": 6}, "did you mean 'max_banks'"),
        ({"style": "sequential", "episode_length": 3}, "episode_length"),
        ({"action": "boxes"}, "did you mean 'box'"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        gymnasium.make("archgym/toy-v0", **arguments)


def test_make_vec_gives_the_native_environment() -> None:
    for mode in (None, "vector_entry_point"):
        env = gymnasium.make_vec("archgym/toy-v0", 32, mode, workload="other", action="box")
        assert isinstance(env, OneShotVectorEnv)
        assert env.num_envs == 32
        assert env.problem.workload_name == "other"
    assert gymnasium.make_vec("archgym/toy-v0", 2, "sync", style="local").num_envs == 2
    for style, view in (("sequential", SequentialVectorEnv), ("local", LocalVectorEnv)):
        assert isinstance(gymnasium.make_vec("archgym/toy-v0", 2, style=style), view)
    with pytest.raises(SettingError, match="vectorization_mode='sync'"):
        gymnasium.make_vec("archgym/toy-v0", 2, style="native")


def test_a_spec_survives_as_json() -> None:
    env = gymnasium.make("archgym/toy-v0", workload="other", style="one_shot", max_banks=8)
    copy = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(copy.unwrapped, OneShotEnv)
    assert copy.unwrapped.problem.settings == env.unwrapped.problem.settings
    assert copy.action_space == env.action_space


def test_environments_go_to_other_processes() -> None:
    env = gymnasium.make_vec("archgym/toy-v0", 2, "sync", style="sequential")
    env.reset(seed=0)
    code = (
        "import gymnasium, tests.toys, archgym.gym_registration as g\n"
        "with tests.toys.registered_toys():\n"
        "    g.register()\n"
        "    print(gymnasium.make('archgym/toy-v0').action_space)"
    )
    assert run(code) == "MultiDiscrete([3 4 5 3 3])"


def test_rendering_is_refused_in_the_way_libraries_expect() -> None:
    from stable_baselines3.common.env_util import make_vec_env

    with pytest.raises(TypeError, match="nothing to render"):
        gymnasium.make("archgym/toy-v0", render_mode="rgb_array")
    assert make_vec_env("archgym/toy-v0", n_envs=2).num_envs == 2


ADDED = "import archgym.registry as r, tests.toys as t; r.environments.add('toy', t.TOY)"
MAKE = "print(gymnasium.make('{}').unwrapped.problem.env)"


@pytest.mark.parametrize(
    "code",
    [
        f"{ADDED}; import gymnasium; {MAKE.format('archgym/toy-v0')}",
        f"import gymnasium; {ADDED}; import archgym.gym_registration as g; g.register();"
        + MAKE.format("archgym/toy-v0"),
    ],
)
def test_the_order_of_imports_does_not_matter(code: str) -> None:
    assert run(code) == "toy-v0"


def test_registered_ids_are_there_whichever_is_imported_first() -> None:
    listing = "; print(sorted(i for i in gymnasium.registry if i.startswith('archgym/')))"
    both = {
        run(f"import {order}{listing}") for order in ("archgym, gymnasium", "gymnasium, archgym")
    }
    expected = [f"archgym/{environments.get(name).versioned_id}" for name in REGISTERED]
    assert both == {str(sorted(expected))}


def test_gymnasium_alone_finds_archgym_by_module_or_entry_point() -> None:
    (point,) = (p for p in entry_points(group="gymnasium.envs") if p.name == "archgym")
    assert point.load() is register
    ids = [environments.get(name).versioned_id for name in REGISTERED]
    made = "\n".join(MAKE.format(f"archgym:archgym/{versioned}") for versioned in ids)
    assert run(f"import gymnasium\n{made}").splitlines() == ids


def test_importing_and_registering_is_light() -> None:
    heavy = "{'torch', 'ray', 'numba', 'pandas', 'sklearn', 'scipy', 'pettingzoo'}"
    assert run(f"import sys, archgym; print({heavy} & {{*sys.modules}})") == "set()"
    assert run("import sys, archgym; print('gymnasium' in sys.modules)") == "False"
    assert run(f"import sys, archgym, gymnasium; print({heavy} & {{*sys.modules}})") == "set()"


def test_a_broken_descriptor_is_left_out_with_a_warning() -> None:
    environments.add("broken", object())  # type: ignore[arg-type]
    try:
        with pytest.warns(UserWarning, match="'broken' cannot be registered"):
            register()
    finally:
        environments.remove("broken")


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
