"""Programs that compute a checkable result and log every load and store on the way.

Each module has one function ``run(rng, **sizes) -> KernelRun``. Sizes are scaled down together
with the cache (`archgym.cost_models.dram.workloads.cache_filter.Cache`), so that the working set
exceeds the cache as it does at full size. Instructions beside loads and stores are counted per
loop as an optimising compiler would leave them.
"""
