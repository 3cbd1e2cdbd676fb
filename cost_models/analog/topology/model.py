"""What a topology is worth: its rules, then its figures after a short search for sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.analog.circuit import Circuit, parse_circuit
from archgym.cost_models.analog.columns import AFM1, SUPPLY_V
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.deck import Sized as SizedCircuit
from archgym.cost_models.analog.deck import make_deck
from archgym.cost_models.analog.ngspice.process import deck_text
from archgym.cost_models.analog.solver import Solver
from archgym.cost_models.analog.topology.bench import TopologyBench
from archgym.cost_models.analog.topology.blocks import CHOICES, assemble
from archgym.cost_models.analog.topology.canonical import canonical, canonical_walk
from archgym.cost_models.analog.topology.decode import WalkError, decode
from archgym.cost_models.analog.topology.metrics import (
    DEVICES,
    METRICS,
    SIMULATIONS,
    SIZED,
    STRUCTURE,
    TARGETS_MET,
)
from archgym.cost_models.analog.topology.rules import violations
from archgym.cost_models.analog.topology.sizable import circuit_content
from archgym.cost_models.analog.topology.sizing import Sized, size
from archgym.cost_models.analog.topology.topology import Topology
from archgym.errors import InvalidDesignError
from archgym.outcome import Measurements, concatenate

CIRCUIT = "circuit"
_MOST_DECADES = 10.0  # that a starved branch lacks
_NAMES = tuple(metric.name for metric in METRICS)


class TopologyModel(CostModel):
    """Sizes each circuit on the bench with a fixed number of simulations.

    A circuit is first put into its canonical form, so all walks of it have the same figures.

    Args:
        simulations: Designs that are simulated for each circuit.
        seed: Of the search for sizes; the same for each circuit.
    """

    name = "sized"
    version = "1"
    fidelity = "simulator"
    metrics = METRICS
    sources = (
        "walks through pins: after Gao et al., AnalogGenie, ICLR 2025",
        "circuits are simulated as in analog.sizing (model afm1, SPICE level 1)",
    )
    leaves_out = (
        "better sizes than a short search finds: figures are lower bounds of a topology's",
        "slew rate, mismatch, corners, layout",
    )
    checked_against = (
        "walk -> circuit -> walk: isomorphic by networkx on every circuit tried (docs/analog.md)",
        "the solver is that of analog.sizing, checked against ngspice 39.3",
    )

    def __init__(self, simulations: int = 200, seed: int = 0):
        self.simulations, self.seed = simulations, seed

    def evaluate(self, batch: Batch, workload: TopologyBench) -> Measurements:
        return concatenate([self._one(design, workload) for design in batch.dicts()])

    def export(self, design: Batch, workload: TopologyBench) -> dict[str, str | bytes]:
        """Return the sized deck, the circuit as a workload of ``analog.sizing``, and the walk.

        Raises:
            InvalidDesignError: The design is no circuit.
        """
        (values,) = design.dicts()
        topology, reason = _circuit_or_reason(values)
        if topology is None:
            raise InvalidDesignError(CIRCUIT, values.get(CIRCUIT, values), reason)
        content, circuit, sized = self._sized(topology, workload)
        deck = make_deck(SizedCircuit(circuit, AFM1, sized.sizes))
        defaults = {
            name: {**entry, "default": sized.sizes[name]} if "grid" not in entry else entry
            for name, entry in content["parameters"].items()
        }
        described = yaml.safe_dump({**content, "parameters": _in_range(defaults)}, sort_keys=False)
        return {
            "circuit.cir": deck_text(deck, save=False),
            "circuit.yaml": described,
            "walk.txt": " ".join(canonical_walk(topology)) + "\n",
        }

    def detail(
        self, design: Batch, workload: TopologyBench
    ) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the sizes that were found; nothing of what is no circuit."""
        topology, _ = _circuit_or_reason(design.dicts()[0])
        if topology is None:
            return {}
        _, _, sized = self._sized(topology, workload)
        names, values = np.array(list(sized.sizes)), np.array(list(sized.sizes.values()))
        return {"sizes": {"parameter": names, "value": values}}

    def _one(self, design: Mapping[str, Any], bench: TopologyBench) -> Measurements:
        try:
            topology = topology_of_design(design)
        except WalkError as error:
            return _no_circuit(2.0 + 1.0 - error.progress, f"walk: {error}", np.nan)
        broken = violations(topology)
        if broken:
            many = len(broken) / (1.0 + len(broken))
            return _no_circuit(1.0 + many, str(broken[0]), len(topology.devices))
        _, _, sized = self._sized(topology, bench)
        return _measured(topology, sized, self.simulations)

    def _sized(
        self, topology: Topology, bench: TopologyBench
    ) -> tuple[dict[str, Any], Circuit, Sized]:
        content = circuit_content(canonical(topology), bench)
        circuit = parse_circuit(content, CIRCUIT)
        solver = Solver(circuit, Conditions(slew=False))
        rng = np.random.default_rng(self.seed)
        return content, circuit, size(solver, bench, self.simulations, rng)


def topology_of_design(design: Mapping[str, Any]) -> Topology:
    """Return the circuit of a design: of its walk, or of its blocks.

    Raises:
        WalkError: The walk is none.
    """
    if CIRCUIT in design:
        return decode(str(design[CIRCUIT]).split())
    return assemble({name: str(design[name]) for name in CHOICES})


def _circuit_or_reason(design: Mapping[str, Any]) -> tuple[Topology | None, str]:
    """Return the circuit of a design that keeps the rules, else why there is none."""
    try:
        topology = topology_of_design(design)
    except WalkError as error:
        return None, str(error)
    broken = violations(topology)
    return (None, str(broken[0])) if broken else (topology, "")


def _measured(topology: Topology, sized: Sized, simulations: int) -> Measurements:
    found = sized.measured
    metrics = {metric.name: found.metrics[metric.name] for metric in SIZED}
    metrics |= {
        TARGETS_MET: np.array([sized.met]),
        DEVICES: np.array([float(len(topology.devices))]),
        STRUCTURE: np.ones(1),
        SIMULATIONS: np.array([float(simulations)]),
    }
    violation = np.minimum(found.violation / _MOST_DECADES, 1.0)
    return Measurements(metrics, violation, found.status, found.error)


def _no_circuit(violation: float, error: str, devices: float) -> Measurements:
    metrics = {name: np.full(1, np.nan) for name in _NAMES}
    metrics |= {name: np.zeros(1) for name in (STRUCTURE, SIMULATIONS, TARGETS_MET)}
    metrics[DEVICES] = np.array([devices])
    return Measurements(metrics, np.array([violation]), np.zeros(1, dtype=np.uint8), {0: error})


def _in_range(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters whose defaults are shares of the supply where their ranges are."""
    return {
        name: {**entry, "default": entry["default"] / SUPPLY_V[AFM1]} if "of" in entry else entry
        for name, entry in parameters.items()
    }
