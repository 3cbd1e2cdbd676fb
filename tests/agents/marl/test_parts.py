"""The parts of the team learners, against definitions and plain computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch.distributions import Categorical, Normal, TanhTransform, TransformedDistribution

from archgym.agents.marl.advantages import generalised_advantages, standardised
from archgym.agents.marl.critics import RunningScale
from archgym.agents.marl.fitness import shaped
from archgym.agents.marl.joint_critic import JointCritic
from archgym.agents.marl.layout import ActionLayout, TeamActions, layout_of, native_action
from archgym.agents.marl.networks import StackedMlp, TeamMlp, clip_gradients
from archgym.agents.marl.policy import TeamPolicy
from archgym.agents.marl.replay import ReplayBuffer, Transitions

SPACES = [
    spaces.Discrete(4, start=2),
    spaces.MultiDiscrete([3, 2]),
    spaces.Box(-2.0, 6.0, (2,), np.float32),
]
LAYOUT = ActionLayout(((4,), (3, 2), ()), (0, 0, 2), forbidden=((0, 0, 1),))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def policy(floor: float = 0.0, shared: bool = False) -> TeamPolicy:
    made = TeamPolicy(LAYOUT, 5, 8, shared, rng(), floor=floor)
    noise = np.random.default_rng(1)
    with torch.no_grad():  # Far from the uniform distribution that networks begin with.
        for weights in made.parameters():
            weights += torch.from_numpy(0.4 * noise.standard_normal(weights.shape)).float()
    return made


def situations(count: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2).standard_normal((count, 3, 5))).float()


class TestLayout:
    def test_takes_the_spaces_of_gymnasium(self):
        layout = layout_of(SPACES)
        assert (layout.choices, layout.numbers) == (((4,), (3, 2), ()), (0, 0, 2))
        assert layout.allowed.sum(axis=2).tolist() == [[4, 1], [3, 2], [1, 1]]
        assert layout.real_numbers.tolist() == [[False] * 2, [False] * 2, [True] * 2]
        assert layout.largest_entropy == pytest.approx([math.log(4), math.log(6), 0.0])

    def test_what_is_sampled_lies_in_the_spaces_and_reaches_all_of_them(self):
        drawn = policy()(situations(1)).sample(rng(), 400)
        for agent, space in enumerate(SPACES):
            actions = [
                native_action(space, drawn.index[n, agent], drawn.numbers[n, agent])
                for n in range(400)
            ]
            assert all(space.contains(action) for action in actions)
        assert len(set(drawn.index[:, 0, 0])) == 3, "one of four values is forbidden"
        assert 1 not in drawn.index[:, 0, 0]

    def test_the_ends_of_a_box_are_those_of_its_numbers(self):
        ends = [native_action(SPACES[2], np.zeros(0), np.full(2, x)) for x in (-1.0, 0.0, 1.0)]
        assert [end.tolist() for end in ends] == [[-2, -2], [2, 2], [6, 6]]


class TestNetworks:
    def test_stacked_networks_equal_single_ones(self):
        stack, inputs = StackedMlp(3, 4, 2, 8, rng()), torch.randn(3, 7, 4)
        together = stack(inputs)
        for group in range(3):
            hidden = inputs[group]
            layers = list(zip(stack.weights, stack.biases, strict=True))
            for weight, bias in layers[:-1]:
                hidden = torch.tanh(hidden @ weight[group] + bias[group])
            alone = hidden @ layers[-1][0][group] + layers[-1][1][group]
            assert torch.allclose(together[group], alone, atol=1e-6)

    def test_a_shared_network_is_told_whose_turn_it_is(self):
        net = TeamMlp(3, 4, 2, 8, True, rng())
        alike = net(torch.ones(1, 3, 4))[0]
        assert not torch.allclose(alike[0], alike[1])
        assert sum(p.numel() for p in net.parameters()) < sum(
            p.numel() for p in TeamMlp(3, 4, 2, 8, False, rng()).parameters()
        )

    def test_first_weights_are_orthogonal(self):
        weight = StackedMlp(2, 8, 3, 8, rng()).weights[1].detach()
        for group in weight:
            assert torch.allclose(group @ group.T, 2.0 * torch.eye(8), atol=1e-5)

    def test_gradients_are_clipped_per_group(self):
        net = StackedMlp(2, 4, 2, 8, rng())
        (net(torch.ones(2, 5, 4)) * torch.tensor([1e-3, 1e3]).view(2, 1, 1)).sum().backward()
        before = [p.grad.clone() for p in net.parameters()]
        clip_gradients(net, 0.5)
        for own, old in zip(net.parameters(), before, strict=True):
            assert torch.equal(own.grad[0], old[0]), "small gradients stay"
        norm = torch.cat([p.grad[1].flatten() for p in net.parameters()]).norm()
        assert norm.item() == pytest.approx(0.5, rel=1e-3)


class TestPolicy:
    @pytest.mark.parametrize("shared", [False, True])
    def test_log_probabilities_are_those_of_torch_distributions(self, shared):
        distribution = policy(shared=shared)(situations(6))
        drawn = distribution.sample(rng())
        index, raw = torch.from_numpy(drawn.index), torch.from_numpy(drawn.raw)
        ours = distribution.log_prob(index, raw)
        choices = Categorical(logits=distribution.log_p).log_prob(index).sum(dim=2)
        numbers = Normal(distribution.mean, distribution.log_deviation.exp()).log_prob(raw)
        assert torch.allclose(ours[:, :2], choices[:, :2], atol=1e-5)
        assert torch.allclose(ours[:, 2], numbers[:, 2].sum(dim=1), atol=1e-5)

    def test_entropies_are_those_of_torch_distributions(self):
        distribution = policy()(situations(6))
        choices = Categorical(logits=distribution.log_p).entropy().sum(dim=2)
        normal = Normal(distribution.mean, distribution.log_deviation.exp())
        assert torch.allclose(distribution.entropy()[:, :2], choices[:, :2], atol=1e-5)
        assert torch.allclose(distribution.entropy()[:, 2], normal.entropy()[:, 2].sum(dim=1))
        raw = torch.from_numpy(distribution.sample(rng()).raw)
        squashed = TransformedDistribution(normal, TanhTransform(cache_size=1))
        density = squashed.log_prob(TanhTransform()(raw))[:, 2].sum(dim=1)
        assert torch.allclose(distribution.squashed_entropy(raw)[:, 2], -density, atol=1e-3)

    def test_samples_have_the_frequencies_of_the_distribution(self):
        distribution = policy()(situations(1))
        drawn = distribution.sample(rng(), 20_000)
        for agent, choice in ((0, 0), (1, 0), (1, 1)):
            counts = np.bincount(drawn.index[:, agent, choice], minlength=4) / 20_000
            wanted = distribution.log_p[0, agent, choice].exp().detach().numpy()
            assert counts == pytest.approx(wanted, abs=0.02)
        assert drawn.raw[:, 2].mean(axis=0) == pytest.approx(
            distribution.mean[0, 2].detach().numpy(), abs=0.05
        )

    def test_the_floor_mixes_the_uniform_distribution_in(self):
        plain, mixed = policy()(situations(4)), policy(floor=0.3)(situations(4))
        allowed = torch.from_numpy(LAYOUT.allowed)
        uniform = allowed / allowed.sum(dim=2, keepdim=True)
        wanted = 0.7 * plain.log_p.exp() + 0.3 * uniform
        assert torch.allclose(mixed.log_p.exp(), wanted, atol=1e-6)

    def test_gradients_are_finite_where_values_are_forbidden(self):
        made = policy(floor=0.3)
        distribution = made(situations(4))
        drawn = distribution.sample(rng())
        chosen = distribution.log_prob(torch.from_numpy(drawn.index), torch.from_numpy(drawn.raw))
        (chosen.sum() + distribution.entropy().sum()).backward()
        assert all(torch.isfinite(p.grad).all() for p in made.parameters())


class TestAdvantages:
    def test_equal_the_definition_step_by_step(self):
        random, steps, shape = rng(), 9, (9, 2, 3)
        rewards, values, bootstrap = (
            random.standard_normal(shape).astype(np.float32) for _ in range(3)
        )
        last = random.standard_normal(shape[1:]).astype(np.float32)
        ended = random.random(shape)
        terminated, cut = ended < 0.2, (ended > 0.2) & (ended < 0.4)
        ours = generalised_advantages(rewards, values, last, terminated, cut, bootstrap, 0.9, 0.8)
        for place in np.ndindex(shape[1:]):
            for start in range(steps):
                total, weight = 0.0, 1.0
                for step in range(start, steps):
                    at = (step, *place)
                    after = values[(step + 1, *place)] if step + 1 < steps else last[place]
                    after = 0.0 if terminated[at] else bootstrap[at] if cut[at] else after
                    total += weight * (rewards[at] + 0.9 * after - values[at])
                    if terminated[at] or cut[at]:
                        break
                    weight *= 0.9 * 0.8
                assert ours[(start, *place)] == pytest.approx(total, abs=1e-5)

    def test_are_standardised_over_what_counts(self):
        values = np.array([[1.0, 100.0], [3.0, 100.0]], np.float32)
        weights = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
        assert standardised(values, weights)[:, 0].tolist() == [-1.0, 1.0]
        assert np.isfinite(standardised(np.ones((3, 2), np.float32), np.ones((3, 2)))).all()


def test_a_running_scale_equals_mean_and_deviation_of_all():
    parts = [rng().standard_normal(size) * 3 + 7 for size in (5, 1, 40)]
    scale, everything = RunningScale(), np.concatenate(parts)
    for part in parts:
        scale.see(part)
    assert scale.mean == pytest.approx(everything.mean())
    assert scale.deviation == pytest.approx(everything.std())
    assert scale.unscaled(scale.scaled(everything)) == pytest.approx(everything, abs=1e-5)


def test_fitness_is_the_log_share_of_designs_at_least_as_good():
    known = np.array([-1.0, 0.5, 0.5, 2.0])
    worth = shaped(np.array([[-1.0, 0.5, 2.0, 3.0, np.nan]]), known)[0]
    assert worth[:3] == pytest.approx(-np.log([4.5 / 5, 3 / 5, 1.5 / 5]))
    assert worth[3] > worth[2] > worth[1] > worth[0] > 0
    assert np.isnan(worth[4])


def test_a_replay_buffer_keeps_the_newest():
    buffer, number = ReplayBuffer(10), np.arange(23, dtype=np.float32)
    for part in np.array_split(number, 5):
        one = part.reshape(-1, 1)
        zeros = np.zeros((len(part), 1, 1), np.float32)
        buffer.add(Transitions(zeros, zeros, zeros, one, zeros, one, one))
    assert len(buffer) == 10
    assert sorted(buffer.column("rewards")[:, 0]) == number[-10:].tolist()
    rows, drawn = buffer.sample(rng(), 50)
    assert (buffer.column("rewards")[rows] == drawn.rewards.numpy()).all()


class TestJointCritic:
    """On a game whose worth is known: two agents of three values, worth row + 10 * column."""

    def make(self, alternatives: int) -> tuple[JointCritic, TeamActions]:
        layout = ActionLayout(((3,), (3,)), (0, 0))
        critic = JointCritic(layout, 32, 1e-2, alternatives, rng())
        index = np.stack(np.divmod(np.arange(9), 3), axis=1)[:, :, None]
        actions = TeamActions(index, np.zeros((9, 2, 0), np.float32))
        worth = (index[:, 0, 0] + 10.0 * index[:, 1, 0]).astype(np.float32)
        critic.fit(critic.features(actions), worth, 400, 64)
        return critic, actions

    def test_expects_what_one_agent_alone_would_earn_by_choosing_anew(self):
        critic, actions = self.make(alternatives=200)
        layout = ActionLayout(((3,), (3,)), (0, 0))
        uniform = TeamPolicy(layout, 1, 8, False, rng())(torch.zeros(1, 2, 1))
        expected = critic.baselines(actions, uniform)
        row, column = actions.index[:, 0, 0], actions.index[:, 1, 0]
        assert expected[:, 0] == pytest.approx(1.0 + 10.0 * column, abs=0.8)
        assert expected[:, 1] == pytest.approx(row + 10.0, abs=2.5)

    def test_does_not_look_at_what_the_agent_itself_did(self):
        critic, actions = self.make(alternatives=400)
        layout = ActionLayout(((3,), (3,)), (0, 0))
        uniform = TeamPolicy(layout, 1, 8, False, rng())(torch.zeros(1, 2, 1))
        table = critic.baselines(actions, uniform)[:, 0].reshape(3, 3)
        assert np.ptp(table, axis=0).max() < 0.3 < np.ptp(table, axis=1).min()
