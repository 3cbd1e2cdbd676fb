"""What a training run is like, as data."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Recipe(BaseModel):
    """A training run; the same one gives the same policy, by the same version of torch.

    Attributes:
        name: Of the policy.
        env: The environment's id; one with a vector environment of goals.
        workload: Of the environment.
        settings: Of the environment.
        metrics: That have targets.
        least: Metric -> bound below which no target of it is drawn.
        hit_rate: Share of random designs that meets a target.
        designs: Random designs, from which targets are drawn.
        targets: To train on.
        unseen: To test on, drawn apart.
        horizon: Most steps of an episode.
        envs: Episodes at the same time.
        rollout: Steps of each between updates.
        steps: Of all episodes together.
        epochs, minibatch, learning_rate, discount: Of the updates; the learning rate falls
            linearly to zero.
        width: Of two hidden layers.
        seed: Of everything random.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    env: str
    workload: str
    settings: dict[str, Any] = {}
    metrics: tuple[str, ...] = Field(min_length=1)
    least: dict[str, float] = {}
    hit_rate: float = Field(1e-3, gt=0, lt=1)
    designs: int = Field(50_000, ge=1)
    targets: int = Field(500, ge=1)
    unseen: int = Field(200, ge=1)
    horizon: int = Field(30, ge=1)
    envs: int = Field(64, ge=1)
    rollout: int = Field(60, ge=1)
    steps: int = Field(200_000, ge=1)
    epochs: int = Field(6, ge=1)
    minibatch: int = Field(640, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    discount: float = Field(0.99, gt=0, le=1)
    width: int = Field(64, ge=1)
    seed: int = Field(0, ge=0)
