"""Memory controllers: an event-driven simulator, its memories and its workloads."""
