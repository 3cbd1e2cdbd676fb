"""The columns in which a chip of several sub-accelerators and its networks are given."""

from __future__ import annotations

MOST_SUBS = 3
TEMPLATES = ("kcp_ws", "yxp_os", "rs")  # NVDLA, ShiDianNao, Eyeriss
SUBS = "subs"


def sub(number: int, what: str) -> str:
    """Return the column of a sub-accelerator, ``dataflow``, ``pes`` or ``bw``."""
    return f"sub{number + 1}_{what}"


def network(task: int, hyperparameter: str) -> str:
    """Return the column of a hyper-parameter of a task's network."""
    return f"net{task + 1}_{hyperparameter}"


def place(task: int, at: int) -> str:
    """Return the column that says which sub-accelerator runs the layer at a place."""
    return f"net{task + 1}_place{at + 1}"
