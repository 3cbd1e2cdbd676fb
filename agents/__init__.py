"""Search methods, one file each, all on the contract of `archgym.agents.base`."""
