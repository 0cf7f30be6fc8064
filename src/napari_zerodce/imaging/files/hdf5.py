"""HDF5: each dataset that is an image; all else in the file comes back unchanged."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.axes import UNKNOWN, Axes
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.named_arrays import Header, images_among
from napari_zerodce.imaging.files.photos.facts import facts_beyond
from napari_zerodce.imaging.planes import Array, layout_of

KINDS: Final = (FileKind("HDF5", (".h5", ".hdf5", ".hdf"), modules=("h5py",)),)

_KEY: Final = "hdf5"
_NEW: Final = "data"
_OVERHEAD: Final = 2**16  # bytes of a file beside pixels; the edges of chunks may double these
_KEPT_OPTIONS: Final = ("compression", "compression_opts", "shuffle", "fletcher32")


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read the datasets that are images; each is an image of its own, because names are kept.

    Axes come from ilastik's axistags or from the labels of dimensions.

    Raises
    ------
    ImageError
        If no dataset is an image, or they do not fit in memory.
    Exception
        Any other, if the file is damaged.
    """
    import h5py

    with h5py.File(path, "r") as file:
        found: dict[str, Header] = {}

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and item.shape is not None:
                found[name] = item.shape, item.dtype

        file.visititems(note)
        names = images_among(found, path.name)
        check_room(sum(file[name].nbytes for name in names), path)
        return tuple(_image(file[name], path) for name in names)


def _image(dataset: Any, path: Path) -> ImageFile:
    array: Array = dataset[()]
    letters = _axes_of(dataset)
    known: dict[str, Any] = {"name": dataset.name, "file": path, "axes": letters}
    if letters is None:
        return ImageFile(array, layout_of(array).channels, {_KEY: known})
    axes = Axes(letters)
    details = {_KEY: known, "axes": "".join(axes.planes_last(letters)), **_sizes(dataset, letters)}
    return ImageFile(array.transpose(axes.order), "mono", details)


def _axes_of(dataset: Any) -> str | None:
    """Return a letter for each axis, None if the file does not say it, or not in our terms."""
    names = [dimension.label for dimension in dataset.dims]
    with suppress(ValueError, TypeError, KeyError):
        names = [each["key"] for each in json.loads(dataset.attrs["axistags"])["axes"]]
    letters = "".join(name.upper() if name.upper() in set("TCZYX") else UNKNOWN for name in names)
    once = all(letters.count(letter) <= 1 for letter in "TCZYX")
    return letters if {"Y", "X"} <= set(letters) and once and len(letters) == dataset.ndim else None


def _sizes(dataset: Any, letters: str) -> dict[str, Any]:
    """Return the sizes of pixels as an OME-TIFF says them, if the attribute of other tools does."""
    sizes = np.ravel(dataset.attrs.get("element_size_um", ()))
    places = [letter for letter in letters if letter in "ZYX"]
    if len(sizes) != len(places) or sizes.dtype.kind not in "fiu":
        return {}
    known = {f"PhysicalSize{axis}": float(size) for axis, size in zip(places, sizes, strict=True)}
    return {"dialect": "ome", "metadata": known}


def can_hold(_images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return True: any images fit.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return True


def left_out(images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return tuple(dict.fromkeys(name for image in images for name in facts_beyond(image, ())))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write a copy of the file of the images, with their pixels replaced.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        Of other files, they become "data", "data_1", ...; of parts, a file of these alone.
    """
    import h5py

    source = images[0].details.get(_KEY, {}).get("file")
    is_copy = source is not None and _have_their_shapes(source, images)
    room = source.stat().st_size if is_copy else 0
    _check_disk(path, room + sum(2 * image.array.nbytes + _OVERHEAD for image in images))
    if is_copy:
        shutil.copyfile(source, path)
    with h5py.File(path, "r+" if is_copy else "w") as file:
        for number, image in enumerate(images):
            known = image.details.get(_KEY) or {}
            array = _as_stored(image.array, known.get("axes"))
            if is_copy:
                _replace(file, known["name"], array)
            else:
                name = known.get("name", f"{_NEW}_{number}" if number else _NEW)
                _create(file, name, array, source, _letters(image))


def _replace(file: Any, name: str, array: Array) -> None:
    """Replace the samples of a dataset; one whose samples are in other files becomes a plain one.

    Otherwise writing would change these other files, which are the user's own data.
    """
    old = file[name]
    if not (old.is_virtual or old.external):
        old[...] = array
        return
    facts, labels = dict(old.attrs), [dimension.label for dimension in old.dims]
    del file[name]
    new = file.create_dataset(name, data=array, compression="gzip")
    _copy_attributes(facts, new)
    for dimension, label in zip(new.dims, labels, strict=True):
        dimension.label = label


def _check_disk(path: Path, size: int) -> None:
    """Raise an `OSError` if the disk has no room: HDF5 would end the program by a segfault."""
    free = shutil.disk_usage(path.parent).free
    if free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with path.open("wb") as file:
        if sys.platform == "linux":  # also knows quotas
            os.posix_fallocate(file.fileno(), 0, size)


def _letters(image: ImageFile) -> str:
    return str(image.details.get("axes", "")) if image.channels == "mono" else ""


def _as_stored(array: Array, letters: str | None) -> Array:
    if letters is None:
        return array
    order = Axes(letters).order
    return array.transpose(np.argsort(order))


def _have_their_shapes(source: Path, images: Sequence[ImageFile]) -> bool:
    import h5py

    if not source.is_file():
        return False
    with h5py.File(source, "r") as file:
        for image in images:
            known: Mapping[str, Any] = image.details.get(_KEY) or {}
            dataset = file.get(known.get("name", ""))
            array = _as_stored(image.array, known.get("axes"))
            if dataset is None or (dataset.shape, dataset.dtype) != (array.shape, array.dtype):
                return False
    return True


def _create(file: Any, name: str, array: Array, source: Path | None, letters: str) -> None:
    """Create a dataset with what it had in its source beside pixels; a new one with its axes."""
    import h5py

    if source is None or not source.is_file():
        new = file.create_dataset(name, data=array, compression="gzip")
        for dimension, letter in zip(new.dims, letters, strict=False):
            dimension.label = letter.lower()
        return
    with h5py.File(source, "r") as original:
        old = original[name]
        options = {option: getattr(old, option) for option in _KEPT_OPTIONS}
        new = file.create_dataset(name, data=array, **options)
        _copy_attributes(old.attrs, new)


def _copy_attributes(attributes: Mapping[str, Any], new: Any) -> None:
    for key, value in attributes.items():
        with suppress(TypeError, ValueError):  # references to other objects have no copy here
            new.attrs[key] = value
