"""Energy, power, area and the distance to the budgets, from phases and the sizes of memories.

Kernels.
"""

from __future__ import annotations

import numpy as np

from archgym.cost_models.soc.design.compiler import Array, helper

READ_J, WRITE_J, AREA = range(3)


@helper
def memory_figures(bytes_: float, table: Array, granule: float, least: float, out: Array) -> bool:
    """Write read and write J/byte and area in m2 of a memory; return whether the table has it.

    Between and beyond the table's sizes the logarithms are interpolated linearly.

    Args:
        bytes_: What it holds at most.
        table: float64 (sizes, 4), size in bytes, ascending, then the three figures.
        granule: Sizes are multiples of it.
        least: Bytes of the smallest memory.
        out: float64 (3,).
    """
    size = granule * np.ceil(max(np.ceil(bytes_), least) / granule)
    above = np.searchsorted(table[:, 0], size)
    if above < len(table) and table[above, 0] == size:
        out[:] = table[above, 1:]
        return True
    above = min(max(above, 1), len(table) - 1)
    low, high = table[above - 1], table[above]
    part = np.log(size / low[0]) / np.log(high[0] / low[0])
    for figure in range(3):
        ratio = high[figure + 1] / low[figure + 1]
        out[figure] = low[figure + 1] * np.exp(part * np.log(ratio))
    return False


@helper
def _mean_power(times: Array, energies: Array) -> float:
    total = times.sum()
    return float(energies.sum() / total) if total > 0.0 else 0.0


@helper
def highest_power(times: Array, energies: Array, window: float) -> float:
    """Return the highest mean power in W over windows of phases.

    A window closes with the first phase that is longer than what is left of it. As in FARSI,
    phases without length are skipped without being counted, while the bounds that the count
    gives are places in the list of all phases.

    Args:
        times: float64 (phases,), seconds.
        energies: float64 (phases,), J.
        window: Seconds.
    """
    left, low, counted, most, closed = window, 0, 0, 0.0, False
    for at in range(len(times)):
        if times[at] == 0.0:
            continue
        if times[at] > left:
            end = counted + 1
            most = max(most, _mean_power(times[low:end], energies[low:end]))
            left, low, closed = window, end, True
        else:
            left -= times[at]
        counted += 1
    if not closed:
        return _mean_power(times, energies)
    return max(most, _mean_power(times[low:], energies[low:]))


@helper
def area_of_pes(
    tasks: Array,
    task_pe: Array,
    pe_task: Array,
    pe_unroll: Array,
    cpu_area: float,
    acc_area: Array,
    largest: Array,
) -> float:
    """Return the area in m2 of the PEs that run one of ``tasks``; each counts its largest task.

    Args:
        tasks: Those that need hardware.
        task_pe: The PE of each task.
        pe_task: The task of each accelerator, -1 for a CPU.
        pe_unroll: Its unrolling.
        cpu_area: m2.
        acc_area: float64 (tasks,), m2 per unrolling.
        largest: float64 (PEs,), work space.
    """
    largest[:] = 0.0
    for task in tasks:
        pe = task_pe[task]
        area = cpu_area if pe_task[pe] < 0 else acc_area[task] * pe_unroll[pe]
        largest[pe] = max(largest[pe], area)
    return float(largest.sum())


@helper
def distance(values: Array, budgets: Array, slack: float, met: float) -> float:
    """Return the sum of relative distances to budgets; one that is met counts ``met``."""
    total = 0.0
    for at in range(len(values)):
        excess = (values[at] - budgets[at]) / budgets[at]
        total += met if excess < slack else abs(excess)
    return total
