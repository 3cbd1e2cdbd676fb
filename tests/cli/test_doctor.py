"""`archgym doctor`, on this machine and on ones that lack something."""

from __future__ import annotations

import csv
import importlib
import importlib.metadata
import io

import pytest
from typer.testing import CliRunner

from archgym.cli import app
from archgym.cost_models.analog.ngspice import availability
from archgym.cost_models.dnn.backends import scalesim, zigzag
from archgym.cost_models.synthesis import engine

module = importlib.import_module("archgym.cli.doctor")  # the package holds the verb by this name


def rows() -> tuple[int, dict[str, dict[str, str]]]:
    done = CliRunner().invoke(app, ["doctor", "--format", "csv"])
    return done.exit_code, {row["what"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def without(monkeypatch, *packages: str) -> None:
    def version(name: str) -> str:
        if name in packages:
            raise importlib.metadata.PackageNotFoundError(name)
        return importlib.metadata.version(name)

    monkeypatch.setattr(module, "version", version)


def test_a_whole_core_is_fine():
    code, found = rows()
    assert code == 0
    assert {row["state"] for row in found.values() if row["part"] == "core"} == {"ok"}
    assert found["numpy"]["found"] == importlib.metadata.version("numpy")
    assert int(found["cores"]["found"]) >= 1


def test_a_package_of_the_core_that_lacks_or_is_too_old_fails(monkeypatch):
    without(monkeypatch, "pandas")
    code, found = rows()
    assert code == 1
    assert found["pandas"]["state"] == "missing"
    assert found["pandas"]["how to get it"].startswith("pip install 'pandas>=")
    monkeypatch.setattr(module, "version", lambda name: "0.1")
    code, found = rows()
    assert code == 1
    assert found["numpy"]["state"] == "broken"


def test_an_extra_that_lacks_a_package_names_its_command_and_does_not_fail(monkeypatch):
    without(monkeypatch, "sb3-contrib", "onnx")
    code, found = rows()
    assert code == 0
    assert found["rl"]["state"] == "missing"
    assert found["rl"]["how to get it"] == "pip install 'archgym[rl]'"
    assert "sb3-contrib" not in found["rl"]["found"]
    assert "dev" not in found, "an extra for those who work on archgym itself"


@pytest.mark.parametrize(("path", "state"), [("/bin/sh", "ok"), ("/no/such/file", "missing")])
def test_a_tool_is_looked_for_where_its_variable_points(monkeypatch, path, state):
    monkeypatch.setenv("ARCHGYM_NGSPICE", path)
    assert rows()[1]["ngspice"]["state"] == state


def test_a_tool_that_is_nowhere_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("ARCHGYM_NGSPICE", raising=False)
    monkeypatch.setenv("PATH", "/no/such/folder")
    assert rows()[1]["ngspice"]["how to get it"] == "apt-get install ngspice"


def test_a_cache_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("archgym.cost_models.compiled._config.CACHE_DIR", "")
    code, found = rows()
    assert (code, found["cache of compiled kernels"]["state"]) == (0, "missing")


def test_variables_and_commands_are_those_that_the_tools_themselves_use():
    tools = {tool["tool"]: tool for tool in module.known_tools()}
    assert tools["ngspice"]["variable"] == availability.EXECUTABLE_VARIABLE
    assert tools["libngspice"]["variable"] == availability.LIBRARY_VARIABLE
    assert tools["cards of gf180"]["get"] == availability.INSTALL_GF180
    assert tools["ABC of your own"]["variable"] == engine.VARIABLE
    assert tools["SCALE-Sim"]["variable"] == scalesim.VARIABLE
    assert tools["SCALE-Sim"]["get"].startswith(scalesim.INSTALL)
    assert tools["ZigZag"]["variable"] == zigzag.VARIABLE
