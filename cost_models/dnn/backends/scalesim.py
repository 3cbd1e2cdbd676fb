"""SCALE-Sim itself as a cost model of ``dnn.systolic``, for cross-checks of the closed forms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.dnn.backends.tool_model import ToolModel
from archgym.cost_models.dnn.layer_columns import layers_of
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.systolic import Ints, work_of
from archgym.cost_models.dnn.systolic_model import METRICS
from archgym.cost_models.tool_process import ToolProcess, interpreter, time_limit
from archgym.environment import Environment, Settings
from archgym.errors import SettingError

NAME, VARIABLE = "scalesim", "ARCHGYM_SCALESIM_PYTHON"
INSTALL = (
    "python3.11 -m venv scalesim_env && scalesim_env/bin/pip install scalesim==3.0.0 'numpy<2.4'"
)
SCRIPT = Path(__file__).with_name("run_scalesim.py")
DEFAULT_TIMEOUT_S = 600.0
_NOT_SAID = ("cycles", "avg_util", "weighted_util", "stall_cycles", "dram_words")


class ScaleSimModel(ToolModel):
    """Runs each layer of a network through scalesim 3.0.0, without stalls.

    Layers of one image are given as convolutions, batches as the matrix product that they are;
    the tool knows no groups, so one group is run and counts as often as there are groups.
    """

    name = NAME
    version = "1"
    metrics = tuple(metric for metric in METRICS if metric.name not in _NOT_SAID)
    sources = ("scalesim 3.0.0 (PyPI, MIT; Samajdar et al., arXiv 1811.02883)",)
    leaves_out = (
        "stalls; groups and batches are ours, as the tool has none",
        "the rows + cols a fold that its counter of output writes adds under dataflow os",
    )

    def ask(self, tool: ToolProcess, design: Batch, workload: Network) -> Mapping[str, float]:
        """Return the metrics of an array, summed over the layers of a network.

        Raises:
            ToolFailedError: The tool failed on a layer.
        """
        layers = layers_of(design, workload)[0]
        counts = np.array(workload.counts or (1,), dtype=np.int64)
        rows, cols = int(design["array_rows"][0]), int(design["array_cols"][0])
        array = {"rows": rows, "cols": cols, "dataflow": str(design["dataflow"][0])}
        work = work_of(layers, design["group"].astype(np.int64))
        requests = [_topology(layer, int(n)) for layer, n in zip(layers, work.groups, strict=True)]
        answers = tool.ask({**array, "layers": requests})["layers"]
        macs = float((work.macs * counts).sum())
        return _summed(answers, work.groups * counts, macs, rows * cols)


def _topology(layer: Ints, groups: int) -> list[int]:
    """Return the row of the tool's topology file for one group: a convolution or a product."""
    n, k, c, p, q, r, s, stride, _ = (int(value) for value in layer)
    if n > 1:
        return [n * p * q, k // groups, r * s * c // groups]
    height, width = (p - 1) * stride + r, (q - 1) * stride + s
    return [height, width, r, s, c // groups, k // groups, stride]


def _summed(
    answers: list[dict[str, float]], times: Ints, macs: float, pes: int
) -> dict[str, float]:
    def total(name: str) -> float:
        return float(np.dot(times, np.array([answer[name] for answer in answers])))

    cycles = total("cycles") - total("stall_cycles")
    return {
        "stall_free_cycles": cycles,
        "sram_ifmap_reads": total("ifmap_reads"),
        "sram_filter_reads": total("filter_reads"),
        "sram_ofmap_writes": total("ofmap_writes"),
        "macs": macs,
        "mapping_efficiency": total("filled") / total("offered"),
        "utilization": macs / (pes * max(cycles, 1.0)),
        "pes": float(pes),
    }


def load_scalesim(
    options: str, environment: Environment, settings: Settings, workload: str
) -> ScaleSimModel:
    """Return the cost model ``scalesim`` or ``scalesim:timeout_s=SECONDS``.

    Raises:
        SettingError: Another environment, unknown options, or no Python that has the tool.
    """
    if environment.id != "dnn.systolic":
        raise SettingError(f"cost model {NAME!r} is one of dnn.systolic, not {environment.id}")
    seconds = time_limit(NAME, options, DEFAULT_TIMEOUT_S)
    python = interpreter(NAME, VARIABLE, INSTALL, package="scalesim")
    return ScaleSimModel(ToolProcess(NAME, python, SCRIPT, INSTALL, seconds))
