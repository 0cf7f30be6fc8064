"""One output image: how it is tested before the work, and appears only when it is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import (
    ImageFile,
    check_writable,
    left_out,
    lost,
    write_images,
)

_WHOLE: Final = frozenset("QSC")


class OutputFile(HiddenOutput):
    """An image file that appears only when it is complete."""

    def rehearse(self, images: Sequence[ImageFile]) -> None:
        """Write one pixel of each image, to fail before the work instead of after it.

        Parameters
        ----------
        images : sequence of ImageFile
            The images as read.

        Raises
        ------
        ImageError
            If the format cannot hold such images, or the file cannot be written.
        Cancelled
            If another thread has discarded the output.
        """
        check_writable(self._target, images)
        self._write_part([_corner(image) for image in images])
        self.part.unlink(missing_ok=True)
        self.stop_if_discarded()

    def left_out(self, images: Sequence[ImageFile]) -> str:
        """Return sentences about facts that the result does not have, "" if it has all.

        Parameters
        ----------
        images : sequence of ImageFile
            Images that the format can hold.
        """
        names = left_out(self._target, images)
        return sentences(self._target.suffix.lower(), names, lost(images))

    def write(self, images: Sequence[ImageFile], enhanced: Sequence[np.ndarray[Any, Any]]) -> None:
        """Write the enhanced arrays with the metadata of the images' file.

        Parameters
        ----------
        images : sequence of ImageFile
            The images as read.
        enhanced : sequence of array
            Each of the same shape as the image's array.

        Raises
        ------
        ImageError
            If the file exists in the meantime, or cannot be written.
        """
        both = zip(images, enhanced, strict=True)
        self._write_part([replace(image, array=array) for image, array in both])
        self.publish()

    def _write_part(self, images: Sequence[ImageFile]) -> None:
        self.stop_if_discarded()
        try:
            write_images(self.part, images)
        except ImageError as err:
            # The user does not know the hidden folder.
            raise ImageError(str(err).replace(str(self.part), str(self._target))) from err


def sentences(suffix: str, names: Sequence[str], gone: Sequence[str]) -> str:
    """Return sentences about facts that a result does not have, "" if it has all.

    Parameters
    ----------
    suffix : str
        Of the result.
    names : sequence of str
        What its format cannot hold, in words.
    gone : sequence of str
        What reading could not keep for any format.
    """
    told = f"not kept of the source: {', '.join(gone)}." if gone else ""
    return " ".join(each for each in (not_held(suffix, names), told) if each)


def not_held(suffix: str, names: Sequence[str]) -> str:
    """Return a sentence about what a file cannot hold, "" if it holds all.

    Parameters
    ----------
    suffix : str
        Of the file.
    names : sequence of str
        What it cannot hold, in words.
    """
    if not names:
        return ""
    article = "an" if suffix[1:2] in "aeio" else "a"
    end = "it is" if len(names) == 1 else "they are"
    return f"{article} {suffix} file cannot hold {', '.join(names)}; {end} left out."


def _corner(image: ImageFile) -> ImageFile:
    """Return one pixel of an image, in each of its channels, samples and stacked images.

    Of these, a file may have facts for each.
    """
    leading = image.array.ndim - (2 if image.channels == "mono" else 3)
    letters = str(image.details.get("axes", "")).ljust(leading)[:leading]
    kept = (slice(None) if letter in _WHOLE else slice(0, 1) for letter in letters)
    key = (*kept, slice(0, 1), slice(0, 1))
    return replace(image, array=np.ascontiguousarray(image.array[key]))
