"""A part of an image keeps the facts of its own pages, channels and pixels."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_zerodce.imaging.files.images import read_images, write_images
from napari_zerodce.imaging.files.part import cut

RANDOM = np.random.default_rng(14)


def noise(*shape, dtype="u2"):
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype)


def written(path, *ranges):
    """Return the path of a file of one part of the only image of another file."""
    (image,) = read_images(path)
    return write_images(path.parent / "part" / path.name, [cut(image, ranges)])


def test_the_whole_is_itself(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", noise(6, 8))
    (image,) = read_images(tmp_path / "a.tif")
    assert cut(image, [(0, 6), (0, 8)]) is image


def test_pages_keep_their_own_tags(tmp_path):
    path = tmp_path / "pages.tif"
    with tifffile.TiffWriter(path) as file:
        for page in range(4):
            tag = (285, 2, 0, f"name {page}", True)
            file.write(noise(6, 8), description=f"page {page}", metadata=None, extratags=[tag])
    with tifffile.TiffFile(written(path, (1, 3), (0, 6), (0, 8))) as file:
        told = [(page.aspage().description, page.aspage().tags[285].value) for page in file.pages]
    assert told == [("page 1", "name 1"), ("page 2", "name 2")]


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_imagej_names_the_planes_and_channels_of_the_part(tmp_path, byteorder):
    path = tmp_path / "ij.tif"
    luts = [np.full((3, 256), number, "u1") for number in range(3)]
    told = {"axes": "TCYX", "Labels": [f"{t}{c}" for t in range(2) for c in range(3)]}
    told |= {"LUTs": luts, "Ranges": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), "Info": "all"}
    tifffile.imwrite(path, noise(2, 3, 6, 8), imagej=True, byteorder=byteorder, metadata=told)
    with tifffile.TiffFile(written(path, (1, 2), (1, 3), (0, 6), (0, 8))) as file:
        again = file.imagej_metadata
    assert again["Labels"] == ["11", "12"]
    assert again["Ranges"] == (2.0, 3.0, 4.0, 5.0)
    np.testing.assert_array_equal(again["LUTs"], luts[1:])
    assert (again["channels"], again["images"], again["Info"]) == (2, 2, "all")


def test_a_crop_of_a_map_is_where_it_was(tmp_path):
    tie = (0.0, 0.0, 0.0, 500.0, 900.0, 0.0)
    matrix = (2.0, 0, 0, 500, 0, -3.0, 0, 900, 0, 0, 0, 0, 0, 0, 0, 1)
    tags = [(33922, 12, 6, tie, True), (34264, 12, 16, matrix, True)]
    tifffile.imwrite(tmp_path / "map.tif", noise(6, 8), metadata=None, extratags=tags)
    with tifffile.TiffFile(written(tmp_path / "map.tif", (1, 4), (2, 8))) as file:
        again = file.pages[0].tags
        assert again[33922].value == (-2.0, -1.0, 0.0, 500.0, 900.0, 0.0)
        moved = np.reshape(again[34264].value, (4, 4))
    np.testing.assert_array_equal(moved @ (0, 0, 0, 1), (504, 897, 0, 1))


def ome_file(path, images=1):
    with tifffile.TiffWriter(path, ome=True) as file:
        for number in range(images):
            plane = {"ExposureTime": [float(number + page) for page in range(6)]}
            channel = {"Name": ["DAPI", "GFP"], "EmissionWavelength": [450, 520]}
            told = {"axes": "TCYX", "Name": f"Pos{number}", "Channel": channel, "Plane": plane}
            file.write(noise(3, 2, 6, 8), photometric="minisblack", metadata=told)
    return path


def image_of(path):
    with tifffile.TiffFile(path) as file:
        return tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]


def test_a_channel_keeps_its_name_and_its_planes(tmp_path):
    path = ome_file(tmp_path / "a.ome.tif")
    told = image_of(written(path, (1, 3), (1, 2), (0, 6), (0, 8)))["Pixels"]
    assert (told["Channel"]["Name"], told["Channel"]["EmissionWavelength"]) == ("GFP", 520)
    planes = [(each["TheT"], each["TheC"], each["ExposureTime"]) for each in told["Plane"]]
    assert planes == [(0, 0, 3.0), (1, 0, 5.0)]


def test_a_crop_keeps_all_planes(tmp_path):
    path = ome_file(tmp_path / "a.ome.tif")
    told = image_of(written(path, (0, 3), (0, 2), (1, 4), (2, 5)))["Pixels"]
    assert [each["ExposureTime"] for each in told["Plane"]] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert (told["SizeX"], told["SizeY"]) == (3, 3)


def test_some_positions_keep_their_facts(tmp_path):
    path = ome_file(tmp_path / "a.ome.tif", 3)
    again = image_of(written(path, (1, 3), (0, 3), (1, 2), (0, 6), (0, 8)))
    assert [each["Name"] for each in again] == ["Pos1", "Pos2"]
    assert [each["Pixels"]["Channel"]["Name"] for each in again] == ["GFP", "GFP"]


def test_further_samples_are_those_of_the_part(tmp_path):
    path, samples = tmp_path / "a.tif", noise(6, 8, 5, dtype="u1")
    extra = ["UNASSALPHA", "UNSPECIFIED"]
    how = {"photometric": "rgb", "planarconfig": "contig", "extrasamples": extra}
    tifffile.imwrite(path, samples, metadata=None, **how)
    again = tifffile.imread(written(path, (1, 4), (2, 5)))
    np.testing.assert_array_equal(again, samples[1:4, 2:5])
