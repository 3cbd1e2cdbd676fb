"""One layer through scalesim 3.0.0; loaded by ``tool_server.py`` in a Python that has it.

Stalls are left out: buffers are large, and bandwidths are the tool's estimate (mode CALC).
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from scalesim.scale_sim import scalesim

_CONFIGURATION = """\
[general]
run_name = run
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {cols}
IfmapSramSzkB: 4096
FilterSramSzkB: 4096
OfmapSramSzkB: 4096
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: {dataflow}
ReadRequestBuffer: 64
WriteRequestBuffer: 64
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""
_LAYOUT_COLUMNS = 20


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return cycles and accesses of layers on one array.

    Args:
        request: ``rows``, ``cols``, ``dataflow`` and ``layers``, each the numbers of a convolution
            as in the tool's topology files (input height and width, filter height and width,
            channels, filters, stride), or M, N, K of a matrix product.
    """
    return {"layers": [_run(request, layer) for layer in request["layers"]]}


def _run(array: dict[str, Any], layer: list[int]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "config.cfg": _CONFIGURATION.format(**array),
            "topology.csv": _table(["layer", *layer]),
            "layout.csv": _table(["layer", *[1] * _LAYOUT_COLUMNS]),
        }
        for name, text in files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        return _simulate(folder, array, is_product=len(layer) == 3)


def _table(row: list[Any]) -> str:
    return "header,\n" + ",".join(map(str, row)) + ",\n"


def _simulate(folder: str, array: dict[str, Any], is_product: bool) -> dict[str, float]:
    paths = [os.path.join(folder, name) for name in ("config.cfg", "topology.csv", "layout.csv")]
    config, topology, layout = paths
    tool = scalesim(
        save_disk_space=True,
        verbose=False,
        config=config,
        topology=topology,
        layout=layout,
        input_type_gemm=is_product,
    )
    tool.run_scale(top_path=folder)
    layer = tool.runner.single_layer_sim_object_list[0]
    compute, accesses = layer.get_compute_report_items(), layer.get_detail_report_items()
    rows, columns = array["rows"], array["cols"]
    folds = layer.compute_system.row_fold * layer.compute_system.col_fold
    extra = folds * (rows + columns) if array["dataflow"] == "os" else 0
    return {
        "cycles": int(compute[1]),
        "stall_cycles": int(compute[2]),
        "filled": float(compute[4]) / 100 * folds * rows * columns,
        "offered": folds * rows * columns,
        "ifmap_reads": int(accesses[2]),
        "filter_reads": int(accesses[5]),
        "ofmap_writes": int(accesses[8]) - extra,
    }
