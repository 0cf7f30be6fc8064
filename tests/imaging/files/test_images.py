"""Files of every kind are read and written whole, or refused in one sentence."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import formats, image_file
from napari_zerodce.imaging.files.images import (
    READABLE_SUFFIXES,
    WRITABLE_SUFFIXES,
    ImageFile,
    check_writable,
    kind_of,
    read_image,
    write_image,
)

INSTALLED = tuple(each for each in READABLE_SUFFIXES if kind_of(f"image{each}").is_installed)


def random_image(shape=(9, 7), dtype=np.uint8, channels="mono"):
    random = np.random.default_rng(5)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return ImageFile(random.normal(size=shape).astype(dtype), channels)
    limits = np.iinfo(dtype)
    native = dtype.newbyteorder("=")
    array = random.integers(limits.min, limits.max, shape, native, endpoint=True).astype(dtype)
    return ImageFile(array, channels)


def holds(suffix, image):
    with suppress(ImageError):
        check_writable(f"image{suffix}", (image,))
        return kind_of(f"image{suffix}").is_installed
    return False


WRITTEN = tuple(each for each in WRITABLE_SUFFIXES if holds(each, random_image()))


def assert_one_sentence(error):
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert 20 < len(text) < 400


# ---- round trips


@pytest.mark.parametrize("suffix", [*WRITTEN, ".TIF", ".Png"])
def test_a_grey_image_survives(tmp_path, suffix):
    image = random_image()
    written = write_image(tmp_path / f"image{suffix}", image)
    assert written == tmp_path / f"image{suffix}"
    read = read_image(written)
    is_colour = suffix == ".webp"  # the format knows no grey
    assert (read.channels, read.array.dtype) == ("rgb" if is_colour else "mono", np.uint8)
    array = read.array[..., 1] if is_colour else read.array
    if kind_of(written).is_lossy:
        assert np.abs(array.astype(int) - image.array).mean() < 5
    else:
        np.testing.assert_array_equal(array, image.array)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", ">u2", ">f4"])
@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_every_dtype_survives(tmp_path, suffix, dtype):
    image = random_image((2, 3, 40, 50), dtype)
    read = read_image(write_image(tmp_path / f"stack{suffix}", image))
    assert read.channels == "mono"
    assert read.array.dtype.newbyteorder("=") == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(read.array, image.array)


def test_an_array_in_fortran_order_survives(tmp_path):
    array = np.asfortranarray(random_image((40, 50), np.uint16).array)
    read = read_image(write_image(tmp_path / "image.npy", ImageFile(array, "mono")))
    np.testing.assert_array_equal(read.array, array)


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".png", ".bmp"])
def test_views_are_written_as_they_look(tmp_path, suffix):
    array = random_image((30, 20)).array[::-2, ::3]
    read = read_image(write_image(tmp_path / f"view{suffix}", ImageFile(array, "mono")))
    np.testing.assert_array_equal(read.array, array)


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_large_files_are_mapped(tmp_path, monkeypatch, suffix):
    image = random_image((40, 50), np.uint16)
    path = write_image(tmp_path / f"large{suffix}", image)
    assert not isinstance(read_image(path).array, np.memmap)
    for module in ("npy", "tiff.series"):
        monkeypatch.setattr(f"napari_zerodce.imaging.files.{module}.MAPPED_FROM", 1000)
    array = read_image(path).array
    base = array
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    assert not array.flags.writeable
    np.testing.assert_array_equal(array, image.array)


def test_a_mapped_file_can_be_replaced_by_its_own_result(tmp_path, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("Windows locks mapped files")
    monkeypatch.setattr("napari_zerodce.imaging.files.npy.MAPPED_FROM", 1000)
    path = write_image(tmp_path / "large.npy", random_image((40, 50), np.uint16))
    mapped = read_image(path)
    before = mapped.array.copy()
    write_image(path, ImageFile(mapped.array // 2, "mono"), overwrite=True)
    np.testing.assert_array_equal(mapped.array, before)
    np.testing.assert_array_equal(read_image(path).array, before // 2)


# ---- what cannot be read


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"hello, this is text\n" * 9, b"<!DOCTYPE html><html></html>", bytes(5000)],
    ids=["empty", "byte", "text", "html", "zeros"],
)
def test_what_is_no_image_is_refused(tmp_path, suffix, content, capfd):
    path = tmp_path / f"wrong{suffix}"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="wrong") as caught:
        read_image(path)
    assert_one_sentence(caught)
    assert capfd.readouterr() == ("", "")


def _whole_files(folder):
    for suffix in WRITTEN:
        for channels, shape in (("mono", (40, 50)), ("rgb", (40, 50, 3))):
            image = random_image(shape, np.uint8, channels)
            if holds(suffix, image):
                yield write_image(folder / f"whole-{channels}{suffix}", image)
    for shape, channels in (((40, 50), "mono"), ((40, 50, 4), "rgba")):
        yield write_image(folder / f"deep{channels}.png", random_image(shape, np.uint16, channels))
    deflated = ImageFile(random_image((3, 40, 50)).array, "mono", {"compression": "zlib"})
    yield write_image(folder / "deflated.tif", deflated)


def test_a_file_cut_anywhere_is_refused_or_whole(tmp_path, capfd):
    for path in list(_whole_files(tmp_path)):
        content, whole = path.read_bytes(), read_image(path).array
        for length in sorted(
            {*range(0, len(content), 97), *range(len(content) - 20, len(content))}
        ):
            path.write_bytes(content[:length])
            with suppress(ImageError):  # some formats end with what is not needed
                np.testing.assert_array_equal(read_image(path).array, whole)
    assert capfd.readouterr() == ("", "")


def test_damaged_bytes_do_not_leak_exceptions(tmp_path, capfd):
    random = np.random.default_rng(3)
    for path in list(_whole_files(tmp_path)):
        content = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(40):
            damaged = content.copy()
            places = random.integers(0, min(len(content), 600), 4)
            damaged[places] = random.integers(0, 256, 4)
            path.write_bytes(damaged.tobytes())
            with suppress(ImageError):
                read_image(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["image.xyz", "image", "image.tar.gz", ".png.txt"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x01\x02", "has the suffix .* which is not supported; use one that `napari-zerodce"),
        (b"%PDF-1.7", "is valid, but not supported: it is a PDF document; convert it"),
        (b"\x93NUMPY", r"is a NumPy array, but its suffix is .*; rename it to .*\.npy\."),
    ],
)
def test_other_suffixes_are_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError, match=said) as caught:
        read_image(tmp_path / name)
    assert_one_sentence(caught)


def test_other_suffixes_are_not_written(tmp_path):
    with pytest.raises(ImageError, match=r"has the suffix '\.xyz', which is not supported"):
        write_image(tmp_path / "image.xyz", random_image())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.png", b"%PDF-1.7", r"is a PDF document, and no \.png image; give"),
        ("a.tif", b"", r"is an empty file, and no \.tif image"),
        ("a.npy", b"II*\0", r"is a TIFF image, but its suffix is '\.npy'; rename it to a\.tif\."),
        ("a.npz", b"<!DOCTYPE html><html>", "is a web page, perhaps in place of a download, and"),
        ("a.png", b"BM,width\n1,2\n", r"is a text, and no \.png image"),
        ("a.pam", b"P7\nWIDTH 3\n", "is valid, but not supported: it is a PAM image"),
        ("a.pfm", b"PF\n3 2\n-1\n" + bytes(72), "is valid, but not supported: it is a PFM image"),
    ],
)
def test_a_wrong_suffix_is_told(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError, match=said) as caught:
        read_image(tmp_path / name)
    assert_one_sentence(caught)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".zvi", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        (".oib", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        (".oif", b"[FileInformation]"),
        (".vsi", b"II*\0"),
    ],
)
def test_a_damaged_file_is_of_its_kind(tmp_path, monkeypatch, suffix, start):
    def fail(path):
        raise ValueError("it ends too early")

    form, kind = formats.BY_SUFFIX[suffix]
    monkeypatch.setitem(formats.BY_SUFFIX, suffix, (form, replace(kind, modules=())))
    monkeypatch.setattr(form, "read", fail)
    (tmp_path / f"a{suffix}").write_bytes(start)
    with pytest.raises(ImageError, match="cannot be read: it ends too early"):
        read_image(tmp_path / f"a{suffix}")


def test_a_file_in_an_ome_zarr_names_the_whole(tmp_path):
    (tmp_path / "a.ome.zarr").mkdir()
    (tmp_path / "a.ome.zarr" / "zarr.json").write_text("{}")
    with pytest.raises(ImageError, match=r"is a part of the OME-Zarr a\.ome\.zarr; give") as caught:
        read_image(tmp_path / "a.ome.zarr" / "zarr.json")
    assert_one_sentence(caught)


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageError, match="is a folder") as caught:
        read_image(tmp_path / "folder.png")
    assert_one_sentence(caught)
    with pytest.raises(ImageError, match="is a folder"):
        write_image(tmp_path / "folder.png", random_image(), overwrite=True)
    (tmp_path / "folder.png" / "zarr.json").write_text("{}")
    with pytest.raises(ImageError, match="is the folder of an OME-Zarr, but a file is") as caught:
        read_image(tmp_path / "folder.png")
    assert_one_sentence(caught)


@pytest.mark.parametrize("suffix", INSTALLED)
def test_a_missing_file_is_named(tmp_path, suffix):
    with pytest.raises(ImageError, match=r"no file .*nowhere") as caught:
        read_image(tmp_path / f"nowhere{suffix}")
    assert_one_sentence(caught)


@pytest.fixture
def nobody():
    """Be somebody to whom something can be forbidden."""
    if not hasattr(os, "seteuid"):
        pytest.skip("files are not forbidden in this way here")
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_what_is_forbidden_is_not_done(tmp_path, request, suffix):
    path = write_image(tmp_path / f"secret{suffix}", random_image())
    path.chmod(0)
    tmp_path.chmod(0o500)
    request.getfixturevalue("nobody")
    with pytest.raises(ImageError, match=r"secret.* cannot be read: Permission denied") as caught:
        read_image(path)
    assert_one_sentence(caught)
    with pytest.raises(ImageError, match=r"new.* cannot be written: Permission denied") as caught:
        write_image(tmp_path / f"new{suffix}", random_image())
    assert_one_sentence(caught)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in folders are POSIX's")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="a device or a pipe") as caught:
        read_image(tmp_path / "pipe.png")
    assert_one_sentence(caught)


def test_a_name_that_is_too_long_is_refused(tmp_path):
    path = tmp_path / f"{'n' * 300}.png"
    for action in (read_image, lambda path: write_image(path, random_image())):
        with pytest.raises(ImageError, match="too long"):
            action(path)
    assert not list(tmp_path.iterdir())


class _Evil:
    def __reduce__(self):
        return os.mkdir, (f"{os.environ['EVIL_FOLDER']}/executed",)


def test_pickles_are_never_opened(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIL_FOLDER", str(tmp_path))
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(_Evil()))
    evil = np.empty((2, 2), object)
    evil[...] = _Evil()
    np.save(tmp_path / "objects.npy", evil, allow_pickle=True)
    with (tmp_path / "archive.npy").open("wb") as file:
        np.savez(file, evil=evil)
    for name in ("pickle", "objects", "archive"):
        with pytest.raises(ImageError, match=name) as caught:
            read_image(tmp_path / f"{name}.npy")
        assert_one_sentence(caught)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4), bool), "mask"),
        (np.zeros((4, 4), complex), "complex"),
        (np.zeros(4), "two axes"),
        (np.zeros((0, 4)), "no pixels"),
        (np.zeros((4, 4), [("red", "u1")]), "red"),
    ],
)
def test_arrays_that_are_no_images_are_refused(tmp_path, array, words):
    np.save(tmp_path / "array.npy", array)
    with pytest.raises(ImageError, match=words) as caught:
        read_image(tmp_path / "array.npy")
    assert_one_sentence(caught)


def _enormous_png():
    from zlib import crc32

    def chunk(name, content):
        return (
            len(content).to_bytes(4, "big")
            + name
            + content
            + crc32(name + content).to_bytes(4, "big")
        )

    header = (2**20).to_bytes(4, "big") * 2 + bytes([16, 6, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def _enormous_bmp():
    image = bytearray(54)
    image[:2], image[10:14], image[14:18] = b"BM", (54).to_bytes(4, "little"), b"\x28\0\0\0"
    image[18:22] = image[22:26] = (2**20).to_bytes(4, "little")
    image[26], image[28] = 1, 24
    return bytes(image)


def _enormous_npy():
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (1048576, 1048576), }"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def _enormous_tiff():
    tags = [(256, 4, 2**20), (257, 4, 2**20), (258, 3, 16), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, 2**20), (279, 4, 100)]
    directory = len(tags).to_bytes(2, "little")
    for tag, kind, value in tags:
        directory += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + b"\1\0\0\0"
        directory += value.to_bytes(4, "little")
    return b"II*\0" + (8).to_bytes(4, "little") + directory + bytes(104)


@pytest.mark.parametrize("kind", ["png", "bmp", "npy", "tiff"])
def test_a_small_file_that_claims_to_be_enormous_is_refused_at_once(tmp_path, kind):
    content = {
        "png": _enormous_png,
        "bmp": _enormous_bmp,
        "npy": _enormous_npy,
        "tiff": _enormous_tiff,
    }[kind]()
    path = tmp_path / f"enormous.{kind}"
    path.write_bytes(content)
    started = time.thread_time()
    with pytest.raises(ImageError, match=r"memory|ends before its last pixel|too small") as caught:
        read_image(path)
    assert time.thread_time() - started < 5
    assert_one_sentence(caught)


def test_room_is_asked_for_beforehand(tmp_path):
    with pytest.raises(ImageError, match=r"image\.tif needs 1048576\.0 GiB of memory") as caught:
        image_file.check_room(2**50, tmp_path / "image.tif")
    assert_one_sentence(caught)


def test_more_pixels_than_pillow_likes_are_no_attack(tmp_path, monkeypatch):
    path = write_image(tmp_path / "image.png", random_image((40, 50, 3), np.uint8, "rgb"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read_image(path).array.shape == (40, 50, 3)


# ---- what cannot be written


def test_a_file_is_not_replaced_unless_told(tmp_path):
    path = write_image(tmp_path / "image.png", random_image())
    before = path.read_bytes()
    with pytest.raises(ImageError, match="exists already") as caught:
        write_image(path, random_image((3, 3)))
    assert_one_sentence(caught)
    assert path.read_bytes() == before
    write_image(path, random_image((3, 3)), overwrite=True)
    assert read_image(path).array.shape == (3, 3)
    assert [entry.name for entry in tmp_path.iterdir()] == ["image.png"]


def test_folders_are_made(tmp_path):
    path = write_image(tmp_path / "one" / "two" / "image.png", random_image())
    assert path.is_file()


def test_a_name_as_long_as_can_be_is_no_problem(tmp_path):
    assert write_image(tmp_path / f"{'n' * 251}.png", random_image()).is_file()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_results_have_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "any").touch()
    path = write_image(tmp_path / "image.png", random_image())
    assert path.stat().st_mode == (tmp_path / "any").stat().st_mode


@pytest.mark.parametrize(
    ("suffix", "shape", "dtype", "channels"),
    [
        (".png", (9, 7), np.float32, "mono"),
        (".png", (9, 7), np.int16, "mono"),
        (".png", (2, 9, 7), np.uint8, "mono"),
        (".png", (2, 9, 7, 3), np.uint16, "rgb"),
        (".jpg", (9, 7), np.uint16, "mono"),
        (".jpg", (9, 7, 4), np.uint8, "rgba"),
        (".jpg", (1, 70000), np.uint8, "mono"),
        (".bmp", (9, 7, 4), np.uint16, "rgba"),
        (".bmp", (9, 7, 3), np.float64, "rgb"),
    ],
)
def test_what_a_kind_of_file_cannot_hold_is_refused(tmp_path, suffix, shape, dtype, channels):
    with pytest.raises(ImageError, match=rf"{suffix} file cannot hold .*image\.tif") as caught:
        write_image(tmp_path / f"image{suffix}", random_image(shape, dtype, channels))
    assert_one_sentence(caught)
    assert not list(tmp_path.iterdir())


def test_unknown_suffixes_are_not_written(tmp_path):
    with pytest.raises(ImageError, match=r"\.xyz"):
        write_image(tmp_path / "image.xyz", random_image())
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_a_folder_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match="cannot be written") as caught:
        write_image(tmp_path / "file" / "image.png", random_image())
    assert_one_sentence(caught)


_FULL_DISK = """
import resource, signal, sys
import numpy as np
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import ImageFile, write_image

image = ImageFile(np.random.default_rng(1).integers(0, 256, (2000, 300), np.uint8), "mono")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_image(sys.argv[1], image, overwrite=True)
except ImageError as err:
    print(err)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of this kind are POSIX's")
@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, suffix):
    path = write_image(tmp_path / f"image{suffix}", random_image())
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert done.stdout.count("\n") == 1
    assert "disk" in done.stdout
    assert done.stderr == ""
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_read_in_several_threads(tmp_path):
    import logging
    import warnings

    path = write_image(tmp_path / "image.tif", random_image())
    filters, logs = list(warnings.filters), list(logging.getLogger("tifffile").filters)
    threads = [threading.Thread(target=read_image, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == filters
    assert logging.getLogger("tifffile").filters == logs


def test_a_damaged_tiff_is_told_by_us_alone(tmp_path, caplog):
    path = write_image(tmp_path / "image.tif", random_image())
    content = bytearray(path.read_bytes())
    content[4:8] = (10**6).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ImageError):
        read_image(path)
    assert not caplog.records
    with tifffile.TiffFile(path) as file:  # tifffile's log still reaches everyone else
        assert not file.pages
    assert caplog.records
