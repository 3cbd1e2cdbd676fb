"""Systems on chip: task scheduling, design, processors."""
