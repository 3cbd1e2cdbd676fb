"""The place of learned policies: a kernel that decides with the numbers of a saved policy."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.compiled import helper
from archgym.cost_models.soc.schedule.engine.schedulers.score import choose_by_score
from archgym.cost_models.soc.schedule.engine.state import Case, Floats, Run


@helper
def choose_by_policy(case: Case, run: Run, weights: Floats) -> None:
    """Decide as a saved linear policy: the weights are those of `score.FEATURES`."""
    choose_by_score(case, run, weights)
