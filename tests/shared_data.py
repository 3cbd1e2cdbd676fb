"""The one way in which tests reach the reference data that is kept outside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_data(*parts: str) -> Path:
    """Return a path below the reference data; skip the calling test where it is absent."""
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"reference data {'/'.join(parts)} is not beside this checkout")
    return path
