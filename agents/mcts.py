"""Monte Carlo tree search over designs that are built axis by axis."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.base import AskTellAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.search_tree import Floats, Node, Path, Scale, close, learn, visit
from archgym.batch import Batch
from archgym.encodings import shrink, stretch
from archgym.outcome import Outcomes
from archgym.parameter import Codes
from archgym.views.actions import REAL_LEVELS, Mask
from archgym.views.choices import Choices
from archgym.views.partial_designs import PartialDesigns

_TRIES = 4
_LOW_QUANTILE = 0.1
_SMALLEST_ELITE = 8


class MctsAgent(AskTellAgent):
    """Grows a tree of partial designs; each leaf is judged by completing a design from it.

    A branch is chosen by PUCT: the scaled reward behind it (its mean, mixed with its best, since
    cost models are deterministic and only the best design counts), plus a bonus for what the
    prior favours and what was tried rarely. Values of large axes are admitted by progressive
    widening. Designs are completed uniformly, or by the marginal frequencies of values among the
    best designs so far. Several leaves are evaluated at a time, and no design twice if avoidable.

    Constraints mask the choices. Real axes are cut into levels; the value is drawn around one.

    Subclasses supply knowledge by `prior` and `rollout_weights`.

    Sources: Kocsis and Szepesvari, ECML 2006 (UCT); Rosin, Annals of Mathematics and Artificial
    Intelligence 61, 2011 (PUCT); Couetoux et al., LION 2011 (progressive widening).
    """

    name = "mcts"
    summary = "Monte Carlo tree search (PUCT) that builds designs axis by axis."
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "exploration": Hyperparameter(3.0, "weight of rarely tried branches", low=0.0, high=100.0),
        "greed": Hyperparameter(
            1.0, "weight of the best reward behind a branch against the mean", low=0.0, high=1.0
        ),
        "widening": Hyperparameter(
            2.0, "values of an axis admitted per square root of visits", low=0.1, high=1000.0
        ),
        "rollout": Hyperparameter(
            "learned", "how leaves are completed", choices=("learned", "uniform")
        ),
        "elite": Hyperparameter(
            0.05, "share of the best designs that marginals are learned from", low=0.001, high=1.0
        ),
        "mixing": Hyperparameter(
            0.2, "share of uniform values in learned rollouts", low=0.001, high=1.0
        ),
        "batch": Hyperparameter(8, "designs evaluated at a time", low=1, high=4096, log=True),
    }

    def setup(self) -> None:
        self.batch_size = self.values["batch"]
        self.choices = Choices(self.space)
        self._one = PartialDesigns(self.choices, self.space, 1)
        self._many = PartialDesigns(self.choices, self.space, self.batch_size)
        self._real = [(at, axis) for at, axis in enumerate(self.space.axes) if axis.size is None]
        self._elite_codes: Codes = np.empty((0, self.space.width), dtype=np.int64)
        self._elite_rewards: Floats = np.empty(0)
        self._rewards = np.empty(0)
        self._scale = Scale(0.0, 1.0)
        self._weights = self.choices.on_axis.astype(np.float64)
        self._seen: set[bytes] = set()
        self._paths: list[Path] = []
        self._chosen: NDArray[np.int64]
        self._root = self._node()

    # -- what subclasses may supply -------------------------------------------------------------

    def prior(self, partial: PartialDesigns) -> Floats:
        """Return how promising each value of the axis that is asked is, shape (largest axis,).

        Args:
            partial: One partial design. Values that are not allowed are ignored.
        """
        return np.ones(partial.allowed.shape[1])

    def rollout_weights(self, partial: PartialDesigns) -> Floats:
        """Return how probable each value is in a rollout, shape (n, largest axis), unscaled."""
        columns = np.minimum(partial.columns, self.space.width - 1)
        return np.asarray(self._weights[columns])

    # -- ask and tell ---------------------------------------------------------------------------

    def ask(self, count: int) -> Batch:
        while not self._root_is_done():
            batch = self._propose(min(count, self.batch_size))
            if len(batch):
                return batch
        return Batch(self.space, self.space.default.codes[:0])

    def _propose(self, count: int) -> Batch:
        """Return up to ``count`` designs that were not evaluated yet."""
        paths: list[Path] = []
        leaves: list[Node] = []
        while len(leaves) < count and not self._root_is_done():
            path, leaf = self._descend()
            visit(path, self._scale.low)
            if leaf.is_complete and not self._real:
                close(path)
            paths.append(path)
            leaves.append(leaf)
        batch, repeats = self._complete(leaves)
        # Real values hardly ever repeat, and where they do it is no loop without end.
        new = np.ones(len(batch), dtype=bool) if self._real else ~repeats
        self._paths = [path for path, keep in zip(paths, new, strict=True) if keep]
        self._chosen = self._chosen[new]
        return batch.select(new)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        for path, reward in zip(self._paths, outcomes.reward.tolist(), strict=True):
            learn(path, reward, self._scale.low)
        self._seen.update(batch.keys())
        self._rewards = np.append(self._rewards, outcomes.reward)
        self._scale = Scale.of(self._rewards, _LOW_QUANTILE)
        if self.values["rollout"] == "learned":
            self._learn_marginals(outcomes.reward)

    def _root_is_done(self) -> bool:
        return bool(self._seen) if self._root.is_complete else self._root.is_exhausted

    # -- the tree -------------------------------------------------------------------------------

    def _descend(self) -> tuple[Path, Node]:
        """Follow the most promising values to a partial design that is new, or complete."""
        node, path = self._root, Path()
        names = ("exploration", "greed", "widening")
        weights = [self.values[name] for name in names]
        while not node.is_complete:
            at = node.select(self._scale, *weights)
            path.append((node, at))
            child = node.children[at]
            if child is None:
                child = node.children[at] = self._expand(node, at)
                return path, child
            node = child
        return path, node

    def _expand(self, node: Node, at: int) -> Node:
        row = np.zeros(1, dtype=np.int64)
        self._one.place(row, node.snapshot)
        self._one.choose(row, node.values[at : at + 1])
        return self._node()

    def _node(self) -> Node:
        """Return a node of the one partial design."""
        if self._one.complete[0]:
            return Node(self._one.snapshot(0), np.empty(0, dtype=np.int64), np.empty(0))
        values = self.rng.permutation(np.flatnonzero(self._one.allowed[0]))
        prior = self.prior(self._one)[values]
        order = np.argsort(-prior, kind="stable")
        return Node(self._one.snapshot(0), values[order], prior[order] / prior.sum())

    # -- rollouts -------------------------------------------------------------------------------

    def _complete(self, leaves: list[Node]) -> tuple[Batch, Mask]:
        """Return a design behind each leaf, and which of them are repeats all the same."""
        codes = np.empty((len(leaves), self.space.width), dtype=self.space.dtype)
        self._chosen = np.empty((len(leaves), self.space.width), dtype=np.int64)
        todo = np.ones(len(leaves), dtype=bool)
        for _ in range(_TRIES):
            rows = np.flatnonzero(todo)
            codes[rows], self._chosen[rows] = self._roll_out([leaves[row] for row in rows])
            repeats = self._repeats(Batch(self.space, codes))
            todo = repeats | ~self.space.valid(Batch(self.space, codes))
            if not todo.any():
                break
        return Batch(self.space, codes), repeats

    def _repeats(self, batch: Batch) -> Mask:
        """Return which designs were evaluated before, or stand further up in the batch."""
        known: set[bytes] = set()
        repeats = np.zeros(len(batch), dtype=bool)
        for row, key in enumerate(batch.keys()):
            repeats[row] = key in known or key in self._seen
            known.add(key)
        return repeats

    def _roll_out(self, leaves: list[Node]) -> tuple[Codes, NDArray[np.int64]]:
        partial, rows = self._many, np.arange(len(leaves))
        for row, leaf in enumerate(leaves):
            partial.place(rows[row : row + 1], leaf.snapshot)
        while len(going := rows[~partial.complete[rows]]):
            weights = np.where(partial.allowed, self.rollout_weights(partial), 0.0)[going]
            partial.choose(going, _draw(self.rng, weights))
        codes = partial.codes[rows]
        return self._spread(codes), self.choices.grid.index(codes)

    def _spread(self, codes: Codes) -> Codes:
        """Draw real values around their levels, where constraints allow it."""
        if not self._real:
            return codes
        spread = codes.copy()
        for column, axis in self._real:
            shift = self.rng.uniform(-0.5, 0.5, len(codes)) / (REAL_LEVELS - 1)
            spread[:, column] = stretch(
                axis, np.clip(shrink(axis, codes[:, column]) + shift, 0, 1)
            )
        valid: Mask = self.space.valid(Batch(self.space, spread))
        return np.where(valid[:, None], spread, codes)

    def _learn_marginals(self, rewards: Floats) -> None:
        """Count the values among the best designs so far."""
        codes = np.concatenate([self._elite_codes, self._chosen])
        known = np.concatenate([self._elite_rewards, rewards])
        size = max(_SMALLEST_ELITE, int(self.values["elite"] * len(self._rewards)))
        best = np.argsort(-known, kind="stable")[:size]
        self._elite_codes, self._elite_rewards = codes[best], known[best]
        uniform = self.choices.on_axis / self.choices.grid.sizes[:, None]
        at = np.arange(uniform.shape[1])
        shares = (self._elite_codes[:, :, None] == at).mean(axis=0)
        mixing = self.values["mixing"]
        self._weights = mixing * uniform + (1.0 - mixing) * shares


def _draw(rng: np.random.Generator, weights: Floats) -> NDArray[np.int64]:
    """Return an index of each row, with a probability in proportion to its weight."""
    upto: Any = weights.cumsum(axis=1)
    return np.asarray((upto > rng.random((len(weights), 1)) * upto[:, -1:]).argmax(axis=1))
