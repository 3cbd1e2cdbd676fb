"""Names that the design space and the cost models of circuits share."""

from __future__ import annotations

MODEL = "model"
AFM1, GF180 = "afm1", "gf180"
MODELS = (AFM1, GF180)
SUPPLY_V = {AFM1: 1.8, GF180: 3.3}
LENGTHS_UM = {AFM1: (0.18, 0.36, 0.5, 1.0, 2.0), GF180: (0.3, 0.4, 0.6, 1.0, 2.0)}
