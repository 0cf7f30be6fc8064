"""What OME-XML says is what that of the result says, and the result is valid for others."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_zerodce.imaging.files.images import read_images, write_images
from napari_zerodce.imaging.files.tiff import ome

ome_types = pytest.importorskip("ome_types", reason="made and checked by ome-types")
model = ome_types.model

RANDOM = np.random.default_rng(15)
PLANE = (16, 20)
CHANGES = {"big_endian", "tiff_data_blocks"}


def noise(*shape, dtype="u2"):
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def pixels(number, counts, samples=1, **facts):
    times, channels, depths = counts
    planes = [
        model.Plane(
            the_t=t,
            the_z=z,
            the_c=c,
            exposure_time=0.1 * (c + 1),
            delta_t=float(t),
            position_x=1.5 + number,
            position_y=-2.0,
            position_z=float(z),
        )
        for t in range(times)
        for c in range(channels)
        for z in range(depths)
    ]
    dyes = [
        model.Channel(
            id=f"Channel:{number}:{c}",
            name=f"dye {c}",
            color=(255, c, 0),
            emission_wavelength=500 + c,
            excitation_wavelength=480,
            fluor="GFP",
            samples_per_pixel=samples,
        )
        for c in range(channels)
    ]
    return model.Pixels(
        id=f"Pixels:{number}",
        dimension_order="XYZCT",
        type=facts.pop("type", "uint16"),
        size_t=times,
        size_c=channels * samples,
        size_z=depths,
        size_y=PLANE[0],
        size_x=PLANE[1],
        physical_size_x=0.1,
        physical_size_y=0.1,
        physical_size_z=0.5,
        time_increment=2.0,
        channels=dyes,
        planes=planes,
        **facts,
    )


def described(*images):
    """Return an OME of images with all that a microscope says."""
    microscope = model.Microscope(manufacturer="Maker", model="Model")
    objective = model.Objective(id="Objective:0", nominal_magnification=63, lens_na=1.4)
    return model.OME(
        creator="somebody",
        instruments=[
            model.Instrument(id="Instrument:0", microscope=microscope, objectives=[objective])
        ],
        images=[
            model.Image(
                id=f"Image:{number}",
                name=f"position {number} of 37 µm",
                description="cells <alive>",
                acquisition_date=dt.datetime(2020, 1, 2, 3, 4, 5),
                stage_label=model.StageLabel(name="well", x=1.0, y=2.0),
                instrument_ref=model.InstrumentRef(id="Instrument:0"),
                objective_settings=model.ObjectiveSettings(id="Objective:0"),
                annotation_refs=[model.AnnotationRef(id="Annotation:0")],
                pixels=each,
            )
            for number, each in enumerate(images)
        ],
        structured_annotations=model.StructuredAnnotations(
            map_annotations=[model.MapAnnotation(id="Annotation:0", value={"a": "b"})],
            xml_annotations=[
                model.XMLAnnotation(
                    id="Annotation:1", value='<x xmlns="urn:z"><y a="1">text</y></x>'
                )
            ],
        ),
    )


def write(path, document, arrays, **how):
    layout = {key: how.pop(key) for key in ("byteorder", "bigtiff") if key in how}
    text = document if isinstance(document, str) else ome_types.to_xml(document)
    with tifffile.TiffWriter(path, ome=False, **layout) as file:
        for number, array in enumerate(arrays):
            first = text.encode() if number == 0 else None
            file.write(array, description=first, metadata=None, **how)
    return path


def round_trip(path, name=None):
    images = [replace(each, array=each.array // 2 + 1) for each in read_images(path)]
    return images, write_images(path.parent / "result" / (name or path.name), images)


def all_of(path):
    return ome_types.from_tiff(path).model_dump(exclude_unset=False)


def differences(before, after, name=""):
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            change
            for key in before.keys() | after.keys()
            for change in differences(before.get(key), after.get(key), key)
        }
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return {change for a, b in pairs for change in differences(a, b, name)}
    return set() if before == after else {name}


def data(pages, first=0):
    return [model.TiffData(ifd=first, plane_count=pages)]


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("how", [{}, {"compression": "zlib", "tile": (16, 16)}, {"bigtiff": True}])
def test_all_that_a_microscope_says_stays(tmp_path, byteorder, how):
    said = pixels(0, (2, 3, 4), tiff_data_blocks=data(24), significant_bits=12, big_endian=False)
    array = noise(2, 3, 4, *PLANE) >> 4
    how = how | {"byteorder": byteorder, "photometric": "minisblack"}
    path = write(tmp_path / "cells.ome.tif", described(said), [array], **how)
    (image,), again = round_trip(path)
    assert image.details["axes"] == "TCZYX"
    assert differences(all_of(path), all_of(again)) <= CHANGES
    with tifffile.TiffFile(again) as file:
        assert (file.series[0].axes, file.byteorder) == ("TCZYX", byteorder)
        np.testing.assert_array_equal(file.asarray(), image.array)


def test_planes_in_another_order_in_the_file_are_at_their_places(tmp_path):
    array = noise(3, 4, *PLANE)
    order = RANDOM.permutation(12)
    places = [
        model.TiffData(ifd=page, plane_count=1, first_c=plane // 4, first_z=plane % 4)
        for page, plane in enumerate(order)
    ]
    said = pixels(0, (1, 3, 4), tiff_data_blocks=places)
    pages = array.reshape(12, *PLANE)[order]
    path = write(tmp_path / "mixed.ome.tif", described(said), [pages], photometric="minisblack")
    (image,), again = round_trip(path)
    np.testing.assert_array_equal(image.array, array // 2 + 1)
    assert differences(all_of(path), all_of(again)) <= CHANGES
    np.testing.assert_array_equal(tifffile.imread(again), array // 2 + 1)


def test_colours_stay_colours(tmp_path):
    said = pixels(0, (1, 1, 3), 3, type="uint8", tiff_data_blocks=data(3), interleaved=True)
    array = noise(3, *PLANE, 3, dtype="u1")
    path = write(tmp_path / "colour.ome.tif", described(said), [array], photometric="rgb")
    (image,), again = round_trip(path)
    assert (image.channels, image.details["axes"]) == ("rgb", "ZYXS")
    assert differences(all_of(path), all_of(again)) <= CHANGES
    np.testing.assert_array_equal(tifffile.imread(again), image.array)


@pytest.mark.parametrize("same", [True, False])
def test_each_position_keeps_its_facts(tmp_path, same):
    counts = [(1, 2, 3), (1, 2, 3) if same else (1, 2, 2), (1, 2, 3)]
    pages = [2 * depths for *_, depths in counts]
    starts = [0, pages[0], pages[0] + pages[1]]
    said = [pixels(n, counts[n], tiff_data_blocks=data(pages[n], starts[n])) for n in range(3)]
    arrays = [noise(*count[1:], *PLANE) for count in counts]
    path = write(tmp_path / "many.ome.tif", described(*said), arrays, photometric="minisblack")
    images, again = round_trip(path)
    assert len(images) == (1 if same else 2)
    assert differences(all_of(path), all_of(again)) <= CHANGES
    with tifffile.TiffFile(again) as file:
        for series, array in zip(file.series, arrays, strict=True):
            np.testing.assert_array_equal(series.asarray(), array // 2 + 1)


def test_one_position_alone_has_only_its_own_facts(tmp_path):
    said = [pixels(n, (1, 1, 2), tiff_data_blocks=data(2, 2 * n)) for n in range(3)]
    arrays = [noise(2, *PLANE) for _ in range(3)]
    path = write(tmp_path / "many.ome.tif", described(*said), arrays, photometric="minisblack")
    (stack,) = read_images(path)
    details = dict(stack.details["series"][1])
    again = write_images(
        tmp_path / "second.ome.tif", [replace(stack, array=stack.array[1], details=details)]
    )
    (image,) = ome_types.from_tiff(again).images
    assert image.name == "position 1 of 37 µm"
    assert image.pixels.planes[0].position_x == 2.5
    np.testing.assert_array_equal(tifffile.imread(again), arrays[1])


def test_a_pyramid_of_ome_stays_one(tmp_path):
    said = pixels(0, (1, 1, 2), tiff_data_blocks=data(2))
    said.size_y, said.size_x = 128, 96
    array = noise(2, 128, 96)
    path = tmp_path / "pyramid.ome.tif"
    how = {"photometric": "minisblack", "tile": (32, 32), "metadata": None}
    with tifffile.TiffWriter(path, ome=False) as file:
        text = ome_types.to_xml(described(said)).encode()
        file.write(array, subifds=2, description=text, **how)
        for step in (2, 4):
            file.write(array[:, ::step, ::step], subfiletype=1, **how)
    (image,), again = round_trip(path)
    assert differences(all_of(path), all_of(again)) <= CHANGES
    with tifffile.TiffFile(again) as file:
        assert [level.shape for level in file.series[0].levels] == [
            (2, 128, 96),
            (2, 64, 48),
            (2, 32, 24),
        ]
        averages = image.array.reshape(2, 64, 2, 48, 2).mean((2, 4))
        np.testing.assert_allclose(file.series[0].levels[1].asarray(), averages, atol=0.51)


def test_a_part_says_its_own_sizes(tmp_path):
    said = pixels(0, (2, 3, 4), tiff_data_blocks=data(24))
    array = noise(2, 3, 4, *PLANE)
    path = write(tmp_path / "c.ome.tif", described(said), [array], photometric="minisblack")
    (image,) = read_images(path)
    part = write_images(
        tmp_path / "part.ome.tif", [replace(image, array=image.array[1:, :2, :, 2:9, 3:9])]
    )
    found = ome_types.from_tiff(part).images[0]
    sizes = found.pixels
    assert (sizes.size_t, sizes.size_c, sizes.size_z, sizes.size_y, sizes.size_x) == (1, 2, 4, 7, 6)
    assert (found.name, len(sizes.channels), sizes.planes) == ("position 0 of 37 µm", 2, [])
    np.testing.assert_array_equal(tifffile.imread(part), array[1, :2, :, 2:9, 3:9])


# ---- a set of files


def a_set(folder):
    """Write four files of one channel each, each with the whole XML."""
    names = [f"channel{number}.ome.tif" for number in range(4)]
    places = [
        model.TiffData(
            ifd=0,
            plane_count=1,
            first_c=number,
            uuid=model.TiffData.UUID(
                file_name=name, value=f"urn:uuid:00000000-0000-0000-0000-00000000000{number}"
            ),
        )
        for number, name in enumerate(names)
    ]
    said = described(pixels(0, (1, 4, 1), tiff_data_blocks=places))
    arrays = [noise(*PLANE) for _ in names]
    for name, array in zip(names, arrays, strict=True):
        write(folder / name, said, [array], photometric="minisblack")
    return [folder / name for name in names], arrays


def test_a_set_is_a_set_again(tmp_path):
    paths, arrays = a_set(tmp_path)
    results = [round_trip(path)[1] for path in paths]
    assert differences(all_of(paths[0]), all_of(results[0])) == set()
    with tifffile.TiffFile(results[2]) as file:
        (series,) = file.series
        assert (series.axes, series.shape) == ("CYX", (4, *PLANE))
        np.testing.assert_array_equal(series.asarray(), np.stack(arrays) // 2 + 1)


def test_a_file_of_a_set_with_another_name_is_a_whole_of_its_own(tmp_path):
    paths, arrays = a_set(tmp_path)
    _, again = round_trip(paths[2], "alone.ome.tif")
    found = ome_types.from_tiff(again).images[0]
    assert [channel.name for channel in found.pixels.channels] == ["dye 2"]
    assert found.pixels.size_c == 1
    with tifffile.TiffFile(again) as file:
        np.testing.assert_array_equal(file.series[0].asarray(), arrays[2] // 2 + 1)


# ---- invalid XML


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><OME><Image></OME>',
        '<OME xmlns="x"></OME>',
        '<OME xmlns="x"><Image ID="Image:0"/></OME>',
        '<!DOCTYPE a [<!ENTITY b "c">]><OME xmlns="x">&b;</OME>',
        '<OME><Image><Pixels SizeX="many"/></Image></OME>',
    ],
)
def test_invalid_xml_is_no_reason_to_refuse_the_pixels(tmp_path, text):
    array = noise(2, *PLANE)
    path = write(tmp_path / "odd.ome.tif", text, [array], photometric="minisblack")
    _, again = round_trip(path)
    np.testing.assert_array_equal(tifffile.imread(again), array // 2 + 1)


def test_entities_are_not_read():
    assert ome.parsed('<!DOCTYPE a [<!ENTITY b "c">]><OME>&b;</OME>') is None
