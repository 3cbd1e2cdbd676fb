"""Search on a neural simulator, corrected by few real evaluations: INSIGHT-M."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.error_process import ErrorProcess
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.improvement import TIE, expected
from archgym.agents.planning import Planner
from archgym.agents.told import ToldDesigns
from archgym.batch import Batch
from archgym.encodings import to_unit
from archgym.errors import SettingError
from archgym.outcome import Floats, Outcomes, Status
from archgym.torch_session import torch_session

if TYPE_CHECKING:
    from archgym.cost_models.learned.model import LearnedModel
    from archgym.cost_models.learned.regressor import Beliefs

NONE = "none"
# A simulator of own rows is trained anew when they have grown by this factor.
_GROWTH = 1.25
_OWN = {"width": 32, "layers": 2, "epochs": 1}


class InsightAgent(AskTellAgent):
    """Plans on a neural simulator and evaluates the few most promising designs.

    The simulator, a surrogate of kind transformer, says how each metric of a design is
    distributed. Evolution on it finds the design with the largest expected improvement of the
    reward; where the objective has targets, an improvement beyond meeting them counts nothing.
    What the simulator gets wrong on designs that are told corrects it near them: errors, in units
    of its own standard deviations, are a Gaussian process, and designs near one that proved
    infeasible are held to be so.

    Without a pretrained simulator, one is trained on the designs told, and again as they grow.

    Attributes:
        offline_evaluations: Evaluations that the pretrained simulator learnt from.

    Source: the manner of INSIGHT-M (Poddar et al., arXiv 2407.07346), whose planner is a policy;
    here it is an evolution.
    """

    name = "insight"
    summary = "Plans on a neural simulator, few real evaluations correct it (INSIGHT-M)."
    library = "torch"
    extra = "rl"
    requires = ("torch", "safetensors")
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "simulator": Hyperparameter(
            None,
            f"a surrogate's name or folder; {NONE!r}: learn from own designs; none: a shipped one",
            kind=str,
        ),
        "batch_size": Hyperparameter(1, "designs per plan", low=1, high=64, log=True),
        "startup": Hyperparameter(
            12, "random designs first, where no simulator is pretrained", low=10, high=1000
        ),
        "candidates": Hyperparameter(
            2048, "random designs at the start of a plan", low=64, high=65_536, log=True
        ),
        "generations": Hyperparameter(6, "of the evolution in a plan", low=0, high=100),
        "children": Hyperparameter(256, "per generation", low=16, high=4096, log=True),
        "draws": Hyperparameter(
            32, "of the metrics, from which an improvement is expected", low=1, high=512, log=True
        ),
        "steps": Hyperparameter(
            400, "of training a simulator on own designs", low=1, high=100_000, log=True
        ),
        "reach": Hyperparameter(
            0.2, "how far errors reach, as a share of the cube's diagonal", low=0.01, high=2.0,
            log=True,
        ),
    }  # fmt: skip

    def setup(self) -> None:
        self.batch_size = self.values["batch_size"]
        self.proposed = DistinctDesigns(self.space)
        self._planner = Planner(self.values["generations"], self.values["children"])
        self._simulator = self._pretrained()
        self._own = self._simulator is None
        self.offline_evaluations = (
            0 if self._simulator is None else self._simulator.card.evaluations
        )
        self._told = ToldDesigns(self.space)
        self._next_training = self.values["startup"]
        self._begin_correction()

    # -- the turns ------------------------------------------------------------------------------

    def ask(self, count: int) -> Batch:
        if self._simulator is None:
            missing = max(1, self._next_training - len(self._told))
            return self.proposed.draw(self.rng, min(count, missing))
        planned = self.proposed.take_new(self._plan(), count)
        return planned if len(planned) else self.proposed.draw(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        self._told.add(batch, outcomes)
        if self._own and len(self._told) >= self._next_training:
            self._train()
        if self._simulator is not None:
            self._correct()

    # -- the simulator --------------------------------------------------------------------------

    def _pretrained(self) -> LearnedModel | None:
        """Return the simulator that is asked for, or one that comes along for this problem.

        Raises:
            SettingError: The one that is asked for is of another problem, or lacks a metric.
        """
        from archgym.cost_models.learned.folders import find
        from archgym.cost_models.learned.model import surrogate_of
        from archgym.cost_models.learned.purpose import fitting, unlearnt

        asked = self.values["simulator"]
        folder: Path | None = None
        if asked != NONE:
            folder = fitting(self.problem) if asked is None else find(asked)
        if folder is None:
            return None
        found = surrogate_of(folder, self.problem)
        missing = unlearnt(found.card, self.problem)
        if missing:
            raise SettingError(f"agent {self.name!r}: simulator {asked!r} knows no {missing[0]}")
        return found

    def _train(self) -> None:
        """Train a simulator on all designs told, where a feasible one is among them."""
        from archgym.cost_models.learned.learning import learn
        from archgym.cost_models.learned.rows import NothingToLearnError, Rows

        self._next_training = math.ceil(_GROWTH * len(self._told))
        settings = _OWN | {"fewest_steps": self.values["steps"]}
        seed = int(self.rng.integers(2**31))
        try:
            rows = Rows.of(*self._told.all)
            with torch_session():
                self._simulator = learn(
                    self.problem, rows, settings=settings, seed=seed, kept_out=0.0
                )
        except NothingToLearnError:
            return  # until more designs are told, the search stays random

    # -- correction -----------------------------------------------------------------------------

    def _begin_correction(self) -> None:
        self._errors = ErrorProcess(self.values["reach"])
        self._infeasible: Floats = np.empty((0, 0))
        self._best = -1.0

    def _correct(self) -> None:
        """Learn from all designs told what the simulator gets wrong."""
        assert self._simulator is not None
        batch, measured = self._told.all
        said = self._said(batch)
        true = self._simulator.scales.standardise(measured.metrics)
        errors = np.nan_to_num((true - said.mean) / said.sigma)
        feasible = (measured.violation == 0.0) & (measured.status == Status.OK)
        points = self._points(batch)
        self._begin_correction()
        if feasible.any():
            self._errors.learn(points[feasible], errors[feasible])
        self._infeasible = points[~feasible]
        self._best = float(self.problem.score(measured).reward.max())

    def _said(self, batch: Batch) -> Beliefs:
        assert self._simulator is not None
        with torch_session():
            return self._simulator.beliefs(batch)

    def _points(self, batch: Batch) -> Floats:
        """Return where designs lie in the unit cube, along the axes that vary."""
        varying = [axis.size != 1 for axis in self.space.axes]
        return to_unit(self.space, batch.codes)[:, varying]

    # -- planning -------------------------------------------------------------------------------

    def _plan(self) -> Batch:
        """Return designs, the most promising first."""
        drawn = self.space.sample(self.rng, self.values["candidates"])
        return self._planner.best(drawn, self._promise, self.proposed, self.rng)[0]

    def _promise(self, batch: Batch) -> Floats:
        """Return the improvement that is expected of each design, shape (n,)."""
        assert self._simulator is not None
        said, points = self._said(batch), self._points(batch)
        error, left = self._errors.at(points)
        mean, sigma = said.mean + said.sigma * error, said.sigma * left[:, None]
        draws = self.values["draws"]
        noise = self.rng.standard_normal((draws, *mean.shape))
        drawn = (self._simulator.measured(mean + sigma * z, said) for z in noise)
        gained, reward = expected(self.problem, drawn, self._best)
        promise: Floats = self._trust(points) * gained + TIE * reward
        return promise

    def _trust(self, points: Floats) -> Floats:
        """Return how far each point is from designs that proved infeasible, 0 to 1."""
        if not len(self._infeasible):
            return np.ones(len(points))
        return np.asarray(1.0 - self._errors.kernel(points, self._infeasible).max(axis=1))
