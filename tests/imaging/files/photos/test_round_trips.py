"""What a photo says is what its result says: one row for each fact of each format."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import get_sampling

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import left_out, lost, read_image, write_image
from napari_zerodce.imaging.files.photos.png_chunks import (
    chunk,
    chunks_of,
    raw_profile_chunk,
    text_in,
)


def enhanced(path, name):
    """Read, enhance and write, as the command does."""
    image = read_image(path)
    return write_image(path.with_name(name), replace(image, array=image.array // 2 + 100))


def as_jpeg_segment(marker, content):
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


@pytest.fixture
def jpeg(tmp_path, colours, facts, profile):
    """A photo of a camera, stored on its side, with all facts that a JPEG can hold."""
    more = b"<more>" + bytes(range(256)) * 300 + b"</more>"
    digest = hashlib.md5(more).hexdigest().upper().encode()
    start = b"http://ns.adobe.com/xmp/extension/\0" + digest
    parts = [(place, more[place : place + 60_000]) for place in (0, 60_000)]
    iptc = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(facts.iptc)) + facts.iptc + b"\0"
    path_of_outline = struct.pack(">4sHHI", b"8BIM", 2000, 0, 4) + b"path"
    thumbnail = struct.pack(">4sHHI", b"8BIM", 0x040C, 0, 4) + b"old!"
    segments = [
        (0xE1, facts.exif()),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + facts.xmp),
        *((0xE1, start + struct.pack(">II", len(more), place) + part) for place, part in parts),
        (0xED, b"Photoshop 3.0\0" + thumbnail + iptc + path_of_outline),
        (0xFE, "Grüße".encode()),
    ]
    path = tmp_path / "camera.jpg"
    Image.fromarray(colours).save(
        path,
        quality=83,
        subsampling=1,
        progressive=True,
        icc_profile=profile,
        dpi=(300, 150),
        extra=b"".join(as_jpeg_segment(*each) for each in segments),
    )
    return path


def segments_of(path):
    with Image.open(path) as photo:
        return photo.applist


def test_a_jpeg_keeps_all_facts(jpeg, facts, profile, colours):
    path = enhanced(jpeg, "result.jpg")
    with Image.open(path) as photo, Image.open(jpeg) as source:
        assert photo.size == source.size[::-1] == (40, 60)
        assert photo.quantization == source.quantization
        assert get_sampling(photo) == get_sampling(source) == 1
        assert photo.info["progressive"]
        assert photo.info["icc_profile"] == profile
        assert photo.info["dpi"] == (150, 300)
        assert photo.info["comment"] == "Grüße".encode()
        assert photo.info["photoshop"] == {0x0404: facts.iptc, 2000: b"path"}
        assert photo.getexif().get_ifd(0x8769)[0x927C] == facts.note
        assert photo.getexif().get_ifd(0x8769)[0xA002] == 40
        assert photo.getexif().get_ifd(0x8825)[1] == "N"
    assert left_out(path, [read_image(jpeg)]) == ()


def test_a_jpeg_keeps_long_xmp_byte_by_byte(jpeg, facts):
    before = [each for _, each in segments_of(jpeg) if b"/xmp/extension/" in each]
    after = [each for _, each in segments_of(enhanced(jpeg, "a.jpg")) if b"/xmp/ext" in each]
    assert b"".join(each[75:] for each in after) == b"".join(each[75:] for each in before)
    assert after[0][:67] == before[0][:67]
    packets = [each for _, each in segments_of(jpeg.with_name("a.jpg")) if b"/xap/1.0/" in each]
    assert packets == [b"http://ns.adobe.com/xap/1.0/\0" + facts.upright_xmp]


def test_a_jpeg_that_becomes_a_png_and_back_keeps_what_both_hold(jpeg, facts, profile):
    middle = enhanced(jpeg, "middle.png")
    path = enhanced(middle, "back.jpg")
    read = read_image(path)
    assert read.details["exif"] == read_image(jpeg).details["exif"]
    assert read.details["xmp"] == facts.upright_xmp
    assert read.details["iptc"] == facts.iptc
    assert read.details["icc_profile"] == profile
    assert read.details["comment"] == "Grüße"
    assert read.details["dpi"] == pytest.approx((150, 300), abs=0.5)


@pytest.mark.parametrize("quality", [10, 90])
def test_a_wanted_quality_goes_before_that_of_the_source(jpeg, quality):
    image = read_image(jpeg)
    wanted = replace(image, details={**image.details, "quality": quality})
    path = write_image(jpeg.with_name("wanted.jpg"), wanted)
    expected = io.BytesIO()
    Image.fromarray(np.asarray(image.array)).save(expected, "JPEG", quality=quality)
    with Image.open(path) as photo, Image.open(expected) as other:
        assert photo.quantization == other.quantization


def test_an_orientation_in_xmp_alone_is_applied(tmp_path, colours, facts):
    segment = as_jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + facts.xmp)
    Image.fromarray(colours).save(tmp_path / "a.jpg", quality=100, subsampling=0, extra=segment)
    read = read_image(tmp_path / "a.jpg")
    np.testing.assert_allclose(read.array, np.rot90(colours, -1), atol=4)
    assert read.details["xmp"] == facts.upright_xmp


UNKNOWN = [
    (0xE0, b"II\x1a\0\0\0HEAPJPGM and more"),
    (0xE3, b"Meta\0\0II*\0of Kodak"),
    (0xEC, b"OLYMPUS OPTICAL CO.,LTD.\0[picture info]"),
    (0xE2, b"FPXR\0\0of FlashPix"),
    (0xE1, b"PARROT\0of a drone"),
]
OF_THE_OLD_PIXELS = [
    (0xE0, b"JFXX\0\x10old thumbnail"),
    (0xE2, b"MPF\0II*\0"),
    (0xEC, b"Ducky\0\1\0\4\0\0\0\x46"),
    (0xEB, b"JP\0\1\0\0\0\1 first part of a box c2pa"),
    (0xEB, b"JP\0\1\0\0\0\2 its second part"),
]


def test_unknown_segments_of_a_jpeg_stay_byte_by_byte(tmp_path, colours):
    segments = b"".join(as_jpeg_segment(*each) for each in [*UNKNOWN, *OF_THE_OLD_PIXELS])
    Image.fromarray(colours).save(tmp_path / "a.jpg", extra=segments)
    after = segments_of(enhanced(tmp_path / "a.jpg", "b.jpg"))
    assert [each for each in after if not each[1].startswith(b"JFIF")] == [
        (f"APP{marker - 0xE0}", content) for marker, content in UNKNOWN
    ]
    assert lost([read_image(tmp_path / "a.jpg")]) == ("further pictures", "Content Credentials")


@pytest.mark.parametrize("name", ["b.png", "b.tif", "b.npy"])
def test_what_only_a_jpeg_holds_is_named_for_others(tmp_path, jpeg, colours, name):
    named = left_out(jpeg.with_name(name), [read_image(jpeg)])
    assert named[-2:] == ("Photoshop's resources", "the long part of XMP")
    Image.fromarray(colours).save(tmp_path / "a.jpg", extra=as_jpeg_segment(*UNKNOWN[0]))
    named = left_out(tmp_path / name, [read_image(tmp_path / "a.jpg")])
    assert named == ("other segments of the JPEG",)


@pytest.mark.parametrize(
    ("transform", "grey", "kept"), [(1, False, 1), (0, False, 0), (2, False, 0), (0, True, 1)]
)
def test_the_segment_of_adobe_stays_where_it_is_true(tmp_path, colours, transform, grey, kept):
    adobe = (0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))
    Image.fromarray(colours[..., 0] if grey else colours).save(tmp_path / "a.jpg", "JPEG")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[:20] + as_jpeg_segment(*adobe) + content[20:])
    path = enhanced(tmp_path / "a.jpg", "b.jpg")
    assert sum(name == "APP14" for name, _ in segments_of(path)) == kept
    np.testing.assert_allclose(
        read_image(path).array, read_image(tmp_path / "a.jpg").array // 2 + 100, atol=20
    )


def test_a_jpeg_keeps_its_version_of_jfif_and_its_unit(tmp_path, colours):
    Image.fromarray(colours).save(tmp_path / "a.jpg")
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    for unit, across, down in ((2, 72, 118), (0, 72, 72), (1, 96, 72)):
        content[11:18] = struct.pack(">BBBHH", 1, 2, unit, across, down)
        (tmp_path / "a.jpg").write_bytes(content)
        assert enhanced(tmp_path / "a.jpg", f"b{unit}.jpg").read_bytes()[11:18] == content[11:18]


def test_a_resource_of_photoshop_in_two_segments_is_read(tmp_path, colours, facts):
    block = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(facts.iptc)) + facts.iptc
    parts = [b"Photoshop 3.0\0" + part for part in (block[:20], block[20:])]
    segments = b"".join(as_jpeg_segment(0xED, part) for part in parts)
    Image.fromarray(colours).save(tmp_path / "a.jpg", extra=segments)
    assert read_image(tmp_path / "a.jpg").details["iptc"] == facts.iptc


def test_a_print_photo_with_further_pictures_names_both(tmp_path):
    ink = Image.new("CMYK", (8, 8))
    ink.save(tmp_path / "a.jpg", extra=as_jpeg_segment(0xE2, b"MPF\0II*\0"))
    assert lost([read_image(tmp_path / "a.jpg")]) == ("CMYK", "further pictures")


# ---- PNG

PNG_FACTS = {
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"cICP": bytes([12, 13, 0, 1]),
    b"tIME": struct.pack(">HBBBBB", 2026, 11, 26, 12, 0, 0),
}
TEXTS = [
    (b"tEXt", b"Author\0K\xf6hler"),
    (b"zTXt", b"Long\0\0" + zlib.compress(b"text " * 500)),
    (b"iTXt", "Title\0\0\0de\0Titel\0明るい".encode()),
]


def png_with(array, chunks, *, behind=()):
    encoded = imagecodecs.png_encode(array)
    end = len(encoded) - 12
    front, back = (b"".join(chunk(*each) for each in part) for part in (chunks, behind))
    return encoded[:33] + front + encoded[33:end] + back + encoded[end:]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_keeps_its_chunks_byte_by_byte(tmp_path, colours, facts, dtype):
    before = [*PNG_FACTS.items(), (b"pHYs", struct.pack(">IIB", 11811, 11811, 1))]
    block = facts.exif(orientation=1).removeprefix(b"Exif\0\0")
    behind = [*TEXTS, (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + facts.xmp), (b"eXIf", block)]
    (tmp_path / "a.png").write_bytes(png_with(colours.astype(dtype), before, behind=behind))
    after = dict.fromkeys(chunks_of(enhanced(tmp_path / "a.png", "b.png")))
    assert all(each in after for each in [*before, *TEXTS])
    xmp = next(content for name, content in after if content.startswith(b"XML:com.adobe.xmp"))
    assert xmp.endswith(facts.xmp.replace(b'Orientation="6"', b'Orientation="1"'))
    exif = next(content for name, content in after if name == b"eXIf")
    assert facts.note in exif
    assert read_image(tmp_path / "b.png").details["text"] == {
        "Author": "Köhler",
        "Long": "text " * 500,
        "Title": "明るい",
    }


def test_an_orientation_in_a_png_is_applied(tmp_path, colours, facts):
    block = facts.exif().removeprefix(b"Exif\0\0")
    (tmp_path / "a.png").write_bytes(png_with(colours, (), behind=[(b"eXIf", block)]))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").array, np.rot90(colours, -1))


@pytest.mark.parametrize("kind", ["exif", "APP1"])
def test_the_exif_of_imagemagick_is_applied(tmp_path, colours, facts, kind):
    chunks = [raw_profile_chunk(kind, facts.exif())]
    (tmp_path / "a.png").write_bytes(png_with(colours, chunks))
    read = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(read.array, np.rot90(colours, -1))
    assert facts.note in read.details["exif"]
    path = write_image(tmp_path / "b.png", read)
    assert [name for name, _ in chunks_of(path)] == [b"IHDR", b"eXIf", b"IDAT", b"IEND"]


def test_the_other_profiles_of_imagemagick_are_read(tmp_path, colours, facts, profile):
    iptc = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(facts.iptc)) + facts.iptc + b"\0"
    chunks = [raw_profile_chunk("iptc", iptc), raw_profile_chunk("icc", profile)]
    chunks += [raw_profile_chunk("xmp", facts.upright_xmp)]
    (tmp_path / "a.png").write_bytes(png_with(colours, chunks))
    details = read_image(tmp_path / "a.png").details
    assert details["iptc"] == facts.iptc
    assert details["icc_profile"] == profile
    assert details["xmp"] == facts.upright_xmp


def test_pillow_reads_the_profiles_that_we_write(tmp_path, colours, facts):
    image = ImageFile(colours, "rgb", {"iptc": facts.iptc})
    path = write_image(tmp_path / "a.png", image)
    (text,) = (text_in(*each) for each in chunks_of(path) if each[0] == b"zTXt")
    assert text[0] == "Raw profile type iptc"
    assert text[1].split()[:2] == ["iptc", str(12 + len(facts.iptc) + len(facts.iptc) % 2)]


def test_a_text_bomb_is_no_text(tmp_path, colours):
    bomb = b"Bomb\0\0" + zlib.compress(bytes(2**26 + 1), 9)
    assert text_in(b"zTXt", bomb) is None


@pytest.mark.parametrize(
    ("samples", "told", "expected"),
    [
        (1, [(b"bKGD", b"\0\x07"), (b"sBIT", b"\x05")], None),
        (3, [(b"bKGD", b"\0\x07\0\x08\0\x09"), (b"sBIT", b"\5\6\5")], None),
        (2, [(b"bKGD", b"\0\x07"), (b"sBIT", b"\5\4")], [b"\0\7" * 3, b"\5\5\5\4"]),
        (3, [(b"sBIT", b"\5\6\x09")], []),
        (3, [(b"sBIT", b"\5")], [b"\5\5\5"]),
    ],
)
def test_a_png_keeps_background_and_significant_bits(tmp_path, samples, told, expected):
    array = np.full((4, 5, samples), 90, np.uint8)
    (tmp_path / "a.png").write_bytes(png_with(array[..., 0] if samples == 1 else array, told))
    path = enhanced(tmp_path / "a.png", "b.png")
    found = [content for name, content in chunks_of(path) if name in {b"bKGD", b"sBIT"}]
    assert found == ([content for _, content in told] if expected is None else expected)


def test_the_background_of_a_palette_becomes_a_colour(tmp_path):
    array = np.array([[0, 1], [2, 1]], np.uint8)
    image = Image.fromarray(array).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    place = content.index(b"IDAT") - 4
    facts = chunk(b"bKGD", b"\2") + chunk(b"hIST", bytes(6)) + chunk(b"sPLT", b"a\0\x08")
    (tmp_path / "a.png").write_bytes(content[:place] + facts + content[place:])
    told = dict(chunks_of(enhanced(tmp_path / "a.png", "b.png")))
    assert told[b"bKGD"] == struct.pack(">3H", 70, 80, 90)
    lost_names = ("histogram of the palette", "suggested palette")
    assert lost([read_image(tmp_path / "a.png")]) == lost_names


def test_unknown_chunks_of_a_png_stay_where_they_may_and_are_named_where_not(
    tmp_path, colours, profile
):
    front = [(b"iCCP", b"own name\0\0" + zlib.compress(profile)), (b"oFFs", bytes(9))]
    front += [(b"sCAL", b"\1" + b"1\0" + b"2"), (b"prIv", b"hidden")]
    before, after = (
        [*front, (b"prIV", b"of the old pixels"), (b"iDOT", bytes(28)), (b"orNT", b"\1")],
        (b"beHi", b"-"),
    )
    (tmp_path / "a.png").write_bytes(png_with(colours, before, behind=[after]))
    found = list(chunks_of(enhanced(tmp_path / "a.png", "b.png")))
    assert found[1:-1] == [*front, (b"IDAT", b""), after]
    assert lost([read_image(tmp_path / "a.png")]) == ("the chunk prIV",)


# ---- BMP


def test_a_bmp_keeps_alpha(tmp_path, colours):
    alpha = np.dstack([colours, colours[..., 0]])
    path = write_image(tmp_path / "a.bmp", ImageFile(alpha, "rgba"))
    read = read_image(enhanced(path, "b.bmp"))
    assert read.channels == "rgba"
    np.testing.assert_array_equal(read.array, alpha // 2 + 100)


@pytest.mark.parametrize("channels", ["mono", "rgb", "rgba"])
def test_a_bmp_keeps_its_profile(tmp_path, colours, profile, grey_profile, channels):
    array = {"mono": colours[..., 0], "rgb": colours, "rgba": np.dstack([colours, colours[..., 0]])}
    icc = grey_profile if channels == "mono" else profile
    image = ImageFile(array[channels], channels, {"icc_profile": icc, "dpi": (300, 150)})
    path = write_image(tmp_path / "a.bmp", image)
    assert not left_out(path, [image])
    read = read_image(enhanced(path, "b.bmp"))
    assert read.details["icc_profile"] == icc
    assert read.details["dpi"] == pytest.approx((300, 150), abs=0.1)
    np.testing.assert_array_equal(read.array, image.array // 2 + 100)


def test_a_bmp_keeps_the_meaning_of_its_colours(tmp_path, colours):
    path = write_image(tmp_path / "a.bmp", ImageFile(np.dstack([colours] * 2)[..., :4], "rgba"))
    content = bytearray(path.read_bytes())
    content[70:122] = corners = bytes(4) + bytes(range(48))
    content[122:126] = intent = struct.pack("<I", 4)
    path.write_bytes(content)
    after = enhanced(path, "b.bmp").read_bytes()
    assert (after[70:122], after[122:126]) == (corners, intent)
    content[70:74] = b"KNIL"
    path.write_bytes(content)
    assert lost([read_image(path)]) == ("the link to an ICC profile",)


# ---- WebP, AVIF, JPEG 2000, JPEG XL, HEIC


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".jp2", ".jxl", ".heic"])
def test_exif_and_xmp_survive(tmp_path, colours, facts, suffix):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    exif = facts.exif(orientation=1)
    image = ImageFile(colours, "rgb", {"exif": exif, "xmp": facts.upright_xmp})
    write_image(tmp_path / f"a{suffix}", image)
    path = enhanced(tmp_path / f"a{suffix}", f"b{suffix}")
    read = read_image(path)
    assert facts.note in read.details["exif"]
    assert read.details["xmp"] == facts.upright_xmp
    np.testing.assert_allclose(read.array, colours // 2 + 100, atol=12)


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".jp2", ".heic", ".jpg", ".png"])
def test_colour_profiles_survive(tmp_path, colours, profile, suffix):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    image = ImageFile(colours, "rgb", {"icc_profile": profile})
    write_image(tmp_path / f"a{suffix}", image)
    path = enhanced(tmp_path / f"a{suffix}", f"b{suffix}")
    assert read_image(path).details["icc_profile"] == profile
    if suffix != ".heic":
        with Image.open(path) as photo:
            assert suffix == ".jp2" or photo.info["icc_profile"] == profile


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_orientations_are_applied(tmp_path, colours, facts, suffix):
    Image.fromarray(colours).save(tmp_path / f"a{suffix}", exif=facts.exif(), quality=100)
    read = read_image(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(read.array, np.rot90(colours, -1), atol=12)
    with Image.open(enhanced(tmp_path / f"a{suffix}", f"b{suffix}")) as photo:
        assert photo.size == (40, 60)
        assert photo.getexif().get(0x0112, 1) == 1


def test_a_lossless_webp_stays_lossless(tmp_path, colours):
    Image.fromarray(colours).save(tmp_path / "a.webp", lossless=True)
    expected = colours // 2 + 100
    np.testing.assert_array_equal(
        read_image(enhanced(tmp_path / "a.webp", "b.webp")).array, expected
    )
    Image.fromarray(colours).save(tmp_path / "c.webp", quality=50)
    assert not read_image(enhanced(tmp_path / "c.webp", "d.webp")).details["webp"]["lossless"]


def test_a_lossless_jpeg_2000_stays_lossless(tmp_path, colours):
    Image.fromarray(colours).save(tmp_path / "a.jp2")
    expected = colours // 2 + 100
    read = read_image(enhanced(tmp_path / "a.jp2", "b.jp2"))
    np.testing.assert_array_equal(read.array, expected)
    Image.fromarray(colours).save(tmp_path / "c.jp2", irreversible=True)
    assert not read_image(enhanced(tmp_path / "c.jp2", "d.jp2")).details["jpeg2000"]["lossless"]


@pytest.mark.parametrize(
    ("suffix", "bits"),
    [
        (".jp2", 12),
        (".j2k", 10),
        (".jxl", 12),
        (".jxl", 10),
        (".avif", 10),
        (".avif", 12),
        (".heic", 10),
        (".heic", 12),
        (".ppm", 12),
        (".ppm", 14),
    ],
)
def test_depths_survive(tmp_path, suffix, bits):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    y, x = np.mgrid[:40, :60]
    most = 2**bits - 1
    array = np.stack([x * most // 59, y * most // 39, most - x * most // 59], axis=-1)
    image = ImageFile(array.astype(np.uint16), "rgb", {"quality": 100}, bits=bits)
    read = read_image(write_image(tmp_path / f"a{suffix}", image))
    assert (read.array.dtype, read.bits, read.channels) == (np.uint16, bits, "rgb")
    np.testing.assert_allclose(read.array, array, atol=most * 0.02)


@pytest.mark.parametrize("suffix", [".jp2", ".jxl", ".ppm", ".png"])
def test_sixteen_bits_survive_exactly(tmp_path, suffix):
    array = np.random.default_rng(1).integers(0, 2**16, (9, 7, 3), np.uint16)
    image = ImageFile(array, "rgb", {"quality": 100})
    read = read_image(write_image(tmp_path / f"a{suffix}", image))
    assert read.bits is None
    np.testing.assert_array_equal(read.array, array)


def test_twelve_bits_fill_the_sixteen_of_a_png(tmp_path):
    image = ImageFile(np.array([[0, 4095]], np.uint16), "mono", bits=12)
    read = read_image(write_image(tmp_path / "a.png", image))
    assert read.array.tolist() == [[0, 65535]]


@pytest.mark.parametrize("height", [100, 800])
@pytest.mark.parametrize(
    ("suffix", "quality", "bits"),
    [
        *((".webp", 50, None), (".avif", 55, None), (".avif", 60, 10), (".heic", 55, None)),
        *((".jxl", 60, None), (".jxl", 60, 10)),
        *((".jp2", 40, None), (".jp2", 40, 12)),
    ],
)
def test_a_lossy_photo_is_about_as_large_as_its_source(tmp_path, suffix, quality, bits, height):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    noise = np.random.default_rng(3).normal(size=(height, 820, 3)).cumsum(axis=1)
    most = 2 ** (bits or 8) - 1
    array = np.clip(most / 2 + noise * most / 60, 0, most).astype(np.uint16 if bits else np.uint8)
    image = ImageFile(array, "rgb", {"quality": quality}, bits=bits)
    path = write_image(tmp_path / f"a{suffix}", image)
    read = read_image(path)
    size = write_image(tmp_path / f"b{suffix}", read).stat().st_size
    assert 0.7 < size / path.stat().st_size < 1.3
    best = replace(read, details={**read.details, "quality": 95})
    assert write_image(tmp_path / f"c{suffix}", best).stat().st_size > 1.3 * size


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_an_avif_keeps_its_subsampling(tmp_path, colours, subsampling):
    Image.fromarray(colours).save(tmp_path / "a.avif", subsampling=subsampling)
    read = read_image(enhanced(tmp_path / "a.avif", "b.avif"))
    assert read.details["avif"]["subsampling"] == subsampling


@pytest.mark.parametrize("suffix", [".gif", ".ppm"])
def test_comments_survive(tmp_path, colours, suffix):
    image = ImageFile(colours, "rgb", {"comment": "Grüße\nin two lines"})
    path = enhanced(write_image(tmp_path / f"a{suffix}", image), f"b{suffix}")
    assert read_image(path).details["comment"] == "Grüße\nin two lines"


def gif_with(frames, front, behind):
    first, *others = (Image.fromarray(frame) for frame in frames)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, loop=3)
    encoded = file.getvalue()
    place = encoded.index(b"NETSCAPE2.0") + 16
    return encoded[:place] + front + encoded[place:-1] + behind + b";"


def test_a_gif_keeps_its_extensions(tmp_path, grey_profile, facts):
    magic = bytes([1, *range(255, -1, -1), 0])
    parts = [grey_profile[place : place + 255] for place in range(0, len(grey_profile), 255)]
    own_profile = b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
    front = [
        b"!\xfe\x05K\xf6hle\0",
        b"!\xff\x0bXMP DataXMP" + facts.upright_xmp + magic,
        b"!\xff\x0bICCRGBG1012" + own_profile,
        b"!\xff\x0bOTHERAPP1.0\x03\1\2\3\0",
    ]
    comment = b"!\xfe\x01b\0"
    frames = np.arange(40, dtype=np.uint8).reshape(2, 4, 5) * 6
    (tmp_path / "a.gif").write_bytes(gif_with(frames, b"".join(front), comment))
    read = read_image(tmp_path / "a.gif")
    assert read.details["comment"] == "Köhle\nb"
    assert read.details["xmp"] == facts.upright_xmp
    after = enhanced(tmp_path / "a.gif", "b.gif").read_bytes()
    assert all(each in after for each in [*front, comment])
    again = read_image(tmp_path / "b.gif")
    np.testing.assert_array_equal(again.array, frames // 2 + 100)
    assert again.details["animation"]["loop"] == 3
    assert {**again.details, "animation": 0} == {**read.details, "animation": 0}


def test_a_jpeg_2000_keeps_resolution_and_boxes(tmp_path, colours):
    others = [(b"xml ", b"<gml/>"), (b"uuid", bytes(range(16)) + b"GeoTIFF")]
    details = {"dpi": (300.5, 2834 * 0.0254), "jpeg2000": {"lossless": True, "boxes": others}}
    path = write_image(tmp_path / "a.jp2", ImageFile(colours, "rgb", details))
    with Image.open(path) as photo:
        assert photo.info["dpi"] == pytest.approx((300.5, 2834 * 0.0254))
    read = read_image(enhanced(path, "b.jp2"))
    assert read.details["dpi"] == pytest.approx((300.5, 2834 * 0.0254))
    assert read.details["jpeg2000"]["boxes"] == others
    assert struct.pack(">2H", 2834, 1) in path.read_bytes()


# ---- animations


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".avif"])
def test_an_animation_is_a_stack_over_time_and_comes_back(tmp_path, colours, suffix):
    frames = [Image.fromarray(np.roll(colours, 7 * shift, axis=1)) for shift in range(4)]
    durations = [100, 200, 300, 400]
    loop = {} if suffix == ".avif" else {"loop": 3}
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, **loop)
    read = read_image(path)
    assert read.array.shape == (4, 40, 60, 3)
    assert read.details["axes"] == "TYXS"
    again = write_image(tmp_path / f"b{suffix}", read)
    with Image.open(again) as photo:
        assert photo.n_frames == 4
        assert photo.info.get("loop") == loop.get("loop")
        found = []
        for number in range(4):
            photo.seek(number)
            photo.load()
            found.append(photo.info["duration"])
            np.testing.assert_allclose(
                np.asarray(photo.convert("RGB"), int), read.array[number], atol=40
            )
        assert found == durations


@pytest.mark.parametrize("suffix", [".png", ".avif"])
def test_equal_pictures_stay_apart(tmp_path, suffix):
    array = np.zeros((6, 4, 5, 3), np.uint8)
    array[2:] = 90
    told = {"durations": (10, 20, 30, 40, 50, 60), "loop": 0}
    image = ImageFile(array, "rgb", {"axes": "TYXS", "animation": told})
    read = read_image(write_image(tmp_path / f"a{suffix}", image))
    np.testing.assert_allclose(read.array, array, atol=3)
    assert read.details["animation"]["durations"] == told["durations"]


def test_a_part_of_an_animation_has_its_own_length(tmp_path):
    told = {"durations": (10, 20, 30), "loop": 0}
    array = np.arange(40, dtype=np.uint8).reshape(2, 4, 5) * 6
    image = ImageFile(array, "mono", {"axes": "TYX", "animation": told})
    read = read_image(write_image(tmp_path / "a.gif", image))
    assert read.details["animation"]["durations"] == (10, 10)


def test_a_grey_gif_is_grey_and_exact(tmp_path):
    array = np.random.default_rng(2).integers(0, 256, (3, 9, 7), np.uint8)
    image = ImageFile(array, "mono", {"axes": "TYX"})
    read = read_image(write_image(tmp_path / "a.gif", image))
    assert (read.channels, read.details["axes"]) == ("mono", "TYX")
    np.testing.assert_array_equal(read.array, array)


def test_transparent_frames_do_not_shine_through(tmp_path):
    array = np.zeros((2, 4, 4, 4), np.uint8)
    array[0, :2], array[1, 2:] = (250, 10, 10, 255), (10, 10, 250, 255)
    for suffix in (".gif", ".png", ".webp"):
        image = ImageFile(array, "rgba", {"axes": "TYXS"})
        read = read_image(write_image(tmp_path / f"a{suffix}", image))
        np.testing.assert_array_equal(read.array[..., 3], array[..., 3])


def test_a_stack_that_is_not_over_time_is_no_animation(tmp_path):
    from napari_zerodce.imaging.files.photos import can_hold

    array = np.zeros((3, 4, 5), np.uint8)
    for suffix in (".gif", ".png", ".webp", ".avif"):
        assert not can_hold([ImageFile(array, "mono", {"axes": "ZYX"})], suffix)
        assert can_hold([ImageFile(array, "mono", {"axes": "TYX"})], suffix)


# ---- colours


def test_inks_are_converted_by_their_profile(tmp_path, colours, monkeypatch):
    """No CMYK profile may be copied: a Lab profile stands for it in a TIFF-like photo."""
    ink = np.full((8, 8, 4), (0, 255, 255, 0), np.uint8)
    Image.fromarray(ink, "CMYK").save(tmp_path / "a.jpg", quality=100)
    read = read_image(tmp_path / "a.jpg")
    assert read.channels == "rgb"
    assert lost([read]) == ("CMYK",)
    used = []

    def converted(photo, source, target, **options):
        used.append((photo.mode, options["outputMode"]))
        return Image.new("RGB", photo.size, (1, 2, 3))

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"CMYK"
    monkeypatch.setattr(ImageCms, "profileToProfile", converted)
    Image.fromarray(ink, "CMYK").save(tmp_path / "c.jpg", icc_profile=bytes(profile))
    assert read_image(tmp_path / "c.jpg").array[0, 0].tolist() == [1, 2, 3]
    assert used == [("CMYK", "RGB")]


def test_a_grey_palette_is_grey(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8)).convert("P")
    image.putpalette([value for grey in range(256) for value in (255 - grey,) * 3])
    for suffix in (".png", ".bmp", ".gif"):
        image.save(tmp_path / f"a{suffix}")
        read = read_image(tmp_path / f"a{suffix}")
        assert read.channels == "mono"
        assert read.array.tolist() == [[255, 254], [253, 254]]


# ---- what is left out


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("a.png", ()),
        ("a.jpg", ("text",)),
        ("a.bmp", ("EXIF", "XMP", "IPTC", "comment", "text", "GPS")),
        ("a.webp", ("IPTC", "comment", "text", "resolution")),
        ("a.jxl", ("IPTC", "ICC profile", "comment", "text", "resolution")),
        ("a.gif", ("EXIF", "IPTC", "text", "resolution", "GPS")),
        ("a.ppm", ("EXIF", "XMP", "IPTC", "ICC profile", "text", "resolution", "GPS")),
        ("a.jp2", ("comment", "text")),
    ],
)
def test_what_a_format_cannot_hold_is_named(tmp_path, colours, facts, profile, name, missing):
    details = {
        "exif": facts.exif(),
        "xmp": facts.xmp,
        "iptc": facts.iptc,
        "icc_profile": profile,
        "comment": "a comment",
        "text": {"Author": "Köhler"},
        "dpi": (300, 300),
    }
    image = ImageFile(colours, "rgb", details)
    named = [each for each in left_out(tmp_path / name, [image]) if "256" not in each]
    assert tuple(named) == missing
    kept = read_image(write_image(tmp_path / name, image)).details
    names = {"exif": "EXIF", "xmp": "XMP", "iptc": "IPTC", "icc_profile": "ICC profile"}
    names |= {"comment": "comment", "text": "text", "dpi": "resolution"}
    assert all(key in kept for key, each in names.items() if each not in missing)


@pytest.mark.parametrize(
    "header", [b"P5 2 1 65535\n\x12\x34\xff\xff", b"P2 2 1 65535\n4660 65535\n"]
)
def test_all_bits_of_a_pgm_are_read(tmp_path, header):
    (tmp_path / "a.pgm").write_bytes(header)
    read = read_image(tmp_path / "a.pgm")
    assert (read.array.dtype, read.bits) == (np.uint16, None)
    assert read.array.tolist() == [[0x1234, 65535]]


def test_a_pgm_whose_white_is_no_power_of_two_is_scaled(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 1000\n" + np.array([0, 1000], ">u2").tobytes())
    assert read_image(tmp_path / "a.pgm").array.tolist() == [[0, 65535]]


def test_half_transparency_is_named_only_where_it_is(tmp_path):
    array = np.full((2, 2, 4), 255, np.uint8)
    assert left_out(tmp_path / "a.gif", [ImageFile(array, "rgba")]) == ()
    array[0, 0, 3] = 100
    assert "half transparency" in left_out(tmp_path / "a.gif", [ImageFile(array, "rgba")])


@pytest.mark.parametrize("suffix", [".jpe", ".jfif", ".j2k", ".jpx", ".tga", ".pgm", ".pnm"])
def test_relatives_of_suffixes_are_read_and_written(tmp_path, suffix):
    array = np.arange(63, dtype=np.uint8).reshape(9, 7)
    read = read_image(write_image(tmp_path / f"a{suffix}", ImageFile(array, "mono")))
    assert read.channels == "mono"
    np.testing.assert_allclose(read.array, array, atol=4)


def test_a_qoi_is_read(tmp_path, colours):
    (tmp_path / "a.qoi").write_bytes(imagecodecs.qoi_encode(colours))
    np.testing.assert_array_equal(read_image(tmp_path / "a.qoi").array, colours)


def test_an_orientation_that_another_reader_left_does_no_harm(tmp_path, colours, facts):
    array = np.stack([colours, colours[::-1]])
    image = ImageFile(array, "rgb", {"axes": "TYXS", "exif": facts.exif(orientation=6)})
    read = read_image(write_image(tmp_path / "a.avif", image))
    np.testing.assert_allclose(read.array, array, atol=12)


@pytest.mark.parametrize(
    ("options", "bits", "most"),
    [({"level": 100}, 12, 4095), ({"lossless": True, "predictor": 1}, None, 65535)],
)
def test_a_deep_jpeg_keeps_its_depth_and_facts(tmp_path, facts, options, bits, most):
    x = np.mgrid[:40, :60][1]
    array = np.ascontiguousarray(x * most // 59, np.uint16)
    encoded = imagecodecs.jpeg8_encode(array, bitspersample=bits or 16, **options)
    segment = as_jpeg_segment(0xE1, facts.exif(orientation=1))
    (tmp_path / "a.jpg").write_bytes(encoded[:2] + segment + encoded[2:])
    read = read_image(tmp_path / "a.jpg")
    assert (read.array.dtype, read.bits) == (np.uint16, bits)
    np.testing.assert_allclose(read.array, array, atol=most * 0.01)
    assert facts.note in read.details["exif"]


def test_an_avif_of_wide_colours_says_that_they_are_lost(tmp_path, colours):
    encoded = imagecodecs.avif_encode(colours, level=100, primaries=9, transfer=14, matrix=9)
    (tmp_path / "a.avif").write_bytes(encoded)
    assert lost([read_image(tmp_path / "a.avif")]) == ("the colour space",)


def print_profile():
    """A profile of four inks in which full cyan is a red: no other way of conversion says so."""
    lab = np.full((2, 2, 2, 2, 3), (255, 128, 128), np.uint8)
    lab[1, ...] = (127, 208, 170)
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + lab.tobytes() + ramp * 3
    text = b"desc\0\0\0\0\0\0\0\x05inks\0" + bytes(78)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    parts = [(b"A2B0", table), (b"desc", text), (b"wtpt", white), (b"cprt", b"text\0\0\0\0own\0")]
    start, index, body = 128 + 4 + 12 * len(parts), b"", b""
    for name, content in parts:
        index += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = bytearray(128)
    header[8:12], header[12:24], header[36:40] = b"\x02\x10\0\0", b"prtrCMYKLab ", b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    header[:4] = struct.pack(">I", start + len(body))
    return bytes(header) + struct.pack(">I", len(parts)) + index + body


def test_a_print_photo_has_the_colours_of_its_profile(tmp_path):
    ink = np.full((8, 8, 4), (255, 0, 0, 0), np.uint8)
    for name, options in (("plain", {}), ("own", {"icc_profile": print_profile()})):
        Image.fromarray(ink, "CMYK").save(tmp_path / f"{name}.jpg", quality=100, **options)
    plain, own = (read_image(tmp_path / f"{name}.jpg") for name in ("plain", "own"))
    np.testing.assert_allclose(plain.array[4, 4], (0, 255, 255), atol=3)
    np.testing.assert_allclose(own.array[4, 4], (231, 0, 50), atol=12)  # L* 50, a* 80, b* 42
    assert lost([own]) == ("CMYK",)


def test_a_photo_that_its_decoder_turns_is_not_turned_twice(tmp_path, colours, facts):
    heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    photo = heif.from_bytes("RGB", (60, 40), colours.tobytes())
    photo.save(tmp_path / "a.heic", quality=95, chroma=444, exif=facts.exif())
    stored = np.asarray(heif.open_heif(tmp_path / "a.heic"))
    read = read_image(tmp_path / "a.heic")
    np.testing.assert_array_equal(read.array, stored)
    exif = Image.Exif()
    exif.load(read.details["exif"])
    assert 0x0112 not in exif


def test_a_part_of_a_photo_has_its_own_size_in_exif(jpeg):
    image = read_image(jpeg)
    part = replace(image, array=image.array[:20, :30])
    with Image.open(write_image(jpeg.with_name("part.jpg"), part)) as photo:
        exif = photo.getexif()
        assert (exif[0x0100], exif[0x0101]) == (30, 20)
    # EXIF that does not fit its own photo is no concern of ours.
    whole = replace(part, details={**image.details, "photo_size": (30, 20)})
    path = write_image(jpeg.with_name("whole.jpg"), whole)
    assert read_image(path).details["exif"] == image.details["exif"]
