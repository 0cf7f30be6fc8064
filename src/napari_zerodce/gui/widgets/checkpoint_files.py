"""Which files a user may open, or drop, as checkpoints: their suffixes say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtpy.QtCore import QMimeData


def checkpoint_filter() -> str:
    """Return the filter of a dialog that opens checkpoints."""
    patterns = " ".join(f"*{suffix}" for suffix in _suffixes())
    return f"Checkpoints ({patterns});;All files (*)"


def dropped_checkpoint(dropped: QMimeData | None) -> Path | None:
    """Return the dropped file if its suffix is that of a checkpoint, else None."""
    urls = dropped.urls() if dropped is not None else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.suffix.lower() in _suffixes() else None


def _suffixes() -> tuple[str, ...]:
    # The readers of all formats are imported here and not when a dock opens.
    from napari_zerodce.checkpoints.formats.checkpoint_format import CHECKPOINT_SUFFIXES

    return CHECKPOINT_SUFFIXES
