"""Proximal policy optimisation over decisions with different numbers of allowed pairs.

Only allowed pairs are scored, which masks all others (Schulman et al., arXiv 1707.06347; Huang and
Ontanon, arXiv 2006.14171).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from archgym.cost_models.soc.schedule.engine.state import Floats, Ints
from archgym.cost_models.soc.schedule.graphs import task_graphs
from archgym.experiments.schedule_policy.collecting import Episode
from archgym.experiments.schedule_policy.network import GraphTensors, PolicyNetwork
from archgym.experiments.schedule_policy.recipe import Recipe

_LEAST = -1e30
_LARGEST = 50_000


@dataclass(frozen=True)
class Decisions:
    """Decisions with a choice, of all episodes on one platform and set of applications.

    Attributes:
        graphs: Of the tasks.
        seen: float32 (pairs, features).
        task: int64 (pairs,).
        first, pairs, chosen: int64 (n,), where each decision's pairs begin, how many, which.
        advantage: float32 (n,).
    """

    graphs: GraphTensors
    seen: Tensor
    task: Tensor
    first: Ints
    pairs: Ints
    chosen: Ints
    advantage: Tensor

    @staticmethod
    def of(episodes: Sequence[Episode], advantages: Sequence[Floats]) -> Decisions:
        """Return the decisions of episodes on the same platform and applications."""
        traces = [episode.trace for episode in episodes]
        pairs = np.concatenate([trace.pairs for trace in traces])
        free = pairs > 1
        return Decisions(
            GraphTensors.of(task_graphs(episodes[0].workload.case)),
            torch.from_numpy(np.concatenate([trace.seen for trace in traces])),
            torch.from_numpy(np.concatenate([trace.task for trace in traces])),
            (np.cumsum(pairs) - pairs)[free],
            pairs[free],
            np.concatenate([trace.chosen for trace in traces])[free],
            torch.from_numpy(np.concatenate(advantages)[free]).float(),
        )

    def __len__(self) -> int:
        return len(self.first)


def log_probabilities(
    network: PolicyNetwork, decisions: Decisions, rows: Ints
) -> tuple[Tensor, Tensor]:
    """Return the logarithm of each chosen pair's probability, and each decision's entropy."""
    pairs = decisions.pairs[rows]
    start = np.cumsum(pairs) - pairs
    inside = np.arange(pairs.sum()) - np.repeat(start, pairs)
    at = torch.from_numpy(np.repeat(decisions.first[rows], pairs) + inside)
    of = torch.from_numpy(np.repeat(np.arange(len(rows)), pairs))
    embeddings = network.embeddings(decisions.graphs)
    scores = network(decisions.seen[at], decisions.task[at], embeddings)
    highest = torch.full((len(rows),), _LEAST).scatter_reduce(0, of, scores.detach(), "amax")
    total = torch.zeros(len(rows)).index_add(0, of, torch.exp(scores - highest[of]))
    logs = scores - (highest + torch.log(total))[of]
    entropy = -torch.zeros(len(rows)).index_add(0, of, torch.exp(logs) * logs)
    return logs[torch.from_numpy(start + decisions.chosen[rows])], entropy


class Updater:
    """The optimiser of a network.

    Args:
        network: What learns.
        recipe: How.
        rng: Shuffles the minibatches.
    """

    def __init__(self, network: PolicyNetwork, recipe: Recipe, rng: np.random.Generator):
        self._network, self._recipe, self._rng = network, recipe, rng
        self._adam = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)

    def update(self, sets: Sequence[Decisions], left: float) -> None:
        """Improve the network by the decisions made under it.

        Args:
            sets: One per platform and set of applications.
            left: Share of training that is left, by which rate and entropy bonus fall.
        """
        share = 0.1 + 0.9 * left
        for group in self._adam.param_groups:
            group["lr"] = self._recipe.learning_rate * share
        before = [self._present(decisions) for decisions in sets]
        for _ in range(self._recipe.epochs):
            for which, rows in self._minibatches(sets):
                self._step(sets[which], rows, before[which], self._recipe.entropy * share)

    def _present(self, decisions: Decisions) -> Tensor:
        with torch.no_grad():
            parts = np.array_split(np.arange(len(decisions)), 1 + len(decisions) // _LARGEST)
            return torch.cat(
                [log_probabilities(self._network, decisions, rows)[0] for rows in parts]
            )

    def _minibatches(self, sets: Sequence[Decisions]) -> list[tuple[int, Ints]]:
        batches = [
            (which, rows)
            for which, decisions in enumerate(sets)
            for rows in np.array_split(
                self._rng.permutation(len(decisions)),
                max(len(decisions) // self._recipe.minibatch, 1),
            )
        ]
        return [batches[at] for at in self._rng.permutation(len(batches))]

    def _step(self, decisions: Decisions, rows: Ints, before: Tensor, entropy: float) -> None:
        logs, disorder = log_probabilities(self._network, decisions, rows)
        ratio = torch.exp(logs - before[rows])
        advantage, clip = decisions.advantage[rows], self._recipe.clip
        gain = torch.min(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
        self._adam.zero_grad()
        (-gain.mean() - entropy * disorder.mean()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.gradient_norm)
        self._adam.step()
