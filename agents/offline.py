"""Search without evaluations: a table is learnt, and what is believed to be best is proposed."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.offline_table import KnownDesigns, read_rows
from archgym.agents.relaxation import Relaxation
from archgym.batch import Batch
from archgym.errors import SettingError
from archgym.outcome import Outcomes
from archgym.torch_session import torch_session

if TYPE_CHECKING:
    from archgym.agents.offline_networks import Networks

_BATCH = 256
_HIDDEN_LAYERS = 2


class OfflineAgent(AskTellAgent):
    """Proposes as many designs as its budget, those that it believes to be best first.

    All proposals are made before the first is evaluated, from a table alone, and what they turn
    out to be worth changes nothing: evaluations are the judgement, not part of the search. The
    first evaluation is what is recommended; the best of the first n is what is found if n designs
    can be tried. What is learnt of a design is the logarithm of the reward that its metrics in
    the table earn, so that any objective over these can be searched.

    Attributes:
        promises: Once asked, float64 (n,): the rewards that the proposals were believed to earn.

    Raises:
        SettingError: The table is missing, unreadable, of something else, or too small.
    """

    library = "torch"
    extra = "surrogates"
    requires = ("torch",)
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "rows": Hyperparameter(
            None, "table of evaluated designs (CSV, Parquet): all that is learnt from", kind=str,
            file=True,
        ),
        "repeats": Hyperparameter(False, "whether designs of the table may be proposed again"),
        "overestimation": Hyperparameter(
            4.0, "how far above the table's designs the model may value those that it likes, in"
            " standard deviations; 100: as far as it will", low=0.0, high=100.0,
        ),
        "steps": Hyperparameter(1000, "of training", low=1, high=100_000, log=True),
        "members": Hyperparameter(4, "networks, whose mean counts", low=1, high=32, log=True),
        "width": Hyperparameter(64, "neurons of a hidden layer", low=4, high=1024, log=True),
    }  # fmt: skip

    def setup(self) -> None:
        table = self.values["rows"]
        if table is None:
            raise SettingError(
                f"agent {self.name!r}: hyper-parameter 'rows' is needed, a table of evaluated"
                " designs as `archgym evaluate` writes it"
            )
        self.batch_size = _BATCH
        self.relaxation = Relaxation(self.space)
        self._rows = read_rows(Path(table), self.problem)
        self._waiting: Batch | None = None

    def ask(self, count: int) -> Batch:
        if self._waiting is None:
            self._waiting = self._proposals(self.budget)
        batch = self._waiting.select(slice(count))
        self._waiting = self._waiting.select(slice(count, None))
        return batch

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""

    def _proposals(self, count: int) -> Batch:
        known = KnownDesigns.of(self._rows, self.problem, self.values["rows"])
        with torch_session():
            networks = self._learn(known)
            pool = self._pool(self.search(networks, known, count), count)
            values = networks.mean(self.relaxation.points(pool))
        order = np.argsort(-values, kind="stable")[:count]
        self.promises = known.rewards(values[order])
        return pool.select(order)

    def _pool(self, found: Batch, count: int) -> Batch:
        """Return the new ones among designs, and random ones where they are fewer than count."""
        distinct = DistinctDesigns(self.space)
        if not self.values["repeats"]:
            distinct.remember(self._rows.batch.keys())
        return distinct.take_or_draw(found, self.rng, count)

    def _learn(self, known: KnownDesigns) -> Networks:
        import torch

        from archgym.agents.offline_networks import Networks

        torch.manual_seed(self.library_seed)
        hidden = [self.values["width"]] * _HIDDEN_LAYERS
        networks = Networks([self.relaxation.size, *hidden, 1], self.values["members"])
        self.train(networks, known)
        return networks

    @abstractmethod
    def train(self, networks: Networks, known: KnownDesigns) -> None:
        """Train networks on designs and their values."""

    @abstractmethod
    def search(self, networks: Networks, known: KnownDesigns, count: int) -> Batch:
        """Return designs that obey the constraints, of which the best count are wanted."""
