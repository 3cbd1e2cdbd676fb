"""The verb leaderboard: boards of a store or of a benchmark, and entries that can be verified."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archgym.cli.options import (
    DEFAULT_STORE,
    SOME_FAILED,
    FormatOption,
    StoreOption,
    parse_settings,
)
from archgym.cli.run import run
from archgym.cli.tables import Format, show, warn
from archgym.cli.workers import ExecutorOption, TablesOption, WorkersOption
from archgym.errors import SettingError, StoreError

if TYPE_CHECKING:
    from archgym.results.entry_checking import Verdict
    from archgym.results.leaderboard import Board

BenchmarkOption = Annotated[
    str | None, typer.Option(help="A benchmark's name, or its file; see `leaderboard benchmarks`.")
]
AgentOption = Annotated[str, typer.Option(help="The agent, by name or import path.")]
Hyperparameters = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A hyper-parameter of the agent; repeatable."),
]

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def leaderboard(
    context: typer.Context,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.TABLE,
    benchmark: BenchmarkOption = None,
    entries: Annotated[
        list[Path] | None,
        typer.Option(help="With --benchmark: entries, or folders of them, to stand beside runs."),
    ] = None,
) -> None:
    """Rank the agents of each problem by the mean, over seeds, of the best reward found.

    Rewards compare with the default design: 2 is twice as good. low_95 and high_95 bound the
    mean (bootstrap). Where trials ended with a re-check, rechecked is the mean of the best true
    reward and true_evaluations what it took; boards of which all rows have it are ranked by it.
    Where `archgym enumerate` measured the whole space, regret is 1 - best reward found / best
    there is, and solved the share of seeds that found an optimum.

    With --benchmark: one board over all its problems, by the interquartile mean of scores (0 is
    the default design, 1 the best there is), agents with missing trials apart. over_next is the
    probability that a run is better than one of the next agent.

    Examples: archgym leaderboard --store runs --format csv;
    archgym leaderboard --benchmark archgym-dram-v1 --store runs
    """
    if context.invoked_subcommand is not None:
        _refuse_misplaced(context)
    elif benchmark is not None:
        _show_benchmark(benchmark, _store_wanted(context, entries, store), entries or [], form)
    elif entries:
        raise SettingError("--entries needs --benchmark, which says what they are entries of")
    else:
        _show_store(store, form)


@app.command()
def benchmarks(form: FormatOption = Format.TABLE) -> None:
    """List the benchmarks that ship.

    Example: archgym leaderboard benchmarks
    """
    from archgym.results.benchmark import benchmark_names, load_benchmark

    loaded = [load_benchmark(name) for name in benchmark_names()]
    rows = [
        {
            "name": each.name,
            "description": each.description,
            "problems": len(each.problems),
            "budget": each.budget,
            "seeds": each.seeds,
        }
        for each in loaded
    ]
    show(rows, form)


@app.command()
def launch(
    name: Annotated[str, typer.Argument(help="The benchmark's name, or its file.")],
    agent: AgentOption,
    hyperparameters: Hyperparameters = None,
    store: StoreOption = DEFAULT_STORE,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    tables: TablesOption = False,
) -> None:
    """Run an agent on all problems and seeds of a benchmark. The same command again resumes.

    Example: archgym leaderboard launch archgym-dram-v1 --agent genetic --set population=16
    """
    from archgym.experiments.benchmark_launch import write_launch

    path = write_launch(name, agent, parse_settings(hyperparameters), store)
    run(path, store=store, workers=workers, executor=executor, tables=tables)


@app.command()
def submit(
    benchmark: Annotated[str, typer.Option(help="The benchmark's name, or its file.")],
    agent: AgentOption,
    output: Annotated[Path, typer.Option(help="The entry, a .json, .json.gz or .json.xz file.")],
    store: StoreOption = DEFAULT_STORE,
    hyperparameters: Hyperparameters = None,
) -> None:
    """Write an agent's trials of a benchmark as an entry that others can verify.

    Example: archgym leaderboard submit --benchmark archgym-dram-v1 --agent tpe --output tpe.json
    """
    from archgym.results.benchmark import load_benchmark
    from archgym.results.entry import write_entry
    from archgym.results.entry_making import make_entry
    from archgym.results.store import Store

    loaded, opened = load_benchmark(benchmark), Store.open(store)
    entry = make_entry(opened, loaded, agent, parse_settings(hyperparameters))
    write_entry(output, entry)
    typer.echo(f"{output}: {len(entry.trials)} trials of {loaded.name}, score {entry.score:.6g}")


@app.command()
def verify(
    entries: Annotated[list[Path], typer.Argument(help="Entries, or folders of them.")],
    benchmark: BenchmarkOption = None,
    share: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Share of the trials to check, chosen by --seed."),
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Which share.")] = 0,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Also let the agent search again, step by step.")
    ] = False,
) -> None:
    """Evaluate the designs of entries again and derive their scores anew.

    Exit code 0 when all is met to the last bit, 1 when it is not: says where and by how much.

    Example: archgym leaderboard verify docs/leaderboards
    """
    from archgym.results.entry import entry_files, read_entry
    from archgym.results.entry_checking import verify_entry

    verdicts = []
    for path in entry_files(entries):
        verdict = verify_entry(read_entry(path), benchmark, share, seed, rerun)
        verdicts.append(verdict)
        _tell_verdict(path, verdict)
    if not all(verdict.ok for verdict in verdicts):
        raise typer.Exit(SOME_FAILED)


def _refuse_misplaced(context: typer.Context) -> None:
    """Refuse options that stand before a sub-verb, where they would have no effect."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--format" if name == "form" else f"--{name}"
            verb = context.invoked_subcommand
            raise SettingError(f"{option} stands after the word {verb!r}, not before it")


