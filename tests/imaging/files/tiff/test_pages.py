"""Every page of a TIFF comes back at its place, each file of a set with its own pages."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import read_image, read_images, write_images
from napari_zerodce.imaging.files.tiff import chain, ome
from napari_zerodce.imaging.files.tiff import series as tiff_series

RANDOM = np.random.default_rng(14)


def noise(*shape, dtype="u1"):
    return RANDOM.integers(0, 200, shape).astype(dtype)


def written(path, pages, **options):
    with tifffile.TiffWriter(path) as file:
        for page in pages:
            file.write(page, metadata=None, **({"photometric": "minisblack"} | options))
    return path


def pages_in(path):
    with tifffile.TiffFile(path) as file:
        return [page.asarray() for page in file.pages]


def brighter_again(path, out):
    """Return the pages of a file that is read, brightened by 1 and written."""
    images = read_images(path)
    more = [replace(image, array=image.array + image.array.dtype.type(1)) for image in images]
    return pages_in(write_images(out, more))


def assert_pages(found, expected):
    assert [page.shape for page in found] == [page.shape for page in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("odd", [0, 3, 6])
@pytest.mark.parametrize("shape", [(2, 3), (4, 4), (16, 18)])
def test_seven_pages_of_which_one_is_smaller_are_seven_pages(tmp_path, odd, shape):
    pages = [noise(*(shape if number == odd else (8, 9))) for number in range(7)]
    path = written(tmp_path / "seven.tif", pages)
    images = read_images(path)
    assert sorted(image.array.shape for image in images) == sorted([(6, 8, 9), shape])
    found = brighter_again(path, tmp_path / "again.tif")
    assert_pages(found, [page + 1 for page in pages])


def test_an_odd_page_among_many_is_not_overlooked(tmp_path):
    # tifffile compares four of the pages only.
    pages = [noise(*((5, 9) if number == 4 else (8, 9))) for number in range(20)]
    found = brighter_again(written(tmp_path / "20.tif", pages), tmp_path / "again.tif")
    assert_pages(found, [page + 1 for page in pages])


def test_an_odd_depth_among_many_is_not_overlooked(tmp_path):
    pages = [noise(8, 9, 3, dtype="u2" if number == 4 else "u1") for number in range(20)]
    path = written(tmp_path / "20.tif", pages, photometric="rgb")
    found = brighter_again(path, tmp_path / "again.tif")
    assert_pages(found, [page + page.dtype.type(1) for page in pages])


def test_a_page_of_half_the_size_is_no_level_unless_it_says_so(tmp_path):
    pages = [noise(64, 80), noise(32, 40), noise(16, 20)]
    found = brighter_again(written(tmp_path / "half.tif", pages), tmp_path / "again.tif")
    assert_pages(found, [page + 1 for page in pages])
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as file:
        file.write(pages[0], metadata=None)
        file.write(pages[1], metadata=None, subfiletype=1)
    np.testing.assert_array_equal(read_image(tmp_path / "pyramid.tif").array, pages[0])


def test_pages_of_other_dtypes_and_colours_keep_their_places(tmp_path):
    grey, deep, colour = noise(8, 9), noise(8, 9, dtype="u2"), noise(8, 9, 3)
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as file:
        for page in (grey, deep, colour, grey):
            photometric = "rgb" if page.ndim == 3 else "minisblack"
            file.write(page, metadata=None, photometric=photometric)
    kinds = [(image.array.shape, image.channels) for image in read_images(tmp_path / "mixed.tif")]
    assert sorted(kinds) == [((2, 8, 9), "mono"), ((8, 9), "mono"), ((8, 9, 3), "rgb")]
    found = brighter_again(tmp_path / "mixed.tif", tmp_path / "again.tif")
    assert_pages(found, [grey + 1, deep + 1, colour + 1, grey + 1])


def test_equal_pages_with_other_compressions_are_one_stack(tmp_path):
    pages = [noise(8, 9) for _ in range(3)]
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as file:
        for page, compression in zip(pages, (None, "zlib", "lzw"), strict=True):
            file.write(page, metadata=None, compression=compression)
    (image,) = read_images(tmp_path / "mixed.tif")
    assert (image.array.shape, image.details["axes"]) == ((3, 8, 9), "QYX")
    assert len(image.details["series"]) == 3
    found = brighter_again(tmp_path / "mixed.tif", tmp_path / "again.tif")
    assert_pages(found, [page + 1 for page in pages])
    with tifffile.TiffFile(tmp_path / "again.tif") as file:
        assert [page.compression for page in file.pages] == [1, 8, 5]


def test_each_page_has_its_own_orientation(tmp_path):
    path, page = tmp_path / "turned.tif", noise(8, 8)
    with tifffile.TiffWriter(path) as file:
        for orientation in (1, 3, 6, 8):
            file.write(page, metadata=None, extratags=[(274, 3, 1, orientation, True)])
    expected = [page, np.rot90(page, 2), np.rot90(page, -1), np.rot90(page)]
    np.testing.assert_array_equal(read_image(path).array, expected)
    found = brighter_again(path, tmp_path / "again.tif")
    assert_pages(found, [array + 1 for array in expected])


def test_pages_on_their_sides_are_as_large_as_they_look(tmp_path):
    path, page = tmp_path / "turned.tif", noise(6, 9)
    with tifffile.TiffWriter(path) as file:
        for orientation in (6, 1):
            file.write(page, metadata=None, extratags=[(274, 3, 1, orientation, True)])
    assert [image.array.shape for image in read_images(path)] == [(9, 6), (6, 9)]


def test_each_page_has_its_own_palette(tmp_path):
    path, page = tmp_path / "colours.tif", noise(8, 9)
    palettes = [(RANDOM.integers(0, 256, (3, 256)) * 257).astype("u2") for _ in range(3)]
    with tifffile.TiffWriter(path) as file:
        for palette in palettes:
            file.write(page, photometric="palette", colormap=palette, metadata=None)
    expected = [(palette // 257).T[page] for palette in palettes]
    np.testing.assert_array_equal(read_image(path).array, expected)


def test_each_page_has_its_own_profile(tmp_path):
    path, page = tmp_path / "photos.tif", noise(8, 9, 3)
    profiles = [bytes([number]) * 600 for number in range(3)]
    with tifffile.TiffWriter(path) as file:
        for profile in profiles:
            file.write(page, photometric="rgb", metadata=None, iccprofile=profile)
    with tifffile.TiffFile(write_images(tmp_path / "again.tif", read_images(path))) as file:
        assert [page.aspage().iccprofile for page in file.pages] == profiles


def test_pages_of_other_depths_are_images_of_their_own(tmp_path):
    path = tmp_path / "deep.tif"
    with tifffile.TiffWriter(path) as file:
        for bits in (12, 16, 10):
            file.write(noise(8, 9, dtype="u2"), metadata=None, bitspersample=bits)
    assert [image.bits for image in read_images(path)] == [12, None, 10]


def test_copies_stay_behind_their_pages(tmp_path):
    path = tmp_path / "pyramids.tif"
    with tifffile.TiffWriter(path) as file:
        for _ in range(3):
            file.write(noise(64, 64), metadata=None)
            file.write(noise(32, 32), metadata=None, subfiletype=1)
    assert read_image(path).array.shape == (3, 64, 64)
    with tifffile.TiffFile(write_images(tmp_path / "again.tif", read_images(path))) as file:
        found = [(page.aspage().imagewidth, int(page.aspage().subfiletype)) for page in file.pages]
    assert found == [(64, 0), (32, 1)] * 3


def test_pages_of_a_document_stay_marked(tmp_path):
    with tifffile.TiffWriter(tmp_path / "fax.tif") as file:
        for role in (0, 2, 2):
            file.write(noise(8, 9), metadata=None, subfiletype=role)
    assert read_image(tmp_path / "fax.tif").array.shape == (3, 8, 9)
    again = write_images(tmp_path / "again.tif", read_images(tmp_path / "fax.tif"))
    with tifffile.TiffFile(again) as file:
        assert [int(page.aspage().subfiletype) for page in file.pages] == [0, 2, 2]


def test_many_positions_are_described_by_one_reading_of_the_xml(tmp_path, monkeypatch):
    three_positions(tmp_path / "positions.ome.tif")
    texts = []
    whole = ome.parsed
    monkeypatch.setattr(ome, "parsed", lambda xml: texts.append(xml) or whole(xml))
    ome.known.cache_clear()
    assert read_image(tmp_path / "positions.ome.tif").array.shape[0] == 3
    assert len(texts) == 1


def test_the_chain_of_pages_is_followed_as_often_for_many_pages_as_for_few(tmp_path, monkeypatch):
    followed, whole = [], chain._directories
    monkeypatch.setattr(chain, "_directories", lambda file: followed.append(1) or whole(file))
    counts = []
    for count in (2, 9):
        path = written(tmp_path / "sizes.tif", [noise(8, 9 + number) for number in range(count)])
        read_images(path)
        counts.append(len(followed))
    assert counts[1] == 2 * counts[0]


@pytest.mark.parametrize("mapped_from", [0, 10**9])
@pytest.mark.parametrize("first", [True, False])
def test_reduced_pages_are_passed_over(tmp_path, monkeypatch, first, mapped_from):
    monkeypatch.setattr(tiff_series, "MAPPED_FROM", mapped_from)
    large, thumbnail = noise(8, 9, dtype="u2"), noise(2, 2)
    with tifffile.TiffWriter(tmp_path / "several.tif") as file:
        for array in (large, thumbnail) if first else (thumbnail, large):
            file.write(array, metadata=None, subfiletype=int(array is thumbnail))
    np.testing.assert_array_equal(read_image(tmp_path / "several.tif").array, large)


def test_the_image_of_a_file_of_reduced_pages_is_the_largest(tmp_path):
    large, small = noise(8, 9), noise(2, 2)
    with tifffile.TiffWriter(tmp_path / "several.tif") as file:
        for array in (small, large):
            file.write(array, metadata=None, subfiletype=1)
    np.testing.assert_array_equal(read_image(tmp_path / "several.tif").array, large)


def test_a_mask_beside_an_image_is_written_again_as_it_is(tmp_path):
    image, mask = noise(8, 9, 3), RANDOM.random((8, 9)) > 0.5
    with tifffile.TiffWriter(tmp_path / "masked.tif") as file:
        file.write(image, metadata=None, photometric="rgb")
        file.write(mask, metadata=None, photometric="minisblack", subfiletype=4)
    found = brighter_again(tmp_path / "masked.tif", tmp_path / "again.tif")
    assert_pages(found, [image + 1, mask])
    with tifffile.TiffFile(tmp_path / "again.tif") as file:
        assert [page.subfiletype for page in file.pages] == [0, 4]


def test_pages_that_imagej_does_not_tell_of_come_back(tmp_path):
    pages = [noise(8, 9, dtype="u2") for _ in range(5)]
    path = tmp_path / "appended.tif"
    with tifffile.TiffWriter(path, byteorder=">") as file:
        for number, page in enumerate(pages):
            text = None if number else "ImageJ=1.53t\nimages=3\nslices=3\n"
            file.write(page, metadata=None, photometric="minisblack", description=text)
    found = brighter_again(path, tmp_path / "again.tif")
    assert_pages(found, [page + 1 for page in pages])


# ---- several series of one shape


def three_positions(path):
    arrays = [noise(96, 128, dtype="u2") for _ in range(3)]
    with tifffile.TiffWriter(path, ome=True) as file:
        for number, array in enumerate(arrays):
            file.write(array, photometric="minisblack", metadata={"Name": f"position {number}"})
    return arrays


def test_three_ome_images_are_a_stack_and_three_again(tmp_path):
    arrays = three_positions(tmp_path / "positions.ome.tif")
    (image,) = read_images(tmp_path / "positions.ome.tif")
    assert (image.array.shape, image.details["axes"]) == ((3, 96, 128), "QYX")
    np.testing.assert_array_equal(image.array, arrays)
    found = brighter_again(tmp_path / "positions.ome.tif", tmp_path / "again.ome.tif")
    assert_pages(found, [array + 1 for array in arrays])
    with tifffile.TiffFile(tmp_path / "again.ome.tif") as file:
        assert file.is_ome
        assert [series.shape for series in file.series] == [(96, 128)] * 3


def test_ome_images_of_other_shapes_keep_their_order(tmp_path):
    arrays = [noise(2, 8, 9), noise(2, 5, 6), noise(2, 8, 9)]
    with tifffile.TiffWriter(tmp_path / "several.ome.tif", ome=True) as file:
        for array in arrays:
            file.write(array, photometric="minisblack", metadata={"axes": "CYX"})
    shapes = [image.array.shape for image in read_images(tmp_path / "several.ome.tif")]
    assert shapes == [(2, 2, 8, 9), (2, 5, 6)]
    images = read_images(tmp_path / "several.ome.tif")
    with tifffile.TiffFile(write_images(tmp_path / "again.ome.tif", images)) as file:
        assert [series.axes for series in file.series] == ["CYX"] * 3
        for series, array in zip(file.series, arrays, strict=True):
            np.testing.assert_array_equal(series.asarray(), array)


def test_a_part_of_a_stack_can_be_written(tmp_path):
    arrays = three_positions(tmp_path / "positions.ome.tif")
    image = read_image(tmp_path / "positions.ome.tif")
    part = replace(image, array=image.array[1:3, :5, :6])
    again = read_image(write_images(tmp_path / "part.tif", (part,)))
    np.testing.assert_array_equal(again.array, [array[:5, :6] for array in arrays[1:]])


def test_images_of_other_kinds_are_refused_where_one_is_expected(tmp_path):
    pages = [noise(8, 9), noise(7, 9), noise(8, 9, dtype="f4"), noise(5, 9)]
    written(tmp_path / "several.tif", pages)
    with pytest.raises(ImageError, match=r"several\.tif holds 4 images .*8x9, 7x9, 8x9, \.\.\.\)"):
        read_image(tmp_path / "several.tif")


# ---- sets of files


def set_of_files(folder, *, pages=1, whole_xml_in=range(4), count=4):
    """Write a set of OME-TIFF files, each with a channel, and return their pixels."""
    arrays = [noise(*((pages,) * (pages > 1)), 8, 9, dtype="u2") for _ in range(count)]
    data = "".join(
        f'<TiffData FirstC="{c}" FirstZ="{z}" IFD="{z}" PlaneCount="1">'
        f'<UUID FileName="c{c}.ome.tif">urn:uuid:{c}</UUID></TiffData>'
        for c in range(count)
        for z in range(pages)
    )
    for number, array in enumerate(arrays):
        body = (
            '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
            f'SizeX="9" SizeY="8" SizeZ="{pages}" SizeC="{count}" SizeT="1">{data}</Pixels></Image>'
            if number in whole_xml_in
            else '<BinaryOnly MetadataFile="c0.ome.tif" UUID="urn:uuid:0"/>'
        )
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{number}">{body}</OME>'
        )
        path = folder / f"c{number}.ome.tif"
        options = {"metadata": None, "photometric": "minisblack", "description": xml}
        tifffile.imwrite(path, array, **options)
    return arrays


@pytest.mark.parametrize("whole_xml_in", [range(4), [0], [2]])
def test_each_file_of_a_set_is_its_own_page(tmp_path, whole_xml_in):
    arrays = set_of_files(tmp_path, whole_xml_in=whole_xml_in)
    for number, array in enumerate(arrays):
        image = read_image(tmp_path / f"c{number}.ome.tif")
        assert image.details["axes"] == "YX"
        np.testing.assert_array_equal(image.array, array)


def test_a_file_of_a_set_knows_the_axis_of_its_own_pages(tmp_path):
    arrays = set_of_files(tmp_path, pages=3)
    image = read_image(tmp_path / "c1.ome.tif")
    assert image.details["axes"] == "ZYX"
    np.testing.assert_array_equal(image.array, arrays[1])


def test_other_files_of_a_set_may_be_missing(tmp_path):
    arrays = set_of_files(tmp_path)
    for number in (0, 2, 3):
        (tmp_path / f"c{number}.ome.tif").unlink()
    np.testing.assert_array_equal(read_image(tmp_path / "c1.ome.tif").array, arrays[1])


def test_kinds_of_samples_that_nobody_knows_are_channels(tmp_path):
    path = tmp_path / "odd.tif"
    array = noise(8, 9, 4)
    tifffile.imwrite(path, array, photometric="rgb", extrasamples=["unspecified"])
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags["ExtraSamples"].overwrite(999)
    np.testing.assert_array_equal(read_image(path).array, array)


def test_pages_that_form_a_circle_are_refused(tmp_path):
    path = written(tmp_path / "circle.tif", [noise(8, 9) for _ in range(3)])
    with tifffile.TiffFile(path) as file:
        first, *_, last = [file.pages[number].offset for number in range(3)]
        entries = len(file.pages[2].tags)
    content = bytearray(path.read_bytes())
    content[last + 2 + 12 * entries : last + 6 + 12 * entries] = first.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ImageError, match="its pages form a circle"):
        read_image(path)


def test_a_file_that_was_renamed_is_no_set(tmp_path):
    path = tmp_path / "old.ome.tif"
    array = noise(2, 3, 8, 9, dtype="u2")
    tifffile.imwrite(path, array, photometric="minisblack", metadata={"axes": "TCYX"})
    xml = tifffile.tiffcomment(path)
    xml = re.sub(r' UUID="[^"]*"', "", xml)
    uuid = '<UUID FileName="older.ome.tif">urn:uuid:7</UUID>'
    xml = re.sub(
        r"<TiffData[^>]*/>",
        "".join(
            f'<TiffData IFD="{3 * t + c}" FirstT="{t}" FirstC="{c}">{uuid}</TiffData>'
            for t in range(2)
            for c in range(3)
        ),
        xml,
    )
    options = {"metadata": None, "photometric": "minisblack", "description": xml.encode()}
    tifffile.imwrite(path, array, **options)
    image = read_image(path)
    assert image.details["axes"] == "TCYX"
    np.testing.assert_array_equal(image.array, array)


@pytest.mark.parametrize("size", [(6, 8), (4, 5)])
@pytest.mark.parametrize("dialect", ["ome", "imagej"])
def test_a_page_that_was_appended_leaves_the_others_what_they_say(tmp_path, dialect, size):
    path = tmp_path / ("a.ome.tif" if dialect == "ome" else "a.tif")
    stack, page = np.arange(144, dtype="u2").reshape(3, 6, 8), np.ones(size, "u2")
    told = (
        {"axes": "ZYX", "PhysicalSizeX": 0.5} if dialect == "ome" else {"axes": "ZYX", "unit": "um"}
    )
    tifffile.imwrite(path, stack, metadata=told, photometric="minisblack", imagej=dialect != "ome")
    tifffile.imwrite(path, page, append="force", metadata=None)
    first, last = read_images(path)
    assert (first.details["axes"], last.details["axes"]) == ("ZYX", "YX")
    with tifffile.TiffFile(write_images(tmp_path / "r" / path.name, (first, last))) as file:
        assert len(file.pages) == 4
        last = file.pages[3].aspage()
        np.testing.assert_array_equal(last.asarray(), page)
        np.testing.assert_array_equal(file.series[0].asarray(), stack)
        if dialect == "ome":
            assert 'PhysicalSizeX="0.5"' in file.ome_metadata
        else:
            assert (file.imagej_metadata["unit"], file.imagej_metadata["images"]) == ("um", 3)
