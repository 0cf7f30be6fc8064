"""NumPy's .npz files: several arrays with names; those that are no images come back unchanged."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.named_arrays import Header, images_among
from napari_zerodce.imaging.files.photos.facts import facts_beyond
from napari_zerodce.imaging.planes import Array, layout_of

KINDS: Final = (FileKind("NumPy archive", (".npz",)),)

_KEY: Final = "npz"
_ENDING: Final = ".npy"


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read the arrays that are images; each is an image of its own, because names are kept.

    Raises
    ------
    ImageError
        If no array is an image, or they do not fit in memory.
    Exception
        Any other, if the file is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        found = ((name, _header_of(archive, name)) for name in archive.namelist())
        headers = {_shown(name): header for name, header in found if header}
        names = [f"{name}{_ENDING}" for name in images_among(headers, path.name)]
        check_room(sum(archive.getinfo(name).file_size for name in names), path)
        others = [
            (each, archive.read(each)) for each in archive.infolist() if each.filename not in names
        ]
        order = archive.namelist()
        return tuple(_image(archive, name, others, order) for name in names)


def _header_of(archive: zipfile.ZipFile, name: str) -> Header | None:
    """Return shape and dtype of an array, None for any other file."""
    if not name.endswith(_ENDING):
        return None
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            return None
        shape, _, dtype = read_header(file)
    return shape, dtype


def _image(
    archive: zipfile.ZipFile,
    name: str,
    others: list[tuple[zipfile.ZipInfo, bytes]],
    order: list[str],
) -> ImageFile:
    with archive.open(name) as file:
        array: Array = np.lib.format.read_array(file, allow_pickle=False)
    known = {
        "name": name,
        "compression": archive.getinfo(name).compress_type,
        "by_columns": np.isfortran(array),
        "others": others,
        "order": order,
    }
    return ImageFile(array, layout_of(array).channels, {_KEY: known})


def _shown(name: str) -> str:
    return name.removesuffix(_ENDING)


def can_hold(_images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return True: any images fit.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return True


def left_out(images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that are left out: all.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return tuple(dict.fromkeys(name for image in images for name in facts_beyond(image, ())))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write images under the names that they had, beside the other arrays, in the old order.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        Any. Those of other files are called arr_0, arr_1, ..., as NumPy does.
    """
    known = [image.details.get(_KEY) or _new(number) for number, image in enumerate(images)]
    arrays = {each["name"]: (each, image) for each, image in zip(known, images, strict=True)}
    others = {info.filename: (info, content) for info, content in known[0]["others"]}
    with zipfile.ZipFile(path, "w") as archive:
        for name in dict.fromkeys((*known[0]["order"], *arrays)):
            if name in arrays:
                _write_array(archive, *arrays[name])
            elif name in others:
                archive.writestr(*others[name])


def _write_array(archive: zipfile.ZipFile, known: dict[str, Any], image: ImageFile) -> None:
    info = zipfile.ZipInfo(known["name"])
    info.compress_type = known["compression"]
    as_stored = np.asfortranarray if known["by_columns"] else np.asarray
    with archive.open(info, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, as_stored(image.array), allow_pickle=False)


def _new(number: int) -> dict[str, Any]:
    return {
        "name": f"arr_{number}{_ENDING}",
        "compression": zipfile.ZIP_DEFLATED,
        "by_columns": False,
        "others": [],
        "order": [],
    }
