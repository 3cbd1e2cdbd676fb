"""Which configurations are tried next, given the scores of those tried before.

A method is a generator: it yields configurations and is sent their scores, in the same order. A
score is None where a trial of the configuration failed.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence

from archgym.experiments.hyperparameter_search import Configuration, Domains, draw, grid

Proposals = Generator[list[Configuration], Sequence[float | None], None]

SEED = 0


def propose_grid(domains: Domains) -> Proposals:
    """Propose all combinations at once."""
    yield list(grid(domains))


def propose_random(domains: Domains, count: int) -> Proposals:
    """Propose configurations drawn by seed, all at once."""
    yield draw(domains, count, SEED)


def propose_tpe(domains: Domains, count: int, at_a_time: int) -> Proposals:
    """Propose where Optuna's tree-structured Parzen estimator expects good scores, in turns.

    Deterministic: the same scores give the same proposals.
    """
    from optuna import Study
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    from archgym.agents.tpe import quiet_study

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        sampler = TPESampler(multivariate=True, constant_liar=at_a_time > 1, seed=SEED)
    study: Study = quiet_study(sampler)
    for first in range(0, count, at_a_time):
        trials = [study.ask() for _ in range(min(at_a_time, count - first))]
        asked = [{name: d.suggest(trial, name) for name, d in domains.items()} for trial in trials]
        scores = yield asked
        for trial, score in zip(trials, scores, strict=True):
            state = TrialState.FAIL if score is None else None
            study.tell(trial, score, state=state)
