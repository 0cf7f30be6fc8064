"""A result that is in a file, as a layer: large pixels stay on disk until they are looked at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_zerodce.checkpoints import registry
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.results import display_range, insert_quietly, topmost_of
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.imaging.files.urls import Named, named
from napari_zerodce.imaging.planes import Channels
from napari_zerodce.imaging.windows import Window

if TYPE_CHECKING:
    import napari


@dataclass(frozen=True)
class FileResult:
    """An enhanced image in a file.

    Parameters
    ----------
    levels : tuple of array-like
        The finest first.
    channels : {"mono", "rgb", "rgba"}
    made : Provenance
    """

    levels: tuple[Any, ...]
    channels: Channels
    made: Provenance


def read_result(target: str) -> FileResult:
    """Open the result of a batch; of an OME-Zarr, no pixels are read.

    Parameters
    ----------
    target : str
        A file, an OME-Zarr or a URL.

    Raises
    ------
    ImageError
        If it cannot be read.
    RequestError
        If it does not say how it was made.
    """
    from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr, read_ome_zarr

    path = named(target)
    if isinstance(path, Path) and not is_ome_zarr(path):
        from napari_zerodce.batch.outputs.record import read_record
        from napari_zerodce.imaging.files.images import read_image

        image, record = read_image(path), read_record(path)
        facts = {} if record is None else record.provenance
        return FileResult((image.array,), image.channels, Provenance.from_dict(facts))
    saved = read_ome_zarr(path)
    levels = tuple(_lazy(target, number, each) for number, each in enumerate(saved.levels))
    return FileResult(levels, saved.channels, Provenance.from_dict(_facts_in(path)))


def _lazy(target: str, number: int, level: Any) -> Any:
    import dask.array as da

    name = f"{target}-{number}-{id(level)}"
    return da.from_array(level, chunks=level.chunks, name=name)  # type: ignore[no-untyped-call]


def _facts_in(path: Named) -> Any:
    from napari_zerodce.imaging.files.ome_zarr import metadata_text
    from napari_zerodce.imaging.files.saved.image import KEY, SAVED

    content = json.loads(metadata_text(path))
    attributes = content.get("attributes", content)
    return attributes[KEY][SAVED]["facts"]["metadata"][METADATA_KEY]


def add_file_result(viewer: napari.Viewer, source: Source, result: FileResult) -> Image:
    """Add a result in a file as a layer above its source.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
        The layer of the file that was enhanced. If it shows all of the file, the result has its
        geometry.
    result : FileResult
    """
    many = len(result.levels) > 1
    made = result.made
    titles = {entry.name: entry.title for entry in registry.BUNDLED}
    facts = source.provenance("result", made=made).as_metadata()
    properties = {
        "name": f"{source.name} [{titles.get(made.checkpoint, made.checkpoint_label)}]",
        "rgb": result.channels != "mono",
        "multiscale": many,
        "contrast_limits": display_range(source.contrast_limits, Window(*made.window)),
        "metadata": {**source.metadata, **facts},
    }
    if tuple(result.levels[0].shape) == tuple(source.data.shape):
        properties = {**source.properties, **properties}
    layer = Image(list(result.levels) if many else result.levels[0], **properties)
    insert_quietly(viewer, layer, above=topmost_of(viewer, source.layer, {"result"}))
    return layer
