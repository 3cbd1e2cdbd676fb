"""A reinforcement-learning design-space-exploration gym for computer architecture.

Public names are imported when first used, so that ``import archgym`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archgym.gym_registration import register_once_loaded as _register_with_gymnasium

__version__ = "0.1.0"

if TYPE_CHECKING:
    from archgym.batch import Batch
    from archgym.constraint import Constraint
    from archgym.cost_model import CostModel
    from archgym.environment import Environment
    from archgym.evaluator import Evaluator
    from archgym.metric import Metric
    from archgym.outcome import Measurements, Outcomes, Status
    from archgym.problem import Problem
    from archgym.registry import make_agent, make_problem
    from archgym.scalar_parameters import Categorical, Integer, Ordinal, Real
    from archgym.searching import SearchResult, search
    from archgym.setting import Setting
    from archgym.space import DesignSpace
    from archgym.word_parameters import Permutation, Sequence

__all__ = [
    "Batch",
    "Categorical",
    "Constraint",
    "CostModel",
    "DesignSpace",
    "Environment",
    "Evaluator",
    "Integer",
    "Measurements",
    "Metric",
    "Ordinal",
    "Outcomes",
    "Permutation",
    "Problem",
    "Real",
    "SearchResult",
    "Sequence",
    "Setting",
    "Status",
    "__version__",
    "make_agent",
    "make_problem",
    "search",
]

_HOMES = {
    "Batch": "batch",
    "Categorical": "scalar_parameters",
    "Constraint": "constraint",
    "CostModel": "cost_model",
    "DesignSpace": "space",
    "Environment": "environment",
    "Evaluator": "evaluator",
    "Integer": "scalar_parameters",
    "Measurements": "outcome",
    "Metric": "metric",
    "Ordinal": "scalar_parameters",
    "Outcomes": "outcome",
    "Permutation": "word_parameters",
    "Problem": "problem",
    "Real": "scalar_parameters",
    "SearchResult": "searching",
    "Sequence": "word_parameters",
    "Setting": "setting",
    "Status": "outcome",
    "make_agent": "registry",
    "make_problem": "registry",
    "search": "searching",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archgym' has no attribute {name!r}")
    return getattr(import_module(f"archgym.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


_register_with_gymnasium()
