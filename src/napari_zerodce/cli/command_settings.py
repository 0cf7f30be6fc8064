"""The settings of a command: how typed options become a request to the engine."""

from __future__ import annotations

import re
from argparse import Namespace
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import CheckpointError, DeviceError, RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.setting import setting_fields

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.engine.requests import EnhanceRequest
    from napari_zerodce.imaging.files.image_file import ImageFile
    from napari_zerodce.imaging.files.saved.image import SavedImage
    from napari_zerodce.imaging.files.saved.ngff import NgffVersion
    from napari_zerodce.imaging.planes import Channels

_OF_ENHANCE = (
    "part", "axes", "skip_unreadable", "zarr_version", "series", "window_per_file", "skip_existing",
    "frame_rate", "quality",
)  # fmt: skip
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class CommandSettings:
    """The settings that all files of one command share.

    Parameters
    ----------
    enhance : EnhanceSettings
        The settings of the engine.
    sha256 : str, optional
        The SHA-256 that the checkpoint must have, in lower case.
    overwrite : bool
        Whether outputs that exist are replaced.
    part : str, optional
        The part of each image, as `Scope` writes it; by default all.
    channel_axis, time_axis : str
        "auto" for the axis that the file calls C or T, "none", or its number.
    axes : str, optional
        A letter for each axis of each image; by default as the file says.
    skip_unreadable : bool
        As in `EnhanceRequest`.
    zarr_version : {"0.4", "0.5"}
        Of an OME-Zarr that is written.
    series : int, optional
        Which image of a file of several, from 0 on; by default all.
    window_per_file : bool
        Whether files that are one series have windows of their own.
    skip_existing : bool
        Whether outputs that exist and are valid are left as they are.
    frame_rate : Fraction, optional
        Images in a second of a video that is made of them; by default as their file says.
    is_time_typed : bool
        Whether the user says how frames are treated. Otherwise the exposure of videos is smoothed.
    makes_video : bool
        Whether the output is a video, also if the input is not.
    quality : int, optional
        From 1 to 100, of lossy files; by default as the source has it.
    """

    enhance: EnhanceSettings
    sha256: str | None
    overwrite: bool
    part: str | None = None
    channel_axis: str = "auto"
    time_axis: str = "auto"
    axes: str | None = None
    skip_unreadable: bool = False
    zarr_version: NgffVersion = "0.5"
    series: int | None = None
    window_per_file: bool = False
    skip_existing: bool = False
    frame_rate: Fraction | None = None
    is_time_typed: bool = False
    makes_video: bool = False
    quality: int | None = None

    @classmethod
    def of(cls, options: Namespace, *, look: Look = AS_PUBLISHED) -> CommandSettings:
        """Return the settings that were typed.

        Parameters
        ----------
        options : Namespace
            With the options of `add_engine_options`, and ``overwrite``.
        look : Look
            By default the published method.

        Raises
        ------
        RequestError
            If an option is invalid, independently of the files.
        """
        all_typed = {name: getattr(options, name) for name in setting_fields(EnhanceSettings)}
        typed = {name: value for name, value in all_typed.items() if value is not None}
        typed["window"] = WindowChoice.parse(options.window)
        enhance = EnhanceSettings(**typed, look=look)
        sha256 = options.checkpoint_sha256 and options.checkpoint_sha256.lower()
        if sha256 is not None and not _SHA256.fullmatch(sha256):
            raise RequestError(
                f"The SHA-256 {options.checkpoint_sha256!r} is not 64 hexadecimal digits; copy the "
                "one that 'napari-zerodce info' prints for the checkpoint."
            )
        if sha256 is not None and enhance.is_automatic:
            raise RequestError(
                "--checkpoint-sha256 is given, but the automatic checkpoint may be another one for "
                "each image; give --checkpoint, too."
            )
        # The command for maps has no such options.
        own = {name: getattr(options, name) for name in _OF_ENHANCE if hasattr(options, name)}
        return cls(
            enhance,
            sha256,
            options.overwrite,
            channel_axis=options.channel_axis,
            time_axis=options.time_axis,
            is_time_typed="time" in typed,
            **own,
        )

    def load(self) -> Checkpoint | None:
        """Load the checkpoint, and check what would fail for every file.

        Returns
        -------
        Checkpoint, optional
            None if each image decides its checkpoint; all that it may choose are then read.

        Raises
        ------
        RequestError
            If the checkpoint, the device or the precision is not available, or the weights have
            another SHA-256.
        """
        from napari_zerodce.engine.automatic import WEIGHTS_FOR
        from napari_zerodce.engine.placement import device_of
        from napari_zerodce.engine.resolve import checkpoint_of

        wanted = self.enhance
        names = WEIGHTS_FOR.values() if wanted.is_automatic else (wanted.checkpoint,)
        try:
            # A checkpoint that was read is remembered, so that the files find it there.
            checkpoint, *_ = [checkpoint_of(replace(wanted, checkpoint=name)) for name in names]
            device_of(wanted)
        except (CheckpointError, DeviceError) as err:
            raise RequestError(str(err)) from err
        if self.sha256 not in {None, checkpoint.info.sha256}:
            raise RequestError(
                f"The checkpoint {str(wanted.checkpoint)!r} has the SHA-256 "
                f"{checkpoint.info.sha256}, and {self.sha256} was expected; give the file with "
                "this SHA-256 to --checkpoint, or leave --checkpoint-sha256 out to use these "
                "weights."
            )
        return None if wanted.is_automatic else checkpoint

    def request(self, image: ImageFile, checkpoint: Checkpoint | None) -> EnhanceRequest:
        """Return the request to the engine for an image.

        Parameters
        ----------
        image : ImageFile
            The image as read.
        checkpoint : Checkpoint, optional
            As returned by `load`.

        Raises
        ------
        RequestError
            If the part is not a part of this image, or the axes do not describe it.
        """
        from napari_zerodce.imaging.files.image_file import axis_in

        axes = axis_in(image, "C"), axis_in(image, "T")
        request = self._request(image.array, image.channels, checkpoint, axes)
        return replace(request, coarser=image.coarser, bits=image.bits)

    def part_of(self, image: ImageFile) -> ImageFile:
        """Return the part of an image that is enhanced, with the facts that are true of it.

        Parameters
        ----------
        image : ImageFile
            The image as read.

        Raises
        ------
        RequestError
            As for `request`.
        """
        from napari_zerodce.imaging.axes import Axes
        from napari_zerodce.imaging.files.part import cut

        if self.part is None:
            return image
        request = self.request(image, None)
        ranges = (*request.part.leading, request.part.rows, request.part.columns)
        return cut(image, Axes(request.axes).as_stored(ranges) if request.axes else ranges)

    def series_request(
        self, stack: Any, first: ImageFile, checkpoint: Checkpoint | None
    ) -> EnhanceRequest:
        """Return the request to the engine for files that are one series.

        Parameters
        ----------
        stack : array-like
            The images of the files, along its first axis, which is that of time unless each file
            has one.
        first : ImageFile
            One of them.
        checkpoint, raises
            As for `request`.
        """
        alone = self.request(first, checkpoint)
        channels, time = alone.channel_axis, alone.time_axis
        is_time = time is None and self.time_axis == "auto"
        letter = "T" if is_time and "T" not in alone.axes else "Q"
        return replace(
            alone,
            image=stack,
            scope=None,
            coarser=(),
            axes=alone.axes and letter + alone.axes,
            channel_axis=None if channels is None else channels + 1,
            time_axis=(0 if is_time else None) if time is None else time + 1,
        )

    def lazy_request(self, image: SavedImage, checkpoint: Checkpoint | None) -> EnhanceRequest:
        """Return the request to the engine for an image that may be on disk.

        Parameters
        ----------
        image : SavedImage
        checkpoint, raises
            As for `request`.
        """
        channels, time = (
            place if 0 <= place < len(image.leading) and image.shape[place] > 1 else None
            for place in map(image.axes.find, "CT")
        )
        request = self._request(image.levels[0], image.channels, checkpoint, (channels, time))
        return replace(request, coarser=image.levels[1:], bits=image.bits)

    def _request(
        self,
        array: Any,
        channels: Channels,
        checkpoint: Checkpoint | None,
        axes: tuple[int | None, int | None],
    ) -> EnhanceRequest:
        from napari_zerodce.engine.requests import EnhanceRequest
        from napari_zerodce.imaging.files.video.frames import VideoFrames
        from napari_zerodce.imaging.scope import Scope

        settings = replace(self.enhance, checkpoint=checkpoint or self.enhance.checkpoint)
        is_video = self.makes_video or isinstance(array, VideoFrames)
        if is_video and axes[1] is not None and not self.is_time_typed and self.time_axis == "auto":
            settings = replace(settings, time="smoothed")
        request = EnhanceRequest(
            array,
            channels,
            settings,
            channel_axis=axes[0],
            time_axis=axes[1],
            skip_unreadable=self.skip_unreadable,
        )
        if self.axes:
            request = request.with_axes(self.axes)
        typed = {"channel_axis": self.channel_axis, "time_axis": self.time_axis}
        own: dict[str, Any] = {
            name: None if axis == "none" else int(axis)
            for name, axis in typed.items()
            if axis != "auto"
        }
        request = replace(request, **own)
        scope = Scope.parse(self.part, request.layout) if self.part else None
        return replace(request, scope=scope)
