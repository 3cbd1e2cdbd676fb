"""Layers as text and by name, and the sums of the registered networks."""

from __future__ import annotations

import csv

import pytest

from archgym.cost_models.dnn.layer import Layer, gemm, parse_layer
from archgym.cost_models.dnn.network import PER_DESIGN
from archgym.cost_models.dnn.workloads import list_layers, list_networks, load_network
from archgym.errors import UnknownNameError, WorkloadError
from tests.shared_data import shared_data

# From the literature and our own tables, in 1e9 multiply-accumulate operations at batch 1.
GMACS = {
    "alexnet": 0.724407,
    "vgg16": 15.470265,
    "resnet18": 1.814073,
    "resnet50": 4.089184,
    "mobilenet_v1": 0.568740,
    "mobilenet_v2": 0.300774,
    "bert_base_512": 48.318382,
    "bert_base_128": 11.173626,
    "gpt2_small_1024": 106.300441,
    "llama2_7b_decode_2048": 7.012876,
    "llama2_7b_prefill_2048": 14362.370638,
    "vit_b16": 17.563828,
}


@pytest.mark.parametrize("name", GMACS)
def test_sums_of_networks(name):
    assert load_network(name).macs / 1e9 == pytest.approx(GMACS[name], abs=1.5e-6)


def test_all_networks_are_checked():
    assert set(list_networks()) == set(GMACS)
    assert sum(len(network.layers) for network in list_networks().values()) == 168
    assert len(list_layers()) == 168


def test_each_layer_has_the_macs_of_the_table():
    with shared_data("dnn", "layers.csv").open() as file:
        for row in csv.DictReader(file):
            network = load_network(f"{row['network']}/{row['layer']}")
            assert network.macs == int(row["macs_each"])


def test_a_convolution_as_text():
    layer = parse_layer("conv:N=2,K=64,C=32,R=3,S=5,P=56,Q=28,stride=2,groups=4")
    assert layer == Layer(N=2, K=64, C=32, R=3, S=5, P=56, Q=28, stride=2, groups=4)
    assert layer.macs == 2 * 64 * 8 * 3 * 5 * 56 * 28
    assert parse_layer("conv: K = 64.0, C=64, R=3, S=3, P=56, Q=56") == Layer(64, 64, 3, 3, 56, 56)


def test_a_matrix_product_is_a_convolution():
    assert parse_layer("gemm:M=128,N=64,K=256") == Layer(K=64, C=256, R=1, S=1, P=128, Q=1)
    assert gemm(5, 7, 11, batch=12).macs == 12 * 5 * 7 * 11
    assert not gemm(5, 7, 7, batch=1).is_depthwise


def test_names_and_columns():
    assert load_network("resnet18/conv2_x").layers == (Layer(64, 64, 3, 3, 56, 56),)
    assert load_network("columns") is PER_DESIGN
    with pytest.raises(UnknownNameError, match="did you mean 'resnet18'"):
        load_network("resnet8")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("conv:K=64,C=64,R=3,S=3,P=56", "Q missing"),
        ("gemm:M=1,N=2", "K missing"),
        ("conv:K=0,C=64,R=3,S=3,P=56,Q=56", "K=0 is not an integer >= 1"),
        ("conv:K=-4,C=64,R=3,S=3,P=56,Q=56", "K=-4 is not"),
        ("conv:K=6.5,C=64,R=3,S=3,P=56,Q=56", "K=6.5 is not"),
        ("conv:K=nan,C=64,R=3,S=3,P=56,Q=56", "K=nan is not"),
        ("conv:K=x,C=64,R=3,S=3,P=56,Q=56", "K=x is not"),
        ("conv:K=4,K=4,C=64,R=3,S=3,P=56,Q=56", "K is given twice"),
        ("conv:M=4,C=64,R=3,S=3,P=56,Q=56", "'M' is not one of N, K, C"),
        ("conv:K=6,C=9,R=3,S=3,P=5,Q=5,groups=2", "groups=2 does not divide C=9"),
        ("pool:K=4", "neither conv: nor gemm:"),
        ("gemm:M=1000000,N=100000000,K=100000000", "too many"),
    ],
)
def test_malformed_layers_say_why(text, reason):
    with pytest.raises(WorkloadError, match="expected conv:K=64") as raised:
        load_network(text)
    assert reason in str(raised.value)
