"""Features of networks: totals are those of layers, and doubling a network doubles them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archgym.cost_models.dnn.features import network_features
from archgym.cost_models.dnn.layer import Layer
from archgym.cost_models.dnn.network import PER_DESIGN, Network
from archgym.cost_models.dnn.workloads import list_networks, load_network

TOTALS = ("layers", "macs", "weights", "inputs", "outputs")


def test_a_network_by_hand():
    convolution = Layer(K=8, C=4, R=3, S=3, P=5, Q=6, stride=2)
    depthwise = Layer(K=4, C=4, R=3, S=3, P=10, Q=10, groups=4)
    told = network_features(Network("two", (convolution, depthwise), (1, 2), ("a", "b")))
    macs = (8 * 4 * 9 * 30, 2 * 4 * 9 * 100)
    share = macs[1] / sum(macs)
    assert (told["layers"], told["macs"]) == (3, sum(macs))
    assert told["weights"] == 8 * 4 * 9 + 2 * 4 * 9
    assert told["inputs"] == 4 * 11 * 13 + 2 * 4 * 12 * 12
    assert told["outputs"] == 8 * 30 + 2 * 4 * 100
    assert told["largest_layer"] == pytest.approx(max(macs[0], macs[1] / 2) / sum(macs))
    assert told["depthwise_share"] == pytest.approx(share)
    assert told["strided_share"] == pytest.approx(1 - share)
    assert told["pointwise_share"] == 0
    assert told["mean_log2_inputs"] == pytest.approx((1 - share) * 2)
    assert told["mean_log2_groups"] == pytest.approx(share * 2)
    assert told["mean_log2_filter"] == pytest.approx(np.log2(9))


@pytest.mark.parametrize("name", list_networks())
def test_totals_double_with_the_network_and_means_stay(name):
    network = load_network(name)
    once = network_features(network)
    twice = network_features(replace(network, counts=tuple(2 * c for c in network.counts)))
    assert once["macs"] == network.macs
    for feature, value in once.items():
        factor = 2.0 if feature in TOTALS else 0.5 if feature == "largest_layer" else 1.0
        assert twice[feature] == pytest.approx(factor * value)


def test_without_layers_of_its_own_a_network_has_the_same_features_all_zero():
    told = network_features(PER_DESIGN)
    assert told.keys() == network_features(load_network("resnet18")).keys()
    assert set(told.values()) == {0.0}
