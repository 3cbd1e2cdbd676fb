"""What there is to know about an agent, as data for listings, docs and stores."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from archgym.agents.base import Agent, is_installed
from archgym.agents.hyperparameter import Hyperparameter


def describe(agent: type[Agent]) -> dict[str, Any]:
    """Return an agent's declarations; imports neither its library nor a problem."""
    return {
        "name": agent.name,
        "version": agent.version,
        "summary": agent.summary,
        "library": agent.library,
        "library_version": library_version(agent),
        "extra": agent.extra,
        "installed": is_installed(agent),
        "handles": list(agent.handles),
        "constraint_handling": agent.constraint_handling,
        "multi_objective": agent.multi_objective,
        "hyperparameters": {k: _describe(h) for k, h in agent.hyperparameters.items()},
    }


def library_version(agent: type[Agent]) -> str:
    """Return the installed version of the library behind an agent, or an empty text."""
    try:
        return version(agent.library) if agent.library else ""
    except PackageNotFoundError:
        return ""


def _describe(item: Hyperparameter) -> dict[str, Any]:
    return {
        "default": item.default,
        "type": item.type.__name__,
        "low": item.low,
        "high": item.high,
        "choices": list(item.choices),
        "log": item.log,
        "allowed": item.allowed,
        "meaning": item.meaning,
    }
