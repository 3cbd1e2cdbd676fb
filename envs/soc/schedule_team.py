"""Scheduling by a team: an agent per cluster of PEs, and one for the frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray
from pettingzoo import ParallelEnv  # type: ignore[import-untyped]

from archgym.cost_models.soc.schedule.engine import observing, state
from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.engine.stepping import set_points
from archgym.cost_models.soc.schedule.model import UJ_PER_J, metrics_of
from archgym.cost_models.soc.schedule.stepwise import Features
from archgym.envs.soc.schedule_env import (
    LARGEST_SEED,
    SLOTS,
    WINDOW,
    advance_one,
    decisions_of,
    observation_space,
)
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.checks import at_least_one

GOVERNOR_AGENT = "governor"
BIDS = 5  # 0 declines
SUPPORTED, FINISH = observing.PAIR.index("supported"), observing.PAIR.index("finish")

_Step = tuple[
    dict[str, Features],
    dict[str, float],
    dict[str, bool],
    dict[str, bool],
    dict[str, dict[str, Any]],
]


class ScheduleTeamEnv(ParallelEnv[str, Features, Any]):  # type: ignore[misc]
    """Clusters bid for the first ready task; a governor sets frequencies.

    Agents: one per cluster, by its name, with actions 0 (decline) to 4: of the clusters that can
    run the task the highest bidder gets it, among equals the one on which it is done first; within
    the cluster the PE on which it is done first. Where all decline, the earliest finish decides.
    On platforms with LTL or BIG clusters also ``governor``: an operating point per such cluster,
    set before the run goes on; steps of tasks planned from then on see it.
    Step: one ready task, or a window of ``window_us`` without one (bids then have no effect).
    Observation: of all agents alike, as in `ScheduleEnv`.
    Reward: shared; minus the time that jobs spent in the system since the last step, in us, minus
    ``energy_price`` times the energy spent, in uJ.

    Args:
        evaluator: Of the problem.
        window_us: Longest time between two steps.
        energy_price: us per uJ; needs the setting energy.
        window: Tasks that are shown.
        slots: Ready tasks that are shown with their PEs.
        new_arrivals: Whether each episode has its own arrivals.

    Raises:
        SettingError: An option makes no sense.
    """

    metadata = {  # noqa: RUF012
        "name": "archgym_schedule_team_v0",
        "render_modes": [],
        "is_parallelizable": True,
    }

    def __init__(
        self,
        evaluator: Evaluator,
        window_us: int = 100,
        energy_price: float = 0.0,
        window: int = WINDOW,
        slots: int = SLOTS,
        new_arrivals: bool = True,
    ):
        self.evaluator, self.problem = evaluator, evaluator.problem
        self.decisions = decisions_of(evaluator, window, slots, None)
        if energy_price < 0 or (energy_price and not self.decisions.power):
            raise SettingError(f"energy_price: {energy_price!r} must be >= 0, and needs energy")
        self._window_us = at_least_one("window_us", window_us)
        self._price, self._new_arrivals = energy_price, new_arrivals
        clusters = self.decisions.workload.platform.clusters
        self._governed = [at for at, cluster in enumerate(clusters) if cluster.governed]
        self._bidders = [cluster.name for cluster in clusters]
        governor = [GOVERNOR_AGENT] if self._governed else []
        self.possible_agents = [*self._bidders, *governor]
        self.agents = list(self.possible_agents)
        self.observation_spaces = {
            agent: observation_space(self.decisions) for agent in self.possible_agents
        }
        self.action_spaces: dict[str, spaces.Space[Any]] = {
            name: spaces.Discrete(BIDS) for name in self._bidders
        }
        if self._governed:
            steps = [len(clusters[at].points) for at in self._governed]
            self.action_spaces[GOVERNOR_AGENT] = spaces.MultiDiscrete(steps)
        self._cluster_of = np.array(self.decisions.workload.platform.cluster_of)
        self._random = np_random(None)[0]
        self._run: Run | None = None
        self._seen = np.zeros(self.decisions.width, dtype=np.float32)
        self._cost, self._now, self._status = 0.0, 0, state.PAUSED

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Features], dict[str, dict[str, Any]]]:
        if seed is not None:
            self._random = np_random(seed)[0]
        workload = self.decisions.workload
        if self._new_arrivals:
            workload = workload.redrawn(int(self._random.integers(LARGEST_SEED)))
        self.agents, self._now = list(self.possible_agents), 0
        self._run = self.decisions.start(workload)
        self._advance(self._run, 0)
        self._cost = 0.0
        return self._for_all(self._seen), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> _Step:
        assert self._run is not None, "an episode begins with reset()"
        run, played = self._run, self.possible_agents
        if self._governed:
            points = run.clusters["wish"].copy()
            points[self._governed] = actions[GOVERNOR_AGENT]
            set_points(self.decisions.workload.case, run, points)
        cost = self._advance(run, self._chosen(actions))
        reward, self._cost = self._cost - cost, cost
        over = self._status == state.OVER
        info = {"metrics": metrics_of(run)} if over else {}
        if over:
            self.agents = []
        return (
            {agent: self._seen.copy() for agent in played},
            dict.fromkeys(played, reward),
            dict.fromkeys(played, over),
            dict.fromkeys(played, False),
            {agent: dict(info) for agent in played},
        )

    def close(self) -> None:
        """End the cost model's process where it has one of its own."""
        self.evaluator.close()

    def _advance(self, run: Run, action: int) -> float:
        """Run on to the next step; return what has been paid so far."""
        until = (self._now // self._window_us + 1) * self._window_us
        self._seen, _, total, self._status = advance_one(self.decisions, run, action, until)
        self._now = until if self._status == state.PAUSED else int(run.clock["tick"][0])
        energy = float(run.clock["energy"][0]) * UJ_PER_J if self._price else 0.0
        return total + self._price * energy

    def _chosen(self, actions: dict[str, Any]) -> int:
        """Return the PE of the first ready task, which is its action; 0 where there is none."""
        pairs = self.decisions.split(self._seen)["pairs"][0]
        supported = pairs[:, SUPPORTED] > 0
        if not supported.any():
            return 0
        bids = np.array([int(actions[name]) for name in self._bidders])[self._cluster_of]
        able = supported & (bids == bids[supported].max())
        return int(np.argmin(np.where(able, pairs[:, FINISH], np.inf)))

    def _for_all(self, features: NDArray[np.float32]) -> dict[str, Features]:
        return {agent: features.copy() for agent in self.agents}
