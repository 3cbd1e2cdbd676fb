"""ZigZag's cost model as one of ``dnn.mapping``: the same mapping on the same machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.batch import Batch
from archgym.cost_models.dnn.backends.tool_model import ToolModel
from archgym.cost_models.dnn.mapping.columns import HARDWARE
from archgym.cost_models.dnn.mapping.model import METRICS, MappingModel
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.tool_process import ToolProcess, interpreter, time_limit
from archgym.environment import Environment, Settings
from archgym.errors import SettingError

NAME, VARIABLE = "zigzag", "ARCHGYM_ZIGZAG_PYTHON"
INSTALL = (
    "pip install 'archgym[zigzag]' here, or python3.11 -m venv zigzag_env &&"
    " zigzag_env/bin/pip install zigzag-dse==3.9.1 six"
)
SCRIPT = Path(__file__).with_name("run_zigzag.py")
DEFAULT_TIMEOUT_S = 60.0
_SAID_BY_THE_TOOL = ("cycles", "compute_cycles", "energy_pj", "macs")
_NAMES = (*_SAID_BY_THE_TOOL, "utilized_pes", "utilization")
_LEVELS = {"rf": "rf", "glb": "glb", "dram": "dram", "sp": "spatial"}


class ZigZagModel(ToolModel):
    """Evaluates each design's mapping with zigzag-dse 3.9.1; the tool searches nothing.

    What a design stands for, and whether it can run, is decided as by the loop-nest model.
    """

    name = NAME
    version = "1"
    metrics = tuple(m for m in METRICS if m.name in _NAMES or m.name.startswith("dram_"))
    sources = ("zigzag-dse 3.9.1 (PyPI, MIT; Mei et al., IEEE TC 2021)",)
    leaves_out = (
        "forwarding between neighbours; overlap of sliding windows is the tool's, not Timeloop's",
        "the tool reads every partial sum back, the first one too, where any is",
        "accesses of GLB and RF, whose energy is in energy_pj",
    )
    checked_against = ("the loop-nest model: weights and outputs moved, compute cycles, MACs",)

    def ask(
        self, tool: ToolProcess, design: Batch, workload: Network
    ) -> Mapping[str, float] | str:
        """Return the metrics of one mapping, or why it cannot run.

        Raises:
            ToolFailedError: The tool failed on it.
        """
        columns, layer, reason = MappingModel().resolve(design, workload)
        if reason:
            return reason
        found = tool.ask(request_of(columns, layer))
        pes = found["macs"] / found["compute_cycles"]
        used = found["macs"] / (columns["num_pes"] * found["cycles"])
        return {**found, "utilized_pes": pes, "utilization": used}

    def evaluation_seconds(self, design: Batch, workload: Network) -> float:
        """Return the process time that the tool's cost model alone takes for one design."""
        columns, layer, _ = MappingModel().resolve(design, workload)
        return float(self._tool.ask(request_of(columns, layer))["cpu_seconds"])


def request_of(columns: Mapping[str, Any], layer: Mapping[str, int]) -> dict[str, Any]:
    """Return what ``run_zigzag.py`` takes: machine, layer, and the loops of each level.

    Loops run from the innermost outwards; those of bound 1 are left out.
    """
    loops = {
        name: [
            [dimension, int(columns[f"{level}_{dimension}"])]
            for dimension in reversed(columns[f"{level}_order"])
            if columns[f"{level}_{dimension}"] > 1
        ]
        for level, name in _LEVELS.items()
    }
    machine = {name: float(columns[name]) for name in HARDWARE}
    return {"machine": machine, "layer": dict(layer), **loops}


def load_zigzag(
    options: str, environment: Environment, settings: Settings, workload: str
) -> ZigZagModel:
    """Return the cost model ``zigzag`` or ``zigzag:timeout_s=SECONDS``.

    Raises:
        SettingError: Another environment, unknown options, or no Python that has the tool.
    """
    if environment.id != "dnn.mapping":
        raise SettingError(f"cost model {NAME!r} is one of dnn.mapping, not {environment.id}")
    seconds = time_limit(NAME, options, DEFAULT_TIMEOUT_S)
    python = interpreter(NAME, VARIABLE, INSTALL, package="zigzag")
    return ZigZagModel(ToolProcess(NAME, python, SCRIPT, INSTALL, seconds))
