"""Trains a policy over words from the best designs of finished trials, for `retrieval_mcts`.

Usage: python -m archgym.experiments.pretrain_policy LAUNCH.yaml [--store DIR] [--output FILE.npz]

Run the launch first. A file of the same name that ends in .json says what the policy came from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence as Items
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import StoreError
from archgym.experiments.plan import read_plan
from archgym.outcome import Floats
from archgym.problem import Problem
from archgym.results.reader import batch_of, read_rows
from archgym.results.spec import TrialSpec
from archgym.results.store import Store
from archgym.word_parameters import Sequence
from archgym.workload_graph import WorkloadGraph

OUTPUT = Path(__file__).resolve().parents[1] / "agents" / "policies" / "std7.npz"
_ELITE = 0.1
_EPOCHS, _LEARNING_RATE, _DECAY = 60, 3e-3, 1e-4
_BATCH = 64
# Keeps preferences mild: a search must be able to leave them.
_SMOOTHING = 0.1


@dataclass(frozen=True)
class Lesson:
    """The best words of one trial.

    Attributes:
        graph: The workload's.
        words: Symbols, shape (n, length).
        weights: How much each counts, shape (n,), sum 1.
    """

    graph: WorkloadGraph
    words: NDArray[np.int64]
    weights: Floats


def read_lessons(trials: Items[TrialSpec], store: Store) -> tuple[list[Lesson], tuple[str, ...]]:
    """Return what finished trials teach, and the alphabet of their words.

    Raises:
        StoreError: A trial has not been run, or its problem has no word or no graph.
    """
    lessons, alphabet = [], tuple[str, ...]()
    for trial in trials:
        problem = trial.make_problem()
        try:
            rows = read_rows(store.folder(trial))
            word, graph = _word(problem), problem.cost_model.graph(problem.workload)
            if rows is None or word is None or graph is None:
                raise StoreError(f"{trial.label}: is not run, or its problem has no word or graph")
            alphabet = tuple(map(str, word.alphabet))
            lessons.append(_lesson(graph, word, problem, rows))
        finally:
            getattr(problem.cost_model, "close", lambda: None)()
    return lessons, alphabet


def _word(problem: Problem) -> Sequence | None:
    return next((p for p in problem.space.parameters if isinstance(p, Sequence)), None)


def _lesson(graph: WorkloadGraph, word: Sequence, problem: Problem, rows: Any) -> Lesson:
    """Return the best different words; those of higher rank count more."""
    codes, reward = batch_of(rows, problem).codes, rows["reward"].to_numpy()
    stop = problem.space.columns[word.name].stop
    words = codes[:, stop - word.max_length : stop]
    unique, first = np.unique(words, axis=0, return_index=True)
    order = np.argsort(-reward[first], kind="stable")[: max(1, int(_ELITE * len(unique)))]
    weights = np.arange(len(order), 0, -1, dtype=np.float64)
    return Lesson(graph, unique[order].astype(np.int64), weights / weights.sum())


def train(lessons: Items[Lesson], alphabet: tuple[str, ...], seed: int = 0) -> tuple[Any, float]:
    """Return the trained policy and its last loss, the cross-entropy of a symbol.

    Args:
        lessons: At least one; all of one graph vocabulary.
        alphabet: Of the words.
        seed: Of everything random.
    """
    import torch

    from archgym.agents.word_policy import TrainedPolicy, Vocabulary, WordPolicy
    from archgym.torch_session import torch_session

    graphs = [lesson.graph for lesson in lessons]
    vocabulary = Vocabulary(graphs[0].vocabulary, graphs[0].kinds, alphabet)
    with torch_session():
        torch.manual_seed(seed)
        network = WordPolicy(vocabulary)
        loss = _descend(network, lessons, np.random.default_rng(seed))
        with torch.no_grad():
            known = torch.stack([network.embed(graph) for graph in graphs]).double().numpy()
    return TrainedPolicy(network.eval(), np.unique(known, axis=0)), loss


def _descend(network: Any, lessons: Items[Lesson], rng: np.random.Generator) -> float:
    """Fit the network, one lesson at a time in random order; return the last epoch's loss."""
    import torch

    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _EPOCHS)
    for _ in range(_EPOCHS):
        losses = []
        for at in rng.permutation(len(lessons)):
            loss = _loss(network, lessons[at], rng)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        pace.step()
    return float(np.mean(losses))


def _loss(network: Any, lesson: Lesson, rng: np.random.Generator) -> Any:
    """Return the cross-entropy of some words of a lesson, drawn by their weights."""
    import torch

    drawn = rng.choice(len(lesson.words), _BATCH, p=lesson.weights)
    words = torch.from_numpy(lesson.words[drawn])
    lengths = torch.full((len(words),), words.shape[1])
    embedding = network.embed(lesson.graph)[None].expand(len(words), -1)
    logits = network(embedding, words, lengths)
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), words.flatten(), label_smoothing=_SMOOTHING
    )


def provenance(launch: Path, trials: Items[TrialSpec], loss: float, seed: int) -> dict[str, Any]:
    """Return what a policy was made of, as plain data."""
    from importlib.metadata import version

    return {
        "launch": launch.name,
        "runs": [trial.run_id for trial in trials],
        "problems": sorted({trial.problem_label for trial in trials}),
        "cost_models": sorted({str(trial.data["cost_model_version"]) for trial in trials}),
        "seed": seed,
        "epochs": _EPOCHS,
        "elite": _ELITE,
        "label_smoothing": _SMOOTHING,
        "final_loss": round(loss, 6),
        "torch": version("torch"),
    }


def main(arguments: Items[str] | None = None) -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("launch", type=Path)
    parser.add_argument("--store", type=Path, default=Path("runs"))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    trials = read_plan(given.launch).trials
    lessons, alphabet = read_lessons(trials, Store.open(given.store))
    policy, loss = train(lessons, alphabet, given.seed)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    policy.save(given.output)
    origin = provenance(given.launch, trials, loss, given.seed)
    given.output.with_suffix(".json").write_text(json.dumps(origin, indent=1) + "\n")
    print(f"{given.output}: {len(lessons)} trials, cross-entropy {loss:.3f} of a symbol")


_Raw = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    main()
