"""Attention kernels: what an attention layer costs on an accelerator."""
