"""Whichever part of the package comes first, threads do not spin; the user's own choice stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SHOW = "import os; print(os.environ['OMP_WAIT_POLICY'], os.environ['KMP_BLOCKTIME'])"


def shown(code, **environment):
    known = {key: os.environ[key] for key in os.environ if not key.startswith(("OMP_", "KMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{SHOW}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=200,
        env={**known, **environment},
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "code",
    [
        "import napari_zerodce",
        "from napari_zerodce import enhance",
        "import napari_zerodce.core.curves",
        "from napari_zerodce.cli import main",
    ],
)
def test_threads_do_not_spin(code):
    assert shown(code) == ["passive", "0"]


def test_the_choice_of_the_user_stays():
    found = shown("import napari_zerodce", OMP_WAIT_POLICY="active", KMP_BLOCKTIME="200")
    assert found == ["active", "200"]


def test_it_is_said_before_torch_is_loaded():
    code = """
import builtins, os
real = builtins.__import__
def watched(name, *rest):
    if name == "torch":
        assert os.environ["OMP_WAIT_POLICY"] == "passive"
        print("seen", end=" ")
        builtins.__import__ = real
    return real(name, *rest)
builtins.__import__ = watched
from napari_zerodce.device import import_torch
import_torch()
"""
    assert shown(code) == ["seen", "passive", "0"]
