"""Attention layers by name, as text, as a mapping and in a file."""

from __future__ import annotations

import json

import pytest

from archgym.cost_models.attn_kernel.attention import LARGEST, Attention
from archgym.cost_models.attn_kernel.workloads import list_attention, load_attention
from archgym.errors import UnknownNameError, WorkloadError

BERT = Attention(B=64, H=12, E=64, F=64, D=768, S=3072, seq=4096)
FIELDS = {"B": 64, "H": 12, "E": 64, "F": 64, "D": 768, "S": 3072, "seq": 4096}


def test_four_models_at_six_lengths():
    assert len(list_attention()) == 24
    assert list_attention()["bert/4k"] == BERT
    assert {a.seq for a in list_attention().values()} == {2**k for k in (10, 12, 14, 16, 18, 20)}


@pytest.mark.parametrize(
    "name",
    [
        "bert/4k",
        "BERT/4K",
        "bert/4096",
        "attention:B=64,H=12,E=64,seq=4096",
        "attention:B=64, H=12, E=64, F=64, D=768, S=3072, seq=4096.0",
        str(FIELDS),
        json.dumps(FIELDS),
        "{model: BERT, seq: 4096}",
    ],
)
def test_one_layer_in_many_words(name):
    assert load_attention(name) == BERT


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_file(tmp_path, suffix):
    path = tmp_path / f"layer.{suffix}"
    path.write_text(json.dumps(FIELDS))
    assert load_attention(str(path)) == BERT


def test_what_is_left_out_follows():
    small = load_attention("attention:H=2,E=8,seq=5")
    assert small == Attention(B=1, H=2, E=8, F=8, D=16, S=64, seq=5)
    assert small.linear_layers == ((16, 16),) * 4 + ((16, 64), (64, 16))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("attention:H=2,E=8", "seq missing"),
        ("attention:H=2,E=8,seq=0", "seq=0 is not an integer from 1"),
        ("attention:H=2,E=8,seq=2.5", "seq=2.5 is not"),
        (f"attention:H=2,E=8,seq={LARGEST + 1}", "is not an integer from 1 to"),
        ("attention:H=2,E=8,seq=4,seq=5", "seq is given twice"),
        ("attention:H=2,E=8,seq=4,G=5", "'G' is not one of"),
        ("attention:", "'' is not one of"),
        ("{H: true, E: 1, seq: 1}", "H=True is not"),
        ("{H: [1], E: 1, seq: 1}", r"H=\[1\] is not"),
        ("{H: 1", "not a mapping"),
        ("bert/0k.yaml", "No such file"),
    ],
)
def test_bad_text_is_refused(name, message):
    with pytest.raises(WorkloadError, match=message):
        load_attention(name)


@pytest.mark.parametrize("name", ["gpt5/1k", "bert", "bert/0", "bert/-1", "{model: gpt5, seq: 1}"])
def test_unknown_names_are_refused(name):
    with pytest.raises(UnknownNameError, match="known: "):
        load_attention(name)


def test_a_file_that_holds_no_layer(tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text("[1, 2]")
    with pytest.raises(WorkloadError, match=r"list.yaml: not a mapping"):
        load_attention(str(path))


def test_sizes_are_checked_in_python_too():
    with pytest.raises(WorkloadError, match="H=0"):
        Attention(B=1, H=0, E=1, F=1, D=1, S=1, seq=1)
