"""Tree search that trusts a trained policy as far as the workload is like those it learnt from."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.mcts import MctsAgent
from archgym.errors import SettingError
from archgym.outcome import Floats
from archgym.torch_session import torch_session
from archgym.views.partial_designs import PartialDesigns
from archgym.word_parameters import Sequence
from archgym.workload_graph import WorkloadGraph

if TYPE_CHECKING:
    from archgym.agents.word_policy import TrainedPolicy

_POLICIES = Path(__file__).parent / "policies"
_UNLIKE_ANYTHING = math.inf
# A policy that is trusted less is not asked, so that the search is exactly the plain one.
_LEAST_TRUST = 0.05


class RetrievalMctsAgent(MctsAgent):
    """Monte Carlo tree search whose prior and rollouts follow ``policy ** alpha``.

    ``alpha = 1 - sigmoid(temperature (distance - threshold))``, where the distance is the cosine
    distance of the workload's embedding from the nearest one that the policy learnt from: near 0
    the search is plain `MctsAgent`, and exactly that where alpha is 0, or where the policy does
    not know the problem's words or the cost model shows no graph of the workload. Temperature and
    threshold are the paper's (100 and 0.007), scaled by seven: distances between embeddings of the
    policy that comes along are so much smaller.

    Attributes:
        distance: Of the workload; infinite where the policy does not know such problems.
        alpha: The weight of the policy, 0 to 1.

    Source: Chowdhury et al., Retrieval-guided reinforcement learning for Boolean circuit
    minimization (ABC-RL), ICLR 2024. Rollouts there take the policy's best symbol first and are
    uniform after it.
    """

    name = "retrieval_mcts"
    summary = "Tree search with a trained prior, as far as the workload is alike (ABC-RL)."
    library = "torch"
    extra = "rl"
    requires = ("torch",)
    hyperparameters: ClassVar = MctsAgent.hyperparameters | {
        "exploration": Hyperparameter(1.0, "weight of rarely tried branches", low=0.0, high=100.0),
        "policy": Hyperparameter(
            None, "file of a trained policy; none: one that comes along", kind=str
        ),
        "temperature": Hyperparameter(
            700.0, "how sharply trust falls with distance", low=0.0, high=1e6
        ),
        "threshold": Hyperparameter(
            0.001, "distance at which the policy is half trusted", low=0.0, high=2.0
        ),
        "alpha": Hyperparameter(
            None, "weight of the policy whatever the distance", low=0.0, high=1.0, kind=float
        ),
    }

    def setup(self) -> None:
        self._words = next((p for p in self.space.parameters if isinstance(p, Sequence)), None)
        graph = (
            None if self._words is None else self.problem.cost_model.graph(self.problem.workload)
        )
        self._policy = None if graph is None else self._find_policy(graph)
        self.distance, self.alpha = _UNLIKE_ANYTHING, 0.0
        if graph is not None and self._policy is not None:
            self._look_at(graph, self._policy)
        super().setup()

    def _find_policy(self, graph: WorkloadGraph) -> TrainedPolicy | None:
        """Return the policy that is asked for, or one that knows such problems.

        Raises:
            SettingError: The policy that is asked for does not.
        """
        from archgym.agents.word_policy import TrainedPolicy

        assert self._words is not None
        asked = self.values["policy"]
        for path in [Path(asked)] if asked else sorted(_POLICIES.glob("*.npz")):
            policy = TrainedPolicy.load(path)
            if policy.network.vocabulary.fits(graph, self._words.alphabet):
                return policy
        if asked:
            raise SettingError(
                f"agent {self.name!r}: policy {asked!r} is for other words or graphs than those"
                f" of {self.problem.env}"
            )
        return None

    def _look_at(self, graph: WorkloadGraph, policy: TrainedPolicy) -> None:
        import torch

        with torch_session(), torch.no_grad():
            self._embedding = policy.network.embed(graph)
        self.distance = policy.distance(self._embedding.numpy().astype(np.float64))
        self.alpha = self.values["alpha"]
        if self.alpha is None:
            found = trust(self.distance, self.values["temperature"], self.values["threshold"])
            self.alpha = found if found >= _LEAST_TRUST else 0.0

    # -- what the policy says -------------------------------------------------------------------

    def prior(self, partial: PartialDesigns) -> Floats:
        plain = super().prior(partial)
        return plain * self._preferences(partial)[0] if self.alpha else plain

    def rollout_weights(self, partial: PartialDesigns) -> Floats:
        plain = super().rollout_weights(partial)
        return plain * self._preferences(partial) if self.alpha else plain

    def _preferences(self, partial: PartialDesigns) -> Floats:
        """Return ``policy ** alpha`` of each value that is asked, shape (n, largest axis).

        It is 1 for values of axes that are no symbols of the word.
        """
        found = np.ones(partial.allowed.shape)
        at = partial.columns - self._first_symbol
        assert self._words is not None
        rows = np.flatnonzero((at >= 0) & (at < self._words.max_length))
        if len(rows):
            probable = self._probabilities(partial.codes[rows])[np.arange(len(rows)), at[rows]]
            found[rows, : probable.shape[1]] = probable**self.alpha
        return found

    @cached_property
    def _first_symbol(self) -> int:
        """The axis of the word's first symbol."""
        assert self._words is not None
        stop: int = self.space.columns[self._words.name].stop
        return stop - self._words.max_length

    def _probabilities(self, codes: Any) -> Floats:
        """Return those of each symbol at each place, shape (n, max_length, symbols)."""
        import torch

        assert self._words is not None
        assert self._policy is not None
        first, words = self._first_symbol, self._words
        symbols = torch.from_numpy(codes[:, first : first + words.max_length].astype(np.int64))
        fixed = words.min_length == words.max_length
        lengths = torch.from_numpy(
            np.full(len(codes), words.max_length)
            if fixed
            else codes[:, first - 1].astype(np.int64) + words.min_length
        )
        with torch_session(), torch.no_grad():
            graphs = self._embedding[None].expand(len(codes), -1)
            logits = self._policy.network(graphs, symbols, lengths)
            return np.asarray(logits.double().softmax(dim=2).numpy())


def trust(distance: float, temperature: float, threshold: float) -> float:
    """Return the weight of a policy for a workload at some distance from those it learnt from.

    ``1 - sigmoid(temperature (distance - threshold))``, section 3 of the ABC-RL paper.
    """
    return 0.5 * (1.0 - math.tanh(0.5 * temperature * (distance - threshold)))
