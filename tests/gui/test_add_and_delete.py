"""napari survives that every kind of our layers, and its source, is added and deleted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "add_and_delete.py"


def test_napari_survives_every_kind_of_layer() -> None:
    # napari's colour bar, if it were switched on, would end the process in the second round.
    command = [sys.executable, str(SCRIPT), "2"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("survived 2 times") == 13
