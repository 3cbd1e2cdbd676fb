"""The built-in solver: rows of sizes in, metrics out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog import formula
from archgym.cost_models.analog.cards import SUPPLY_V, Card, read_cards
from archgym.cost_models.analog.cards.process import at_process
from archgym.cost_models.analog.cards.temperature import at_temperature
from archgym.cost_models.analog.circuit import (
    AMPLIFIER,
    COMMON_SOURCE,
    COMPARATOR,
    TRANSIMPEDANCE,
    Circuit,
)
from archgym.cost_models.analog.columns import AFM1
from archgym.cost_models.analog.conditions import (
    EDGE_S,
    LIGHT_LOAD_A,
    LOAD_A,
    LONGEST_DELAY_S,
    OVERDRIVE_V,
    REGULATED,
    STEP_V,
    TRIP_SHARE,
    Conditions,
)
from archgym.cost_models.analog.kernels import benches, comparator
from archgym.cost_models.analog.kernels.layout import N_RESULTS, Bench, Cards, Decision
from archgym.cost_models.analog.lookup.tables import tables
from archgym.cost_models.analog.plan import Plan, make_plan

Floats = NDArray[np.float64]

FIRST_HZ, LAST_HZ = 10.0, 1e10
NOISE_FIRST_HZ, NOISE_POINTS_PER_DECADE = 1e3, 10
SLEW_STEPS = 400


def frequencies(first: float, last: float, per_decade: int) -> Floats:
    """Return the logarithmic grid of a sweep in Hz."""
    count = round(per_decade * np.log10(last / first)) + 1
    return np.asarray(first * 10.0 ** (np.arange(count) / per_decade))


def card_table(cards: tuple[Card, ...]) -> Floats:
    """Return the cards as the kernels take them."""
    return np.array([[c.polarity, c.length_um * 1e-6, *c.values.values()] for c in cards])


class Solver:
    """Measures designs of one circuit.

    Args:
        circuit: The circuit.
        conditions: Corner, sweep, what is left out; of corners and samples it knows nothing.
        cards: Typical level-1 cards at 27 C.
        model: The process; transistors of a foundry's are looked up in tables.

    Attributes:
        bench: What the kernels know of the circuit, whatever its sizes.
    """

    def __init__(
        self,
        circuit: Circuit,
        conditions: Conditions = Conditions(),  # noqa: B008, it is frozen
        cards: tuple[Card, ...] | None = None,
        model: str = AFM1,
    ):
        self.circuit, self.conditions, self.model = circuit, conditions, model
        self.plan: Plan = make_plan(circuit)
        kelvin, supply = conditions.temperature_k, conditions.supply_v(model)
        self.bench = Bench(
            net=self.plan.net,
            models=self._cards(cards) if model == AFM1 else tables(conditions.process, kelvin),
            supply=supply,
            temperature=kelvin,
            gmin=conditions.gmin,
            row=self.plan.wirings["direct"].row,
            base=self.plan.base(supply),
            starts=self._make_starts(),
            fed=self.plan.fed,
            grid=frequencies(FIRST_HZ, LAST_HZ, conditions.points_per_decade),
            output=self.plan.nodes["out"],
        )
        self._noise_grid = frequencies(NOISE_FIRST_HZ, LAST_HZ, NOISE_POINTS_PER_DECADE)

    def _cards(self, given: tuple[Card, ...] | None) -> Cards:
        """Return level-1 cards, of the package unless given, at the process and temperature."""
        typical = read_cards() if given is None else given
        at_room = (at_process(card, self.conditions.process) for card in typical)
        kelvin = self.conditions.temperature_k
        return Cards(card_table(tuple(at_temperature(card, kelvin) for card in at_room)))

    def measure(self, sizes: Mapping[str, Floats], shifts: Floats | None = None) -> Floats:
        """Return results (n, N_RESULTS) of parameters by name, each of shape (n,).

        ``shifts`` (n, transistors, 2) are what transistors are off by, in threshold and beta.
        """
        values = self.plan.values(sizes, shifts)
        results = np.empty((len(values), N_RESULTS))
        self._run(values, sizes, results)
        return results

    def _run(self, values: Floats, sizes: Mapping[str, Floats], results: Floats) -> None:
        plan, kind, head = self.plan, self.circuit.bench, (self.bench, values)
        if kind in (AMPLIFIER, COMMON_SOURCE):
            amplifies = kind == AMPLIFIER
            sign, enters = (1.0, plan.nodes["inp"]) if amplifies else (-1.0, -1)
            steps = SLEW_STEPS if amplifies and self.conditions.slew else 0
            slews = self._slew_estimates(sizes, len(values)) if steps else np.empty(0)
            signal, rejects = plan.wirings["signal"], amplifies and self.conditions.rejection
            ripple, common = (
                plan.wirings[name] if rejects else signal for name in ("ripple", "common")
            )
            benches.measure_amplifiers(
                *head, signal, sign, enters, slews, steps, ripple, common, rejects, results
            )
        elif kind == COMPARATOR:
            half = TRIP_SHARE * self.bench.supply
            step = (STEP_V, OVERDRIVE_V, EDGE_S, LONGEST_DELAY_S)
            decision = Decision(plan.nodes["inp"], half, *step)
            signal, delays = plan.wirings["signal"], self.conditions.delay
            comparator.measure_comparators(*head, signal, decision, delays, results)
        elif kind == TRANSIMPEDANCE:
            signal = plan.wirings["signal"]
            benches.measure_transimpedances(*head, signal, self._noise_grid, results)
        else:
            wirings = (plan.wirings["loop"], plan.wirings["ripple"])
            loads = (REGULATED * self.bench.supply, LOAD_A, LIGHT_LOAD_A)
            benches.measure_regulators(*head, *wirings, *loads, results)

    def _slew_estimates(self, sizes: Mapping[str, Floats], count: int) -> Floats:
        return np.full(count, formula.evaluate(self.circuit.slew_v_per_s, sizes))

    def _make_starts(self) -> Floats:
        """Return voltages to begin at: the circuit's own, all in the middle, all at ground."""
        supply = self.conditions.supply_v(self.model)
        own = np.full(len(self.plan.nodes), 0.5 * supply)
        for node, volts in self.circuit.start.items():
            own[self.plan.nodes[node]] = volts * (supply / SUPPLY_V)
        middle = np.full(len(own), 0.5 * supply)
        return np.stack([own, middle, np.zeros(len(own))])
