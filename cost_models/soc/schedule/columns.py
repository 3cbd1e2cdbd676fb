"""Names of the columns of designs, and the words in them."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine import state

SCHEDULER, GOVERNOR, PLAN = "scheduler", "governor", "plan"
PRIORITY, TABLE = "priority", "table"
# Of a pair of a ready task and a PE; their weighted sum is the score, times in microseconds.
FEATURES = {
    "finish": "until it would be done: execution after the later of data and PE",
    "execution": "its time on the PE",
    "data": "until its data are on the PE",
    "pe": "until the PE gets free, by estimate",
    "rank": "upward rank of the task: what is left of its job behind it",
    "age": "since its job arrived",
    "slowdown": "what the present frequency adds to its time",
}
WEIGHTS = {feature: f"weight_{feature}" for feature in FEATURES}

ETF, REPLAY, POLICY, OPTIMAL = "ETF", "replay", "policy:", "optimal"
BY_WEIGHTS, BY_PRIORITY, BY_TABLE = "weights", "priority", "table"
HEURISTICS = ("ETF", "MET", "EFT", "STF", "ETF_LB", "HEFT", "HEFT_RT", "round_robin", "random")
SCHEDULERS = {
    "MET": state.MET,
    "EFT": state.EFT,
    "STF": state.STF,
    "ETF": state.ETF,
    "ETF_LB": state.ETF_LB,
    "HEFT": state.HEFT,
    "HEFT_RT": state.HEFT_RT,
    "random": state.RANDOM,
    "round_robin": state.ROUND_ROBIN,
    BY_TABLE: state.TABLE,
    BY_PRIORITY: state.PRIORITY,
    BY_WEIGHTS: state.WEIGHTS,
    REPLAY: state.REPLAY,
    OPTIMAL: state.REPLAY,
}

PERFORMANCE, POWERSAVE, ONDEMAND, CONSTANT = "performance", "powersave", "ondemand", "constant-"
