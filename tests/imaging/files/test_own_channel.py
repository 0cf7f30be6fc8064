"""Which channel a file holds, as its OME-XML tells."""

from __future__ import annotations

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import outline_images
from napari_zerodce.imaging.files.own_channel import own_channel

XML = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<Pixels ID="Pixels:0" DimensionOrder="XYZTC" Type="uint16" SizeX="8" SizeY="8" SizeZ="1" SizeC="2"
 SizeT="2"><Channel ID="Channel:0:0"/><Channel ID="Channel:0:1"/>{planes}</Pixels></Image></OME>
"""
PLANE = (
    '<TiffData FirstC="{c}" FirstT="{t}" FirstZ="0" IFD="0" PlaneCount="1">'
    '<UUID FileName="{name}">urn:uuid:{name}</UUID></TiffData>'
)


def test_a_file_of_a_set_tells_its_channel_by_its_number(tmp_path):
    names = {(c, t): f"{'abcd'[2 * t + c]}.ome.tif" for c in (0, 1) for t in (0, 1)}
    planes = (PLANE.format(c=c, t=t, name=name) for (c, t), name in names.items())
    xml = XML.format(planes="".join(planes))
    for name in names.values():
        image = np.zeros((8, 8), np.uint16)
        tifffile.imwrite(tmp_path / name, image, description=xml, metadata=None)
    told = {key: own_channel(outline_images(tmp_path / name)[0]) for key, name in names.items()}
    assert told[0, 0] == told[0, 1] != told[1, 0] == told[1, 1]


def test_a_file_of_its_own_tells_the_names_of_its_channels():
    def channel(**details):
        return own_channel(ImageFile(np.zeros((4, 4)), "mono", details))

    named = [channel(metadata={"Channel": {"Name": [name]}}) for name in ("DAPI", "GFP", "GFP")]
    assert named[0] != named[1] == named[2]
    assert channel() == channel(metadata={}) == channel(metadata=None)
