"""Trained models of LightGBM by name, asked together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import lightgbm
import numpy as np

from archgym.outcome import Floats

if TYPE_CHECKING:
    from archgym.cost_models.learned.leaf_masks.masks import LeafMasks

# For fewer designs masks are not worth making.
_FEWEST_FOR_MASKS = 1000


class Boosters:
    """Models that see the same axes.

    Args:
        texts: Name -> model as LightGBM writes it: what is read back is what is saved.

    Raises:
        ValueError: A text is no model.
    """

    def __init__(self, texts: Mapping[str, str]):
        self.texts = texts
        self._boosters = {name: _read(text) for name, text in texts.items()}

    def said(self, numbers: Floats) -> dict[str, Floats]:
        """Return what each model says of designs (n, axes); many are answered by masks."""
        if not len(numbers):
            return {name: np.zeros(0) for name in self.texts}
        masks = self._masks if len(numbers) >= _FEWEST_FOR_MASKS else None
        if masks is not None:
            return dict(zip(self.texts, masks.said(numbers).T, strict=True))
        return {
            name: np.asarray(booster.predict(numbers, num_threads=1))
            for name, booster in self._boosters.items()
        }

    @cached_property
    def _masks(self) -> LeafMasks | None:
        """The same models as masks, where that is quicker."""
        from archgym.cost_models.learned.leaf_masks.masks import masks_of

        axes = max((booster.num_feature() for booster in self._boosters.values()), default=0)
        return masks_of(list(self.texts.values()), axes)


def _read(text: str) -> lightgbm.Booster:
    try:
        return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ValueError(f"trees cannot be read: {error}") from None
