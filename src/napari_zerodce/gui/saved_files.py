"""What napari calls to save an image layer with its geometry and provenance, and to open it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from napari.settings import get_settings

from napari_zerodce.errors import ImageError
from napari_zerodce.gui.layers.saved import LayerTuple, image_to_save, is_lazy, layer_tuple
from napari_zerodce.imaging.files.saved import ome_zarr, read_saved, tiff, write_saved
from napari_zerodce.imaging.files.saved.files import is_saved, with_suffix_of

Reader = Callable[[str], list[LayerTuple]]


def write_tiff(path: str, data: Any, properties: dict[str, Any]) -> list[str]:
    """Save an image layer as OME-TIFF.

    Parameters
    ----------
    path : str
    data : array-like, or list of array-like if multiscale
    properties : dict
        As in the layer's data tuple.

    Returns
    -------
    list of str
        The file that was written.

    Raises
    ------
    ImageError
        If the layer cannot be saved there.
    """
    return _write(tiff, path, data, properties)


def write_ome_zarr(path: str, data: Any, properties: dict[str, Any]) -> list[str]:
    """Save an image layer as OME-Zarr, with all levels of a pyramid.

    Parameters
    ----------
    path, data, properties
        As in `write_tiff`.

    Returns
    -------
    list of str
        The folder that was written.

    Raises
    ------
    ImageError
        If the layer cannot be saved there.
    """
    return _write(ome_zarr, path, data, properties)


def _write(form: ModuleType, path: str, data: Any, properties: dict[str, Any]) -> list[str]:
    target, image = with_suffix_of(form, path), image_to_save(data, properties)
    if is_lazy(image):  # napari would wait here, and its window with it
        raise ImageError(
            f"'{image.name}' is computed as it is saved, which may take long; save it with "
            "File > IO Utilities > Save the active image layer with geometry and provenance."
        )
    write_saved(target, image)
    open_without_question()
    return [str(target)]


def open_without_question() -> None:
    """Let napari open files with our endings by this plugin, unless the user chose another reader.

    napari chooses readers by the name of a file alone, and its own one can read any TIFF: it would
    ask each time.
    """
    plugins = get_settings().plugins
    ours = {f"*{suffix}": "napari-zerodce" for suffix in tiff.SUFFIXES}
    if not ours.keys() <= plugins.extension2reader.keys():
        plugins.extension2reader = ours | plugins.extension2reader


def get_reader(path: str | list[str]) -> Reader | None:
    """Return the function that reads a file, None if this plugin did not save it.

    Parameters
    ----------
    path : str or list of str
        A TIFF, or the file ``zarr.json`` of an OME-Zarr. napari gives a list for a stack.
    """
    if isinstance(path, list) or not is_saved(_image_of(path)):
        return None
    return _read


def _read(path: str) -> list[LayerTuple]:
    return [layer_tuple(read_saved(_image_of(path)))]


def _image_of(path: str) -> Path:
    """Return the folder if the path is its ``zarr.json``.

    napari shows every folder to every reader that accepts folders, and asks the user which one:
    also for a folder of photos.
    """
    given = Path(path)
    return given.parent if given.name == "zarr.json" else given
