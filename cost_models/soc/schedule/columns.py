"""Names of the columns of designs, and the words in them."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.schedulers.score import FEATURES

SCHEDULER, GOVERNOR, PLAN = "scheduler", "governor", "plan"
PRIORITY, TABLE = "priority", "table"
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
