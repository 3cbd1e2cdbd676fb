"""The graph network of learned schedulers, as `cost_models.soc.schedule.policies` evaluates it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archgym.cost_models.soc.schedule.engine.schedulers.policy import FEATURES, PLAIN_FINISH
from archgym.cost_models.soc.schedule.graphs import TASK_FEATURES, TaskGraphs
from archgym.cost_models.soc.schedule.policies import ROUNDS
from archgym.experiments.schedule_policy.recipe import Recipe

UNITS = 16


@dataclass(frozen=True)
class GraphTensors:
    """Task graphs as tensors; see `TaskGraphs`.

    Attributes:
        features: float32 (tasks, 8).
        source, target: int64 (edges,).
        share: float32 (tasks, 1), one over the number of successors.
    """

    features: Tensor
    source: Tensor
    target: Tensor
    share: Tensor

    @staticmethod
    def of(graphs: TaskGraphs) -> GraphTensors:
        """Return the tensors of graphs."""
        degrees = np.maximum(np.bincount(graphs.source, minlength=len(graphs.features)), 1)
        return GraphTensors(
            torch.tensor(graphs.features, dtype=torch.float32),
            torch.tensor(graphs.source),
            torch.tensor(graphs.target),
            torch.tensor(1.0 / degrees[:, None], dtype=torch.float32),
        )


class PolicyNetwork(nn.Module):
    """Scores pairs of a task and a PE; before any training their earliest finish decides."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.read = nn.Linear(TASK_FEATURES, UNITS)
        self.message = nn.Linear(UNITS, UNITS)
        self.update = nn.Linear(2 * UNITS, UNITS)
        self.embed = nn.Linear(UNITS, recipe.embedding)
        self.first = nn.Linear(len(FEATURES) + recipe.embedding, recipe.units)
        self.second = nn.Linear(recipe.units, recipe.second)
        self.last = nn.Linear(recipe.second, 1, bias=False)
        self.prior = nn.Parameter(torch.tensor(float(recipe.prior)))
        nn.init.zeros_(self.last.weight)

    def embeddings(self, graphs: GraphTensors) -> Tensor:
        """Return the embedding of each task, (tasks, width)."""
        state = torch.tanh(self.read(graphs.features))
        for _ in range(ROUNDS):
            sent = torch.tanh(self.message(state))[graphs.target]
            received = torch.zeros_like(state).index_add(0, graphs.source, sent)
            state = torch.tanh(self.update(torch.cat([state, received * graphs.share], dim=1)))
        return torch.tanh(self.embed(state))

    def forward(self, seen: Tensor, tasks: Tensor, embeddings: Tensor) -> Tensor:
        """Return the scores of pairs, (pairs,).

        Args:
            seen: What is seen of each, (pairs, features).
            tasks: Their rows in ``embeddings``, (pairs,).
            embeddings: Of tasks.
        """
        hidden = torch.tanh(self.first(torch.cat([seen, embeddings[tasks]], dim=1)))
        scores = self.last(torch.tanh(self.second(hidden))).squeeze(-1)
        return scores - self.prior * seen[:, PLAIN_FINISH]  # type: ignore[no-any-return]

    def arrays(self) -> dict[str, Any]:
        """Return the layers in the form of policy files."""
        return {
            name: layer.numpy().astype(np.float64) for name, layer in self.state_dict().items()
        }
