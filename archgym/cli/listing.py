"""Verbs that say what there is: envs, describe, agents, describe-agent."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from archgym import registry
from archgym.cli.options import FormatOption, Settings, Workload, parse_settings
from archgym.cli.tables import Format, show
from archgym.environment import Environment
from archgym.setting import check_settings
from archgym.space import DesignSpace


def envs(form: FormatOption = Format.TABLE) -> None:
    """List the environments. Example: archgym envs --format json."""
    show([_summary(registry.environments.get(n)) for n in registry.environments.names()], form)


def describe(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    workload: Workload = None,
    settings: Settings = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show an environment: parameters, metrics, objectives, settings, sources.

    Example: archgym describe dram --workload stream
    """
    environment = registry.environments.get(env)
    sections = environment_sections(environment, workload, parse_settings(settings))
    if form is Format.JSON:
        show([sections], form)
        return
    typer.echo(f"{environment.versioned_id}: {environment.description}\n")
    for title, rows in sections.items():
        if isinstance(rows, list) and rows:
            show(rows, form, title)
            typer.echo()
    if environment.notes:
        typer.echo(environment.notes.strip())


def agents(form: FormatOption = Format.TABLE) -> None:
    """List the agents. Example: archgym agents --format csv."""
    show([_agent_summary(name) for name in registry.agents.names()], form)


def describe_agent(
    name: Annotated[str, typer.Argument(help="An agent's name, see `archgym agents`.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show an agent's hyper-parameters with defaults, ranges and meaning.

    Example: archgym describe-agent genetic
    """
    agent = registry.agents.get(name)
    rows = [
        {"hyperparameter": key, "default": h.default, "allowed": h.allowed, "meaning": h.meaning}
        for key, h in agent.hyperparameters.items()
    ]
    if form is Format.TABLE:
        for key, value in _agent_summary(name).items():
            typer.echo(f"{key}: {value}")
        typer.echo()
    show(rows, form)


def _summary(environment: Environment) -> dict[str, Any]:
    settings = check_settings(environment.settings, {}, environment.id)
    space = environment.space(settings)
    model = next(iter(environment.cost_models.values()))(settings)
    return {
        "id": environment.id,
        "version": environment.version,
        "description": environment.description,
        "parameters": len(space),
        "size": space.size,
        "workloads": list(environment.workloads),
        "objectives": list(environment.objectives),
        "metrics": [metric.name for metric in model.metrics],
        "cost models": list(environment.cost_models),
    }


def environment_sections(
    environment: Environment, workload: str | None, given: dict[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Return all that an environment declares: title -> rows.

    Args:
        environment: The environment.
        workload: The workload whose design space is shown; the default one otherwise.
        given: Settings as texts.
    """
    problem = environment.make_problem(workload=workload, **given)
    model = problem.cost_model
    return {
        "parameters": _parameters(problem.space),
        "constraints": [
            {"constraint": c.name, "over": c.parameters, "requires": c.message}
            for c in problem.space.constraints
        ],
        "metrics": [
            {"metric": m.name, "unit": m.unit, "better": m.direction, "meaning": m.description}
            for m in model.metrics
        ],
        "objectives": [
            {"objective": name, "definition": str(spec)}
            for name, spec in environment.objectives.items()
        ],
        "workloads": [
            {"workload": name, "what": text}
            for name, text in environment.workloads.items()
            if workload is None or name == workload
        ],
        "in the workload": _summary_of(problem.workload),
        "settings": [
            {"setting": n, "default": s.default, "choices": s.choices, "meaning": s.description}
            for n, s in environment.settings.items()
        ],
        "cost model": [
            {"cost model": f"{model.name} {model.version}", "sources": model.sources}
            | {"leaves out": model.leaves_out, "checked against": model.checked_against}
        ],
    }


def _summary_of(workload: Any) -> list[dict[str, Any]]:
    """Return the rows of a workload that has a ``summary()`` of itself, for example of a file."""
    summary = getattr(workload, "summary", None)
    return [] if summary is None else list(summary())


def _parameters(space: DesignSpace) -> list[dict[str, Any]]:
    return [
        {
            "parameter": p.name,
            "domain": p.allowed,
            "searched": getattr(p, "values", ())[: p.axes[0].size],
            "default": p.default_value,
            "role": p.role,
            "active when": "; ".join(
                f"{k} is {' or '.join(map(str, v))}" for k, v in p.active_when.items()
            ),
            "meaning": p.description,
        }
        for p in space.parameters
    ]


def _agent_summary(name: str) -> dict[str, Any]:
    agent = registry.agents.get(name)
    return {
        "name": name,
        "summary": agent.summary,
        "library": agent.library,
        "extra": agent.extra,
        "handles": agent.handles,
        "hyperparameters": list(agent.hyperparameters),
    }
