"""How pixels of DICOM files are decompressed that pydicom alone cannot: by imagecodecs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels import get_decoder

_LABEL: Final = "imagecodecs"
_DECODE: Final[Mapping[str, Callable[[bytes], Any]]] = {
    uid.JPEGExtended12Bit: imagecodecs.jpeg_decode,
    uid.JPEGLossless: imagecodecs.ljpeg_decode,
    uid.JPEGLosslessSV1: imagecodecs.ljpeg_decode,
    uid.JPEGLSLossless: imagecodecs.jpegls_decode,
    uid.JPEGLSNearLossless: imagecodecs.jpegls_decode,
    uid.JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    uid.JPEG2000: imagecodecs.jpeg2k_decode,
}

DECODER_DEPENDENCIES: Final = dict.fromkeys(_DECODE, ("imagecodecs",))
"""For pydicom."""


def add_codecs() -> None:
    """Add the decoders to those of pydicom, once."""
    for syntax in _DECODE:
        decoder = get_decoder(syntax)
        if _LABEL not in decoder.available_plugins:
            decoder.add_plugin(_LABEL, (__name__, "decode"))


def is_available(syntax: str) -> bool:
    """Return whether a transfer syntax is decoded here; pydicom asks.

    Parameters
    ----------
    syntax : str
    """
    return syntax in _DECODE


def decode(content: bytes, runner: Any) -> bytes:
    """Return the samples of a frame.

    Parameters
    ----------
    content : bytes
    runner : pydicom.pixels.decoders.base.DecodeRunner
    """
    array = np.asarray(_DECODE[runner.transfer_syntax](content))
    runner.set_option("bits_allocated", 8 * array.dtype.itemsize)
    runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in {"YBR_ICT", "YBR_RCT"}:
        runner.set_option("photometric_interpretation", "RGB")
    return array.tobytes()
