"""Generators by name: ``NAME`` or ``NAME:key=value,key=value``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archgym.cost_models.synthesis.aiger import Aig
from archgym.cost_models.synthesis.generators import arithmetic, control, counting
from archgym.cost_models.synthesis.generators.builder import Builder
from archgym.cost_models.synthesis.generators.random_logic import random_logic
from archgym.errors import UnknownNameError, WorkloadError


@dataclass(frozen=True)
class Option:
    """One option of a generator.

    Attributes:
        default: Its value where nothing is given; its type is the option's.
        low: Smallest number.
        high: Largest number.
        choices: The words that are allowed, where it is a word.
        even: True for even, False for odd numbers only, None for both.
        power_of_two: Whether only powers of two are allowed.
    """

    default: Any
    low: int = 1
    high: int = 4096
    choices: tuple[str, ...] = ()
    even: bool | None = None
    power_of_two: bool = False

    @property
    def allowed(self) -> str:
        """The domain in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if isinstance(self.default, tuple):
            return "integers separated by /"
        kind = {True: "an even number", False: "an odd number", None: "a number"}[self.even]
        kind = "a power of two" if self.power_of_two else kind
        return f"{kind} {self.low} .. {self.high}"

    def parse(self, text: str) -> Any:
        """Return the value of a text; ValueError where it is not allowed."""
        if self.choices:
            return self.choices[self.choices.index(text)]
        if isinstance(self.default, tuple):
            return tuple(int(word) for word in text.split("/"))
        number = int(text, 0)
        fits = self.even is None or self.even == (number % 2 == 0)
        if self.power_of_two and number & (number - 1):
            fits = False
        if not (fits and self.low <= number <= self.high):
            raise ValueError
        return number


@dataclass(frozen=True)
class Generator:
    """A family of circuits: what draws it, and its options."""

    draw: Callable[..., None]
    about: str
    options: Mapping[str, Option] = field(default_factory=dict)


GENERATORS = {
    "adder": Generator(
        arithmetic.adder,
        "a + b",
        {
            "width": Option(64),
            "arch": Option(
                "ripple", choices=("ripple", "lookahead", "kogge_stone", "carry_select")
            ),
        },
    ),
    "multiplier": Generator(
        arithmetic.multiplier,
        "a x b, unsigned",
        {
            "width": Option(16, 1, 128),
            "arch": Option("array", choices=("array", "wallace", "booth")),
        },
    ),
    "square": Generator(arithmetic.square, "a squared", {"width": Option(16, 1, 128)}),
    "divider": Generator(
        arithmetic.divider, "quotient and remainder, restoring", {"width": Option(16, 1, 128)}
    ),
    "sqrt": Generator(
        arithmetic.square_root, "integer square root", {"width": Option(32, 2, 256, even=True)}
    ),
    "barrel": Generator(
        control.barrel, "rotate left", {"width": Option(32, 2, 1024, power_of_two=True)}
    ),
    "max": Generator(
        control.maximum,
        "largest of signed words and its index",
        {"words": Option(4, 2, 64, power_of_two=True), "width": Option(32, 2, 512)},
    ),
    "decoder": Generator(control.decoder, "one-hot of a number", {"bits": Option(6, 1, 14)}),
    "priority": Generator(
        control.priority, "highest set bit", {"width": Option(64, 2, 4096, power_of_two=True)}
    ),
    "arbiter": Generator(control.arbiter, "round robin", {"width": Option(32, 1, 1024)}),
    "voter": Generator(counting.voter, "majority", {"inputs": Option(101, 1, 2001, even=False)}),
    "popcount": Generator(counting.popcount, "number of ones", {"inputs": Option(64, 1, 2048)}),
    "parity": Generator(counting.parity, "parity", {"inputs": Option(64)}),
    "comparator": Generator(counting.comparator, "a <, =, > b, unsigned", {"width": Option(32)}),
    "int2float": Generator(control.int2float, "11-bit integer to a 7-bit float"),
    "sbox": Generator(control.sbox, "AES substitution box (FIPS 197)"),
    "crc": Generator(
        control.crc,
        "CRC register after a word, highest bit first",
        {
            "data": Option(32, 1, 1024),
            "width": Option(16, 1, 64),
            "poly": Option(0x1021, 0, 2**64 - 1),
        },
    ),
    "alu": Generator(
        counting.alu,
        "eight operations on two words",
        {"width": Option(8, 2, 128, power_of_two=True)},
    ),
    "fir": Generator(
        arithmetic.fir,
        "sum of signed words times constants",
        {"taps": Option(4, 1, 64), "width": Option(8, 1, 64), "coefs": Option((3, -5, 7, 2))},
    ),
    "random": Generator(
        random_logic,
        "random control logic",
        {
            "inputs": Option(32, 2, 4096),
            "outputs": Option(16, 1, 4096),
            "ands": Option(500, 1, 100_000),
            "seed": Option(0, 0, 2**63 - 1),
        },
    ),
}


def describe_generators() -> dict[str, str]:
    """Return name -> one line with what it computes and the options' defaults."""
    return {name: f"{g.about}{_defaults(g)}" for name, g in GENERATORS.items()}


def _defaults(generator: Generator) -> str:
    shown = ",".join(f"{key}={_text(o.default)}" for key, o in generator.options.items())
    return f" ({shown})" if shown else ""


def _text(value: Any) -> str:
    return "/".join(map(str, value)) if isinstance(value, tuple) else str(value)


def generate(spec: str) -> Aig:
    """Return the circuit of a spec.

    Raises:
        UnknownNameError: No such generator, or no such option.
        WorkloadError: An option has a value that it cannot take.
    """
    name, _, rest = spec.partition(":")
    if name not in GENERATORS:
        raise UnknownNameError("generator", name, GENERATORS)
    generator = GENERATORS[name]
    values = {key: option.default for key, option in generator.options.items()}
    for word in filter(None, rest.split(",")):
        key, sign, text = word.partition("=")
        if key not in generator.options or not sign:
            raise UnknownNameError(f"option of {name}", key, generator.options)
        values[key] = _value(spec, key, generator.options[key], text)
    if "coefs" in values and len(values["coefs"]) != values["taps"]:
        raise WorkloadError(
            f"{spec}: coefs has {len(values['coefs'])} numbers, taps is {values['taps']}"
        )
    make = Builder()
    generator.draw(make, **values)
    return make.finish()


def _value(spec: str, key: str, option: Option, text: str) -> Any:
    try:
        return option.parse(text)
    except ValueError:
        raise WorkloadError(f"{spec}: {key}={text} is not allowed ({option.allowed})") from None
