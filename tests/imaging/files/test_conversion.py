"""Axes and pixel sizes pass from TIFF to OME-Zarr and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_zerodce.imaging.files import ImageFile, read_image, write_image
from napari_zerodce.imaging.files.conversion import with_axes, without_axes

PIXELS = np.arange(2 * 3 * 9 * 8, dtype=np.uint16).reshape(2, 3, 9, 8)


def test_sizes_of_ome_tiff_come_back(tmp_path: Path) -> None:
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 250.0}
    sizes |= {"PhysicalSizeYUnit": "nm", "TimeIncrement": 2.0, "TimeIncrementUnit": "s"}
    tifffile.imwrite(tmp_path / "a.ome.tif", PIXELS, metadata={"axes": "TCYX", **sizes})
    image = with_axes(read_image(tmp_path / "a.ome.tif"), "a")
    assert image.axes == "TCYX"
    assert image.scale == (2.0, 1.0, 250.0, 0.5)
    assert image.units == ("second", "pixel", "nanometer", "micrometer")
    write_image(tmp_path / "b.ome.tif", without_axes(image))
    again = read_image(tmp_path / "b.ome.tif")
    np.testing.assert_array_equal(again.array, PIXELS)
    assert with_axes(again, "a").scale == image.scale
    assert with_axes(again, "a").units == image.units


def test_sizes_of_imagej(tmp_path: Path) -> None:
    metadata = {"axes": "TZYX", "unit": "um", "spacing": 3.0, "finterval": 0.5}
    tifffile.imwrite(
        tmp_path / "a.tif", PIXELS, imagej=True, resolution=(4.0, 2.0), metadata=metadata
    )
    image = with_axes(read_image(tmp_path / "a.tif"), "a")
    assert image.axes == "TZYX"
    assert image.scale == (0.5, 3.0, 0.5, 0.25)
    assert image.units == ("second", "micrometer", "micrometer", "micrometer")


@pytest.mark.parametrize(
    ("shape", "details", "axes"),
    [
        ((9, 8), {}, "YX"),
        ((3, 9, 8), {}, "ZYX"),
        ((2, 3, 9, 8), {}, "TZYX"),
        ((3, 9, 8), {"axes": "CYX"}, "CYX"),
        ((2, 3, 9, 8), {"axes": "QCYX"}, "ZCYX"),
        ((1, 1, 2, 3, 9, 8), {}, "QQQQYX"),
    ],
)
def test_unknown_axes_are_guessed(
    shape: tuple[int, ...], details: dict[str, str], axes: str
) -> None:
    assert with_axes(ImageFile(np.zeros(shape, np.uint8), "mono", details), "a").axes == axes


def test_axis_of_colour_is_no_axis_of_the_image() -> None:
    image = with_axes(ImageFile(np.zeros((40, 50, 3), np.uint8), "rgb", {"axes": "YXS"}), "a")
    assert (image.axes, image.scale) == ("YX", (1.0, 1.0))
    assert without_axes(image).details["axes"] == "YXS"
