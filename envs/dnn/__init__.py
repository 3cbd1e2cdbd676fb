"""DNN accelerators: one environment a module, each with its ``ENVIRONMENT``."""
