"""What the memory controller serves: kernels, recipes and trace files."""

from archgym.cost_models.dram.workloads.registry import (
    Workload,
    content_hash,
    list_workloads,
    load_workload,
)

__all__ = ["Workload", "content_hash", "list_workloads", "load_workload"]
