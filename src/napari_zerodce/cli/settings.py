"""What a command line asks of the engine, and the sentences for what cannot be had."""

from __future__ import annotations

import re
from argparse import Namespace
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import CheckpointError, DeviceError, RequestError
from napari_zerodce.imaging.windows import WindowChoice

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.engine.requests import EnhanceRequest
    from napari_zerodce.imaging.files.image_file import ImageFile

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class CommandSettings:
    """How all files of one command are worked on.

    Parameters
    ----------
    enhance : EnhanceSettings
    sha256 : str, optional
        That the checkpoint must have.
    overwrite : bool
        Whether outputs that exist are replaced.
    """

    enhance: EnhanceSettings
    sha256: str | None
    overwrite: bool

    @classmethod
    def of(cls, options: Namespace, *, look: Look = AS_PUBLISHED) -> CommandSettings:
        """Return what was asked for.

        Parameters
        ----------
        options : Namespace
        look : Look

        Raises
        ------
        RequestError
            If a number or a word makes no sense, whatever the files are.
        """
        enhance = EnhanceSettings(
            checkpoint=options.checkpoint,
            scale_factor=options.scale_factor,
            device=options.device,
            precision=options.precision,
            window=WindowChoice.parse(options.window),
            tile=options.tile,
            look=look,
        )
        sha256 = options.checkpoint_sha256 and options.checkpoint_sha256.lower()
        if sha256 is not None and not _SHA256.fullmatch(sha256):
            raise RequestError(
                f"The SHA-256 {options.checkpoint_sha256!r} is not 64 hexadecimal digits; copy the "
                "one that 'napari-zerodce info' prints for the checkpoint."
            )
        return cls(enhance, sha256, options.overwrite)

    def load(self) -> Checkpoint:
        """Load the checkpoint, and refuse at once what would fail for each file.

        Raises
        ------
        RequestError
            If there is no such checkpoint, device or precision, or its weights are not those that
            the SHA-256 is of.
        """
        from napari_zerodce.device import resolve_device, resolve_precision
        from napari_zerodce.engine.resolve import checkpoint_of

        wanted = self.enhance
        try:
            checkpoint = checkpoint_of(wanted)
            resolve_precision(wanted.precision, resolve_device(wanted.device))
        except (CheckpointError, DeviceError) as err:
            raise RequestError(str(err)) from err
        if self.sha256 not in {None, checkpoint.info.sha256}:
            raise RequestError(
                f"The checkpoint {str(wanted.checkpoint)!r} has the SHA-256 "
                f"{checkpoint.info.sha256}, and {self.sha256} was expected; give the file that has "
                "it with --checkpoint, or leave --checkpoint-sha256 out to take these weights."
            )
        return checkpoint

    def request(self, image: ImageFile, checkpoint: Checkpoint) -> EnhanceRequest:
        """Return what the engine is to do with an image.

        Parameters
        ----------
        image : ImageFile
        checkpoint : Checkpoint
            With the scale factor that was asked for.
        """
        from napari_zerodce.engine.requests import EnhanceRequest

        settings = replace(self.enhance, checkpoint=checkpoint)
        return EnhanceRequest(image.array, image.channels, settings)
