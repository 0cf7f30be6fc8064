"""OME-Zarr passes between this program and others: valid for them, and read back by them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.files.saved.image import ChannelDisplay
from napari_zerodce.imaging.files.saved.ngff import NgffVersion
from napari_zerodce.imaging.planes import Channels

VERSIONS: tuple[NgffVersion, ...] = ("0.4", "0.5")
SHAPE = (2, 2, 2, 1030, 40)  # large enough for a second level
CELLS = np.random.default_rng(0).integers(0, 4000, SHAPE, np.uint16)
SIZES = (2.0, 1.0, 0.5, 0.2, 0.2)
UNITS = ("second", "pixel", "micrometer", "micrometer", "micrometer")
FIRST = (0.0, 0.0, 1.0, 2.0, 3.0)
SHOWN = (
    ChannelDisplay("00FF00", (10.0, 900.0), "GFP", (0.0, 4095.0)),
    ChannelDisplay("FF0000", (20.0, 800.0), "RFP", (0.0, 4095.0)),
)


@pytest.fixture(autouse=True)
def their_warnings() -> Iterator[None]:
    """Ignore what other libraries warn about in their own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def images() -> Iterator[SavedImage]:
    yield SavedImage((CELLS,), "mono", "TCZYX", SIZES, FIRST, UNITS, "cells", display=SHOWN)
    colours: tuple[tuple[Channels, int], ...] = (("rgb", 3), ("rgba", 4))
    for channels, samples in colours:
        photo = np.moveaxis(CELLS.reshape(8, 1030, 40)[:samples], 0, -1).astype(np.uint8)
        place = ((1.0, 1.0), (0.0, 0.0), ("pixel", "pixel"))
        yield SavedImage((photo,), channels, "YX", *place, "photo", (0.0, 255.0))
    yield SavedImage((CELLS[0, 0],), "mono", "ZYX", *(each[2:] for each in (SIZES, FIRST, UNITS)))


@pytest.fixture(params=range(4), ids=["cells", "rgb", "rgba", "plain"])
def image(request: pytest.FixtureRequest) -> SavedImage:
    return list(images())[request.param]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> NgffVersion:
    return request.param


@pytest.fixture
def written(tmp_path: Path, image: SavedImage, version: NgffVersion) -> Path:
    begin(tmp_path / "a.ome.zarr", image, version=version).fill(image.levels)
    return tmp_path / "a.ome.zarr"


def in_file(image: SavedImage) -> np.ndarray:
    """Return the pixels in the order of axes that NGFF has."""
    (array,) = image.levels
    return array if image.channels == "mono" else np.moveaxis(array, -1, 0)


# ---- made here


def test_valid_for_ome_zarr_models(written: Path, version: NgffVersion) -> None:
    models = pytest.importorskip("ome_zarr_models")
    group = zarr.open_group(written, mode="r")
    if version == "0.4":
        from ome_zarr_models.v04 import image as v04
        from pydantic_zarr import v2

        # With pydantic 2.14 and pydantic-zarr 0.9.2, this model is not complete by itself.
        v04.Image.model_rebuild(_types_namespace={**vars(v2), **vars(v04)})
        found = v04.Image.from_zarr(group)
        multiscale = found.attributes.multiscales[0]
    else:
        found = models.open_ome_zarr(group)
        assert type(found).__module__ == "ome_zarr_models.v05.image"
        multiscale = found.ome_attributes.multiscales[0]
    assert [each.path for each in multiscale.datasets] == ["0", "1"]


def test_read_back_by_ome_zarr_py(written: Path, image: SavedImage) -> None:
    pytest.importorskip("ome_zarr")
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    (node,) = Reader(parse_url(written))()
    np.testing.assert_array_equal(node.data[0], in_file(image))
    assert [each["name"] for each in node.metadata["axes"]] == {
        "TCZYX": list("tczyx"), "YX": list("cyx"), "ZYX": list("zyx"),
    }[image.axes]  # fmt: skip
    if image.display:
        assert node.metadata["channel_names"] == ["GFP", "RFP"]
        assert node.metadata["contrast_limits"] == [[10, 900], [20, 800]]


def test_valid_for_and_read_back_by_ngff_zarr(written: Path, image: SavedImage) -> None:
    ngff = pytest.importorskip("ngff_zarr")
    pytest.importorskip("jsonschema")
    found = ngff.from_ngff_zarr(str(written), validate=True).images
    np.testing.assert_array_equal(found[0].data, in_file(image))
    for axis, size, first in zip(image.axes, image.scale, image.translate, strict=True):
        assert found[0].scale[axis.lower()] == size
        assert found[0].translation[axis.lower()] == first
    # Its first pixel covers two of each side.
    assert found[1].scale["x"] == 2 * image.scale[-1]
    assert found[1].translation["x"] == image.translate[-1] + image.scale[-1] / 2


# ---- made there


def test_made_by_ome_zarr_py(tmp_path: Path, version: NgffVersion) -> None:
    pytest.importorskip("ome_zarr")
    from ome_zarr.format import FormatV04, FormatV05
    from ome_zarr.writer import write_image

    write_image(
        CELLS,
        str(tmp_path / "a.zarr"),
        axes=list("tczyx"),
        fmt=FormatV04() if version == "0.4" else FormatV05(),
        scale_factors=[{"y": 2, "x": 2}],
        scale=dict(zip("tczyx", SIZES, strict=True)),
        axes_units={axis: unit for axis, unit in zip("tczyx", UNITS, strict=True) if axis != "c"},
    )
    read = read_ome_zarr(tmp_path / "a.zarr")
    assert (read.axes, read.scale, read.units) == ("TCZYX", SIZES, UNITS)
    assert len(read.levels) == 2
    np.testing.assert_array_equal(read.levels[0][...], CELLS)


def test_made_by_ngff_zarr(tmp_path: Path, version: NgffVersion) -> None:
    ngff = pytest.importorskip("ngff_zarr")
    sizes = dict(zip("tczyx", SIZES, strict=True))
    first = dict(zip("tczyx", FIRST, strict=True))
    units = {axis: unit for axis, unit in zip("tczyx", UNITS, strict=True) if unit != "pixel"}
    image = ngff.to_ngff_image(
        CELLS, dims=list("tczyx"), scale=sizes, translation=first, axes_units=units, name="cells"
    )
    made = ngff.to_multiscales(image, scale_factors=[{"z": 1, "y": 2, "x": 2}])
    ngff.to_ngff_zarr(str(tmp_path / "a.zarr"), made, version=version)
    read = read_ome_zarr(tmp_path / "a.zarr")
    assert (read.axes, read.scale, read.translate) == ("TCZYX", SIZES, FIRST)
    assert (read.units, len(read.levels)) == (UNITS, 2)
    np.testing.assert_array_equal(read.levels[0][...], CELLS)
