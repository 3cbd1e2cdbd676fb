"""Which blocks a chip has, how they are joined, and where tasks and their data go (FARSI)."""
