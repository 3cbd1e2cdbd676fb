"""Multi-agent reinforcement learning in PyTorch: teams, learners, and the search of designs."""
