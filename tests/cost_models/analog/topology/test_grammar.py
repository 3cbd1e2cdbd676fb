"""The grammar never ends in a dead end, and what it writes keeps all rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.analog.topology.blocks import all_blocks, assemble
from archgym.cost_models.analog.topology.completion import completion
from archgym.cost_models.analog.topology.conduction import on_supply_paths
from archgym.cost_models.analog.topology.decode import decode
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.grammar import _MOST_ADDED, END, Limits, begin
from archgym.cost_models.analog.topology.rules import violations
from tests.cost_models.analog.topology.drawing import simple_path_nets

SEEDS = st.integers(0, 2**32 - 1)


def write(limits, choose):
    """Return the words of a walk of which ``choose`` picks each among those that may follow."""
    walk, words = begin(limits), ["VSS"]
    while (word := choose(walk)) != END:
        assert word in limits.alphabet
        walk = walk.after(word)
        words.append(word)
        assert len(words) <= limits.length
    return words


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, length=st.integers(40, 200), lazy=st.sampled_from([0.0, 0.5, 1.0]))
def test_no_policy_ends_in_a_dead_end_and_every_end_is_a_valid_circuit(seed, length, lazy):
    rng = np.random.default_rng(seed)
    limits = Limits.of(length)

    def choose(walk):
        allowed = walk.allowed
        assert allowed
        # the lazy ones never end by themselves, and open new devices wherever they can
        if len(allowed) > 1 and rng.random() < lazy:
            allowed = [word for word in allowed if word != END]
        return allowed[rng.integers(len(allowed))]

    assert violations(decode(write(limits, choose))) == []


@pytest.mark.parametrize("pick", [0, -1])
@pytest.mark.parametrize("length", [40, 100, 161, 200])
def test_stubborn_policies_end_too(length, pick):
    words = write(Limits.of(length), lambda walk: walk.allowed[pick])
    assert violations(decode(words)) == []


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, steps=st.integers(0, 120))
def test_completions_are_valid_and_within_the_bound(seed, steps):
    rng = np.random.default_rng(seed)
    walk, words = begin(Limits.of(200)), ["VSS"]
    for _ in range(steps):
        allowed = [word for word in walk.allowed if word != END] or walk.allowed
        before, resistors = walk.bound, walk.resistors
        word = allowed[rng.integers(len(allowed))]
        if word == END:
            break
        walk = walk.after(word)
        words.append(word)
        assert walk.bound - before <= _MOST_ADDED
        assert walk.resistors - resistors <= _MOST_ADDED
    rest = completion(walk)
    assert len(rest) <= walk.bound
    assert violations(decode([*words, *rest])) == []


def test_every_generated_circuit_can_be_written():
    rng = np.random.default_rng(0)
    limits = Limits.of(400)
    for blocks in list(all_blocks())[::1100]:
        for walk in (encode(assemble(blocks)), encode(assemble(blocks), rng)):
            rest = iter((*walk[1:], END))

            def follow(partial, rest=rest):
                word = next(rest)
                assert word in partial.allowed, (word, partial.last)
                return word

            assert tuple(write(limits, follow)) == walk


def test_a_word_that_may_not_follow_is_refused():
    walk = begin(Limits.of(60))
    assert "NM1_S" in walk.allowed
    assert "NM2_S" not in walk.allowed  # numbered as they are met
    assert "PM1_B" not in walk.allowed  # its bulk does not belong at ground
    inside = walk.after("NM1_B").after("NM1_G")
    assert "N2" not in inside.allowed
    assert inside.after("VIN1").unused_inputs == ("VIN2",)


def test_limits_without_room_are_refused():
    with pytest.raises(ValueError, match="words at least"):
        begin(Limits.of(20))


@settings(deadline=None, max_examples=100)
@given(seed=SEEDS, count=st.integers(1, 14))
def test_supply_paths_are_those_that_listing_all_paths_finds(seed, count):
    rng = np.random.default_rng(seed)
    nets = ["VSS", "VDD", *"abcdef"]
    drawn = rng.integers(len(nets), size=(count, 2)).tolist()
    edges = [(nets[a], nets[b]) for a, b in drawn]
    assert on_supply_paths(edges) == simple_path_nets(edges)
