"""Which scheduler decides, and whole runs under it."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.advance import advance
from archgym.cost_models.soc.schedule.engine.compiled import helper, kernel
from archgym.cost_models.soc.schedule.engine.power import update_leak
from archgym.cost_models.soc.schedule.engine.queues import commit
from archgym.cost_models.soc.schedule.engine.schedulers.earliest import choose_eft, choose_etf
from archgym.cost_models.soc.schedule.engine.schedulers.fastest import choose_met, choose_stf
from archgym.cost_models.soc.schedule.engine.schedulers.heft import choose_heft
from archgym.cost_models.soc.schedule.engine.schedulers.lists import (
    choose_by_priority,
    choose_by_rank,
)
from archgym.cost_models.soc.schedule.engine.schedulers.policy import choose_by_policy
from archgym.cost_models.soc.schedule.engine.schedulers.score import choose_by_score
from archgym.cost_models.soc.schedule.engine.schedulers.simple import (
    choose_by_table,
    choose_in_turn,
    choose_planned,
    choose_random,
)
from archgym.cost_models.soc.schedule.engine.state import (
    DECIDE,
    EFT,
    ETF,
    ETF_LB,
    HEFT,
    HEFT_RT,
    MET,
    POLICY,
    PRIORITY,
    RANDOM,
    REPLAY,
    ROUND_ROBIN,
    STF,
    TABLE,
    WEIGHTS,
    Case,
    Rules,
    Run,
)


@helper
def decide(case: Case, run: Run, rules: Rules) -> None:
    """Give every ready task a PE in ``run.choice``."""
    scheduler = rules.scheduler
    if scheduler == MET:
        choose_met(case, run)
    elif scheduler == EFT:
        choose_eft(case, run)
    elif scheduler == STF:
        choose_stf(case, run)
    elif scheduler in (ETF, ETF_LB):
        choose_etf(case, run, scheduler == ETF_LB)
    elif scheduler == REPLAY:
        choose_planned(case, run)
    elif scheduler == HEFT:
        choose_heft(case, run)
    elif scheduler == HEFT_RT:
        choose_by_rank(case, run)
    elif scheduler == RANDOM:
        choose_random(case, run)
    elif scheduler == ROUND_ROBIN:
        choose_in_turn(case, run)
    elif scheduler == TABLE:
        choose_by_table(case, run, rules.numbers)
    elif scheduler == PRIORITY:
        choose_by_priority(case, run, rules.numbers)
    elif scheduler == WEIGHTS:
        choose_by_score(case, run, rules.weights)
    elif scheduler == POLICY:
        choose_by_policy(case, run, rules.policy, rules.trace)


@kernel
def prepare(case: Case, run: Run) -> None:
    """Compute what follows from the state before tick 0."""
    for cluster in range(len(run.clusters)):
        update_leak(case, run, cluster)


@kernel
def advance_under(case: Case, run: Run, rules: Rules, until: int) -> int:
    """Run under a scheduler until a tick or the end; return PAUSED or OVER."""
    while True:
        status = advance(case, run, until)
        if status != DECIDE:
            return status
        decide(case, run, rules)
        commit(case, run)


@kernel
def advance_to_decision(case: Case, run: Run, until: int) -> int:
    """Run until the ready tasks need PEs, until a tick, or until the end."""
    return advance(case, run, until)


@kernel
def commit_and_advance(case: Case, run: Run, until: int) -> int:
    """Assign the ready tasks as ``run.choice`` says, and run on."""
    commit(case, run)
    return advance(case, run, until)
