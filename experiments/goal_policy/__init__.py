"""Training of goal-conditioned policies, which meet any targets: AutoCkt's way."""
