"""Independent soft actor-critic of a whole team at once.

Every agent has an actor, twin critics and a temperature of its own. A critic says what each value
of each choice is worth, and what the numbers are worth; the worth of an action is their sum, so
choices need no sampling (as in discrete SAC) and agents with many choices no joint table.

Sources: Haarnoja et al., Soft actor-critic algorithms and applications, arXiv 1812.05905;
Christodoulou, Soft actor-critic for discrete action settings, arXiv 1910.07207; the sum over
choices: Tavakoli et al., Action branching architectures, arXiv 1711.08946.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from archgym.agents.marl.critics import weighted_mean
from archgym.agents.marl.layout import ActionLayout
from archgym.agents.marl.networks import TeamMlp, descend
from archgym.agents.marl.policy import TeamDistribution, TeamPolicy
from archgym.agents.marl.replay import Transitions

_LOG_TEMPERATURE_RANGE = -10.0, 4.0


@dataclass(frozen=True)
class SacSettings:
    """How policies are improved.

    Attributes:
        learning_rate: Step size of actors, critics and temperatures.
        discount: Of rewards per step.
        blend: How far target critics move towards the critics per update.
        entropy_share: Target entropy of choices as a share of the largest.
        temperature: The first temperature.
    """

    learning_rate: float = 3e-4
    discount: float = 0.99
    blend: float = 0.005
    entropy_share: float = 0.5
    temperature: float = 0.2


class TeamCritic(nn.Module):
    """What each agent's choices and numbers are worth.

    Args:
        layout: What the agents choose.
        observation_size: Features of an agent.
        width: Neurons per hidden layer.
        shared: Whether all agents use one network.
        rng: Draws the first weights.
    """

    def __init__(
        self,
        layout: ActionLayout,
        observation_size: int,
        width: int,
        shared: bool,
        rng: np.random.Generator,
    ):
        super().__init__()
        self._shape = layout.most_choices, layout.most_values
        outputs = layout.most_choices * layout.most_values + 1
        inputs = observation_size + layout.most_numbers
        self._mlp = TeamMlp(layout.agents, inputs, outputs, width, shared, rng)
        counted = np.zeros(layout.allowed.shape[:2], dtype=np.float32)
        for agent, sizes in enumerate(layout.choices):
            counted[agent, : len(sizes)] = 1.0
        self._counted = torch.from_numpy(counted)[:, :, None]

    def forward(self, observations: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the worth of values (N, A, K, V), and of situation and numbers (N, A)."""
        if numbers.shape[2]:
            observations = torch.cat([observations, numbers], dim=2)
        results = self._mlp(observations)
        table = results[..., :-1].reshape(*results.shape[:2], *self._shape)
        return table * self._counted, results[..., -1]


class SacLearner:
    """Improves a team's policy from any transitions.

    Args:
        policy: The policy.
        settings: How.
        observation_size: Features of an agent.
        width: Neurons per hidden layer of critics.
        shared: Whether all agents use one network.
        rng: Draws weights and noise.
    """

    def __init__(
        self,
        policy: TeamPolicy,
        settings: SacSettings,
        observation_size: int,
        width: int,
        shared: bool,
        rng: np.random.Generator,
    ):
        self.policy, self._settings, self._rng = policy, settings, rng
        layout = policy.layout
        self._critics = nn.ModuleList(
            TeamCritic(layout, observation_size, width, shared, rng) for _ in range(2)
        )
        self._targets = copy.deepcopy(self._critics)
        first = float(np.log(settings.temperature))
        self._log_temperature = nn.Parameter(torch.full((layout.agents,), first))
        self._largest = torch.from_numpy(layout.largest_entropy.astype(np.float32))
        self._fewest = -torch.tensor(layout.numbers, dtype=torch.float32)
        self.entropy_share = settings.entropy_share
        rate = settings.learning_rate
        self._actor_step = torch.optim.Adam(policy.parameters(), rate, fused=True)
        self._critic_step = torch.optim.Adam(self._critics.parameters(), rate, fused=True)
        self._temperature_step = torch.optim.Adam([self._log_temperature], rate, fused=True)

    def update(self, sample: Transitions) -> None:
        """Take one step of critics, actors and temperatures from sampled transitions.

        Observations may be of one row where all samples share it and there are no numbers.
        """
        temperature = self._log_temperature.detach().exp()
        goal = self._goal(sample, temperature)
        missed = sum((_worth(critic, sample) - goal).square() for critic in self._critics)
        miss = weighted_mean(torch.as_tensor(missed), sample.weights)
        descend(self._critics, self._critic_step, miss)
        distribution = self.policy(sample.observations)
        worth, entropy = self._expected(self._critics, sample.observations, distribution)
        loss = -weighted_mean(worth + temperature * entropy, sample.weights)
        descend(self.policy, self._actor_step, loss)
        surplus = entropy.detach() - self.entropy_share * self._largest - self._fewest
        pressure = (self._log_temperature * surplus.mean(dim=0)).sum()
        descend(self.policy, self._temperature_step, pressure)
        with torch.no_grad():
            self._log_temperature.clamp_(*_LOG_TEMPERATURE_RANGE)
            pairs = zip(self._targets.parameters(), self._critics.parameters(), strict=True)
            for target, now in pairs:
                target.lerp_(now, self._settings.blend)

    def _goal(self, sample: Transitions, temperature: Tensor) -> Tensor:
        with torch.no_grad():
            distribution = self.policy(sample.following)
            worth, entropy = self._expected(self._targets, sample.following, distribution)
            after = (1.0 - sample.terminated) * (worth + temperature * entropy)
            return torch.as_tensor(sample.rewards + self._settings.discount * after)

    def _expected(
        self, critics: nn.ModuleList, observations: Tensor, distribution: TeamDistribution
    ) -> tuple[Tensor, Tensor]:
        """Return expected worth and entropy of each agent's action, shape (N, A) both."""
        shape = distribution.mean.shape
        noise = torch.from_numpy(self._rng.standard_normal(shape, dtype=np.float32))
        raw = distribution.mean + distribution.log_deviation.exp() * noise
        numbers = torch.tanh(raw)
        judged = [critic(observations, numbers) for critic in critics]
        table = torch.minimum(judged[0][0], judged[1][0])
        base = torch.minimum(judged[0][1], judged[1][1])
        worth = (distribution.log_p.exp() * table).sum(dim=(2, 3)) + base
        return worth, distribution.choice_entropy() + distribution.squashed_entropy(raw)


def _worth(critic: nn.Module, sample: Transitions) -> Tensor:
    table, base = critic(sample.observations, torch.tanh(sample.raw))
    table = table.expand(len(sample.index), -1, -1, -1)
    chosen: Tensor = table.gather(3, sample.index.unsqueeze(3)).squeeze(3).sum(dim=2)
    worth: Tensor = chosen + base
    return worth
