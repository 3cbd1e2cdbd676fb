"""Verilog to AIGER by the Yosys of the pyosys wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from archgym.cost_models.synthesis.engine import INSTALL, wheel_folder
from archgym.errors import WorkloadError

_SCRIPT = (
    "read_verilog -sv {source}; hierarchy -auto-top; proc; flatten; opt; memory; techmap; opt;"
    " aigmap; opt_clean; write_aiger -symbols circuit.aig"
)
_LIMIT_SECONDS = 300.0
# In a process of its own: an error of Yosys may end the process.
_RUN = (
    "import sys; from pyosys import libyosys as y; d = y.Design();"
    " [y.run_pass(c.strip(), d) for c in sys.argv[1].split(';')]"
)


def verilog_to_aiger(path: Path) -> bytes:
    """Return the binary AIGER of the top module of a Verilog file, with names.

    Raises:
        WorkloadError: There is no Yosys, or it does not take the file. Says what Yosys says.
    """
    with tempfile.TemporaryDirectory(prefix="archgym-yosys-") as scratch:
        folder = Path(scratch)
        source = f"source{path.suffix}"
        shutil.copyfile(path, folder / source)
        done = _run(path, _SCRIPT.format(source=source), folder)
        result = folder / "circuit.aig"
        if done.returncode or not result.is_file():
            raise WorkloadError(f"{path}: Yosys does not take it: {_reason(done)}")
        return result.read_bytes()


def _run(path: Path, script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    yosys = shutil.which("yosys")
    if wheel_folder() is not None:
        command = [sys.executable, "-c", _RUN, script]
    elif yosys:
        command = [yosys, "-q", "-p", script]
    else:
        raise WorkloadError(f"{path}: Verilog needs Yosys: {INSTALL}")
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkloadError(f"{path}: Yosys took more than {_LIMIT_SECONDS:g} s") from None


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stdout + b"\n" + done.stderr).decode(errors="replace").split("\n")
    errors = [line.strip() for line in lines if "ERROR" in line]
    return errors[0] if errors else next((x for x in reversed(lines) if x.strip()), "no reason")
