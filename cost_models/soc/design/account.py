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
    above = 0
    while above < len(table) and table[above, 0] < size:
        above += 1
    if above < len(table) and table[above, 0] == size:
        for figure in range(3):
            out[figure] = table[above, figure + 1]
        return True
    above = min(max(above, 1), len(table) - 1)
    part = np.log(size / table[above - 1, 0]) / np.log(table[above, 0] / table[above - 1, 0])
    for figure in range(1, 4):
        ratio = table[above, figure] / table[above - 1, figure]
        out[figure - 1] = table[above - 1, figure] * np.exp(part * np.log(ratio))
    return False


@helper
def _mean_power(times: Array, energies: Array, low: int, end: int) -> float:
    time = energy = 0.0
    for at in range(low, min(end, len(times))):
        time += times[at]
        energy += energies[at]
    return energy / time if time > 0.0 else 0.0


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
            most = max(most, _mean_power(times, energies, low, end))
            left, low, closed = window, end, True
        else:
            left -= times[at]
        counted += 1
    if not closed:
        return _mean_power(times, energies, 0, len(times))
    return max(most, _mean_power(times, energies, low, len(times)))


@helper
def area_of_pes(
    tasks: Array,
    task_pe: Array,
    words: Array,
    pe_task: Array,
    pe_unroll: Array,
    cpu_area: float,
    acc_area: Array,
) -> float:
    """Return the area in m2 of the PEs that run one of ``tasks``; each counts its largest task.

    Args:
        tasks: Those that need hardware.
        task_pe: The PE of each task.
        words: The places of the PEs in the library.
        pe_task: Of the library, the task of an accelerator, -1 for a CPU.
        pe_unroll: Of the library, the unrolling of an accelerator.
        cpu_area: m2.
        acc_area: float64 (tasks,), m2 per unrolling.
    """
    total, largest = 0.0, np.zeros(len(words))
    for task in tasks:
        pe = task_pe[task]
        word = words[pe]
        area = cpu_area if pe_task[word] < 0 else acc_area[task] * pe_unroll[word]
        if area > largest[pe]:
            total += area - largest[pe]
            largest[pe] = area
    return total


@helper
def distance(values: Array, budgets: Array, slack: float, met: float) -> float:
    """Return the sum of relative distances to budgets; one that is met counts ``met``."""
    total = 0.0
    for at in range(len(values)):
        excess = (values[at] - budgets[at]) / budgets[at]
        total += met if excess < slack else abs(excess)
    return total
