"""What recipes make of a circuit, as a cost model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.synthesis.abc_process import EngineError, EngineTimeoutError
from archgym.cost_models.synthesis.actions import parse_recipe
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.columns import (
    CHAIN,
    FINISHER,
    LIBRARY,
    MAPPING,
    OFF,
    PLAIN,
    RECIPE,
)
from archgym.cost_models.synthesis.engine import Engine, find_engine
from archgym.cost_models.synthesis.equivalence import NO, VERDICTS
from archgym.cost_models.synthesis.graph import workload_graph
from archgym.cost_models.synthesis.libraries import find_library
from archgym.cost_models.synthesis.mapper import LibraryError
from archgym.cost_models.synthesis.session import Session, State, Synthesized, Synthesizer
from archgym.errors import SettingError
from archgym.metric import Metric
from archgym.outcome import Measurements, Status
from archgym.workload_graph import WorkloadGraph

ALWAYS, SAMPLED, NEVER = "always", "sampled", "never"
CHECKS = (ALWAYS, SAMPLED, NEVER)
_SAMPLED_SHARE = 1 / 32

METRICS = (
    Metric("and_count", "1", "minimize", "AND gates of the AIG after the last pass"),
    Metric("level", "1", "minimize", "its depth in gates"),
    Metric("gates", "1", "minimize", "mapped gates, or look-up tables"),
    Metric("mapped_area", "1", "minimize", "in the library's unit, or look-up tables"),
    Metric("mapped_delay", "1", "minimize", "in the library's unit, or levels of look-up tables"),
    Metric("area_delay_product", "1", "minimize", "mapped_area x mapped_delay"),
    Metric(
        "adp_vs_resyn2",
        "1",
        "minimize",
        "area_delay_product / that of resyn2 (plain chain, no finisher); below 1 is better",
    ),
    Metric(
        "lut_cost",
        "1",
        "minimize",
        "mapped_area / resyn2's + mapped_delay / resyn2's, as BOiLS has it; 2 is as good",
    ),
    Metric(
        "equivalent",
        "1",
        "neutral",
        "whether the final AIG is proved to be the circuit",
        words=VERDICTS,
    ),
)
_NAMES = tuple(metric.name for metric in METRICS)


@dataclass(frozen=True)
class Design:
    """One row of a table of designs."""

    recipe: str
    mapping: str
    library: str
    chain: str
    finisher: str


class RecipeModel(CostModel):
    """A real ABC, kept alive; everything is computed once.

    Args:
        abc: Path of the executable; found as `find_engine` says where empty.
        limit_s: Wall-clock limit of one pass or mapping in seconds.
        check: When equivalence is proved: "always", "sampled" (about one final network in 32,
            picked by its hash), or "never".
        library: The library of designs that name none. If it cannot be used, that is an error of
            the whole problem, not of a design.
    """

    name = "abc"
    fidelity = "tool"
    metrics = METRICS
    sources = (
        "Brayton, Mishchenko, ABC: an academic industrial-strength verification tool, CAV 2010",
        "reference and area-delay product as in ABC-RL, ICLR 2024",
    )
    leaves_out = (
        "placement, wires, buffering, sizing: delays are those of gates",
        "sequential circuits",
    )
    checked_against = ("it is the tool itself",)

    def __init__(self, abc: str, limit_s: float, check: str, library: str):
        self._abc, self._limit_s, self._check, self._library = abc, limit_s, check, library
        self._synthesizer: Synthesizer | None = None

    def __getstate__(self) -> dict[str, object]:
        """Return the options; each process of ours starts engines of its own."""
        return self.__dict__ | {"_synthesizer": None}

    @property
    def engine(self) -> Engine:
        """The ABC that is used.

        Raises:
            SettingError: There is none. Says how to get one.
        """
        return self.synthesizer.engine

    @property
    def version(self) -> str:  # type: ignore[override]
        """Of this model and of the executable: other executables may give other numbers."""
        return f"1+{self.engine.sha256[:12]}"

    @property
    def provenance(self) -> Mapping[str, str]:
        engine = self.engine
        return {
            "engine": engine.name,
            "engine_version": engine.version,
            "binary_sha256": engine.sha256,
        }

    @property
    def synthesizer(self) -> Synthesizer:
        """The engine processes and sessions, made when first needed."""
        if self._synthesizer is None:
            self._synthesizer = Synthesizer(find_engine(self._abc), self._limit_s)
        return self._synthesizer

    def session(self, workload: Circuit) -> Session:
        """Return the session of a circuit, which all evaluations of this model share."""
        return self.synthesizer.session(workload)

    def graph(self, workload: Circuit) -> WorkloadGraph:
        """Return the network as loaded."""
        return workload_graph(self.session(workload).root.aiger)

    def evaluate(self, batch: Batch, workload: Circuit) -> Measurements:
        session = self.session(workload)
        table = np.full((len(batch), len(_NAMES)), np.nan)
        status, error = np.zeros(len(batch), dtype=np.uint8), dict[int, str]()
        for row, design in enumerate(designs_of(batch)):
            if design.mapping == OFF:
                error[row] = ""
            try:
                table[row] = self._measure(session, design)
            except EngineError as failure:
                timeout = isinstance(failure, EngineTimeoutError)
                status[row] = Status.TIMEOUT if timeout else Status.CRASHED
                error[row] = str(failure)
        wrong = table[:, _NAMES.index("equivalent")] == VERDICTS.index(NO)
        error |= dict.fromkeys(np.flatnonzero(wrong).tolist(), "not equivalent to the circuit")
        columns = {name: table[:, at] for at, name in enumerate(_NAMES)}
        return Measurements(columns, wrong.astype(np.float64), status, error)

    def export(self, design: Batch, workload: Circuit) -> Mapping[str, str | bytes]:
        """Return the network after the recipe as binary AIGER, with the circuit's names."""
        session = self.session(workload)
        return {"circuit.aig": _end(session, designs_of(design)[0]).state.aiger + session.symbols}

    def close(self) -> None:
        """End the engine's processes."""
        if self._synthesizer is not None:
            self._synthesizer.close()

    def _measure(self, session: Session, design: Design) -> list[float]:
        """Return the metrics of one design, in order."""
        end = _end(session, design)
        costs = [np.nan] * 6 if design.mapping == OFF else self._mapped(session, end.state, design)
        return [end.and_count, end.level, *costs, self._verdict(session, end.state)]

    def _mapped(self, session: Session, state: State, design: Design) -> list[float]:
        library = find_library(design.library)
        try:
            reference = session.reference(library)
            quality = session.map(state, library, design.finisher)
        except LibraryError as failure:
            if design.library == self._library:
                raise SettingError(str(failure)) from None
            raise
        product = quality.area * quality.delay
        ratio = _ratio(product, reference.area * reference.delay)
        cost = _ratio(quality.area, reference.area) + _ratio(quality.delay, reference.delay)
        return [quality.gates, quality.area, quality.delay, product, ratio, cost]

    def _verdict(self, session: Session, state: State) -> float:
        drawn = int.from_bytes(state.digest[:4], "big") < _SAMPLED_SHARE * 2**32
        if self._check == NEVER or (self._check == SAMPLED and not drawn):
            return np.nan
        return VERDICTS.index(session.equivalence(state))


def designs_of(batch: Batch) -> list[Design]:
    """Return the designs of a batch."""
    columns = [batch[name].tolist() for name in (RECIPE, MAPPING, LIBRARY, CHAIN, FINISHER)]
    return [Design(*row) for row in zip(*columns, strict=True)]


def _end(session: Session, design: Design) -> Synthesized:
    passes = parse_recipe(design.recipe)
    return session.run_plain(passes) if design.chain == PLAIN else session.run(passes)


def _ratio(value: float, reference: float) -> float:
    """Return the ratio; two circuits that cost nothing are as good as each other."""
    if reference > 0:
        return value / reference
    return 1.0 if value == 0 else float("nan")