def _show_store(store: str, form: Format) -> None:
    """Print one board per problem of a store."""
    from archgym.results.leaderboard import leaderboard as rank
    from archgym.results.leaderboard import load_runs
    from archgym.results.optima import load_optima
    from archgym.results.store import Store

    opened = Store.open(store)
    boards = rank(load_runs(opened, warn), load_optima(opened))
    if not boards:
        raise StoreError(f"no finished runs in {opened.path}")
    if form is Format.TABLE:
        _show_boards(boards)
    else:
        show([{**board.problem, **row} for board in boards for row in board.rows], form)


def _store_wanted(context: typer.Context, entries: Sequence[Path] | None, store: str) -> str:
    """Return the store to read, empty where entries are given and no store is."""
    source = context.get_parameter_source("store")
    is_default = source is not None and source.name == "DEFAULT"
    return "" if entries and is_default and not Path(store).is_dir() else store


def _show_benchmark(name: str, store: str, entries: Sequence[Path], form: Format) -> None:
    """Print the board of one benchmark."""
    from archgym.results.benchmark import load_benchmark
    from archgym.results.benchmark_board import board_rows
    from archgym.results.benchmark_runs import entrants_of
    from archgym.results.entry_checking import entrants_of_files
    from archgym.results.store import Store

    benchmark = load_benchmark(name)
    entrants = entrants_of_files(entries, benchmark) if entries else []
    entrants += entrants_of(Store.open(store), benchmark, warn) if store else []
    rows = board_rows(benchmark, entrants)
    if form is not Format.TABLE:
        show([{"benchmark": benchmark.name, **row} for row in rows], form)
        return
    counted = f"{len(benchmark.problems)} problems x {benchmark.seeds} seeds"
    typer.echo(f"{benchmark.name}, {counted}, budget {benchmark.budget}: {benchmark.description}")
    show([_for_people(_short(row), "score") for row in rows], Format.TABLE)


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a benchmark's board that people read first."""
    kept = {name: row[name] for name in _SHORT}
    return {"rank": row["rank"], "agent": row["label"], **kept}


def _show_boards(boards: Sequence[Board]) -> None:
    for board in boards:
        shared = {row.get("recheck", "") for row in board.rows}
        recheck = next(iter(shared)) if len(shared) == 1 else ""
        named = {**board.problem, "settings": board.changed_settings, "recheck": recheck}
        named["cost_model"] = _HASH.sub(r"\1", named["cost_model"])
        typer.echo(", ".join(f"{key} {value}" for key, value in named.items() if value != ""))
        rows = [_for_people(row, "mean") for row in board.rows]
        empty = [key for key in _MAY_BE_EMPTY if all(row.get(key) in ("", None) for row in rows)]
        empty += ["recheck"] if recheck else []
        empty += [] if any(row["charged"] for row in rows) else ["charged"]
        kept = [{key: v for key, v in row.items() if key not in empty} for row in rows]
        show(kept, Format.TABLE)
        typer.echo()


_MAY_BE_EMPTY = (
    "hyperparameters", "recheck", "rechecked", "rechecked_95", "true_evaluations", "regret",
    "solved", "unfinished",
)  # fmt: skip
_SHORT = (
    "score", "low_95", "high_95", "solved", "regret", "mean_best", "evaluations_to_target",
    "seconds_to_target", "over_next", "trials", "agent_s", "cost_model_s",
)  # fmt: skip
_DIGITS = 4
# The version of a surrogate is a hash, of which people need the beginning only.
_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def _for_people(row: Mapping[str, Any], middle: str) -> dict[str, Any]:
    """Return a row with fewer digits, and the intervals of ``middle`` and rechecked as cells."""
    short = {key: _rounded(value) for key, value in row.items()}
    for start, name in (("", middle), ("rechecked_", "rechecked")):
        if f"{start}low_95" in short:
            low, high = short.pop(f"{start}low_95"), short.pop(f"{start}high_95")
            short[f"{name}_95"] = "" if low is None else f"{low:g} .. {high:g}"
    return short


def _rounded(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _tell_verdict(path: Path, verdict: Verdict) -> None:
    """Print what checking an entry showed, in one line and one for each refusal."""
    again = f", {verdict.rerun} trials searched again" if verdict.rerun else ""
    counted = f"{verdict.evaluations} designs of {verdict.trials} trials{again}"
    what = f"ok, score {verdict.score:.6g}, {counted}" if verdict.ok else "REFUSED"
    typer.echo(f"{path}: {verdict.benchmark} {verdict.agent}: {what}")
    for refusal in verdict.refusals[:_NAMED_REFUSALS]:
        typer.echo(f"  {refusal}")
    if len(verdict.refusals) > _NAMED_REFUSALS:
        typer.echo(f"  and {len(verdict.refusals) - _NAMED_REFUSALS} more")


_NAMED_REFUSALS = 5
