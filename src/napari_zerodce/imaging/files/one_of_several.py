"""One image of a file that holds several, by its number: pages, series or positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_zerodce.counting import counted
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.image_file import ImageFile, is_stack
from napari_zerodce.imaging.files.images import read_image, read_images
from napari_zerodce.imaging.files.tiff.pages import part_of


@dataclass(frozen=True)
class _Single:
    """One image as its file has it: perhaps a plane of a stack."""

    image: ImageFile
    plane: int | None = None

    @property
    def page(self) -> int:
        """The number of its first page; 0 if the file has no pages."""
        pages = self.image.details.get("pages", ())
        if self.plane is None:
            return min(pages, default=0)
        if own := _own_details(self.image, self.plane):
            return min(own.get("pages", ()), default=0)
        return int(pages[self.plane]) if self.plane < len(pages) else 0

    def alone(self) -> ImageFile:
        """Return it as an image of its own."""
        image, plane = self.image, self.plane
        if plane is None:
            return image
        details = _own_details(image, plane)
        if details is None and "stored" in image.details:  # one page of a TIFF
            return part_of(image, [plane])
        details = details or {**image.details, "axes": str(image.details["axes"])[1:]}
        return replace(image, array=image.array[plane], details=details, coarser=())


def read_one(path: Path, number: int | None) -> ImageFile:
    """Read one image of a file.

    Parameters
    ----------
    path : Path
    number : int, optional
        Which one, from 0 on; by default the only one.

    Raises
    ------
    ImageError
        As `read_image` does.
    RequestError
        If there is no image with this number.
    """
    if number is None:
        return read_image(path)
    return picked(read_images(path), number, path.name)


def picked(images: Sequence[ImageFile], number: int, name: str) -> ImageFile:
    """Return one of the images of a file, in the order of its pages.

    Parameters
    ----------
    images : sequence of ImageFile
        As `read_images` returns them.
    number : int
        From 0 on; images that are stacked count, too.
    name : str
        Of the file, for messages.

    Raises
    ------
    RequestError
        If there is no image with this number.
    """
    singles = sorted(_singles(images), key=lambda single: single.page)
    if not 0 <= number < len(singles):
        numbers = "0" if len(singles) == 1 else f"a number from 0 to {len(singles) - 1}"
        raise RequestError(
            f"{name} holds {counted(len(singles), 'image')}, and the series {number} is none of "
            f"them; give {numbers}."
        )
    return singles[number].alone()


def _singles(images: Sequence[ImageFile]) -> Iterator[_Single]:
    for image in images:
        if is_stack(image):
            yield from (_Single(image, plane) for plane in range(image.array.shape[0]))
        else:
            yield _Single(image)


def _own_details(image: ImageFile, plane: int) -> Mapping[str, Any] | None:
    """Return the facts of one image of a stack, if its file has some for each."""
    each: Sequence[Mapping[str, Any]] = image.details.get("series", ())
    return each[plane] if len(each) == image.array.shape[0] else None
