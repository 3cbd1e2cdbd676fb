"""ngspice as a simulator: a process for each design, or its library kept alive."""
