"""What the arrays of the kernels hold."""

from __future__ import annotations

from pathlib import Path

from archgym.cost_models.compiled import Compiler

COMPILER = Compiler("dnn-mapping", Path(__file__).parent)

# Levels, and bounds or orders of one design: entry LEVEL * N_DIMENSIONS + dimension (or, in
# orders, position from the outermost loop).
DRAM, GLB, SPATIAL, RF = range(4)
N_LEVELS = 4
N, K, C, P, Q, R, S = range(7)
N_DIMENSIONS = 7
N_BOUNDS = N_LEVELS * N_DIMENSIONS

# Layers: the seven dimensions, then the stride.
STRIDE = 7

# Hardware, float64.
NUM_PES, RF_WORDS, GLB_WORDS, GLB_READ_BW, GLB_WRITE_BW, DRAM_BW = range(6)
E_MAC, E_RF, E_GLB, E_DRAM, FORWARDING, MACHINE_AREA = range(6, 12)
N_HARDWARE = 12

# Rows of the results, float64.
CYCLES, COMPUTE_CYCLES, ENERGY, UTILIZED_PES, MACS, UTILIZATION = range(6)
RF_W_READS, RF_W_FILLS, RF_I_READS, RF_I_FILLS = range(6, 10)
RF_O_READS, RF_O_FILLS, RF_O_UPDATES = range(10, 13)
GLB_W_READS, GLB_W_FILLS, GLB_I_READS, GLB_I_FILLS = range(13, 17)
GLB_O_READS, GLB_O_FILLS, GLB_O_UPDATES = range(17, 20)
DRAM_W_READS, DRAM_I_READS, DRAM_O_READS, DRAM_O_UPDATES = range(20, 24)
AREA = 24
N_RESULTS = 25

# Why a mapping cannot run, in the order in which it is tested.
FEASIBLE, FACTOR_PRODUCT, PE_COUNT, RF_CAPACITY, GLB_CAPACITY = range(5)

# Loops above a buffer, innermost first: bound, dimension, tile step, iterations of all outer ones.
BOUND, DIMENSION, STEP, OUTER = range(4)
N_LOOP_FIELDS = 4
MOST_LOOPS = 2 * N_DIMENSIONS

# Events, one per loop: how the input tile moves (batch, channel, row, column) when the loop
# advances, the words that are new then, and how often that occurs.
MOVE_N, MOVE_C, MOVE_H, MOVE_W, WORDS, OCCURRENCES = range(6)
N_EVENT_FIELDS = 6

# Spatial loops, the fastest first: bound, the difference of offsets (batch, channel, row, column;
# and as one number) between two neighbours where the count carries into this loop, and where the
# count stands.
SPREAD, STEP_N, STEP_C, STEP_H, STEP_W, STEP_KEY, INDEX = range(7)
N_SPATIAL_FIELDS = 7
