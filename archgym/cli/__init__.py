"""The command line: ``archgym VERB``. Each verb is a thin layer over the Python interface."""

from __future__ import annotations

import sys

import typer

from archgym.cli import leaderboard, listing, query, store_verbs
from archgym.cli.dataset import dataset
from archgym.cli.doctor import doctor
from archgym.cli.enumerate import enumerate_space
from archgym.cli.evaluate import evaluate
from archgym.cli.export import export
from archgym.cli.report import dashboard, report
from archgym.cli.run import run
from archgym.cli.sample import sample
from archgym.cli.surrogate import surrogate
from archgym.cli.targets import targets
from archgym.cli.tuning import tuning
from archgym.errors import ArchgymError

BAD_INPUT = 2

app = typer.Typer(
    name="archgym",
    help="Explore design spaces of computer architecture: environments, agents, experiments.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command()(listing.envs)
app.command()(listing.describe)
app.command()(listing.agents)
app.command("describe-agent")(listing.describe_agent)
app.command()(evaluate)
app.command()(export)
app.command()(run)
app.command()(tuning)
app.command()(targets)
app.command("enumerate")(enumerate_space)
app.command()(store_verbs.status)
app.add_typer(leaderboard.app, name="leaderboard")
app.command()(store_verbs.compare)
app.command()(store_verbs.replay)
app.command()(query.query)
app.command()(query.index)
app.command()(query.merge)
app.command()(report)
app.command()(dashboard)
app.command()(sample)
app.add_typer(dataset, name="dataset")
app.add_typer(surrogate, name="surrogate")
app.command()(doctor)


def main() -> None:
    """Run the command line; errors of the user's input are one line and exit code 2."""
    try:
        app()
    except ArchgymError as error:
        print(f"archgym: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
