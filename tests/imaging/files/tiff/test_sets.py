"""A file of a set that gets another name tells of its own planes only, and nothing of others."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_zerodce.imaging.files.images import read_images, write_images

RANDOM = np.random.default_rng(41)
_UUID = "urn:uuid:00000000-0000-0000-0000-00000000000{}"


def document(number, body):
    space = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    return f'<OME xmlns="{space}" UUID="{_UUID.format(number)}">{body}</OME>'


def image(number, planes, size):
    """Return the XML of one position whose planes are in files of their own."""
    data = "".join(
        f'<TiffData FirstC="{channel}" FirstT="0" FirstZ="0" IFD="{page}" PlaneCount="1">'
        f'<UUID FileName="p{file}.ome.tif">{_UUID.format(file)}</UUID></TiffData>'
        for channel, (file, page) in enumerate(planes)
    )
    channels = "".join(
        f'<Channel ID="Channel:{number}:{place}" SamplesPerPixel="1" Name="dye {place}"/>'
        for place in range(len(planes))
    )
    return (
        f'<Image ID="Image:{number}" Name="Pos{number}"><Pixels ID="Pixels:{number}" Type="uint16" '
        f'DimensionOrder="XYCTZ" SizeX="8" SizeY="6" SizeC="{len(planes)}" SizeT="1" SizeZ="1" '
        f'PhysicalSizeX="{size}">{channels}{data}</Pixels></Image>'
    )


def written_as(name, path):
    """Return the one image that the result of a file tells of, if it gets this name."""
    again = write_images(path.parent / "result" / name, read_images(path))
    with tifffile.TiffFile(again) as file:
        return tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_position_of_a_set_is_its_own(tmp_path, number):
    body = "".join(image(n, [(n, 0), (n, 1)], n + 1.5) for n in range(2))
    path = tmp_path / f"p{number}.ome.tif"
    pixels = RANDOM.integers(0, 999, (2, 6, 8), "u2")
    text = document(number, body).encode()
    tifffile.imwrite(path, pixels, photometric="minisblack", description=text, metadata=None)
    assert read_images(path)[0].details["metadata"]["PhysicalSizeX"] == number + 1.5
    told = written_as("new.ome.tif", path)
    assert (told["Name"], told["Pixels"]["PhysicalSizeX"]) == (f"Pos{number}", number + 1.5)
    assert len(told["Pixels"]["Channel"]) == 2


@pytest.mark.parametrize("companion", ["set.companion.ome", "p0.ome.tif"])
def test_a_file_that_names_its_companion_knows_its_channel(tmp_path, companion):
    whole = document(0, image(0, [(0, 0), (1, 0)], 0.5))
    plane = RANDOM.integers(0, 999, (6, 8), "u2")
    if companion.endswith(".tif"):
        tifffile.imwrite(tmp_path / companion, plane, description=whole, metadata=None)
    else:
        (tmp_path / companion).write_text(whole, "utf-8")
    only = document(1, f'<BinaryOnly MetadataFile="{companion}" UUID="{_UUID.format(0)}"/>')
    tifffile.imwrite(tmp_path / "p1.ome.tif", plane, description=only, metadata=None)
    told = written_as("new.ome.tif", tmp_path / "p1.ome.tif")["Pixels"]
    assert (told["PhysicalSizeX"], told["Channel"]["Name"]) == (0.5, "dye 1")
    again = write_images(tmp_path / "same" / "p1.ome.tif", read_images(tmp_path / "p1.ome.tif"))
    with tifffile.TiffFile(again) as file:
        assert file.ome_metadata == only
