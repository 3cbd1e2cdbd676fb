"""Whether a surrogate is of a problem: what its card says against what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from archgym.cost_models.learned.card import CARD, Card, card_of, read_content
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.folders import SHIPPED
from archgym.cost_models.learned.scales import MetricScales
from archgym.cost_models.learned.workloads import features_of, name_of
from archgym.environment import Settings
from archgym.problem import Problem

_DEFAULT = "the default"


def mismatch(card: Card, problem: Problem) -> str:
    """Return why a surrogate is not of a problem, empty where it is."""
    workloads = ", ".join(card.workloads) or card.workload
    asked: Mapping[str, tuple[Any, Any]] = {
        "environment": (card.env, problem.env),
        "workload": (workloads, workloads if _can_be(card, problem) else name_of(problem)),
        **_by_name(card.settings, plain_settings(problem.settings)),
    }
    for what, (learnt, wanted) in asked.items():
        if learnt != wanted:
            return f"was trained for {what} {learnt}, not {wanted}"
    if DesignEncoding(problem.space.axes).as_data() != card.axes:
        return "was trained for another design space; train it again"
    if card.context and not {axis["name"] for axis in card.context} <= _told(card, problem).keys():
        return "was trained with other features of workloads; train it again"
    return ""


def _by_name(learnt: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the settings, each as learnt and as asked; what a side leaves out is its default."""
    both = {**learnt, **asked}
    return {f"setting {n} =": (learnt.get(n, _DEFAULT), asked.get(n, _DEFAULT)) for n in both}


def _can_be(card: Card, problem: Problem) -> bool:
    """Return whether a workload can be predicted for; one with features need not be learnt."""
    name = name_of(problem)
    if card.workloads:
        return name in card.workloads or bool(features_of(problem))
    # Older cards call a workload such as resnet18/conv2_x by its last part.
    return card.workload in (name, PurePath(name).name)


def _told(card: Card, problem: Problem) -> Mapping[str, float]:
    return features_of(problem) or card.workloads[name_of(problem)]


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Return settings as a card holds them: what is a path by its base name."""
    return {n: v.name if isinstance(v, PurePath) else v for n, v in settings.items()}


def fitting(problem: Problem) -> Path | None:
    """Return the folder of a surrogate that comes along and knows all that an objective needs."""
    for path in sorted(SHIPPED.glob(f"*/{CARD}")):
        card = card_of(read_content(path.parent))
        if not mismatch(card, problem) and not unlearnt(card, problem):
            return path.parent
    return None


def unlearnt(card: Card, problem: Problem) -> list[str]:
    """Return the metrics that a problem's objective needs and a surrogate did not learn."""
    learnt = {*MetricScales.of_data(card.scales).names, *card.constants}
    return [name for name in problem.objective.metrics if name not in learnt]
