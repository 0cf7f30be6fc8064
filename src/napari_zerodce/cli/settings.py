"""What a command line asks of the engine, and the sentences for what cannot be had."""

from __future__ import annotations

import re
from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_zerodce.device import PrecisionChoice
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import CheckpointError, DeviceError, RequestError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.windows import WindowChoice

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Settings:
    """How all files of one command are worked on."""

    checkpoint: str
    sha256: str | None
    scale_factor: int | None
    device: str
    precision: PrecisionChoice
    window: WindowChoice
    tile: int | None
    look: Look
    overwrite: bool

    @classmethod
    def of(cls, options: Namespace, *, look: Look = AS_PUBLISHED) -> Settings:
        """Return what was asked for.

        Raises
        ------
        RequestError
            If a number or a word makes no sense, whatever the files are.
        """
        settings = cls(
            checkpoint=options.checkpoint,
            sha256=options.checkpoint_sha256 and options.checkpoint_sha256.lower(),
            scale_factor=options.scale_factor,
            device=options.device,
            precision=options.precision,
            window=WindowChoice.parse(options.window),
            tile=options.tile,
            look=look,
            overwrite=options.overwrite,
        )
        if settings.tile is not None and settings.tile < 1:
            raise RequestError(f"The tile is {settings.tile} pixels; give 1 or more, such as 512.")
        if settings.sha256 is not None and not _SHA256.fullmatch(settings.sha256):
            raise RequestError(
                f"The SHA-256 {options.checkpoint_sha256!r} is not 64 hexadecimal digits; copy the "
                "one that 'napari-zerodce info' prints for the checkpoint."
            )
        return settings

    def load(self) -> Checkpoint:
        """Load the checkpoint, and refuse at once what would fail for each file.

        Raises
        ------
        RequestError
            If there is no such checkpoint, device or precision, or its weights are not those that
            the SHA-256 is of.
        """
        from napari_zerodce.checkpoints.load import load_checkpoint
        from napari_zerodce.device import resolve_device, resolve_precision

        try:
            checkpoint = load_checkpoint(self.checkpoint, scale_factor=self.scale_factor)
            resolve_precision(self.precision, resolve_device(self.device))
        except (CheckpointError, DeviceError) as err:
            raise RequestError(str(err)) from err
        if self.sha256 not in {None, checkpoint.info.sha256}:
            raise RequestError(
                f"The checkpoint {self.checkpoint!r} has the SHA-256 {checkpoint.info.sha256}, and "
                f"{self.sha256} was expected; give the file that has it with --checkpoint, or "
                "leave --checkpoint-sha256 out to take these weights."
            )
        return checkpoint

    def request(self, image: ImageFile, checkpoint: Checkpoint) -> EnhanceRequest:
        """Return what the engine is to do with an image."""
        return EnhanceRequest(
            image=image.array,
            channels=image.channels,
            checkpoint=checkpoint,  # with the scale factor that was asked for
            device=self.device,
            precision=self.precision,
            window=self.window,
            tile=self.tile,
            look=self.look,
        )
