"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real photos and published weights, which few machines have."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NAPARI_ZERODCE_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"real photos and published weights are not on this machine ({folder})")
    return folder
