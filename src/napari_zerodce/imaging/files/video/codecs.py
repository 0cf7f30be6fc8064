"""Which encoder writes a video, with which pixels and how well: the family of its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from napari_zerodce.imaging.files.video.samples import SampleKind, is_rgb

USUAL_QUALITY: Final = 80
"""Of 100: a CRF of 18 in H.264, whose errors are hard to see."""

_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "h264": ("libx264", "libopenh264", "mpeg4"),
        "hevc": ("libx265",),
        "av1": ("libsvtav1", "libaom-av1"),
        "vp8": ("libvpx",),
        "vp9": ("libvpx-vp9",),
        "prores": ("prores_ks",),
        "msmpeg4v3": ("msmpeg4",),
        "wmv1": ("wmv2",),
        "vc1": ("wmv2",),
        "wmv3": ("wmv2",),
    }
)
"""Encoders by codec, the best first; any other codec has an encoder of its own name, or none."""

LOSSLESS: Final = frozenset({"ffv1", "ffvhuff", "huffyuv", "utvideo", "png", "qtrle", "rawvideo"})

_SAME_NAME: Final = LOSSLESS | {"mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "wmv2", "dnxhd"}

MPEG: Final = ("mpeg2video", "mpeg1video")

_HELD: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ".webm": ("libvpx-vp9", "libvpx", "libsvtav1", "libaom-av1"),
        ".mpg": MPEG,
        ".mpeg": MPEG,
        ".wmv": ("wmv2", "msmpeg4"),
        # H.264 in an AVI is shown some frames later than its sound.
        ".avi": ("mpeg4", "mjpeg", "msmpeg4", "wmv2", *MPEG, *sorted(LOSSLESS)),
    }
)
"""Encoders of containers that hold few; the first one is for all other codecs."""

_SOUND: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    dict.fromkeys((".mpg", ".mpeg"), frozenset({"mp2", "mp2float", "mp3", "mp3float", "ac3"}))
    | {".wmv": frozenset({"wmav1", "wmav2", "wmapro", "mp3", "mp3float"})}
)
"""Sound of containers whose writer accepts more than their readers do."""

_BY_SCALE: Final = frozenset({"mpeg4", "mpeg1video", "mpeg2video", "mjpeg", "wmv2", "msmpeg4"})
"""Encoders whose quality is a step from 2 to 31."""

_CRF: Final = (
    ("libx264", 0.9, 51),
    ("libx264rgb", 0.9, 51),
    ("libx265", 1.0, 51),
    ("libvpx-vp9", 1.2, 63),
    ("libvpx", 0.6, 63),
    ("libsvtav1", 1.2, 63),
    ("libaom-av1", 1.2, 63),
)
"""The constant rate factor of encoders: how much it grows for a step of quality, and its end."""

_EVEN: Final = frozenset({"libx264", "libx265", "libsvtav1"})
"""Encoders that need even sides if colours have fewer pixels."""

_STEADY: Final = frozenset({".avi", ".mpg", ".mpeg", ".wmv"})
"""Containers in which all frames are shown equally long."""

_PROFILES: Final = ("proxy", "lt", "standard", "hq", "4444", "xq")


@dataclass(frozen=True)
class Encoder:
    """How frames are encoded.

    Parameters
    ----------
    name : str
        As FFmpeg names it.
    pixel_format : str
        As FFmpeg names it.
    options : mapping of str to str
    is_steady : bool
        Whether all frames are shown equally long.
    """

    name: str
    pixel_format: str
    options: Mapping[str, str]
    is_steady: bool = False

    @property
    def is_lossless(self) -> bool:
        """Whether the pixels are kept as they are."""
        return self.name in LOSSLESS


def encoder_names(codec: str, suffix: str, pixels: str = "") -> tuple[str, ...]:
    """Return the encoders to try, the best first: those of a codec, then those of a container.

    Parameters
    ----------
    codec : str
        As FFmpeg names it; empty for an image that becomes a video.
    suffix : str
        Of the file, such as ".mp4".
    pixels : str
        Of the source, as FFmpeg names them; H.264 has an encoder of its own for RGB.
    """
    own = _FAMILIES.get(codec, (codec,) if codec in _SAME_NAME else ())
    if codec == "h264" and pixels and is_rgb(pixels):
        own = ("libx264rgb", *own)
    held = _HELD.get(suffix)
    if held is None:
        return tuple(dict.fromkeys((*own, *_FAMILIES["h264"])))
    return (*(name for name in own if name in held), held[0])


def holds_sound(suffix: str, codec: str) -> bool:
    """Return whether sound of a codec may be copied into a container that accepts it.

    Parameters
    ----------
    suffix : str
        Of the file.
    codec : str
        As FFmpeg names its decoder.
    """
    return codec in _SOUND.get(suffix, {codec})


def encoder(
    name: str, suffix: str, pixels: str, *, size: tuple[int, int], quality: int, profile: str
) -> Encoder:
    """Return how frames are encoded by an encoder.

    Parameters
    ----------
    name : str
    suffix : str
        Of the file.
    pixels : str
        The wanted format, as FFmpeg names it; the nearest of the encoder is taken.
    size : (int, int)
        Height and width.
    quality : int
        From 1 to 100.
    profile : str
        Of the source; may be empty.
    """
    pixels = _pixels(name, pixels, size)
    is_steady = name in MPEG or suffix in _STEADY
    return Encoder(name, pixels, _options(name, quality, pixels, profile), is_steady)


def _pixels(name: str, wanted: str, size: tuple[int, int]) -> str:
    """Return the format of an encoder that holds pixels best."""
    import av
    from av.codec.codec import find_best_pix_fmt_of_list

    known = [each.name for each in av.Codec(name, "w").video_formats or ()]
    if name != "mjpeg":
        wanted = wanted.replace("yuvj", "yuv")  # the old names of full ranges
    if name in _EVEN and any(side % 2 for side in size):
        wanted = wanted.replace("420", "444").replace("422", "444")
    if not known or wanted in known:
        return wanted
    has_alpha = any(part.is_alpha for part in av.VideoFormat(wanted).components)
    return str(find_best_pix_fmt_of_list(known, wanted, has_alpha)[0].name)


def _options(name: str, quality: int, pixels: str, profile: str) -> dict[str, str]:
    worse = 100 - quality
    if name in _BY_SCALE:
        return {"flags": "+qscale", "global_quality": str(118 * max(2, round(worse * 0.31)))}
    crf = {each: str(min(most, max(1, round(worse * factor)))) for each, factor, most in _CRF}
    own = {
        "libx265": {"x265-params": "log-level=none"},
        "libvpx-vp9": {"b": "0", "row-mt": "1"},
        "libvpx": {"b": "50M"},
        "prores_ks": {"profile": str(_prores(profile, pixels))},
        "ffv1": {"level": "3", "slicecrc": "1"},
    }.get(name, {})
    return own | ({"crf": crf[name]} if name in crf else {})


def _prores(profile: str, pixels: str) -> int:
    """Return the number of a profile that holds the pixels: the last two hold all colours."""
    number = _PROFILES.index(profile.lower()) if profile.lower() in _PROFILES else 3
    return max(4, number) if "444" in pixels else min(3, number)


def lost_in(source: str, pixels: str) -> str:
    """Return what a format of pixels cannot hold of another one in words, or "".

    Parameters
    ----------
    source, pixels : str
        As FFmpeg names them.
    """
    import av

    before, after = (SampleKind.of(av.VideoFormat(each)) for each in (source, pixels))
    if before.channels == "rgba" != after.channels:
        return "transparency"
    return f"more than {after.depth} of {before.depth} bits" if after.depth < before.depth else ""
