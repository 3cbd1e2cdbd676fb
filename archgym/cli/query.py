"""The verbs that ask a store or tend it: query, index, merge."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archgym.cli.options import DEFAULT_STORE, SOME_FAILED, FormatOption, StoreOption
from archgym.cli.tables import Format, warn
from archgym.errors import SettingError, StoreError

if TYPE_CHECKING:
    import pyarrow as pa

    from archgym.results.catalogue import Run
    from archgym.results.store import Store

_SHOWN_ROWS = 100


class Question(StrEnum):
    """What can be asked."""

    RUNS = "runs"
    CURVES = "curves"
    TOP = "top"
    FRONT = "front"
    ROWS = "rows"
    RECHECKED = "rechecked"


def query(
    question: Annotated[
        Question,
        typer.Argument(
            help="runs: one line per run; curves: best reward so far at 1, 2, 3, 5, 7, 10, 20, ..."
            " evaluations; top: each problem's best designs; front: its Pareto front; rows: all"
            " evaluations in native values; rechecked: the designs that the true cost model"
            " evaluated in the end, beside what the search believed."
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    where: Annotated[
        str | None,
        typer.Option(help='Which runs, such as "env = dram and agent in (tpe, ppo)".'),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--top", min=1, help="For top: designs per problem, else 10.")
    ] = None,
    metrics: Annotated[
        str | None, typer.Option(help="For front: metrics, comma between; else the objective's.")
    ] = None,
    form: FormatOption = Format.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write everything here: .csv, .parquet or .json."),
    ] = None,
) -> None:
    """Ask a store: runs, best-so-far curves, top designs, Pareto fronts, all evaluations.

    Designs of different problems are never ranked against each other. Example: archgym query top
    --store runs --where "env = dram and seed < 3" --format csv
    """
    from archgym.cli.streams import print_stream, write_stream
    from archgym.results.query import parse_condition, select
    from archgym.results.store import Store

    _check_options(question, count, metrics, output)
    condition = None if where is None else parse_condition(where)
    opened = Store.open(store)
    runs = select(_load(opened), condition)
    if not runs:
        raise StoreError(f"{opened.path}: no runs{'' if where is None else f' with {where}'}")
    answer = _answer(question, opened, runs, count, metrics)
    if output is None:
        print_stream(answer, form, _SHOWN_ROWS)
    else:
        typer.echo(f"{output}: {write_stream(answer, output)} rows")


def index(store: StoreOption = DEFAULT_STORE) -> None:
    """Write a store's index of summaries anew, so that boards of many thousand runs are quick.

    It is never needed and never the truth: runs that it does not know, or that have changed since,
    are read from their own files. Example: archgym index --store runs
    """
    from archgym.results.catalogue import write_index
    from archgym.results.store import Store

    opened = Store.open(store)
    typer.echo(f"{opened.path}: {write_index(opened, warn)} finished runs in the index")


def _check_options(
    question: Question, count: int | None, metrics: str | None, output: Path | None
) -> None:
    if count is not None and question is not Question.TOP:
        raise SettingError(f"--top belongs to the question top, not to {question}")
    if metrics is not None and question is not Question.FRONT:
        raise SettingError(f"--metrics belongs to the question front, not to {question}")
    if output is not None and output.suffix not in (".csv", ".parquet", ".json"):
        raise SettingError(f"--output {output}: its name must end with .csv, .parquet or .json")


def _load(store: Store) -> list[Run]:
    from archgym.results.catalogue import load_runs

    return load_runs(store, warn)


def _answer(
    question: Question, store: Store, runs: list[Run], count: int | None, metrics: str | None
) -> Iterator[pa.Table]:
    from archgym.results import query as questions

    if question is Question.RUNS:
        return questions.run_rows(runs)
    if question is Question.CURVES:
        return questions.curves(store, runs, warn)
    if question is Question.TOP:
        return questions.top(store, runs, count or 10, warn)
    if question is Question.FRONT:
        names = None if metrics is None else [name.strip() for name in metrics.split(",")]
        return questions.front(store, runs, names, warn)
    if question is Question.RECHECKED:
        if not any(run.rechecked for run in runs):
            raise StoreError(f"{store.path}: none of {len(runs)} runs was re-checked")
        return questions.rechecked(store, runs, warn)
    return questions.rows(store, runs, warn)


def merge(
    other: Annotated[str, typer.Argument(help="The store whose runs are brought.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Bring the runs of another store into this one; what is further wins, equal runs are skipped.

    Exit code 1 where runs contradict each other or cannot be read: they are named, and both stores
    keep theirs. Example: archgym merge /mnt/other/runs --store runs
    """
    from collections import Counter

    from archgym.results.merging import BROUGHT, REFUSED
    from archgym.results.merging import merge as bring
    from archgym.results.store import Store

    counts: Counter[str] = Counter()
    refused = 0
    for run in bring(Store.open(other), Store.create(store)):
        counts[run.verdict.value] += 1
        if run.verdict in REFUSED:
            refused += 1
            typer.echo(f"archgym: {run.verdict}: {run.run_id}: {run.reason}", err=True)
    brought = sum(counts[verdict.value] for verdict in BROUGHT)
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    typer.echo(f"{brought} runs brought ({told or 'there are none'})")
    if refused:
        raise typer.Exit(SOME_FAILED)
