"""Generators compute what they say, judged by plain whole numbers."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt

import numpy as np
import pytest

from archgym.cost_models.synthesis.aiger import read_aiger
from archgym.cost_models.synthesis.generators import describe_generators, generate
from archgym.errors import UnknownNameError, WorkloadError
from tests.cost_models.synthesis.vectors import buses, drawn, run
from tests.shared_data import shared_data

VECTORS = 1000
# FIPS 197, figure 7: the first and the last row.
SBOX = {
    0x00: 0x63, 0x01: 0x7C, 0x02: 0x77, 0x03: 0x7B, 0x0F: 0x76, 0x10: 0xCA, 0x53: 0xED,
    0xF0: 0x8C, 0xF1: 0xA1, 0xFE: 0xBB, 0xFF: 0x16,
}  # fmt: skip


def signed(value: int, width: int) -> int:
    return value - 2**width if value >> (width - 1) else value


def check(spec, function, count=VECTORS, inputs=None):
    """Compare with a function of one vector: bus -> number in, bus -> number out."""
    aig = generate(spec)
    vectors = inputs(aig) if inputs else drawn(aig, count)
    got = run(aig, vectors)
    for at, values in enumerate(zip(*vectors.values(), strict=True)):
        given = dict(zip(vectors, values, strict=True))
        expected = function(**{name.replace("'", ""): value for name, value in given.items()})
        assert {bus: values[at] for bus, values in got.items()} == expected, (spec, given)
    assert list(got) == list(expected), "outputs come in the order given"


@pytest.mark.parametrize("arch", ["ripple", "lookahead", "kogge_stone", "carry_select"])
@pytest.mark.parametrize("width", [1, 5, 64])
def test_adder(width, arch):
    mask = 2**width - 1
    check(
        f"adder:width={width},arch={arch}",
        lambda a, b: {"f": (a + b) & mask, "cOut": (a + b) >> width},
    )


@pytest.mark.parametrize("arch", ["array", "wallace", "booth"])
@pytest.mark.parametrize("width", [1, 2, 5, 6, 16])
def test_multiplier(width, arch):
    check(f"multiplier:width={width},arch={arch}", lambda a, b: {"f": a * b})


@pytest.mark.parametrize("width", [1, 2, 7, 16])
def test_square(width):
    check(f"square:width={width}", lambda a: {"f": a * a})


@pytest.mark.parametrize("width", [1, 4, 6, 16])
def test_divider(width):
    def divide(a, b):
        return {"quotient": a // b if b else 2**width - 1, "remainder": a % b if b else a}

    check(f"divider:width={width}", divide)


@pytest.mark.parametrize("width", [2, 4, 10, 12, 32])
def test_square_root(width):
    check(f"sqrt:width={width}", lambda a: {"r": isqrt(a)})


@pytest.mark.parametrize("width", [2, 8, 32])
def test_barrel(width):
    mask = 2**width - 1
    check(
        f"barrel:width={width}",
        lambda a, shift: {"result": (a << shift | a >> (width - shift)) & mask},
    )


@pytest.mark.parametrize(("words", "width"), [(2, 3), (4, 2), (4, 32), (8, 5)])
def test_maximum(words, width):
    def largest(**inputs):
        numbers = [signed(inputs[f"in{word}"], width) for word in range(words)]
        best = max(numbers)
        last = max(at for at, number in enumerate(numbers) if number == best)
        return {"result": best % 2**width, "address": last}

    check(f"max:words={words},width={width}", largest)


@pytest.mark.parametrize("bits", [1, 3, 6])
def test_decoder(bits):
    check(f"decoder:bits={bits}", lambda s: {"y": 1 << s})


@pytest.mark.parametrize("width", [2, 8, 64])
def test_priority(width):
    check(
        f"priority:width={width}",
        lambda a: {"p": max(a.bit_length() - 1, 0), "f": int(a > 0)},
    )


@pytest.mark.parametrize("width", [1, 4, 32])
def test_arbiter_on_one_hot_pointers(width):
    def inputs(aig):
        requests = drawn(aig, VECTORS)["req"]
        pointers = np.random.default_rng(1).integers(0, width, len(requests)).tolist()
        return {"pointer": [1 << at for at in pointers], "req": requests}

    def grant(pointer, req):
        start = pointer.bit_length() - 1
        order = [(start + step) % width for step in range(width)]
        first = next((at for at in order if req >> at & 1), None)
        return {"grant": 0 if first is None else 1 << first, "any": int(req > 0)}

    check(f"arbiter:width={width}", grant, inputs=inputs)


@pytest.mark.parametrize("inputs", [1, 3, 9, 101])
def test_voter(inputs):
    check(f"voter:inputs={inputs}", lambda a: {"maj": int(a.bit_count() > inputs // 2)})


@pytest.mark.parametrize("inputs", [1, 2, 7, 8, 64])
def test_popcount_and_parity(inputs):
    check(f"popcount:inputs={inputs}", lambda a: {"c": a.bit_count()})
    check(f"parity:inputs={inputs}", lambda a: {"p": a.bit_count() % 2})
    width = int(np.ceil(np.log2(inputs + 1)))
    assert len(generate(f"popcount:inputs={inputs}").outputs) == width


@pytest.mark.parametrize("width", [1, 5, 32])
def test_comparator(width):
    check(
        f"comparator:width={width}",
        lambda a, b: {"lt": int(a < b), "eq": int(a == b), "gt": int(a > b)},
    )


def test_int2float_on_all_inputs():
    def convert(b):
        exponent = max(0, b.bit_length() - 4)
        mantissa = b if not exponent else (b + 2 ** (exponent - 1)) >> exponent
        if mantissa == 16:
            mantissa, exponent = 8, exponent + 1
        return {"m": 15, "e": 7} if exponent > 7 else {"m": mantissa, "e": exponent}

    check("int2float", convert)


def test_the_substitution_box_on_all_inputs():
    def multiply(a, b):
        product = sum_ = 0
        for bit in range(8):
            product ^= (a << bit) if b >> bit & 1 else 0
        for bit in range(14, 7, -1):
            sum_ = 0x11B << (bit - 8)
            product ^= sum_ if product >> bit & 1 else 0
        return product

    def substitute(x):
        inverse = 1
        for _ in range(254):
            inverse = multiply(inverse, x)
        bits = [inverse >> at & 1 for at in range(8)]
        out = [
            bits[i] ^ bits[(i + 4) % 8] ^ bits[(i + 5) % 8] ^ bits[(i + 6) % 8] ^ bits[(i + 7) % 8]
            for i in range(8)
        ]
        return {"y": sum(bit << at for at, bit in enumerate(out)) ^ 0x63}

    check("sbox", substitute)
    got = run(generate("sbox"), {"x": list(SBOX)})
    assert got["y"] == list(SBOX.values())


@pytest.mark.parametrize(("data", "width", "poly"), [(32, 16, 0x1021), (8, 8, 0x07), (5, 3, 3)])
def test_crc(data, width, poly):
    def shift(d, c):
        for at in range(data - 1, -1, -1):
            top = c >> (width - 1) & 1
            c = (c << 1) & (2**width - 1)
            c ^= poly if top ^ (d >> at & 1) else 0
        return {"c'": c}

    check(f"crc:data={data},width={width},poly={poly:#x}", shift)


def test_crc_of_the_check_word():
    """CRC-16/XMODEM of "123456789" is 0x31C3 (catalogue of parametrised CRC algorithms)."""
    message = int.from_bytes(b"123456789", "big")
    got = run(generate("crc:data=72"), {"d": [message], "c": [0]})
    assert got["c'"] == [0x31C3]


@pytest.mark.parametrize("width", [2, 8, 16])
def test_alu(width):
    mask = 2**width - 1

    def compute(a, b, op):
        shift = b & (width - 1)
        less = int(signed(a, width) < signed(b, width))
        y = [a + b, a - b, a & b, a | b, a ^ b, a << shift, less, b][op] & mask
        carry = [(a + b) >> width, int(a < b), 0, 0, 0, 0, 0, 0][op]
        return {"y": y, "zero": int(y == 0), "carry": carry}

    check(f"alu:width={width}", compute, count=4000)


@pytest.mark.parametrize(
    ("taps", "width", "coefs"), [(4, 8, (3, -5, 7, 2)), (2, 3, (-1, -4)), (3, 4, (0, 1, 6))]
)
def test_fir(taps, width, coefs):
    bits = width + sum(map(abs, coefs)).bit_length()

    def total(**inputs):
        terms = [c * signed(inputs[f"x{tap}"], width) for tap, c in enumerate(coefs)]
        return {"y": sum(terms) % 2**bits}

    check(f"fir:taps={taps},width={width},coefs={'/'.join(map(str, coefs))}", total)


def test_random_logic_repeats_and_has_the_size_asked():
    first, again = (generate("random:seed=7") for _ in range(2))
    assert (first.fanins == again.fanins).all()
    assert (first.outputs == again.outputs).all()
    assert (first.inputs, len(first.outputs), first.gates) == (32, 16, 500)
    other = generate("random:seed=8")
    assert other.fanins.shape != first.fanins.shape or (other.fanins != first.fanins).any()
    # Frozen: the same circuit on every machine and with every version of NumPy.
    assert first.fanins[[0, 99, 499]].tolist() == [[60, 45], [239, 218], [1059, 986]]


def test_random_logic_has_no_gate_without_use_and_few_constant_outputs():
    aig = generate("random:inputs=20,outputs=8,ands=300,seed=3")
    assert (aig.fanouts[1 + aig.inputs :] > 0).all()
    outputs = run(aig, drawn(aig, 2000))["y"]
    constant = [all(v >> bit & 1 == outputs[0] >> bit & 1 for v in outputs) for bit in range(8)]
    assert sum(constant) <= 4


def test_every_generator_is_described_with_its_defaults():
    for name, text in describe_generators().items():
        aig = generate(name)
        assert aig.gates > 0, name
        assert text.strip(), name
        assert len(aig.input_names) == aig.inputs
        assert len(set(aig.input_names)) == aig.inputs
        assert buses(aig.output_names)
        if "(" in text and "=" in text:
            defaults = text[text.rindex("(") + 1 : -1]
            assert (generate(f"{name}:{defaults}").fanins == aig.fanins).all(), name


@pytest.mark.parametrize(
    ("spec", "error", "said"),
    [
        ("addr", UnknownNameError, "did you mean 'adder'"),
        ("adder:widht=4", UnknownNameError, "did you mean 'width'"),
        ("adder:width", UnknownNameError, "width"),
        ("adder:width=0", WorkloadError, "a number 1 .. 4096"),
        ("adder:width=x", WorkloadError, "width=x"),
        ("adder:arch=fast", WorkloadError, "kogge_stone"),
        ("barrel:width=12", WorkloadError, "a power of two"),
        ("sqrt:width=7", WorkloadError, "an even number"),
        ("voter:inputs=4", WorkloadError, "an odd number"),
        ("fir:taps=3", WorkloadError, "coefs has 4 numbers, taps is 3"),
    ],
)
def test_wrong_specs_are_refused_with_what_is_allowed(spec, error, said):
    with pytest.raises(error, match=said):
        generate(spec)


# -- public circuits of known function -----------------------------------------------------------


def public(name):
    """Return a published circuit."""
    path = shared_data("synthesis", "circuits", f"{name}.aig")
    return read_aiger(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("epfl_adder", "adder:width=128,arch=kogge_stone"),
        ("epfl_max", "max:words=4,width=128"),
        ("epfl_priority", "priority:width=128"),
        ("epfl_multiplier", "multiplier:width=64,arch=booth"),
    ],
)
def test_generators_agree_with_public_circuits(name, spec):
    aig, theirs = generate(spec), public(name)
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**64, (aig.inputs, 16), dtype=np.uint64)
    words[:, 8:] &= rng.integers(0, 2**64, (aig.inputs, 8), dtype=np.uint64)
    words[:, 12:] &= words[:, 8:12]
    assert (aig.simulate(words) == theirs.simulate(words)).all()


def test_the_arbiter_agrees_with_a_public_one_on_one_hot_pointers():
    aig, theirs = generate("arbiter:width=128"), public("epfl_arbiter")
    rng = np.random.default_rng(0)
    bits = rng.random((256, 256)) < np.where(np.arange(256) % 2, 0.02, 0.5)
    bits[:128] = np.eye(128, dtype=bool)[rng.integers(0, 128, 256)].T
    words = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    assert (aig.simulate(words) == theirs.simulate(words)).all()


def test_int2float_agrees_with_a_public_one_but_for_four_inputs():
    aig = generate("int2float")
    theirs = replace(
        public("epfl_int2float"), input_names=aig.input_names, output_names=aig.output_names
    )
    vectors = drawn(aig, 0)
    ours, public_ones = run(aig, vectors), run(theirs, vectors)
    pairs = [list(zip(each["m"], each["e"], strict=True)) for each in (ours, public_ones)]
    differ = [at for at, (a, b) in enumerate(zip(*pairs, strict=True)) if a != b]
    assert differ == [496, 497, 498, 499]


def test_the_decoder_agrees_with_a_public_one_whose_outputs_are_rotated():
    ours, theirs = generate("decoder:bits=8"), public("epfl_dec")
    bits = (np.arange(256) >> np.arange(8)[:, None] & 1).astype(np.uint8)
    words = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    assert (np.roll(ours.simulate(words), 128, axis=0) == theirs.simulate(words)).all()
