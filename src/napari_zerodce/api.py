"""The functions for notebooks and scripts: arrays in, arrays out, without napari or Qt."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.checkpoints.registry import AUTOMATIC, DEFAULT_CHECKPOINT
from napari_zerodce.device import BackendChoice, PrecisionChoice
from napari_zerodce.engine.automatic import AutomaticChoice, weights_for
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import (
    USUAL_TIME_WINDOW,
    ChannelCurves,
    EnhanceSettings,
    TimeChoice,
)
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.intensity import WindowChoice
from napari_zerodce.imaging.planes import Channels, layout_of
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint

Array = np.ndarray[Any, Any]


def load_checkpoint(
    source: str | Path = DEFAULT_CHECKPOINT, *, scale_factor: int | None = None
) -> Checkpoint:
    """Load trained weights.

    Parameters
    ----------
    source : str or Path, optional
        ``zero-dce`` or ``zero-dce-pp``, for photos, or ``zero-dce-fluo`` or ``zero-dce-pp-fluo``,
        for fluorescence, which come with the package; ``published-zero-dce`` or
        ``published-zero-dce-pp``, after a download; or a ``.pth`` or ``.safetensors`` file, also of
        pix2pix, CycleGAN or CUT.
    scale_factor : int, optional
        Zero-DCE++ only: how many times smaller the thumbnail is from which curves are estimated;
        by default as the checkpoint says, or 12.

    Returns
    -------
    Checkpoint
        ``info`` describes it; ``network`` is the network, in float32 on the CPU: ``curve_network``
        or ``generator``.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, or the file is not a valid one; also for ``auto``, because
        only an image decides what that is.
    RequestError
        If the scale factor is invalid.
    """
    from napari_zerodce.checkpoints.load import load_checkpoint as load

    return load(source, scale_factor=scale_factor)


def choose_weights(image: Any, *, channels: Channels | None = None) -> AutomaticChoice:
    """Say which weights `enhance` takes for an image by itself, and why.

    Parameters
    ----------
    image, channels
        As in `enhance`.

    Returns
    -------
    AutomaticChoice
        ``checkpoint`` is the name of the weights. Its text is such as "fluorescence weights,
        because 82 % of the image is background".

    Raises
    ------
    ImageError
        As in `enhance`.
    """
    array = _array_of(image)
    return weights_for(array, channels=layout_of(array, channels=channels).channels)


def enhance(  # noqa: PLR0913  each is one choice, and named when it is made
    image: Any,
    checkpoint: str | Path | Checkpoint = AUTOMATIC,
    *,
    channels: Channels | None = None,
    window: str | tuple[float, float] | WindowChoice = "auto",
    device: str = "auto",
    precision: PrecisionChoice = "auto",
    backend: BackendChoice = "auto",
    tile: int | None = None,
    look: Look = DEFAULT_LOOK,
    part: str | None = None,
    channel_axis: int | None = None,
    channel_curves: ChannelCurves = "own",
    time_axis: int | None = None,
    time: TimeChoice = "frames",
    time_window: int = USUAL_TIME_WINDOW,
    lock_normalisation: bool = False,
    axes: str | None = None,
    skip_unreadable: bool = False,
    bits: int | None = None,
) -> Array:
    """Enhance an image, or each plane of a stack. The result is for looking at, not for measuring.

    Parameters
    ----------
    image : array-like, shape (..., Y, X), (..., Y, X, 3) or (..., Y, X, 4)
        Any integer or real dtype; NumPy, dask, zarr, or nested lists; any number of leading axes.
        The image is not changed.
    checkpoint : str, Path or Checkpoint, optional
        As in `load_checkpoint`, or its result. "auto" is ``zero-dce-fluo`` for a mono image, or a
        grey one in colours, with a dark background, and ``zero-dce`` for all others;
        `choose_weights` says which and why.
    channels : {"mono", "rgb", "rgba"}, optional
        Whether the last axis is colour. By default it is if it has 3 or 4 samples and both axes
        before it have more than 30.
    window : str, tuple of two numbers, or WindowChoice, optional
        The intensities of black and white: "dtype", "minmax", "background", "percentile:0.1,99.9"
        or two numbers. "background" goes from the background's level to the percentile 99.9. "auto"
        is "background" for mono images, and grey ones in colours, with a dark background; otherwise
        "dtype" for colours and for 8-bit images, and the percentiles 0.1 and 99.9 for others.
        Samples outside it stay unchanged, but count as its ends for a translator such as CycleGAN.
    device : str, optional
        "auto", "cpu", "cuda", "cuda:1", "mps".
    precision : {"auto", "float32", "bfloat16", "float16"}, optional
        Of the network. "auto" is half precision for 8-bit images if the device is faster in it (on
        a CPU, if the network sees more than 8 megapixels in all planes), and float32 otherwise.
    backend : {"auto", "onnxruntime", "torch"}, optional
        The library that runs the network. "auto" is ONNX Runtime for float32 on a CPU, if it is
        installed, and PyTorch otherwise; their results differ by rounding errors.
    tile : int, optional
        Side of the tiles in pixels; by default one that suits the device.
    look : Look, optional
        How strongly the curves are applied, such as ``Look(strength=1.5, detail_gain_limit=2)``.
        By default ``Look(detail_gain_limit=2)``: fine detail, and noise with it, is amplified at
        most twice. ``Look()`` is the published method, which has no limit.
    part : str, optional
        The part to enhance, such as "10:20,:,:" for ten planes: a range for each axis, rows and
        columns last, without the axis of colours. By default all. The window is that of the whole
        image, and so are the curves of a region, except for a global curve.
    channel_axis : int, optional
        The axis of the channels of a stack, before rows and columns: each channel then has a window
        of its own. Numbers for several channels are written "120,4000;90,700". By default, one
        window serves the whole array.
    channel_curves : {"own", "shared"}, optional
        Whether each channel has its own curves, or all share the mean of them.
    time_axis : int, optional
        The axis of time of a stack, before rows and columns.
    time : {"frames", "smoothed", "shared"}, optional
        How the frames along the axis of time are treated. "frames": each alone. "smoothed": each
        gets the exposure of the frames around it, so that its brightness does not flicker.
        "shared": the same, with one set of curves for all frames.
    time_window : int, optional
        So many frames, with the frame in their middle, decide its exposure.
    lock_normalisation : bool, optional
        For translators such as CycleGAN: whether all planes of a stack are normalised with the
        statistics of eight of them, so that a time series does not flicker.
    axes : str, optional
        A letter for each axis without that of colours, such as "YXZ": Y and X are the rows and
        columns, T, C and Z time, channels and depth, Q any other axis. Each channel of an axis C
        has a window of its own. `part` and `channel_axis` count the axes with rows and columns
        last; the result has the order of `image`. By default, rows and columns are last.
    skip_unreadable : bool, optional
        Whether planes of a lazy stack that cannot be read are left out: they are 0 or NaN in the
        result, and a warning names them. By default, the first one is an error.
    bits : int, optional
        How many bits of unsigned samples count, such as 12 for samples from 0 to 4095 in uint16:
        the window "dtype" then ends at 4095. By default, all of the dtype.

    Returns
    -------
    ndarray
        Dtype of `image`, and shape of `image` or of the part. Alpha and NaN are those of `image`,
        and so are infinities, except for a translator, where they are outside the window.

    Raises
    ------
    ImageError
        If the image has no pixels, fewer than two axes or a dtype without brightness, does not fit
        `channels`, cannot be read, or if the result does not fit into memory.
    CheckpointError
        If the checkpoint is invalid.
    DeviceError
        If there is no such device, precision or backend, they exclude each other, or there is too
        little memory for the smallest tile.
    RequestError
        If the window, the tile, the part, an axis or what it needs is invalid.
    """
    from napari_zerodce.engine.enhance import enhance as run

    request = _request(
        image,
        checkpoint=checkpoint,
        channels=channels,
        window=window,
        device=device,
        precision=precision,
        backend=backend,
        tile=tile,
        look=look,
        channel_curves=channel_curves,
        time=time,
        time_window=time_window,
        lock_normalisation=lock_normalisation,
        axes=axes,
    )
    request = replace(request, skip_unreadable=skip_unreadable, bits=_checked(bits))
    if channel_axis is not None:
        request = replace(request, channel_axis=channel_axis)
    if time_axis is not None:
        request = replace(request, time_axis=time_axis)
    if part is not None:
        request = replace(request, scope=Scope.parse(part, request.layout))
    result = run(request)
    if result.missing:
        warnings.warn(result.about_missing, stacklevel=2)
    return result.image


def curve_maps(  # noqa: PLR0913  the same choices as `enhance`
    image: Any,
    checkpoint: str | Path | Checkpoint = AUTOMATIC,
    *,
    channels: Channels | None = None,
    window: str | tuple[float, float] | WindowChoice = "auto",
    device: str = "auto",
    precision: PrecisionChoice = "auto",
    backend: BackendChoice = "auto",
    tile: int | None = None,
    bits: int | None = None,
) -> Array:
    """Return the curve parameter maps A_n that `enhance` applies (CVPR 2020, equation 4).

    With x the image mapped to [0, 1] by the window, the image enhanced with ``look=Look()`` is x
    after ``for a in maps: x = x + a * x * (1 - x)``.

    Parameters
    ----------
    image, checkpoint, channels, window, device, precision, backend, tile, bits
        As in `enhance`; but the precision "auto" is always float32.

    Returns
    -------
    ndarray, shape (..., 8, C, Y, X), float32, values in [-1, 1]
        In the paper's sign: positive values brighten. Each plane of the leading axes has one set. C
        is 1 for mono and 3 for rgb and rgba images. The single map of Zero-DCE++ is repeated eight
        times, so that the line above holds for both networks.

    Raises
    ------
    ImageError
        As in `enhance`, or if the maps do not fit into memory: a colour pixel needs 96 bytes, a
        mono pixel 32.
    CheckpointError, DeviceError, RequestError
        As in `enhance`.
    """
    from napari_zerodce.engine.maps import curve_maps as run

    request = _request(
        image,
        checkpoint=checkpoint,
        channels=channels,
        window=window,
        device=device,
        precision=precision,
        backend=backend,
        tile=tile,
    )
    return run(replace(request, bits=_checked(bits)))


def _request(
    image: Any,
    *,
    channels: Channels | None,
    window: str | tuple[float, float] | WindowChoice,
    axes: str | None = None,
    **settings: Any,
) -> EnhanceRequest:
    array = _array_of(image)
    own = EnhanceSettings(window=_window_choice(window), **settings)
    if axes is None:
        return EnhanceRequest(array, layout_of(array, channels=channels).channels, own)
    found = channels or _channels_beside(axes, array)
    return EnhanceRequest(array, found, own).with_axes(axes)


def _checked(bits: int | None) -> int | None:
    if bits is not None and bits < 1:
        raise RequestError(f"The bits are {bits}; give a number from 1 on, such as 12, or None.")
    return bits


def _channels_beside(axes: str, array: Any) -> Channels:
    """Return whether axes leave the last one of an array to colours; the letters tell."""
    if len(axes.strip()) != len(array.shape) - 1:
        return "mono"
    kinds: dict[int, Channels] = {3: "rgb", 4: "rgba"}
    return kinds.get(array.shape[-1], "mono")


def _array_of(image: Any) -> Any:
    return image if hasattr(image, "dtype") and hasattr(image, "shape") else _as_array(image)


def _as_array(image: Any) -> Array:
    if isinstance(image, str | Path):
        raise ImageError(
            f"The image is the name {str(image)!r}, but an array was expected; read the file "
            "first, for instance with skimage.io.imread."
        )
    try:
        return np.asarray(image)
    except ValueError as err:
        raise ImageError(
            "The image is not an array: its rows differ in length; give an array of shape "
            "(..., Y, X)."
        ) from err


def _window_choice(window: str | tuple[float, float] | WindowChoice) -> WindowChoice:
    if isinstance(window, WindowChoice):
        return window
    if isinstance(window, str):
        return WindowChoice.parse(window)
    try:
        low, high = (number.item() if hasattr(number, "item") else number for number in window)
        return WindowChoice("range", low, high)
    except (TypeError, ValueError) as err:
        raise RequestError(
            f"The window {window!r} is invalid; give a word such as 'minmax' or two numbers "
            "such as (120, 4000)."
        ) from err
