"""The same designs under a cheaper model: what a search with several fidelities may ask, too."""

from __future__ import annotations

from archgym.environment import Environment
from archgym.errors import ArchgymError, SettingError
from archgym.problem import Problem

WORKLOAD = "workload:"


def cheaper_problem(problem: Problem, cheap: str) -> Problem:
    """Return a problem with the designs and metrics of another one, under a cheaper model.

    Args:
        problem: What is searched.
        cheap: A cost model of the environment, one that stands for any (``surrogate:NAME``), or
            ``workload:NAME``: the same cost model on another workload.

    Raises:
        SettingError: The problem was made by no environment; or there is no such cost model,
            surrogate or workload; or it is the problem itself, has other designs, or lacks a
            metric that the objective needs.
    """
    environment = problem.environment
    if environment is None:
        raise SettingError(f"cheap model {cheap!r}: {problem.env} is of no environment")
    workload, model = problem.workload_name, cheap
    if cheap.startswith(WORKLOAD):
        workload, model = cheap.removeprefix(WORKLOAD), _own_model(problem, environment, cheap)
    try:
        found = environment.make_problem(
            workload, problem.objective_spec, model, **problem.settings
        )
    except ArchgymError as error:
        raise SettingError(f"cheap model {cheap!r}: {error}") from None
    if (found.workload_name, found.cost_model.name) == (
        problem.workload_name,
        problem.cost_model.name,
    ):
        raise SettingError(f"cheap model {cheap!r} is what is searched; name another")
    if found.space.names != problem.space.names or found.space.axes != problem.space.axes:
        raise SettingError(f"cheap model {cheap!r} has other designs than what is searched")
    missing = [name for name in problem.objective.metrics if name not in _known(found)]
    if missing:
        raise SettingError(f"cheap model {cheap!r} knows no {missing[0]}, which is searched")
    return found


def _own_model(problem: Problem, environment: Environment, cheap: str) -> str:
    name = problem.cost_model.name
    if name not in environment.cost_models:
        known = ", ".join(environment.cost_models)
        raise SettingError(
            f"cheap model {cheap!r}: {name!r} is of one workload; search with {known} instead"
        )
    return name


def _known(problem: Problem) -> set[str]:
    """Return the metrics that a problem's cost model has values of."""
    from archgym.cost_models.learned.model import LearnedModel
    from archgym.cost_models.learned.purpose import unlearnt

    lacking = (
        unlearnt(problem.cost_model.card, problem)
        if isinstance(problem.cost_model, LearnedModel)
        else []
    )
    return set(problem.metric_names) - set(lacking)
