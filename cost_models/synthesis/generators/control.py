"""Selecting, deciding, coding."""

from __future__ import annotations

from archgym.cost_models.synthesis.generators.builder import FALSE, TRUE, Bits, Builder
from archgym.cost_models.synthesis.generators.words import is_at_least

_BYTE = 8
_AES_POLYNOMIAL, _AES_CONSTANT = 0x11B, 0x63


def barrel(make: Builder, width: int) -> None:
    """Rotate left."""
    bits, shift = make.input_bus("a", width), make.input_bus("shift", width.bit_length() - 1)
    for place, bit in enumerate(shift):
        moved = bits[-(2**place) :] + bits[: -(2**place)]
        bits = make.choose_bus(bit, moved, bits)
    make.output_bus("result", bits)


def maximum(make: Builder, words: int, width: int) -> None:
    """Find the largest signed number and its index, the highest among equals: a knock-out."""
    players: list[tuple[Bits, Bits]] = [
        (make.input_bus(f"in{word}", width), []) for word in range(words)
    ]
    while len(players) > 1:
        pairs = zip(players[::2], players[1::2], strict=True)
        players = [_winner(make, low, high) for low, high in pairs]
    make.output_bus("result", players[0][0])
    make.output_bus("address", players[0][1])


def _winner(make: Builder, low: tuple[Bits, Bits], high: tuple[Bits, Bits]) -> tuple[Bits, Bits]:
    (a, where_a), (b, where_b) = low, high
    # Signed numbers are ordered as unsigned ones with the sign bit inverted.
    wins = is_at_least(make, [*b[:-1], b[-1] ^ 1], [*a[:-1], a[-1] ^ 1])
    address = make.choose_bus(wins, where_b, where_a)
    return make.choose_bus(wins, b, a), [*address, wins]


def decoder(make: Builder, bits: int) -> None:
    """Turn a number into one of so many lines."""
    lines = [TRUE]
    for bit in make.input_bus("s", bits):
        lines = [make.all_of(line, bit ^ 1) for line in lines] + [
            make.all_of(line, bit) for line in lines
        ]
    make.output_bus("y", lines)


def priority(make: Builder, width: int) -> None:
    """Find the highest set bit."""
    parts: list[tuple[Bits, int]] = [([], bit) for bit in make.input_bus("a", width)]
    while len(parts) > 1:
        parts = [
            ([*make.choose_bus(high, where_high, where_low), high], make.any_of(low, high))
            for (where_low, low), (where_high, high) in zip(parts[::2], parts[1::2], strict=True)
        ]
    make.output_bus("p", parts[0][0])
    make.output("f", parts[0][1])


def arbiter(make: Builder, width: int) -> None:
    """Grant the first request at or above a one-hot pointer, wrapping round."""
    pointer, requests = make.input_bus("pointer", width), make.input_bus("req", width)
    token, tokens = FALSE, list[int]()
    for at in range(2 * width):
        if at < width:
            token = make.any_of(token, pointer[at])
        tokens.append(token)
        token = make.all_of(token, requests[at % width] ^ 1)
    grants = [
        make.all_of(request, make.any_of(tokens[at], tokens[at + width]))
        for at, request in enumerate(requests)
    ]
    make.output_bus("grant", grants)
    make.output("any", make.any_of(*requests))


def int2float(make: Builder) -> None:
    """Turn 11 bits into 4 of mantissa and 3 of exponent, rounded half up, saturating."""
    bits = make.input_bus("b", 11)
    mantissa, exponent = bits[:4], [FALSE] * 3
    for power in range(1, 8):
        found = _float_of(make, bits, power)
        leads = bits[power + 3]
        mantissa = make.choose_bus(leads, found[0], mantissa)
        exponent = make.choose_bus(leads, found[1], exponent)
    make.output_bus("m", mantissa)
    make.output_bus("e", exponent)


def _float_of(make: Builder, bits: Bits, power: int) -> tuple[Bits, Bits]:
    """Return mantissa and exponent of a number whose highest bit is ``power`` + 3."""
    carry, rounded = bits[power - 1], list[int]()
    for bit in bits[power : power + 4]:
        rounded.append(make.xor(bit, carry))
        carry = make.all_of(bit, carry)
    most, top = power == 7, [FALSE, FALSE, FALSE, TRUE]
    overflow = [TRUE] * 4 if most else top
    after = power if most else power + 1
    exponent = [make.choose(carry, after >> at & 1, power >> at & 1) for at in range(3)]
    return make.choose_bus(carry, overflow, rounded), exponent


def sbox(make: Builder) -> None:
    """Substitute a byte as AES does (FIPS 197), by a tree of multiplexers."""
    inputs = make.input_bus("x", _BYTE)
    table = [substitute(value) for value in range(2**_BYTE)]
    outputs = []
    for bit in range(_BYTE):
        level = [value >> bit & 1 for value in table]
        for net in inputs:
            pairs = zip(level[1::2], level[::2], strict=True)
            level = [make.choose(net, one, zero) for one, zero in pairs]
        outputs.append(level[0])
    make.output_bus("y", outputs)


def substitute(value: int) -> int:
    """Return the AES substitution of a byte: inverse in GF(2^8), then an affine map."""
    inverse = 0 if not value else next(x for x in range(1, 256) if _multiply(x, value) == 1)
    result = 0
    for shift in range(5):
        result ^= inverse << shift | inverse >> (_BYTE - shift)
    return result & 0xFF ^ _AES_CONSTANT


def _multiply(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (_AES_POLYNOMIAL if a & 0x80 else 0)
        b >>= 1
    return product


def crc(make: Builder, data: int, width: int, poly: int) -> None:
    """Shift data into a CRC register, the highest bit first."""
    bits, register = make.input_bus("d", data), make.input_bus("c", width)
    for bit in reversed(bits):
        feedback = make.xor(register[-1], bit)
        shifted = [FALSE, *register[:-1]]
        register = [
            make.xor(net, feedback) if poly >> at & 1 else net for at, net in enumerate(shifted)
        ]
    make.output_bus("c'", register)
