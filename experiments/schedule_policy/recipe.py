"""What a training run is like, as data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Recipe(BaseModel):
    """A training run; the same one gives the same policy, by the same version of torch.

    Attributes:
        name: Of the policy.
        workloads: Of `soc.schedule`, without ``jobs`` and ``seed``; each iteration draws new ones.
        jobs: In each run.
        groups: Arrivals drawn per workload and iteration.
        repeats: Runs on the same arrivals, which are each other's baseline.
        iterations: Updates of the policy.
        horizon: Time constant of the discount, in units of the policy's scale of time.
        embedding, units, second: Widths of the task embedding and of the two layers.
        prior: Weight of an early finish in the score at first.
        learning_rate, entropy, clip, epochs, minibatch, gradient_norm: Of the updates; learning
            rate and entropy bonus fall linearly to a tenth.
        seed: Of everything random.
        validation: Workloads on which the policy is measured now and then; the best is kept.
        validate_every: Iterations between.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    workloads: tuple[str, ...] = Field(min_length=1)
    jobs: int = Field(200, ge=2)
    groups: int = Field(4, ge=1)
    repeats: int = Field(8, ge=2)
    iterations: int = Field(50, ge=0)
    horizon: float = Field(50.0, gt=0)
    embedding: int = Field(8, ge=1)
    units: int = Field(32, ge=1)
    second: int = Field(16, ge=1)
    prior: float = Field(1.0, ge=0)
    learning_rate: float = Field(3e-3, gt=0)
    entropy: float = Field(3e-3, ge=0)
    clip: float = Field(0.2, gt=0)
    epochs: int = Field(2, ge=1)
    minibatch: int = Field(4000, ge=1)
    gradient_norm: float = Field(0.5, gt=0)
    seed: int = Field(0, ge=0)
    validation: tuple[str, ...] = Field(min_length=1)
    validate_every: int = Field(5, ge=1)
