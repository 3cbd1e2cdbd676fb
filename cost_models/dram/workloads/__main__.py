"""Print the table of the built-in workloads, measured on their traces."""

import sys

from archgym.cost_models.dram.workloads.characteristics import characteristics_table

sys.stdout.write(characteristics_table())
