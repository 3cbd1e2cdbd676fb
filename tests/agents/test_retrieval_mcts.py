"""Retrieval-guided tree search: trust, its limits, and the policy's parts by plain algebra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from archgym import Integer, Sequence
from archgym.agents.mcts import MctsAgent
from archgym.agents.retrieval_mcts import RetrievalMctsAgent, trust
from archgym.agents.word_policy import TrainedPolicy, Vocabulary, WordPolicy
from archgym.cost_models.synthesis.graph import workload_graph
from archgym.errors import SettingError
from archgym.testing.searches import FunctionModel
from archgym.workload_graph import WorkloadGraph
from tests.agents.searches import codes_of, problem_of, records_of

GRAPH = WorkloadGraph(
    vocabulary="toy",
    kinds=("leaf", "node"),
    kind=np.array([0, 0, 1]),
    edges=np.array([[0, 2], [1, 2]]),
    marked=np.array([True, False]),
)
WORD = Sequence("word", tuple("abc"), 6, min_length=6)
FREE = Sequence("word", tuple("abc"), 6, min_length=1)
VOCABULARY = Vocabulary("toy", GRAPH.kinds, WORD.alphabet)


class ShownModel(FunctionModel):
    """Has a graph of its workload."""

    def graph(self, workload: Any) -> WorkloadGraph:
        return GRAPH


def score(batch: Any) -> Any:
    word = batch.codes[:, -6:]
    return 1.0 + (word[:, 1:] == (word[:, :-1] + 1) % 3).sum(axis=1)


def shown_problem(*parameters: Any) -> Any:
    problem = problem_of(*parameters, function=score)
    object.__setattr__(problem, "cost_model", ShownModel(score))
    return problem


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy that expects b after a, c after b, a after c."""
    torch.manual_seed(0)
    network = WordPolicy(VOCABULARY)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    words = torch.tensor([[0, 1, 2, 0, 1, 2], [1, 2, 0, 1, 2, 0], [2, 0, 1, 2, 0, 1]])
    for _ in range(60):
        logits = network(network.embed(GRAPH).expand(3, -1), words, torch.full((3,), 6))
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), words.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        known = network.embed(GRAPH)[None].double().numpy()
    TrainedPolicy(network, known).save(tmp_path / "policy.npz")
    return tmp_path / "policy.npz"


@pytest.mark.parametrize(
    ("distance", "alpha"), [(0.001, 0.646), (0.002, 0.622), (0.008, 0.475), (0.125, 0.0)]
)
def test_trust_is_that_of_the_published_code(distance: float, alpha: float) -> None:
    """Vectors of ABC-RL's code: temperature 100, threshold 0.007."""
    assert trust(distance, 100.0, 0.007) == pytest.approx(alpha, abs=5e-4)
    assert trust(1e9, 100.0, 0.007) == 0.0


@pytest.mark.parametrize("parameters", [(WORD,), (Integer("x", 0, 3), FREE)])
def test_without_trust_it_asks_for_what_plain_tree_search_asks(
    policy: Path, parameters: Any
) -> None:
    problem = shown_problem(*parameters)
    plain = codes_of(records_of(MctsAgent(problem, 3, exploration=1.0), 60))
    blind = RetrievalMctsAgent(problem, 3, policy=str(policy), alpha=0.0)
    assert (codes_of(records_of(blind, 60)) == plain).all()
    trusting = RetrievalMctsAgent(problem, 3, policy=str(policy), alpha=0.66)
    assert (codes_of(records_of(trusting, 60)) != plain).any()


def test_a_problem_that_no_policy_knows_is_searched_plainly() -> None:
    problem = problem_of(WORD, function=score)
    agent = RetrievalMctsAgent(problem, 1)
    assert (agent.distance, agent.alpha) == (np.inf, 0.0)
    plain = codes_of(records_of(MctsAgent(problem, 1, exploration=1.0), 40))
    assert (codes_of(records_of(agent, 40)) == plain).all()


def test_follows_the_policy_on_a_workload_it_learnt_from(policy: Path) -> None:
    problem = shown_problem(WORD)
    agent = RetrievalMctsAgent(problem, 0, policy=str(policy))
    assert agent.distance == pytest.approx(0.0, abs=1e-6)
    assert agent.alpha == pytest.approx(trust(0.0, 700.0, 0.001), abs=1e-3)
    sharp = {"temperature": 100.0, "threshold": 0.0}
    assert RetrievalMctsAgent(problem, 0, policy=str(policy), **sharp).alpha == pytest.approx(
        0.5, abs=1e-3
    )
    first = agent.ask(8)
    assert score(first).mean() > 4.0  # drawn uniformly it is 2.7, with a deviation below 0.4


