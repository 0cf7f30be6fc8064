"""What a TIFF says is what its result says: each kind of fact, read by tifffile and by Pillow."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from napari_zerodce.imaging.files.images import left_out, read_images, write_images
from napari_zerodce.imaging.files.one_of_several import picked

RANDOM = np.random.default_rng(14)
SIZE = (48, 64)
PLACES = {"StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts", "SubIFDs"} | {
    "ExifTag",
    "GPSTag",
}
ADDED = {"XResolution", "YResolution", "ResolutionUnit"}  # tifffile always writes them


def noise(*shape, dtype="u1"):
    limits = np.iinfo(dtype)
    return RANDOM.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def photo(rows=SIZE[0], columns=SIZE[1]):
    y, x = np.mgrid[:rows, :columns]
    return np.stack([x * 255 // columns, y * 255 // rows, (x + y) % 256], -1).astype(np.uint8)


def brighter(array):
    return np.clip(array * 0.75 + 5, 0, None).astype(array.dtype)


def round_trip(path, name="again.tif"):
    """Read all images, change their pixels, and write them into another folder."""
    images = [replace(image, array=brighter(image.array)) for image in read_images(path)]
    return images, write_images(path.parent / "result" / name, images)


def said(path, page=0):
    with tifffile.TiffFile(path) as file:
        tags = file.pages[page].tags
        return {tag.name: (tag.code, repr(tag.value)) for tag in tags if tag.name not in PLACES}


def assert_all_kept(path, again, page=0):
    before, after = said(path, page), said(again, page)
    assert {name: after.get(name) for name in before} == before
    assert set(after) - set(before) <= ADDED


# ---- tags


TEXTS = {
    269: "scan of a slide",
    271: "Make",
    272: "Model 5",
    285: "page name",
    305: "Camera software",
    306: "2020:01:02 03:04:05",
    315: "Somebody",
    316: "host",
    33432: "(c) Somebody",
    65010: "a private text",
}
GEOTIFF = [
    (33550, "d", 3, (0.5, 0.5, 0.0)),
    (33922, "d", 6, (0.0, 0.0, 0.0, 440720.0, 3751320.0, 0.0)),
    (34735, "H", 8, (1, 1, 0, 1, 1024, 0, 1, 1)),
    (34736, "d", 2, (6378137.0, 298.25)),
    (34737, "s", 0, "UTM Zone 11 N|"),
    (42112, "s", 0, "<GDALMetadata><Item name='a'>1</Item></GDALMetadata>"),
    (42113, "s", 0, "0"),
]
OTHERS = [
    (700, "B", 9, b"<x:xmp/> "),
    (33723, "B", 12, b"\x1c\x02\x00\x00\x02\x00\x04\x1c\x02\x05\x00\x00"),
    (65011, "d", 2, (1.5, -2.0)),
    (65012, "H", 3, (1, 2, 3)),
    (286, 5, 1, (3, 2)),
    (318, 5, 2, (3127, 10000, 3290, 10000)),
    (65014, 10, 2, (-1, 3, 7, 2)),
]
EXTRA = [
    *((code, "s", 0, text, True) for code, text in TEXTS.items()),
    *((*tag, True) for tag in [*GEOTIFF, *OTHERS]),
]


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_tags_stay_in_files_of_each_layout(tmp_path, byteorder, bigtiff, channels):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(
        path,
        noise(*SIZE) if channels == 1 else photo(),
        photometric="minisblack" if channels == 1 else "rgb",
        byteorder=byteorder,
        bigtiff=bigtiff,
        metadata=None,
        software=False,
        description="The description of somebody",
        resolution=((30001, 100), (299, 2)),
        resolutionunit="CENTIMETER",
        iccprofile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        extratags=EXTRA,
    )
    (image,), again = round_trip(path)
    assert_all_kept(path, again)
    with tifffile.TiffFile(again) as file:
        assert (file.byteorder, file.is_bigtiff) == (byteorder, bigtiff)
        np.testing.assert_array_equal(file.asarray(), image.array)
    assert left_out(again, [image]) == ()


def test_tags_that_may_point_into_the_file_are_left_out_and_named(tmp_path):
    path = tmp_path / "private.tif"
    inside, outside = (65020, "I", 1, 100, True), (65021, "I", 1, 2**31, True)
    layers = (37724, "B", 20, bytes(20), True)
    how = {"photometric": "minisblack", "metadata": None}
    tifffile.imwrite(path, noise(*SIZE), extratags=[inside, outside, layers], **how)
    images, again = round_trip(path)
    assert {"65021"} == {name for name in said(again) if name in {"65020", "65021", "37724"}}
    assert left_out(again, images) == ("Photoshop layers", "tag 65020")


def test_a_part_of_a_map_does_not_say_the_place_of_the_whole(tmp_path):
    path = tmp_path / "map.tif"
    tifffile.imwrite(path, photo(), photometric="rgb", extratags=EXTRA, metadata=None)
    (image,) = read_images(path)
    part = write_images(tmp_path / "part.tif", [replace(image, array=image.array[8:, 8:])])
    assert set(said(path)) - set(said(part)) == {"ModelTiepointTag"}


def test_pages_keep_what_each_of_them_says(tmp_path):
    path = tmp_path / "pages.tif"
    with tifffile.TiffWriter(path) as file:
        for number in range(4):
            file.write(
                noise(*SIZE),
                photometric="minisblack",
                metadata=None,
                software=False,
                description=f"page {number}",
                datetime=f"2020:01:0{number + 1} 00:00:00",
                extratags=[(285, "s", 0, f"name {number}", True)],
            )
    _, again = round_trip(path)
    for number in range(4):
        assert_all_kept(path, again, number)


def test_a_mask_beside_an_image_keeps_its_tags(tmp_path):
    path = tmp_path / "masked.tif"
    with tifffile.TiffWriter(path) as file:
        for array, text in ((noise(*SIZE), "image"), (noise(*SIZE) > 9, "mask")):
            file.write(array, metadata=None, software=False, description=text, compression="zlib")
    _, again = round_trip(path)
    assert_all_kept(path, again, 0)
    assert said(again, 1)["ImageDescription"] == said(path, 1)["ImageDescription"]


def test_notes_of_tifffile_stay(tmp_path):
    path = tmp_path / "shaped.tif"
    tifffile.imwrite(path, noise(2, 3, *SIZE), photometric="minisblack", metadata={"own": "fact"})
    _, again = round_trip(path)
    with tifffile.TiffFile(again) as file:
        assert file.shaped_metadata[0]["shape"] == [2, 3, *SIZE]
        assert file.shaped_metadata[0]["own"] == "fact"


# ---- EXIF


def exif_of(path):
    with Image.open(path) as image:
        exif = image.getexif()
        camera = {k: v for k, v in exif.get_ifd(0x8769).items() if k != 0xA005}
        return {
            "camera": camera,
            "place": dict(exif.get_ifd(0x8825)),
            "main": {code: exif.get(code) for code in (270, 271, 272, 306, 315, 33432)},
        }


def exif_block():
    exif = Image.Exif()
    exif.update({270: "a dark room", 271: "Make", 272: "Model 5", 315: "Somebody", 33432: "(c)"})
    exif[306] = "2020:01:02 03:04:05"
    camera, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    camera.update({33434: IFDRational(1, 50), 34855: 400, 37500: b"notes of the maker" * 3})
    camera.update({36867: "2020:01:02 03:04:05", 37510: b"ASCII\0\0\0a comment"})
    place.update({1: "N", 2: (48.0, 12.0, 30.5), 3: "E", 4: (11.0, 30.0, 0.0)})
    return exif.tobytes()


def test_exif_goes_from_jpeg_to_tiff_and_back(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(photo()).save(path, exif=exif_block(), dpi=(300, 300), quality=95)
    _, as_tiff = round_trip(path, "photo.tif")
    assert exif_of(as_tiff) == exif_of(path)
    _, again = round_trip(as_tiff, "photo.tif")
    assert exif_of(again) == exif_of(path)
    _, back = round_trip(again, "photo.jpg")
    assert exif_of(back) == exif_of(path)
    with Image.open(back) as image:
        assert image.info["dpi"] == (300, 300)


def test_exif_in_a_bigtiff_of_the_other_byte_order(tmp_path):
    image = read_jpeg_with_exif(tmp_path)
    facts = read_tiff_facts(tmp_path, byteorder=">", bigtiff=True)
    path = write_images(tmp_path / "big.tif", [replace(image, details=image.details | facts)])
    with tifffile.TiffFile(path) as file:
        assert (file.byteorder, file.is_bigtiff) == (">", True)
        exif = file.pages[0].tags["ExifTag"].value
        assert exif["ExposureTime"] == (1, 50)
        assert exif["ISOSpeedRatings"] == 400
        assert file.pages[0].tags["GPSTag"].value["GPSLatitude"][:4] == (48, 1, 12, 1)
    assert read_images(path)[0].details["exif"][:8] == b"Exif\0\0MM"


def read_jpeg_with_exif(folder):
    Image.fromarray(photo()).save(folder / "photo.jpg", exif=exif_block())
    return read_images(folder / "photo.jpg")[0]


def read_tiff_facts(folder, **layout):
    tifffile.imwrite(folder / "other.tif", photo(), photometric="rgb", metadata=None, **layout)
    return {"tiff": read_images(folder / "other.tif")[0].details["tiff"]}


def test_what_a_png_or_a_jpeg_says_has_tags_of_the_same_meaning(tmp_path):
    image = replace(
        read_jpeg_with_exif(tmp_path),
        details={
            "xmp": b"<x:xmp/>" * 2,
            "iptc": b"\x1c\x02\x00\x00\x02\x00\x04",
            "text": {"Title": "night", "Author": "Somebody", "Other": "no place"},
            "comment": "a comment",
        },
    )
    path = write_images(tmp_path / "told.tif", [image])
    names = {"DocumentName": "night", "Artist": "Somebody", "ImageDescription": "a comment"}
    told = said(path)
    assert {name: told[name][1] for name in names} == {k: repr(v) for k, v in names.items()}
    again = read_images(path)[0].details
    assert again["xmp"] == image.details["xmp"]
    assert again["iptc"] == image.details["iptc"]


def test_what_other_files_cannot_hold_is_named(tmp_path):
    path = tmp_path / "map.tif"
    tifffile.imwrite(path, photo(), photometric="rgb", extratags=EXTRA)
    names = left_out(tmp_path / "map.png", read_images(path))
    assert {"GeoTIFF", "private tags"} <= set(names)
    image = replace(read_images(path)[0], details={"text": {"Title": "a"}, "lost": ("CMYK",)})
    assert left_out(tmp_path / "again.tif", [image]) == ()
    odd = replace(image, details={"text": {"Own": "a"}})
    assert left_out(tmp_path / "again.tif", [odd]) == ("text",)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_sizes_and_orientation_are_those_of_the_upright_image(tmp_path, orientation):
    packet = b'<x tiff:Orientation="6" exif:PixelXDimension="64" exif:PixelYDimension="48"/>'
    path = tmp_path / "turned.tif"
    extra = [(274, "H", 1, orientation, True), (700, "B", len(packet), packet, True)]
    tifffile.imwrite(path, photo(), photometric="rgb", resolution=(300, 200), extratags=extra)
    (image,), again = round_trip(path)
    turned = orientation == 6
    assert image.array.shape[:2] == (SIZE[::-1] if turned else SIZE)
    assert image.details["dpi"] == ((200, 300) if turned else (300, 200))
    found = read_images(again)[0].details["xmp"]
    assert (b'tiff:Orientation="1"' in found) == (orientation != 1)
    assert (b'exif:PixelYDimension="64"' in found) == turned
    assert "Orientation" not in said(again)


# ---- how the samples are stored


LOSSLESS = [
    ("lzw", "u2", 2), ("zlib", "f4", 3), ("zstd", "u1", None), ("packbits", "u1", None),
    ("lzma", "u2", None), ("lerc", "f4", None), ("lerc", "u2", None), ("png", "u1", None),
    ("png", "u2", None), ("jpegxr", "u2", None), ("jpegxl", "u1", None), ("jpeg2000", "u2", None),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "dtype", "predictor"), LOSSLESS)
@pytest.mark.parametrize("layout", [{"tile": (16, 32)}, {"rowsperstrip": 16}])
def test_codecs_tiles_and_strips_stay(tmp_path, scheme, dtype, predictor, layout):
    array = noise(*SIZE, dtype="u1").astype(dtype)
    path = tmp_path / "small.tif"
    how = {"photometric": "minisblack", "metadata": None, "software": False}
    exact = {"reversible": True} if scheme == "jpeg2000" else None
    how |= {"compression": scheme, "predictor": predictor, "compressionargs": exact}
    tifffile.imwrite(path, array, **how, **layout)
    (image,), again = round_trip(path)
    assert_all_kept(path, again)
    np.testing.assert_array_equal(tifffile.imread(again), image.array)


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
def test_samples_stay_together_or_apart(tmp_path, planarconfig):
    stored = photo() if planarconfig == "contig" else np.moveaxis(photo(), -1, 0)
    path = tmp_path / "planar.tif"
    how = {"photometric": "rgb", "planarconfig": planarconfig, "compression": "lzw"}
    tifffile.imwrite(path, stored, metadata=None, software=False, predictor=2, **how)
    (image,), again = round_trip(path)
    assert_all_kept(path, again)
    np.testing.assert_array_equal(read_images(again)[0].array, image.array)


@pytest.mark.parametrize("quality", [60, 75, 92])
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("tile", [None, (64, 64)])
def test_jpeg_in_tiff_keeps_its_quality_and_size(tmp_path, quality, subsampling, tile):
    path = tmp_path / "photo.tif"
    how = {"photometric": "rgb", "metadata": None, "software": False, "tile": tile}
    how |= {"compression": "jpeg", "compressionargs": {"level": quality}}
    tifffile.imwrite(path, photo(400, 500), subsampling=subsampling, **how)
    (image,), again = round_trip(path)
    assert abs(image.details["compressionargs"]["level"] - quality) <= 1
    assert_all_kept(path, again)
    assert 0.7 < again.stat().st_size / path.stat().st_size < 1.3
    assert np.abs(read_images(again)[0].array - image.array.astype(int)).mean() < 6


def test_jpeg_in_tiff_of_another_program_stays_small(tmp_path):
    for name, array in (("colour", photo(400, 500)), ("grey", photo(400, 500)[..., 2])):
        path = tmp_path / f"{name}.tif"
        Image.fromarray(array).save(path, compression="jpeg", quality=80)
        _, again = round_trip(path, f"{name}.tif")
        assert said(again)["Compression"] == said(path)["Compression"]
        assert 0.7 < again.stat().st_size / path.stat().st_size < 1.4


@pytest.mark.parametrize(
    ("scheme", "how"),
    [
        ("webp", {"level": 80, "lossless": False}),
        ("webp", {"lossless": True}),
        ("jpeg2000", {"level": 40, "reversible": False}),
    ],
)
def test_other_lossy_codecs_stay_about_as_large(tmp_path, scheme, how):
    array = np.clip(photo(256, 256) + RANDOM.normal(0, 9, (256, 256, 3)), 0, 255).astype(np.uint8)
    path = tmp_path / "small.tif"
    tifffile.imwrite(
        path,
        array,
        photometric="rgb",
        metadata=None,
        compression=scheme,
        compressionargs=how,
        tile=(256, 256),
    )
    (image,), again = round_trip(path)
    assert said(again)["Compression"] == said(path)["Compression"]
    assert 0.5 < again.stat().st_size / path.stat().st_size < 1.5
    assert np.abs(read_images(again)[0].array - image.array.astype(int)).mean() < 6


def test_a_codec_that_cannot_have_the_result_becomes_zlib(tmp_path):
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, photo(), photometric="rgb", compression="jpeg")
    (image,) = read_images(path)
    wide = replace(image, array=image.array.astype(np.float32))
    again = write_images(tmp_path / "wide.tif", [wide])
    np.testing.assert_array_equal(tifffile.imread(again), wide.array)
    assert "ADOBE_DEFLATE" in said(again)["Compression"][1]


# ---- pyramids


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("rows", [128, 130])
def test_smaller_copies_are_made_from_the_result(tmp_path, below, rows):
    array = photo(rows, 192)
    path = tmp_path / "pyramid.tif"
    how = {"photometric": "rgb", "metadata": None, "software": False}
    how |= {"tile": (32, 32), "compression": "zlib"}
    with tifffile.TiffWriter(path) as file:
        file.write(array, subifds=2 if below else None, **how)
        for step in (2, 4):
            file.write(array[::step, ::step], subfiletype=1, **how)
    (image,), again = round_trip(path)
    with tifffile.TiffFile(path) as first, tifffile.TiffFile(again) as second:
        pages = [list(f.pages[0].pages) if below else list(f.pages[1:]) for f in (first, second)]
        sizes = [[(p.shape, p.tile, p.subfiletype, p.compression) for p in each] for each in pages]
        assert sizes[0] == sizes[1]
        half, _ = (page.asarray() for page in pages[1])
    if rows == 128:
        averages = image.array.reshape(64, 2, 96, 2, 3).mean((1, 3))
        np.testing.assert_allclose(half, averages, atol=0.51)


def test_copies_behind_a_mask_are_made_again(tmp_path):
    array, mask = photo(64, 96), RANDOM.integers(0, 2, (64, 96)) > 0
    path = tmp_path / "map.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(array, photometric="rgb", metadata=None)
        file.write(mask, subfiletype=4, metadata=None)
        file.write(array[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
        file.write(mask[::2, ::2], subfiletype=5, metadata=None)
    (image,), again = round_trip(path)
    with tifffile.TiffFile(again) as file:
        full, half = (page for page in file.pages if not page.is_mask)
        np.testing.assert_array_equal(full.asarray(), image.array)
        averages = image.array.reshape(32, 2, 48, 2, 3).mean((1, 3))
        np.testing.assert_allclose(half.asarray(), averages, atol=0.51)
        (kept,) = (page for page in file.pages if page.is_mask)
        np.testing.assert_array_equal(kept.asarray(), mask)


# ---- ImageJ


LUTS = [np.full((3, 256), number, np.uint8) for number in range(3)]
IMAGEJ = {
    "axes": "TZCYX",
    "unit": "um",
    "spacing": 0.5,
    "finterval": 2.0,
    "mode": "composite",
    "min": 10.0,
    "max": 500.0,
    "custom": "kept",
    "Info": "about the experiment",
    "Labels": [f"plane {number}" for number in range(24)],
    "Ranges": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "LUTs": LUTS,
    "ROI": b"Iout" + bytes(range(60)),
    "Overlays": [b"Iout" + bytes(60), b"Iout" + bytes(range(60))],
    "Properties": {"a": "b"},
}


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_all_of_imagej_stays(tmp_path, byteorder):
    path = tmp_path / "stack.tif"
    array = noise(2, 4, 3, *SIZE, dtype="u2")
    how = {"imagej": True, "byteorder": byteorder, "resolution": (5, 4)}
    tifffile.imwrite(path, array, metadata=IMAGEJ, **how)
    (image,), again = round_trip(path)
    assert_all_kept(path, again)
    with tifffile.TiffFile(again) as file:
        assert file.is_imagej
        assert file.series[0].axes == "TZCYX"
        assert file.series[0].dataoffset is not None  # ImageJ expects the planes side by side
        np.testing.assert_array_equal(file.asarray(), image.array)


def test_the_metadata_of_each_plane_of_micro_manager_stays(tmp_path):
    path = tmp_path / "stack.tif"
    text = "ImageJ=1.51\nimages=6\nchannels=2\nframes=3\nhyperstack=true\nmode=composite\n"
    with tifffile.TiffWriter(path) as file:
        for number in range(6):
            told = json.dumps({"Frame": number, "Exposure-ms": 10.5 * number, "UUID": "x" * number})
            file.write(
                noise(*SIZE, dtype="u2"),
                photometric="minisblack",
                metadata=None,
                description=text if number == 0 else None,
                extratags=[(51123, "s", 0, told, True)],
            )
    (image,), again = round_trip(path)
    with tifffile.TiffFile(again) as file:
        np.testing.assert_array_equal(file.asarray(), image.array)
        frames = [page.aspage().tags["MicroManagerMetadata"].value["Frame"] for page in file.pages]
    assert frames == list(range(6))


def micro_manager_stack(path, byteorder):
    """Write a stack as Micro-Manager does: a summary before the pages, places behind them."""
    array, summary = noise(3, 2, *SIZE, dtype="u2"), json.dumps(SUMMARY).encode()
    head = (54773648, 0, 483765892, 0, 99384722, 0, 2355492, len(summary))
    text = "ImageJ=1.51\nimages=6\nchannels=2\nframes=3\nhyperstack=true\nmode=composite\n"
    with tifffile.TiffWriter(path, byteorder=byteorder) as file:
        file.filehandle.write(struct.pack(f"{byteorder}8I", *head) + summary)
        for number, plane in enumerate(array.reshape(6, *SIZE)):
            told = json.dumps({"ChannelIndex": number % 2, "FrameIndex": number // 2})
            file.write(
                plane,
                photometric="minisblack",
                metadata=None,
                description=text if number == 0 else None,
                extratags=[(51123, "s", 0, told, True)],
            )
    with tifffile.TiffFile(path, is_mmstack=False) as file:
        rows = [(n % 2, 0, n // 2, 0, page.offset) for n, page in enumerate(file.pages)]
    display = json.dumps([{"Color": 1}]).encode()
    with path.open("r+b") as file:
        for place, block in (
            (
                12,
                struct.pack(f"{byteorder}2I", 3453623, 6)
                + np.array(rows, f"{byteorder}u4").tobytes(),
            ),
            (20, struct.pack(f"{byteorder}2I", 347834724, len(display)) + display),
        ):
            start = file.seek(0, 2)
            file.write(block)
            file.seek(place)
            file.write(struct.pack(f"{byteorder}I", start))
    return array


SUMMARY = {"Channels": 2, "Slices": 1, "Frames": 3, "Positions": 1, "Width": 64, "Height": 48}
SUMMARY |= {"PixelType": "GRAY16", "ChNames": ["DAPI", "GFP µ"], "Prefix": "stack"}


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_micro_manager_reads_its_stack_again(tmp_path, byteorder):
    path = tmp_path / "stack.tif"
    micro_manager_stack(path, byteorder)
    (image,), again = round_trip(path)
    with tifffile.TiffFile(path) as first, tifffile.TiffFile(again) as second:
        before, after = first.micromanager_metadata, second.micromanager_metadata
        assert {key: after[key] for key in ("Summary", "DisplaySettings")} == {
            "Summary": SUMMARY,
            "DisplaySettings": [{"Color": 1}],
        }
        np.testing.assert_array_equal(after["IndexMap"][:, :4], before["IndexMap"][:, :4])
        assert after["IndexMap"][:, 4].tolist() == [page.offset for page in second.pages]
        assert second.is_mmstack
        np.testing.assert_array_equal(second.asarray().squeeze(), image.array)


def test_a_part_of_a_stack_says_its_own_sizes(tmp_path):
    path = tmp_path / "stack.tif"
    array = noise(2, 4, 3, *SIZE, dtype="u2")
    tifffile.imwrite(path, array, imagej=True, metadata=IMAGEJ)
    (image,) = read_images(path)
    part = write_images(tmp_path / "part.tif", [replace(image, array=image.array[:1, 1:3])])
    with tifffile.TiffFile(part) as file:
        assert (file.series[0].axes, file.series[0].shape) == ("ZCYX", (2, 3, *SIZE))
        assert file.imagej_metadata["custom"] == "kept"
        np.testing.assert_array_equal(file.asarray(), array[0, 1:3])


# ---- damage


def test_an_invalid_exif_block_says_nothing(tmp_path):
    image = replace(
        read_jpeg_with_exif(tmp_path), details={"exif": b"Exif\0\0II*\0\xff\xff\xff\xff"}
    )
    path = write_images(tmp_path / "plain.tif", [image])
    assert "ExifTag" not in said(path)


def test_an_exif_directory_that_points_to_itself_ends(tmp_path):
    loop = struct.pack("<HHHIII", 1, 34665, 4, 1, 8, 0)
    image = replace(
        read_jpeg_with_exif(tmp_path), details={"exif": b"Exif\0\0II*\0\x08\0\0\0" + loop}
    )
    assert write_images(tmp_path / "loop.tif", [image]).exists()


def test_a_tag_with_a_wild_place_is_passed_over(tmp_path):
    path = tmp_path / "wild.tif"
    tifffile.imwrite(
        path, noise(*SIZE), photometric="minisblack", extratags=[(315, "s", 0, "Somebody", True)]
    )
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].tags["Artist"].offset + 8
    content = bytearray(path.read_bytes())
    content[place : place + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(content)
    _, again = round_trip(path)
    assert "Artist" not in said(again)


def test_a_directory_of_pillow_is_read_like_ours(tmp_path):
    path = tmp_path / "pillow.tif"
    directory = ImageFileDirectory_v2()
    directory[271], directory[65013] = "Make", "private"
    directory.tagtype[65013] = 2
    directory[34665] = {33434: IFDRational(1, 50), 36867: "2020:01:02 03:04:05"}
    Image.fromarray(photo()).save(path, tiffinfo=directory)
    _, again = round_trip(path)
    assert exif_of(again) == exif_of(path)
    assert exif_of(again)["camera"][33434] == IFDRational(1, 50)
    assert said(again)["65013"] == said(path)["65013"]


def test_damaged_smaller_copies_are_passed_over(tmp_path):
    path = tmp_path / "pyramid.tif"
    how = {"photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(path) as file:
        file.write(photo(), subifds=1, **how)
        file.write(photo()[::2, ::2], subfiletype=1, **how)
    with tifffile.TiffFile(path) as file:
        (place,) = file.pages[0].subifds
    content = bytearray(path.read_bytes())
    content[place : place + 2] = b"\xff\xff"
    path.write_bytes(content)
    (image,), again = round_trip(path)
    np.testing.assert_array_equal(tifffile.imread(again), image.array)
    with tifffile.TiffFile(again) as file:
        assert file.pages[0].subifds is None


def test_each_page_keeps_its_own_profile_and_resolution(tmp_path):
    path = tmp_path / "pages.tif"
    profiles = [b"\0\0\2\x0c" + bytes([page]) * 520 for page in range(2)]
    with tifffile.TiffWriter(path) as file:
        for page, profile in enumerate((*profiles, None)):
            density = (100 + page, 200 + page) if page else None
            array = np.full((6, 8, 3), page, "u1")
            how = {"iccprofile": profile, "resolution": density, "resolutionunit": 3}
            file.write(array, photometric="rgb", metadata=None, contiguous=False, **how)
    images = read_images(path)
    with tifffile.TiffFile(write_images(tmp_path / "r.tif", images)) as file:
        pages = [page.aspage() for page in file.pages]
        assert [page.iccprofile for page in pages] == [*profiles, None]
        names = ("XResolution", "YResolution")
        values = [tuple(page.tags[name].value for name in names) for page in pages]
    assert values[1:] == [((101, 1), (201, 1)), ((102, 1), (202, 1))]
    assert pages[2].resolutionunit == 3
    last = picked(images, 1, path.name).details
    assert (last["icc_profile"], last["resolution"]) == (profiles[1], ((101, 1), (201, 1)))
    assert last["dpi"] == pytest.approx((101 * 2.54, 201 * 2.54))


def test_tags_that_later_pages_lose_are_named(tmp_path):
    path = tmp_path / "lost.tif"
    with tifffile.TiffWriter(path) as file:
        for page in range(3):  # a number that may be a place in the file
            tags = [(65002, 4, 1, 20, True)] if page == 1 else []
            array = np.zeros((6, 8), "u1")
            file.write(array, metadata=None, contiguous=False, extratags=tags)
    assert left_out("r.tif", read_images(path)) == ("tag 65002",)


@pytest.mark.parametrize("scheme", ["jpegxl", "jpegxr"])
@pytest.mark.parametrize("shape", [(160, 200, 3), (160, 200)])
def test_lossy_streams_keep_about_their_size(tmp_path, scheme, shape):
    rows, columns = np.mgrid[:160, :200]
    smooth = 90 + 60 * np.sin(rows / 9) * np.cos(columns / 13)
    grain = np.random.default_rng(3).normal(0, 9, shape)
    array = (smooth.reshape(160, 200, *[1] * (len(shape) - 2)) + grain).clip(0, 255).astype("u1")
    how = {"photometric": "rgb" if len(shape) == 3 else "minisblack", "metadata": None}
    options = {"jpegxl": {"level": 70, "lossless": False}, "jpegxr": {"level": 50}}[scheme]
    sizes = []
    for each in (options, {}):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, array, compression=scheme, compressionargs=each, **how)
        again = write_images(tmp_path / "r" / f"{len(sizes)}.tif", read_images(path))
        sizes.append((path.stat().st_size, again.stat().st_size))
    (lossy, again), (whole, whole_again) = sizes
    assert lossy < whole / 2
    assert 0.6 * lossy < again < 1.4 * lossy
    if scheme == "jpegxl":
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "r" / "1.tif"), array)
    assert 0.9 * whole < whole_again < 1.1 * whole


@pytest.mark.parametrize("scheme", ["jpegxl", "jpegxr"])
def test_one_pixel_of_a_lossy_image_can_be_written(tmp_path, scheme):
    options = {"jpegxl": {"level": 70, "lossless": False}, "jpegxr": {"level": 50}}[scheme]
    array = np.full((64, 64, 3), 90, "u1")
    how = {"photometric": "rgb", "metadata": None, "compressionargs": options}
    tifffile.imwrite(tmp_path / "a.tif", array, compression=scheme, **how)
    (image,) = read_images(tmp_path / "a.tif")
    again = write_images(tmp_path / "b.tif", [replace(image, array=image.array[:1, :1])])
    assert tifffile.imread(again).shape == (1, 1, 3)
