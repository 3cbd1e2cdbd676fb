"""Standard test functions of optimisation: problems whose optimum is known."""
