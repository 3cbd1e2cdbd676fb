"""Several networks on several sub-accelerators of one chip (NASAIC)."""
