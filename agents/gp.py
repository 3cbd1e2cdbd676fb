"""Bayesian optimisation with a Gaussian process: Optuna's GPSampler."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.library_agent import Fact, LibraryAgent
from archgym.agents.observations import Observations, log_gain
from archgym.parameter import Codes
from archgym.torch_session import torch_session

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

_KEPT = 0.75


class GpAgent(LibraryAgent):
    """Asks where the logarithm of the reward is most likely to improve, and by how much.

    The kernel is Matern 5/2 with a length scale per axis; axes without order have the Hamming
    distance. Once an infeasible design was seen, a second model says how likely a design is to be
    feasible, and the expected improvement is weighted with that.

    The time per design grows with the number of designs told. At ``max_observations`` the model
    forgets a quarter of them: it keeps the best and the most recent. Up to that budget the agent
    is what its library is; beyond it is a local search, and others are the better choice.

    Source: Jones et al., Efficient global optimization of expensive black-box functions, Journal
    of Global Optimization 13, 1998; constraints: Gardner et al., ICML 2014.
    """

    name = "gp"
    summary = "Gaussian process with expected improvement (Optuna GPSampler); budgets to 200."
    library = "optuna"
    extra = "bo"
    requires = ("optuna", "torch")
    constraint_handling = "repair"
    hyperparameters: ClassVar = {
        "startup": Hyperparameter(
            10, "random designs before the model is used", low=1, high=1000, log=True
        ),
        "max_observations": Hyperparameter(
            128, "designs the model is trained on at most", low=8, high=2000, log=True
        ),
        "local_searches": Hyperparameter(
            3, "starts of the search for the best proposal; the library's own: 10", low=2, high=50
        ),
        "batch_size": Hyperparameter(1, "designs per batch", low=1, high=64, log=True),
    }

    def setup(self) -> None:
        from archgym.agents.optuna_distributions import distributions

        super().setup()
        self.batch_size = self.values["batch_size"]
        self._distributions = distributions(self.space)
        self._observations = Observations(self.space)
        self._constrained = False
        self._study = self._make_study(self.library_seed)

    def propose(self, count: int) -> tuple[list[Trial], Codes]:
        with torch_session(), _quiet():
            asked = [self._study.ask(self._distributions) for _ in range(count)]
        rows = [[trial.params[name] for name in self._distributions] for trial in asked]
        return asked, np.array(rows, dtype=self.space.dtype)

    def learn(self, facts: list[Fact]) -> None:
        new = [fact for fact in facts if not fact.repeated]
        self._observations.add(
            np.array([fact.codes for fact in new], dtype=self.space.dtype).reshape(
                -1, self.space.width
            ),
            np.array([fact.reward for fact in new], dtype=np.float64),
        )
        forgets = len(self._observations) > self.values["max_observations"]
        if forgets or any(fact.reward <= 0 for fact in new) > self._constrained:
            self._begin_anew()
        else:
            self._tell(facts)

    def _tell(self, facts: list[Fact]) -> None:
        from optuna.trial import TrialState

        for fact in facts:
            if fact.proposal is None:
                self._study.add_trial(self._known_trial(fact.codes, fact.reward))
            elif fact.repeated:
                self._study.tell(fact.proposal, state=TrialState.FAIL)
            else:
                for name, value in self._constraint(fact.reward).items():
                    fact.proposal.set_constraint(name, value)
                self._study.tell(fact.proposal, self._value(fact.reward))

    def _begin_anew(self) -> None:
        """Replace the study by one of the designs that are kept, all with a constraint."""
        known = self._observations
        self._constrained = not known.feasible.all()
        if len(known) > self.values["max_observations"]:
            known.keep(int(_KEPT * self.values["max_observations"]))
        self._study = self._make_study(int(self.rng.integers(2**32)))
        for codes, reward in zip(known.codes, known.reward.tolist(), strict=True):
            self._study.add_trial(self._known_trial(codes, reward))

    def _make_study(self, seed: int) -> Study:
        import optuna

        with _quiet():
            sampler = optuna.samplers.GPSampler(
                seed=seed,
                n_startup_trials=self.values["startup"],
                deterministic_objective=True,
                warn_independent_sampling=False,
            )
            # Optuna offers no argument for it; it takes most of the time.
            sampler._n_local_search = self.values["local_searches"]
            return optuna.create_study(direction="maximize", sampler=sampler)

    def _known_trial(self, codes: Codes, reward: float) -> FrozenTrial:
        from optuna.trial import create_trial

        return create_trial(
            params=dict(zip(self._distributions, codes.tolist(), strict=True)),
            distributions=self._distributions,
            value=self._value(reward),
            constraints=self._constraint(reward),
        )

    def _value(self, reward: float) -> float:
        """Return what the model of rewards is told; of an infeasible design, nothing unusual."""
        if reward > 0:
            return float(log_gain(np.array(reward)))
        known = self._observations
        return (
            float(log_gain(known.reward[known.feasible]).mean()) if known.feasible.any() else 0.0
        )

    def _constraint(self, reward: float) -> dict[str, float]:
        """Return what the model of feasibility is told, where there is one; positive is bad."""
        return {"infeasible": -1.0 if reward > 0 else -reward} if self._constrained else {}


@contextmanager
def _quiet() -> Iterator[Any]:
    """Silence what Optuna says on the way; put its verbosity back."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
