"""Questions to a store: its runs, best-so-far curves, top designs, Pareto fronts, all rows.

Each question is a function of the runs that `select` picks and yields Arrow tables, so that large
answers are never held whole; `frame` makes one pandas table of them. Rewards of different problems
are never ranked against each other: each row says its problem, and ranks begin anew in each::

    store = Store.open("runs")
    runs = select(load_runs(store), parse_condition("env = dram and seed < 3"))
    frame(curves(store, runs))
"""

from archgym.results.query.conditions import parse_condition
from archgym.results.query.designs import front, rows, top
from archgym.results.query.rechecks import rechecked
from archgym.results.query.selection import frame, select
from archgym.results.query.summaries import curves, run_rows

__all__ = [
    "curves",
    "frame",
    "front",
    "parse_condition",
    "rechecked",
    "rows",
    "run_rows",
    "select",
    "top",
]
