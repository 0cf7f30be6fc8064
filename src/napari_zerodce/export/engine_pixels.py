"""What the engine makes of a picture: the pixels that an exported model must give, too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.device import Backend, import_torch
from napari_zerodce.engine.look import AS_PUBLISHED
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import DeviceError
from napari_zerodce.imaging.windows import WindowChoice

Array = NDArray[Any]


def reference_backend(info: CheckpointInfo) -> Backend:
    """Return the backend whose pixels an exported model is compared with.

    It is torch where that loads: the exported network itself finds no fault with itself. Without
    torch, only thumbnails and curves have another program to be compared with.

    Parameters
    ----------
    info : CheckpointInfo

    Raises
    ------
    DeviceError
        If torch does not load, and a translator needs it.
    """
    try:
        import_torch()
    except DeviceError:
        if info.is_translator:
            raise
        return "onnxruntime"
    return "torch"


def engine_pixels(info: CheckpointInfo, picture: Array, backend: Backend) -> dict[str, Array]:
    """Return the outputs of a checkpoint for one picture, by the names that a model has for them.

    Parameters
    ----------
    info : CheckpointInfo
    picture : ndarray, shape (1, C, H, W), float32, values in [0, 1]
    backend : {"onnxruntime", "torch"}
        What runs a network that estimates curves.

    Returns
    -------
    dict of str to ndarray
        "enhanced" and "curves" of a network that estimates curves, "translated" of a translator.
    """
    if info.is_translator:
        return {"translated": _translated(info, picture)}
    # Only this needs the engine.
    from napari_zerodce.engine.enhance import enhance
    from napari_zerodce.engine.maps import curve_maps

    request = _request(info, picture, backend)
    enhanced = enhance(request).image
    channels_first = enhanced.transpose(2, 0, 1) if enhanced.ndim == 3 else enhanced[None]
    return {"enhanced": channels_first[None], "curves": curve_maps(request)[None]}


def _request(info: CheckpointInfo, picture: Array, backend: Backend) -> EnhanceRequest:
    _, channels, *_ = picture.shape
    settings = EnhanceSettings(
        checkpoint=info.path,
        window=WindowChoice("range", 0, 1),
        device="cpu",
        precision="float32",
        backend=backend,
        scale_factor=info.scale_factor if info.traits.has_scale_factor else None,
        look=AS_PUBLISHED,
    )
    if channels == 1:
        return EnhanceRequest(picture[0, 0], "mono", settings)
    image = np.ascontiguousarray(picture[0].transpose(1, 2, 0))
    return EnhanceRequest(image, "rgb", settings, is_grey=False)


def _translated(info: CheckpointInfo, picture: Array) -> Array:
    from napari_zerodce.checkpoints.load import load_checkpoint
    from napari_zerodce.device import resolve_device
    from napari_zerodce.engine.estimators.translator import Translator

    translator = Translator(load_checkpoint(info.path), resolve_device("cpu"), "float32")
    translated, _ = translator.translate(picture)
    return translated
