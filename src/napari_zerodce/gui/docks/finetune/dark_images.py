"""Which images the Fine-tune dock asks for."""

from __future__ import annotations

from typing import Final

from napari_zerodce.gui.shared.training.image_chooser import AskedImages

DARK_IMAGES: Final = AskedImages(
    title="Dark images to train on, without references:",
    label="Dark images",
    tip="Tick one or more; crops come from all planes of a stack.",
)
