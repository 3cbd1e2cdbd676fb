"""The built-in solver against ngspice 39.3: 150 random designs of each of four circuits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import archgym
from tests.cost_models.analog.drawing import assert_alike
from tests.shared_data import shared_data

# Metric -> (relative?, bound at 95 %, largest), the project's bars with room to spare.
BARS = {
    "gain_db": (False, 0.0003, 0.003),
    "transimpedance_dbohm": (False, 0.0003, 0.003),
    "ugbw_hz": (True, 1e-4, 1e-3),
    "bandwidth_hz": (True, 1e-4, 1e-3),
    "phase_margin_deg": (False, 0.005, 0.02),
    "peaking_db": (False, 0.003, 0.01),
    "power_w": (True, 1e-6, 1e-5),
    "input_noise_1khz_v_rthz": (True, 1e-4, 1e-3),
    "input_noise_1mhz_v_rthz": (True, 1e-4, 1e-3),
    "output_noise_rms_v": (True, 1e-4, 1e-3),
    "input_noise_10mhz_a_rthz": (True, 1e-4, 1e-3),
    "vout_dc_v": (False, 1e-6, 1e-5),
    "offset_v": (False, 1e-6, 1e-5),
    "min_drain_current_a": (True, 1e-4, 1e-3),
}


@pytest.mark.parametrize("workload", ["ota5t", "miller2", "csload", "tia"])
def test_metrics_agree_with_ngspice(workload):
    wanted = pd.read_csv(shared_data("analog", "dev", f"{workload}_afm1.csv"))
    problem = archgym.make_problem("analog.sizing", workload)
    found = problem.evaluate(wanted[[*problem.space.names]])
    scored = wanted["scored"] == 1
    assert (found["converged"] == 1).all()
    assert ((found["min_drain_current_a"] >= 1e-9) == scored).all()
    assert ((found["well_posed"] == 1) == scored).all()
    assert ((found["status"] == "ok") == (scored & found["figure_of_merit"].notna())).all()
    assert_alike(found[scored], wanted[scored], BARS)


@pytest.mark.parametrize("workload", ["ota5t", "miller2"])
def test_slew_rates_agree_with_ngspice(workload):
    wanted = pd.read_csv(shared_data("analog", "dev", f"{workload}_afm1.csv"))
    problem = archgym.make_problem("analog.sizing", workload)
    found = problem.evaluate(wanted[[*problem.space.names]])["slew_v_per_us"]
    scored = wanted["scored"] == 1
    assert (found.isna() == wanted["slew_v_per_us"].isna())[scored].all()
    tame = scored & (wanted["phase_margin_deg"] >= 45) & (wanted["gain_db"] > 30)
    error = np.abs(found / wanted["slew_v_per_us"] - 1)[tame]
    assert error.median() <= 0.002
    assert error.quantile(0.95) <= 0.02
