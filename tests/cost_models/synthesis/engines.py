"""Engines and circuits that several tests use."""

from __future__ import annotations

import stat
import sys
import time
from pathlib import Path

from archgym.cost_models.synthesis.aiger import write_binary
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import Engine, find_engine
from archgym.cost_models.synthesis.generators import generate


def circuit(spec: str) -> Circuit:
    return Circuit(spec, write_binary(generate(spec)))


def wrapped(folder: Path, body: str, name: str = "wrapped-abc") -> Path:
    """Return a Python program that stands between us and ABC.

    ``body`` sees ``abc``, a running ABC with pipes, and ``lines``, what we write to it.
    """
    real = find_engine().path
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\n"
        "import os, subprocess, sys, time\n"
        f"abc = subprocess.Popen([{str(real)!r}, '-s'], stdin=subprocess.PIPE)\n"
        "lines = iter(sys.stdin.buffer.readline, b'')\n"
        "def send(line):\n    abc.stdin.write(line); abc.stdin.flush()\n"
        f"{body}\n"
        "abc.stdin.close(); abc.wait()\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def as_engine(path: Path) -> Engine:
    return Engine(path, "abc (test)", "ABC under test", "0" * 64)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def are_gone(pids: list[int], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_alive, pids))