def test_a_policy_that_is_hardly_trusted_is_not_asked(policy: Path) -> None:
    trained = TrainedPolicy.load(policy)
    trained.known[:] = trained.known[:, ::-1]
    trained.save(policy)
    problem = shown_problem(WORD)
    agent = RetrievalMctsAgent(problem, 3, policy=str(policy))
    assert agent.distance > 0.01
    assert agent.alpha == 0.0
    plain = codes_of(records_of(MctsAgent(problem, 3, exploration=1.0), 40))
    assert (codes_of(records_of(agent, 40)) == plain).all()


def test_preferences_are_powers_of_the_policys_probabilities(policy: Path) -> None:
    agent = RetrievalMctsAgent(
        shown_problem(Integer("x", 0, 3), FREE), 0, policy=str(policy), alpha=0.5
    )
    partial = agent._one
    agent._one.restart(np.zeros(1, dtype=np.int64))
    assert (agent._preferences(partial) == 1.0).all()  # x and the length are no symbols
    for index in (1, 5, 0, 1):
        partial.choose(np.zeros(1, dtype=np.int64), np.array([index]))
    network, prefix = agent._policy.network, torch.tensor([[0, 1, 0]])  # type: ignore[union-attr]
    with torch.no_grad():
        logits = network(network.embed(GRAPH)[None], prefix, torch.tensor([6]))
    wanted = logits[0, 2].double().softmax(dim=0).numpy() ** 0.5
    assert agent._preferences(partial)[0, :3] == pytest.approx(wanted, rel=1e-4)


def test_a_symbol_depends_on_those_before_it_alone() -> None:
    torch.manual_seed(1)
    network = WordPolicy(VOCABULARY)
    words = torch.tensor([[0, 1, 2, 0], [0, 1, 1, 2]])
    graphs = network.embed(GRAPH).expand(2, -1)
    logits = network(graphs, words, torch.tensor([4, 4]))
    assert torch.equal(logits[0, :3], logits[1, :3])
    assert not torch.equal(logits[0, 3], logits[1, 3])


def test_the_embedding_is_two_convolutions_by_plain_algebra() -> None:
    torch.manual_seed(2)
    network = WordPolicy(VOCABULARY)
    degree = np.array([2.0, 2.0, 3.0])
    linked = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 1]]) / np.sqrt(np.outer(degree, degree))
    hidden = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 1.0]])
    for layer in (network.first, network.second):
        weight, bias = (part.detach().numpy() for part in (layer.weight, layer.bias))
        hidden = np.maximum(linked @ hidden @ weight.T + bias, 0.0)
    found = network.embed(GRAPH).detach().numpy()
    assert found == pytest.approx(np.concatenate([hidden.mean(0), hidden.max(0)]), rel=1e-4)


def test_distance_is_the_cosine_distance_to_the_nearest() -> None:
    policy = TrainedPolicy(WordPolicy(VOCABULARY), np.array([[1.0, 0.0], [0.0, 2.0]]))
    assert policy.distance(np.array([3.0, 0.0])) == pytest.approx(0.0)
    assert policy.distance(np.array([1.0, 1.0])) == pytest.approx(1 - np.sqrt(0.5))


def test_policies_for_other_words_and_broken_files_are_refused(policy: Path) -> None:
    other = Sequence("word", tuple("abcd"), 6, min_length=6)
    with pytest.raises(SettingError, match="other words or graphs"):
        RetrievalMctsAgent(shown_problem(other), 0, policy=str(policy))
    policy.write_bytes(policy.read_bytes()[:100])
    with pytest.raises(SettingError, match="is no policy"):
        RetrievalMctsAgent(shown_problem(WORD), 0, policy=str(policy))
    with pytest.raises(SettingError, match=r"nowhere\.npz: is no policy"):
        RetrievalMctsAgent(shown_problem(WORD), 0, policy="nowhere.npz")


def test_an_aig_as_a_graph() -> None:
    """a AND NOT b, inverted at the output: 2 inputs, 1 gate, 1 output."""
    graph = workload_graph(b"aag 3 2 0 1 1\n2\n4\n7\n6 5 2\n")
    assert graph.kind.tolist() == [0, 0, 0, 1, 2]
    edges = sorted(zip(graph.edges.tolist(), graph.marked.tolist(), strict=True))
    assert edges == [([1, 3], False), ([2, 3], True), ([3, 4], True)]
