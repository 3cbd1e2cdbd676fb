"""The autoregressive transformer as a regressor: training, prediction, what is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from archgym.cost_models.learned.descent import as_tensor, chunks, descend, probability
from archgym.cost_models.learned.network import MetricTransformer, Said, Shape
from archgym.cost_models.learned.regressor import Beliefs, Tensors, Told, check_settings, unheard
from archgym.outcome import Floats

DEFAULTS: Mapping[str, Any] = {
    "width": 64,
    "layers": 3,
    "heads": 4,
    "chained": True,
    "epochs": 80,
    "batch": 128,
    "learning_rate": 2e-3,
    "weight_decay": 0.01,
    "fewest_steps": 1000,
    "device": "cpu",
}
# Settings that are found in the data.
FOUND = ("axes", "features", "metrics")


class TransformerRegressor:
    """Fits `MetricTransformer` by maximum likelihood.

    Args:
        settings: Changes to `DEFAULTS`: sizes of the network, how long it learns, and where;
            predictions are always made by the processor.

    Raises:
        UnknownNameError: A setting is unknown.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings("transformer", DEFAULTS, settings)
        self._network: MetricTransformer | None = None

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        torch.manual_seed(int(rng.integers(2**62)))
        axes, features = designs.shape[1:]
        network = self._network or self._make(axes, features, metrics.shape[1])
        data = [as_tensor(a) for a in (designs, np.nan_to_num(metrics), np.isfinite(metrics))]
        descend(network.train(), [*data, as_tensor(feasible)], self.settings, rng, told)
        self._network = network.eval().cpu()

    def predict(self, designs: Floats) -> Beliefs:
        assert self._network is not None, "fit it first"
        with torch.no_grad():
            parts = [(self._network.chain(some), count) for some, count in chunks(designs)]
        return _beliefs(parts, self.settings["metrics"])

    def tensors(self) -> Tensors:
        assert self._network is not None, "fit it first"
        return {name: tensor.numpy() for name, tensor in self._network.state_dict().items()}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls({name: settings[name] for name in settings if name not in FOUND})
        network = made._make(*(int(settings[name]) for name in FOUND))
        network.load_state_dict({name: torch.from_numpy(a) for name, a in tensors.items()})
        made._network = network.eval()
        return made

    def _make(self, axes: int, features: int, metrics: int) -> MetricTransformer:
        self.settings |= zip(FOUND, (axes, features, metrics), strict=True)
        own = ("width", "layers", "heads", "chained")
        return MetricTransformer(Shape(axes, features, metrics, *(self.settings[n] for n in own)))


def _beliefs(parts: list[tuple[Said, int]], metrics: int) -> Beliefs:
    def joined(name: str, width: tuple[int, ...]) -> Floats:
        rows = [getattr(said, name)[:count].double().numpy() for said, count in parts]
        return np.concatenate([np.zeros((0, *width)), *rows])

    wide = (metrics,)
    mean, log_sigma = joined("mean", wide), joined("log_sigma", wide)
    present, feasible = joined("present", wide), joined("feasible", ())
    return Beliefs(mean, np.exp(log_sigma), probability(present), probability(feasible))
