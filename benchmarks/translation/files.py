"""Where a training of the study leaves its generator and its translations."""

from __future__ import annotations

from pathlib import Path

from translation.arms import Unit


def generator_file(work: Path, unit: Unit) -> Path:
    """Return the file with the state dict of a unit's generator."""
    return work / f"{unit.name}.pth"


def translations_file(work: Path, unit: Unit) -> Path:
    """Return the file with the translations of held-aside pictures, shape (N, H, W, C)."""
    return work / f"{unit.name}.npy"
