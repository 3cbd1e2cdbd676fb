"""Environments from plain data: what Gymnasium's registry and users call.

Options of a view (``style``, ``action``, ``episode_length``, ``reward``, ``roles``, ...) and
settings of the environment are given side by side, so settings must not take those names.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from archgym.errors import SettingError, UnknownNameError
from archgym.evaluator import Evaluator
from archgym.registry import environments

if TYPE_CHECKING:
    import gymnasium
    from pettingzoo import ParallelEnv  # type: ignore[import-untyped]

UNLIMITED = sys.maxsize

STYLES = {
    "one_shot": "archgym.views.one_shot:OneShotEnv",
    "sequential": "archgym.views.sequential:SequentialEnv",
    "local": "archgym.views.local:LocalEnv",
}
VECTOR_STYLES = {
    "one_shot": "archgym.views.vector:OneShotVectorEnv",
    "sequential": "archgym.views.sequential_vector:SequentialVectorEnv",
    "local": "archgym.views.local_vector:LocalVectorEnv",
}
TEAM_STYLES = {"design": "archgym.views.multi_agent:DesignTeamEnv"}
OWN_STYLE = "native"


def make_env(
    env: str,
    style: str | None = None,
    render_mode: None = None,
    **arguments: Any,
) -> gymnasium.Env[Any, Any]:
    """Return a Gymnasium environment of a registered environment, without a budget.

    Args:
        env: Registered name of the environment.
        style: "one_shot", "sequential", "local", or "native" for environments with dynamics of
            their own, which is then the default.
        render_mode: There is nothing to render.
        arguments: ``workload``, ``objective``, ``cost_model`` and ``timeout_s``, options of the
            style, and settings of the environment.

    Raises:
        UnknownNameError: An unknown style, workload, objective, setting, ...
        SettingError: A value that cannot be taken.
        TypeError: A render mode is asked for.
    """
    _refuse_rendering(render_mode)
    view = _view(style, STYLES, environments.get(env).make_gym)
    made: gymnasium.Env[Any, Any] = _make(view, env, arguments)
    return made


def make_vector_env(
    env: str,
    num_envs: int = 1,
    style: str | None = None,
    render_mode: None = None,
    **arguments: Any,
) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    """Return the native vector environment; arguments as for `make_env`.

    Raises:
        SettingError: The style has no native vector form; use vectorization_mode="sync".
    """
    _refuse_rendering(render_mode)
    declared = environments.get(env)
    if style == OWN_STYLE and not declared.make_vector:
        raise SettingError(f"style {style!r} has no vector form: use vectorization_mode='sync'")
    view = _view(style, VECTOR_STYLES, declared.make_vector)
    made: gymnasium.vector.VectorEnv[Any, Any, Any] = _make(
        view, env, {"num_envs": num_envs, **arguments}
    )
    return made


def make_team_env(
    env: str, style: str | None = None, **arguments: Any
) -> ParallelEnv[str, Any, Any]:
    """Return a PettingZoo environment; its options are among the arguments.

    Args:
        env: Registered name of the environment.
        style: "design", in which the agents' actions together are a design, or "native" for
            environments that bring a team of their own, which is then the default.
        arguments: As for `make_env`.
    """
    view = _view(style, TEAM_STYLES, environments.get(env).make_team)
    made: ParallelEnv[str, Any, Any] = _make(view, env, arguments)
    return made


def _make(view: Callable[..., Any], env: str, arguments: Mapping[str, Any]) -> Any:
    """Return ``view`` over a new evaluator; it takes the arguments that it declares.

    A view that has ``prepare`` is given the problem that this makes of the one asked for.
    """
    options = set(inspect.signature(view).parameters) - {"evaluator"}
    rest = {name: value for name, value in arguments.items() if name not in options}
    timeout_s = rest.pop("timeout_s", None)
    problem = environments.get(env).make_problem(**rest)
    prepare = getattr(view, "prepare", None)
    problem = problem if prepare is None else prepare(problem)
    evaluator = Evaluator(problem, UNLIMITED, timeout_s=timeout_s)
    return view(evaluator, **{n: v for n, v in arguments.items() if n in options})


def _view(style: str | None, generic: Mapping[str, str], own: str) -> Any:
    """Return the view of that style; the environment's own one, else the first, by default."""
    styles = {**({OWN_STYLE: own} if own else {}), **generic}
    chosen = next(iter(styles)) if style is None else style
    if chosen not in styles:
        raise UnknownNameError("style", chosen, styles)
    return resolve_name(styles[chosen])


def _refuse_rendering(render_mode: Any) -> None:
    if render_mode is not None:
        raise TypeError(f"render_mode {render_mode!r}: there is nothing to render")
