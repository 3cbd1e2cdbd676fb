"""All evaluations of a store, by whichever cost model: of searches and of re-checks alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder, Store


@dataclass(frozen=True)
class Evaluations:
    """Where the evaluations of one cost model in one run lie.

    Attributes:
        spec: What they are evaluations of; for those of a re-check with the true cost model.
        folder: Their files.
        run_id: The run.
    """

    spec: TrialSpec
    folder: RunFolder
    run_id: str


def evaluations_of(store: Store) -> Iterator[Evaluations]:
    """Yield the evaluations of each run, those of its search before those of its re-check.

    Raises:
        StoreError: A run is damaged.
    """
    for folder in store.runs():
        spec = TrialSpec.of(folder.read_run()["spec"])
        yield Evaluations(spec, folder, folder.run_id)
        if spec.recheck is not None and folder.recheck.parts():
            yield Evaluations(spec.true_spec, folder.recheck, folder.run_id)
