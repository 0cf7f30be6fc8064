"""Scenes of microscope files are images with their axes, sizes and channels."""

from __future__ import annotations

import struct
import sys
from datetime import timedelta
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import microscopes
from napari_zerodce.imaging.files.images import read_image, read_images, write_image, write_images

CELLS = np.arange(2 * 3 * 40 * 50, dtype="u2").reshape(2, 3, 40, 50)
_IDS = {"X": 1, "Y": 2, "Z": 3, "T": 4}
_LENGTHS = {"X": 4.9e-6, "Y": 3.9e-6, "Z": 1e-6, "T": 6.0}


def _write_lif(path, images):
    """Write images, pairs of an array and the letters of its axes, as Leica's programs do."""
    elements = [_element(number, array, axes) for number, (array, axes) in enumerate(images)]
    text = (
        '<LMSDataContainerHeader Version="2"><Element Name="Project"><Data><Experiment/></Data>'
        f"<Children>{''.join(elements)}</Children></Element></LMSDataContainerHeader>"
    ).encode("utf-16-le")
    with path.open("wb") as file:
        file.write(struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(text) // 2) + text)
        for number, (array, _) in enumerate(images):
            name = f"MemBlock_{number}".encode("utf-16-le")
            facts = (0x70, len(name) + 14, 0x2A, array.nbytes, 0x2A, len(name) // 2)
            file.write(struct.pack("<IIBQBI", *facts) + name + array.tobytes())


def _element(number, array, axes):
    steps = dict(zip(axes, array.strides, strict=True))
    lengths = dict(zip(axes, array.shape, strict=True))
    channels = "".join(
        f'<ChannelDescription DataType="0" ChannelTag="0" NameOfMeasuredQuantity="" Min="0" '
        f'Max="1" Unit="" IsLUTInverted="0" Resolution="{8 * array.itemsize}" '
        f'LUTName="{("Green", "Red")[place]}" BytesInc="{place * steps.get("C", 0)}" BitInc="0"/>'
        for place in range(lengths.get("C", 1))
    )
    dimensions = "".join(
        f'<DimensionDescription DimID="{_IDS[axis]}" NumberOfElements="{lengths[axis]}" Origin="0" '
        f'Length="{_LENGTHS[axis]}" Unit="{"s" if axis == "T" else "m"}" BitInc="0" '
        f'BytesInc="{steps[axis]}"/>'
        for axis in axes[::-1]
        if axis != "C"
    )
    return (
        f'<Element Name="{number}"><Data><Image><ImageDescription><Channels>{channels}</Channels>'
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{array.nbytes}" MemoryBlockID="MemBlock_{number}"/></Element>'
    )


def test_equal_scenes_of_lif_are_one_image_and_others_are_more(tmp_path):
    pytest.importorskip("bioio_lif")
    other = CELLS[:, 0, :30].copy()
    _write_lif(tmp_path / "a.lif", [(CELLS, "CZYX"), (other, "CYX"), (CELLS + 1, "CZYX")])
    cells, flat = read_images(tmp_path / "a.lif")
    np.testing.assert_array_equal(cells.array, [CELLS, CELLS + 1])
    np.testing.assert_array_equal(flat.array, other)
    assert (cells.details["axes"], flat.details["axes"]) == ("QCZYX", "CYX")
    metadata = cells.details["metadata"]
    assert metadata["Channel"] == {"Name": ["Green", "Red"]}
    sizes = [metadata[f"PhysicalSize{axis}"] for axis in "XYZ"]
    np.testing.assert_allclose(sizes, (0.1, 0.1, 0.5))
    write_images(tmp_path / "a.ome.tif", (cells, flat))
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        written = [series.asarray() for series in file.series]
    for found, expected in zip(written, (CELLS, other, CELLS + 1), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mapped_from", [1, 2**30])
def test_large_files_are_read_when_they_are_needed(tmp_path, monkeypatch, mapped_from):
    pytest.importorskip("bioio_lif")
    monkeypatch.setattr(microscopes, "MAPPED_FROM", mapped_from)
    _write_lif(tmp_path / "a.lif", [(CELLS, "TZYX")])
    image = read_image(tmp_path / "a.lif")
    assert isinstance(image.array, np.ndarray) == (mapped_from > 1)
    np.testing.assert_array_equal(np.asarray(image.array[1, 2]), CELLS[1, 2])
    assert image.details["axes"] == "TZYX"


def _write_czi(path, array, *, scenes=(0,), **facts):
    czi = pytest.importorskip("pylibCZIrw.czi")
    with czi.create_czi(str(path)) as file:
        for scene, channel, depth in product(scenes, *map(range, array.shape[:2])):
            plane = {"C": channel, "Z": depth, "T": 0}
            place = (1000 * scene, 0)
            file.write(data=array[channel, depth], plane=plane, scene=scene, location=place)
        file.write_metadata(**facts)


def test_czi_has_its_axes_sizes_and_channels(tmp_path):
    pytest.importorskip("bioio_czi")
    sizes = {"scale_x": 1e-7, "scale_y": 2e-7, "scale_z": 5e-7}
    names = {0: "DAPI", 1: "GFP"}
    _write_czi(tmp_path / "a.czi", CELLS[..., np.newaxis], channel_names=names, **sizes)
    image = read_image(tmp_path / "a.czi")
    np.testing.assert_array_equal(image.array, CELLS)
    assert (image.channels, image.details["axes"]) == ("mono", "CZYX")
    assert image.details["metadata"] == {
        "PhysicalSizeX": 0.1,
        "PhysicalSizeY": 0.2,
        "PhysicalSizeZ": 0.5,
        "Channel": {"Name": ["DAPI", "GFP"]},
    }


def test_colours_of_czi_are_red_green_and_blue(tmp_path):
    pytest.importorskip("bioio_czi")
    colours = np.zeros((1, 1, 40, 50, 3), "u1")
    colours[..., 0], colours[..., 1] = 200, 100
    _write_czi(tmp_path / "a.czi", colours)
    image = read_image(tmp_path / "a.czi")
    assert (image.channels, image.array.shape) == ("rgb", (40, 50, 3))
    np.testing.assert_array_equal(image.array[5, 5], [200, 100, 0])


@pytest.mark.parametrize("mapped_from", [1, 2**30])
def test_tiles_of_czi_are_stitched_at_their_places(tmp_path, monkeypatch, mapped_from):
    pytest.importorskip("bioio_czi")
    monkeypatch.setattr(microscopes, "MAPPED_FROM", mapped_from)
    czi = pytest.importorskip("pylibCZIrw.czi")
    tile = CELLS[0, 0]
    with czi.create_czi(str(tmp_path / "a.czi")) as file:
        for place in (0, 45):  # 5 pixels of overlap
            file.write(data=tile[..., np.newaxis] + place, plane={"C": 0}, location=(place, 0))
    image = read_image(tmp_path / "a.czi")
    assert (image.array.shape, image.details["axes"]) == ((40, 95), "YX")
    np.testing.assert_array_equal(image.array[:, :45], tile[:, :45])
    np.testing.assert_array_equal(image.array[:, 50:], tile[:, 5:] + 45)


def test_scenes_that_would_be_lost_are_told(tmp_path):
    pytest.importorskip("bioio_czi")
    _write_czi(tmp_path / "a.czi", CELLS[..., np.newaxis], scenes=(0, 1))
    with pytest.raises(ImageError, match="has 2 scenes, but its metadata name only 1; save"):
        read_image(tmp_path / "a.czi")


_XML = (
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0" Name="first"><AcquisitionDate>2024-01-02T03:04:05</AcquisitionDate>{}'
    '</Image><Image ID="Image:1" Name="second">{}</Image></OME>'
)
_PIXELS = (
    '<Pixels ID="Pixels:{}" DimensionOrder="XYZCT" Type="uint16" SizeX="50" SizeY="40" SizeZ="3" '
    'SizeC="2" SizeT="1"><Channel ID="Channel:{}:0" EmissionWavelength="520"/>'
    '<Channel ID="Channel:{}:1"/></Pixels>'
)


class _Reader:
    """What BioIO's readers have in common, for a file of two positions."""

    scenes = ("first", "second")
    shape, dtype = (1, 2, 3, 40, 50), np.dtype("u2")
    dims = SimpleNamespace(order="TCZYX")
    physical_pixel_sizes = SimpleNamespace(X=0.1, Y=0.1, Z=None)
    time_interval = timedelta(seconds=2)

    def __init__(self, path):
        self._number = 0

    def set_scene(self, number):
        self._number = number

    @property
    def xarray_data(self):
        names = {"C": SimpleNamespace(values=np.array(["GFP", "RFP"]))}
        return SimpleNamespace(data=CELLS[np.newaxis] + self._number, dims="TCZYX", coords=names)

    @property
    def ome_metadata(self):
        pixels = (_PIXELS.format(number, number, number) for number in range(2))
        return SimpleNamespace(to_xml=lambda: _XML.format(*pixels))


def test_positions_become_an_ome_tiff_with_all_that_was_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "bioio_nd2", SimpleNamespace(Reader=_Reader))
    (image,) = microscopes.read(tmp_path / "a.nd2")
    assert image.details["metadata"]["Channel"] == {"Name": ["GFP", "RFP"]}
    assert "TimeIncrement" not in image.details["metadata"]  # one time has no step
    write_image(tmp_path / "a.ome.tif", image)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        arrays = [series.asarray() for series in file.series]
        told = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
    np.testing.assert_array_equal(arrays, [CELLS, CELLS + 1])
    assert [each["Name"] for each in told] == ["first", "second"]
    assert told[0]["AcquisitionDate"] == "2024-01-02T03:04:05"
    assert told[0]["Pixels"]["Channel"][0]["EmissionWavelength"] == 520


def test_missing_java_is_told(tmp_path, monkeypatch):
    def refuse(path):
        raise RuntimeError("Failed to download Java via cjdk")

    monkeypatch.setitem(sys.modules, "bioio_bioformats", SimpleNamespace(Reader=refuse))
    with pytest.raises(ImageError, match=r"a\.oir is read by Bio-Formats, which needs Java and is"):
        microscopes.read(tmp_path / "a.oir")


@pytest.mark.parametrize(
    ("suffix", "module"), [(".czi", "bioio_czi"), (".lif", "bioio_lif"), (".nd2", "bioio_nd2")]
)
def test_damaged_files_are_told(tmp_path, suffix, module):
    pytest.importorskip(module)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(ImageError, match=rf"a\{suffix} cannot be read"):
        read_image(path)
