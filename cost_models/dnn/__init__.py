"""DNN accelerators: systolic arrays and loop-nest mappings, their layers and networks."""
