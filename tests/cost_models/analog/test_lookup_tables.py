"""Tables of transistors as files: how they are reached, kept, refused, and made anew."""

from __future__ import annotations

import numpy as np
import pytest

import archgym
from archgym.cost_models.analog.lookup import tables as files
from archgym.cost_models.analog.lookup.grid import make_grid, settings
from archgym.cost_models.analog.lookup.tables import SHIPPED, packed, tables
from archgym.cost_models.analog.ngspice import availability, library
from archgym.cost_models.analog.ngspice.availability import executable, missing_for
from archgym.errors import InvalidDesignError

needs_gf180 = pytest.mark.skipif(
    bool(missing_for("gf180")) or executable() is None,
    reason=missing_for("gf180") or "ngspice's program is not installed",
)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without ngspice and cards, and with an empty folder for cached files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(files, "cache_folders", lambda: [tmp_path])
    for module in (availability, files):
        monkeypatch.setattr(module, "executable", lambda: None)
    for module in (availability, library):  # imported here, or it would bind what is patched
        monkeypatch.setattr(module, "library", lambda: None)
    monkeypatch.setattr(availability, "gf180_folder", lambda: None)
    for function in (availability.missing_for, tables):
        function.cache_clear()
    yield tmp_path
    for function in (availability.missing_for, tables):
        function.cache_clear()


ROWS = [{"model": "gf180", "l1_um": 0.6, "l2_um": 0.6}, {"model": "afm1"}]


def test_it_needs_no_ngspice(bare):
    problem = archgym.make_problem("analog.sizing", "csload", cost_model="lookup")
    found = problem.evaluate(ROWS)
    assert (found["well_posed"] == 1).all()
    default = archgym.make_problem("analog.sizing", "csload")
    assert default.evaluate(ROWS[1:])["gain_db"][0] == found["gain_db"][1]
    with pytest.raises(InvalidDesignError, match=r"apt-get install.*--cost-model lookup"):
        default.evaluate(ROWS)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"temperature_c": 85.0}, r"no tables of gf180, process tt at 85 C.*apt-get"),
        ({"process": "ss"}, r"no tables of gf180, process ss at 27 C.*pip install"),
        ({"supply_scale": 1.3}, r"a supply of 4\.29 V is beyond the tables"),
    ],
)
def test_other_corners_are_refused_where_they_cannot_be_measured(bare, settings, reason):
    problem = archgym.make_problem("analog.sizing", "csload", cost_model="lookup", **settings)
    assert problem.evaluate(ROWS[1:])["converged"][0] == 1
    with pytest.raises(InvalidDesignError, match=reason):
        problem.evaluate(ROWS)


def test_tables_that_were_made_are_kept(bare, monkeypatch):
    made = []

    def characterise(process, kelvin):
        made.append((process, kelvin))
        content = files._read(
            files.resources.files(files.__package__).joinpath(files.SHIPPED_FILE).read_bytes()
        )
        return content | {"bodies": content["bodies"] * 0.5}

    monkeypatch.setattr(files, "characterise", characterise)
    monkeypatch.setattr(files, "missing_tables", lambda process, kelvin: "")
    one = tables("ss", 358.15)
    tables.cache_clear()
    two = tables("ss", 358.15)
    assert made == [("ss", 358.15)]
    assert np.array_equal(one.bodies, two.bodies)
    assert np.array_equal(one.bodies, 0.5 * tables(*SHIPPED).bodies)
    assert [path.suffix for path in bare.rglob("*") if path.is_file()] == [".npz"]


@needs_gf180
@pytest.mark.extended
def test_a_hot_slow_corner_is_measured_and_agrees(bare, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(files, "cache_folders", lambda: [bare])
    monkeypatch.setattr(files, "LENGTHS_UM", {"gf180": (0.6,)})  # two transistors of ten
    tables.cache_clear()
    settings = {"metrics": "without_slew", "model": "gf180", "process": "ss"}
    settings["temperature_c"] = 85.0
    here, there = (
        archgym.make_problem("analog.sizing", "miller2", cost_model=model, **settings)
        for model in ("lookup", "nodal")
    )
    designs = here.space.sample(np.random.default_rng(8), 6).frame()
    designs[[name for name in designs if name.endswith("_um")]] = 0.6
    ours, theirs = here.evaluate(designs), there.evaluate(designs)
    assert np.allclose(ours["gain_db"], theirs["gain_db"], atol=0.1)
    assert np.allclose(ours["ugbw_hz"], theirs["ugbw_hz"], rtol=0.01, equal_nan=True)


def test_files_are_made_alike():
    content = {"a": np.arange(3.0)}
    assert packed(content) == packed(content)
    assert make_grid("currents").shape == tuple(settings()["currents"].values())
