"""Losses for TensorBoard, if it is installed: ``pip install napari-zerodce[tensorboard]``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class TensorBoardLog:
    """Writer of scalars into a folder, which does nothing if TensorBoard is not installed.

    Parameters
    ----------
    folder : Path
    step : int
        Step from which the run continues. Later steps, of a killed process, are purged.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        self._writer: Any = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def write(self, kind: str, step: int, losses: Mapping[str, float]) -> None:
        """Add the losses of a step.

        Parameters
        ----------
        kind : {"training", "validation"}
        step : int
        losses : mapping of str to float
        """
        if self._writer is not None:
            for name, value in losses.items():
                self._writer.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Write all remaining scalars and close the file."""
        if self._writer is not None:
            self._writer.close()
