"""GlobalFoundries' 180MCU transistors by tables of what ngspice says of them."""
