"""A plain, slow, readable memory controller that the fast engine is compared with.

It is written from the published semantics of DRAMSys v5.0 alone, one small class per concept,
with dictionaries and lists, and shares no code with the fast engine.
"""
