"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
import yaml

from archgym.cli.tables import Format
from archgym.errors import SettingError

DEFAULT_STORE = "runs"
SOME_FAILED, INTERRUPTED = 1, 130  # what a process ends with

StoreOption = Annotated[
    str,
    typer.Option(help="The folder in which runs are stored, or a URL such as s3://BUCKET/PATH."),
]
Workload = Annotated[
    str | None, typer.Option(help="A registered workload or a file; the default one otherwise.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting of the environment; repeatable."),
]
ObjectiveOption = Annotated[
    str | None,
    typer.Option(help="A named objective, or a mapping such as '{minimize: total_time_ns}'."),
]
CostModelOption = Annotated[str | None, typer.Option(help="The cost model to use.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]


def parse_settings(given: Sequence[str] | None, option: str = "--set") -> dict[str, str]:
    """Return the mapping of ``KEY=VALUE`` texts.

    Raises:
        SettingError: A text has no equals sign, or a key is given twice.
    """
    settings: dict[str, str] = {}
    for text in given or []:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise SettingError(f"{option} {text!r}: write it as key=value")
        if key in settings:
            raise SettingError(f"{option} {key!r} is given twice")
        settings[key] = value
    return settings


def parse_values(option: str, given: Sequence[str] | None) -> dict[str, Any]:
    """Return the mapping of ``KEY=VALUE`` texts, values read as YAML: numbers, words, switches.

    Raises:
        SettingError: A text is not well formed, or a key is given twice.
    """
    try:
        return {key: yaml.safe_load(text) for key, text in parse_settings(given, option).items()}
    except yaml.YAMLError as error:
        raise SettingError(f"{option}: {error}") from None


def parse_objective_option(text: str | None) -> Any:
    """Return an objective's name, or the mapping that the text stands for.

    Raises:
        SettingError: The text looks like a mapping but is not well formed.
    """
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingError(f"--objective {text!r}: {error}") from None
