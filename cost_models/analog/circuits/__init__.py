"""The circuits that come with the project, and those of users' files."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from archgym.cost_models.analog.circuit import Circuit, parse_circuit
from archgym.errors import UnknownNameError, WorkloadError

NAMES = ("ota5t", "miller2", "fcascode", "csload", "tia", "ldo", "comparator")


def load_circuit(name: str) -> Circuit:
    """Return the circuit of that name, or of that YAML file.

    Raises:
        UnknownNameError: There is no such circuit and no such file.
        WorkloadError: The file cannot be read or does not describe a circuit.
    """
    if name in NAMES:
        return _shipped(name)
    path = Path(name)
    if not path.is_file():
        raise UnknownNameError("circuit", name, NAMES, " or a YAML file that describes one")
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WorkloadError(f"{name}: cannot be read as YAML: {error}") from None
    return parse_circuit(content, name)


@cache
def _shipped(name: str) -> Circuit:
    text = resources.files(__package__).joinpath(f"{name}.yaml").read_text()
    return parse_circuit(yaml.safe_load(text), name)
