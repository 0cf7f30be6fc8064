"""The losses for TensorBoard, if that is installed: ``pip install napari-zerodce[tensorboard]``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class TensorBoardLog:
    """Writes scalars below a folder; does nothing where TensorBoard is not installed.

    Parameters
    ----------
    folder : Path
    step : int
        The step the run goes on from: later ones, of a process that was killed, are purged.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        self._writer: Any = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def write(self, kind: str, step: int, losses: Mapping[str, float]) -> None:
        """Add the losses of a step under "training" or "validation"."""
        if self._writer is not None:
            for name, value in losses.items():
                self._writer.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
