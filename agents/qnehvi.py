"""Multi-objective Bayesian optimisation: noisy expected hypervolume improvement, of BoTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.observations import Observations, log_gain
from archgym.agents.perturbation import perturb
from archgym.batch import Batch
from archgym.outcome import Floats, Outcomes

if TYPE_CHECKING:
    from torch import Tensor

# How far candidates lie from the front: half of them anywhere, the others near.
_REACHES = (2.0, 0.25)
_NEIGHBOURS_REACH = 0.125
_CHUNK = 256


class QnehviAgent(AskTellAgent):
    """Asks for the designs by which the volume that the front dominates is expected to grow most.

    The designs of a batch are chosen one after the other, each given the ones before. Candidates
    are designs of the front with a few axes changed and random designs, the best of which are
    improved by further changes; none breaks a constraint of the space or was evaluated before.
    Once an infeasible design was seen, the improvement is weighted with the probability that a
    design is feasible. Volumes are on the logarithmic scale of gains.

    Of use under objectives of the form ``pareto``; under one objective it is noisy expected
    improvement.

    Source: Daulton et al., Parallel Bayesian optimization of multiple noisy objectives with
    expected hypervolume improvement, NeurIPS 2021; its logarithm: Ament et al., NeurIPS 2023.
    """

    name = "qnehvi"
    summary = "Multi-objective Bayesian optimisation (qLogNEHVI, BoTorch); for budgets up to 300."
    library = "botorch"
    extra = "bo"
    requires = ("botorch", "gpytorch", "torch")
    constraint_handling = "mask"
    multi_objective = True
    hyperparameters: ClassVar = {
        "batch_size": Hyperparameter(4, "designs per model", low=1, high=64, log=True),
        "startup": Hyperparameter(
            10, "random designs before the models are used", low=2, high=1000, log=True
        ),
        "candidates": Hyperparameter(
            512, "designs that each choice is made from", low=16, high=10_000, log=True
        ),
        "samples": Hyperparameter(
            64, "draws from the models per expectation", low=8, high=1024, log=True
        ),
        "max_observations": Hyperparameter(
            192, "designs the models are trained on at most", low=8, high=2000, log=True
        ),
    }

    def setup(self) -> None:
        self.batch_size = self.values["batch_size"]
        self.proposed = DistinctDesigns(self.space)
        self._known = Observations(self.space)
        self._models: Any = None

    def ask(self, count: int) -> Batch:
        missing = self.values["startup"] - len(self.proposed)
        if missing > 0:
            return self.proposed.draw(self.rng, min(count, missing))
        batch = self._choose(count)
        return batch if len(batch) else self.proposed.draw(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        self._known.add(batch.codes, outcomes.reward, outcomes.objectives)
        self._known.keep(self.values["max_observations"])

    def _choose(self, count: int) -> Batch:
        """Return a batch of new designs, the best first; none where none is found."""
        from archgym.agents.gaussian_process import DesignModels, modelling

        self._models = self._models or DesignModels(self.space)
        with modelling(self.rng):
            self._models.train(self._known)
            acquisition = self._make_acquisition()
            front = self._front()
            chosen = self.space.default.select([])
            for _ in range(count):
                best = self._best(acquisition, front, chosen)
                chosen = Batch(self.space, np.concatenate([chosen.codes, best.codes]))
                acquisition.set_X_pending(self._features(chosen))
        return self.proposed.take_new(chosen)

    def _best(self, acquisition: Any, front: Batch, taken: Batch) -> Batch:
        """Return the best candidate, improved once by changes of an axis or two; or none."""
        count = self.values["candidates"]
        drawn = self.space.sample(self.rng, count // 2)
        near = [self._near(front, count // 4, reach) for reach in _REACHES]
        pool = self._new(np.concatenate([drawn.codes, *near]), taken)
        if not len(pool):
            return pool
        best = pool.select([int(self._evaluate(acquisition, pool).argmax())])
        neighbours = self._near(best, count // 4, _NEIGHBOURS_REACH)
        pool = self._new(np.concatenate([best.codes, neighbours]), taken)
        return pool.select([int(self._evaluate(acquisition, pool).argmax())])

    def _near(self, centres: Batch, count: int, reach: float) -> NDArray[Any]:
        rows = self.rng.integers(len(centres), size=count)
        width = self.space.width
        codes = centres.codes[rows]
        return perturb(self.space, self.rng, codes, np.full(width, reach), 1.0 / width)

    def _new(self, codes: NDArray[Any], taken: Batch) -> Batch:
        """Return those designs that are valid, new and not taken, each once."""
        batch = Batch(self.space, self.space.canonical(codes))
        valid = batch.select(self.space.valid(batch))
        return valid.select(self.proposed.new_rows(valid, set(taken.keys())))

    def _evaluate(self, acquisition: Any, batch: Batch) -> Floats:
        import torch

        with torch.no_grad():
            inputs, starts = self._features(batch)[:, None], range(0, len(batch), _CHUNK)
            parts = [acquisition(inputs[start : start + _CHUNK]) for start in starts]
            values: Floats = torch.cat(parts).numpy()
        return values

    def _features(self, batch: Batch) -> Tensor:
        from archgym.agents.gaussian_process import features

        return features(self.space, batch.codes)

    def _front(self) -> Batch:
        """Return the feasible designs that no other beats; all where none is feasible."""
        from botorch.utils.multi_objective.pareto import is_non_dominated
        from torch import from_numpy

        known = self._known
        rows = np.flatnonzero(known.feasible)
        if not len(rows):
            return Batch(self.space, known.codes)
        best = is_non_dominated(from_numpy(known.objectives[rows])).numpy()
        return Batch(self.space, known.codes[rows[best]])

    def _make_acquisition(self) -> Any:
        from archgym.agents.hypervolume import make_acquisition

        known = self._known
        rows = known.feasible if known.feasible.any() else np.ones(len(known), dtype=bool)
        scaled = log_gain(known.objectives) if known.feasible.any() else known.objectives
        return make_acquisition(
            self._models,
            self._features(Batch(self.space, known.codes[rows])),
            scaled[rows],
            self.values["samples"],
            int(self.rng.integers(2**31)),
        )
