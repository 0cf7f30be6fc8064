"""The quality that the user wants for lossy files: a number in the details of an image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.formats import FORMATS
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import WRITABLE_SUFFIXES, kind_of


def with_quality(image: ImageFile, quality: int | None) -> ImageFile:
    """Return an image that lossy files hold with a quality.

    Parameters
    ----------
    image : ImageFile
    quality : int, optional
        From 1 to 100. None: as the source has it, or as the format's module says.
    """
    if quality is None:
        return image
    return replace(image, details={**image.details, "quality": quality})


def check_quality(quality: int | None, targets: Iterable[str]) -> None:
    """Refuse a quality that changes none of the outputs.

    Parameters
    ----------
    quality : int, optional
    targets : iterable of str
        Names or paths.

    Raises
    ------
    RequestError
        If no output is of a kind with a quality.
    """
    paths = [Path(target) for target in targets]
    if quality is None or any(_has_quality(path) for path in paths):
        return
    kinds = ", ".join(kind.title for form in FORMATS for kind in form.KINDS if kind.has_quality)
    raise RequestError(
        f"--quality {quality} is given, but {paths[0].name} is of a lossless kind; leave --quality "
        f"out, or write one of {kinds}."
    )


def _has_quality(path: Path) -> bool:
    return path.suffix.lower() in WRITABLE_SUFFIXES and kind_of(path).has_quality
