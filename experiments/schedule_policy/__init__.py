"""Training of learned schedulers: masked proximal policy optimisation over task-PE pairs."""
