"""An Eyeriss-like accelerator with a scratchpad per tensor in each PE, mapped layer by layer."""
