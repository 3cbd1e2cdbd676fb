"""The generator of circuits in small: it learns, keeps to the grammar, and counts honestly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from archgym.cost_models.analog.topology.blocks import assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.grammar import Limits
from archgym.errors import SettingError
from archgym.experiments import topology_generator
from archgym.experiments.topology_generator import judge, keeps_rules, read_recipe

pytest.importorskip("torch", reason="needs the extra rl")
RECIPE = Path(topology_generator.__file__).with_suffix(".yaml")


def test_it_learns_a_walk_by_heart_and_draws_it():
    import torch

    from archgym.experiments.walk_transformer import Shape, WalkTransformer, sample, train
    from archgym.torch_session import torch_session

    walk = canonical_walk(assemble({}))
    limits = Limits.of(120)
    with torch_session():
        torch.manual_seed(0)
        network = WalkTransformer(limits.alphabet, 121, Shape(1, 2, 32, 0.0))
        losses = []
        train(network, lambda: [walk] * 4, 150, 1e-2, lambda _, loss: losses.append(loss))
        drawn = sample(network, 4, np.random.default_rng(0), None)
        again = sample(network, 4, np.random.default_rng(0), None)
    assert losses[0] > 4.0
    assert losses[-1] < 0.5
    assert drawn == again
    assert walk in drawn


def test_an_untrained_one_keeps_all_rules_under_the_mask_and_none_without():
    import torch

    from archgym.experiments.walk_transformer import Shape, WalkTransformer, sample
    from archgym.torch_session import torch_session

    limits = Limits.of(80)
    with torch_session():
        torch.manual_seed(0)
        network = WalkTransformer(limits.alphabet, 81, Shape(1, 2, 16, 0.0)).eval()
        rng = np.random.default_rng(0)
        assert all(map(keeps_rules, sample(network, 6, rng, limits)))
        assert not any(map(keeps_rules, sample(network, 6, rng, None)))


def test_what_is_judged_is_counted_once_and_new_where_it_is():
    rng = np.random.default_rng(0)
    known = assemble({})
    other = assemble({"second_stage": "common_source", "compensation": "nulling"})
    walks = [encode(known, rng), encode(known, rng), encode(other, rng), ("VSS", "VDD")]
    counts = judge(walks, "amplifier", {canonical_walk(known)})
    assert counts == {
        "drawn": 4,
        "keep_the_rules": 3,
        "have_an_operating_point": 3,
        "different": 2,
        "not_among_the_blocks": 1,
    }


def test_recipes_are_read_and_refused(tmp_path):
    recipe = dict(read_recipe(RECIPE))
    path = tmp_path / "recipe.yaml"
    for change, said in (
        ({"steps": "many"}, "steps: 'many'"),
        ({"colour": 1}, "exactly the keys"),
    ):
        path.write_text(yaml.safe_dump({**recipe, **change}))
        with pytest.raises(SettingError, match=said):
            read_recipe(path)
    with pytest.raises(SettingError, match="cannot be read"):
        read_recipe(tmp_path / "none.yaml")
