"""How pixels of DICOM files are decompressed that pydicom alone cannot: by imagecodecs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import imagecodecs
import numpy as np

_LABEL: Final = "imagecodecs"
# Transfer syntaxes by their numbers, as pydicom may not be installed.
_DECODE: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "1.2.840.10008.1.2.4.51": imagecodecs.jpeg_decode,  # JPEG, 12 bits
    "1.2.840.10008.1.2.4.57": imagecodecs.ljpeg_decode,  # JPEG lossless
    "1.2.840.10008.1.2.4.70": imagecodecs.ljpeg_decode,  # JPEG lossless, first order
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_decode,  # JPEG-LS
    "1.2.840.10008.1.2.4.81": imagecodecs.jpegls_decode,  # JPEG-LS, nearly lossless
    "1.2.840.10008.1.2.4.90": imagecodecs.jpeg2k_decode,  # JPEG 2000, lossless
    "1.2.840.10008.1.2.4.91": imagecodecs.jpeg2k_decode,  # JPEG 2000
}

DECODER_DEPENDENCIES: Final = dict.fromkeys(_DECODE, ("imagecodecs",))
"""For pydicom."""


def add_codecs() -> None:
    """Add the decoders to those of pydicom, once."""
    from pydicom.pixels import get_decoder

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
