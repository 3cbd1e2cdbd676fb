"""A workload of your own: the address trace of a matrix transposition, for the memory controller.

A trace is an .npz file of three arrays: t (clock cycle), w (1 writes, 0 reads), a (byte address).
"""

import tempfile
from pathlib import Path

import numpy as np

import archgym

ROWS, COLUMNS, BYTES = 64, 64, 64  # one memory burst per element


def transposition():
    """Return the trace of reading row by row and writing column by column."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    reads = (row * COLUMNS + column) * BYTES
    writes = (ROWS * COLUMNS + column * ROWS + row) * BYTES
    addresses = np.stack([reads, writes], axis=1).ravel()
    return {
        "t": np.arange(len(addresses)) * 4,
        "w": np.tile([0, 1], ROWS * COLUMNS),
        "a": addresses,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transposition.npz"
        np.savez(path, **transposition())
        problem = archgym.make_problem("dram", workload=str(path), objective="latency")
        agent = archgym.make_agent("hill_climbing", problem, seed=0)
        result = archgym.search(problem, agent, budget=150)
    best = result.best
    print(f"{best['reward']:.2f} times as quick as the default design")
    print(f"address_mapping {best['address_mapping']}, page_policy {best['page_policy']}")
