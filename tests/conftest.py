"""Settings that every test needs before numpy is imported."""

import os
import sys

import pytest

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that start Ray in one process: each takes all cores."""
    for item in items:
        if item.get_closest_marker("ray"):
            item.add_marker(pytest.mark.xdist_group("ray"))


@pytest.fixture(autouse=True)
def _same_global_draws() -> None:
    """Let torch's global generator begin alike in every test, whatever ran before."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
