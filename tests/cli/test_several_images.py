"""A file of several images: all with one window, or one of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.cli import main
from napari_zerodce.imaging.files import formats, images, npy
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile


class SeveralArrays:
    """A kind for the tests: several arrays in one file, each of any shape."""

    KINDS = (FileKind("several arrays", (".several",)),)

    @staticmethod
    def read(path):
        with np.load(path) as file:
            arrays = [file[name] for name in sorted(file)]
        kinds = ["rgb" if array.shape[-1] == 3 else "mono" for array in arrays]
        axes = ["QYX" if array.ndim == 3 and array.shape[-1] != 3 else "" for array in arrays]
        every = zip(arrays, kinds, axes, strict=True)
        return tuple(ImageFile(array, kind, {"axes": letters}) for array, kind, letters in every)

    @staticmethod
    def can_hold(_images, _suffix):
        return True

    @staticmethod
    def left_out(_images, _suffix):
        return ("GPS", "IPTC")

    @staticmethod
    def write(path, images):
        with path.open("wb") as file:
            np.savez(file, **{f"{n:02}": image.array for n, image in enumerate(images)})


@pytest.fixture(autouse=True)
def kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(formats.BY_SUFFIX, ".several", (SeveralArrays, SeveralArrays.KINDS[0]))
    monkeypatch.setattr(images, "WRITABLE_SUFFIXES", (*images.WRITABLE_SUFFIXES, ".several"))


def enhance(*words):
    return main(["enhance", "--device", "cpu", "--precision", "float32", *map(str, words)])


def cells(*shape, brightest):
    generator = np.random.default_rng(0)
    image = generator.normal(300, 4, shape)
    image[..., :6, :] += np.linspace(0, brightest, 6 * shape[-1]).reshape(6, shape[-1])
    return image.astype(np.uint16)


def save(path, *arrays):
    with Path(path).open("wb") as file:
        np.savez(file, **{f"{number:02}": array for number, array in enumerate(arrays)})


def load(path):
    with np.load(path) as file:
        return [file[name] for name in sorted(file)]


IMAGES = (cells(40, 30, brightest=800), cells(2, 30, 36, brightest=3000))


def test_all_images_are_enhanced_with_one_window(capsys):
    save("a.several", *IMAGES, np.full((9, 9, 3), 7, np.uint8))
    assert enhance("a.several", "--output", "b.several") == 0
    out, err = capsys.readouterr()
    assert err == (
        "note: a.several: The line tells of the first image; others (1) have the window "
        "0 to 255 and the weights zero-dce.\n"
        "note: a.several: a .several file cannot hold GPS, IPTC; they are left out.\n"
    )
    made = load("b.several")
    assert [image.shape for image in made] == [(40, 30), (2, 30, 36), (9, 9, 3)]
    window = re.search(r"window (\d+) to (\d+)", out).groups()
    for number, image in enumerate(IMAGES):
        np.save("alone.npy", image)
        words = ("--window", ",".join(window), "--checkpoint", "zero-dce-fluo", "--overwrite")
        assert enhance("alone.npy", "--output", "made.npy", *words) == 0
        np.testing.assert_array_equal(np.load("made.npy"), made[number])


@pytest.mark.parametrize(
    ("number", "expected"), [(0, IMAGES[0]), (1, IMAGES[1][0]), (2, IMAGES[1][1])]
)
def test_one_image_is_enhanced_as_if_it_were_alone(number, expected):
    save("a.several", *IMAGES)
    np.save("alone.npy", expected)
    assert enhance("a.several", "--output", "b.npy", "--series", number) == 0
    assert enhance("alone.npy", "--output", "c.npy") == 0
    np.testing.assert_array_equal(np.load("b.npy"), np.load("c.npy"))


@pytest.mark.parametrize("number", ["3", "-1"])
def test_a_number_of_no_image_is_refused(number, capsys):
    save("a.several", *IMAGES)
    assert enhance("a.several", "--output", "b.npy", f"--series={number}") == 1
    assert capsys.readouterr().err.strip() == (
        f"failed: a.several: a.several holds 3 images, and the series {number} is none of them; "
        "give a number from 0 to 2."
    )
    np.save("one.npy", IMAGES[0])
    assert enhance("one.npy", "--output", "b.npy", "--series", "2") == 1
    assert "one.npy holds 1 image, and the series 2 is none of them; give 0." in (
        capsys.readouterr().err
    )


def test_maps_are_of_one_image(capsys):
    save("a.several", *IMAGES)
    words = ["--device", "cpu", "--output", "m.npy"]
    assert main(["maps", "a.several", *words]) == 1
    assert "--series N" in capsys.readouterr().err
    assert main(["maps", "a.several", *words, "--series", "1"]) == 0
    assert np.load("m.npy").shape == (8, 1, 30, 36)


def test_an_ome_zarr_is_of_one_image():
    from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr

    save("a.several", *IMAGES)
    assert enhance("a.several", "--output", "b.ome.zarr") == 1
    assert enhance("a.several", "--output", "b.ome.zarr", "--series", "0") == 0
    assert read_ome_zarr(Path("b.ome.zarr")).shape[-2:] == (40, 30)


def test_a_kind_that_is_not_written_becomes_another(monkeypatch, capsys):
    kind = FileKind("read only", (".several",), is_written=False, result=".npy")
    monkeypatch.setitem(formats.BY_SUFFIX, ".several", (SeveralArrays, kind))
    Path("in").mkdir()
    save("in/a.several", IMAGES[0])
    assert enhance("in", "--output", "out") == 0
    assert [path.name for path in Path("out").iterdir()] == ["a.npy"]
    np.save("in/a.npy", IMAGES[0])
    assert enhance("in", "--output", "out2") == 0
    assert sorted(path.name for path in Path("out2").iterdir()) == ["a.npy", "a.several.npy"]
    assert npy.KINDS[0].suffixes == (".npy",)


def test_images_of_a_stack_count_in_all_messages(capsys):
    pages = [np.full((20, 30), level, "u1") for level in (3, 90)]
    np.savez("a.npz", a=np.stack(pages), b=np.full((9, 9), 7, "u1"))
    Path("a.npz").rename("a.several")
    for target in ("a.png", "a.ome.zarr"):
        assert enhance("a.several", "--output", target) == 1
        assert re.search("(hold|holds) 3 images", capsys.readouterr().err)


def test_a_part_keeps_further_samples(capsys):
    array = np.zeros((20, 30, 5), np.uint8)
    kinds = ["unassalpha", "unspecified"]
    tifffile.imwrite("five.tif", array, photometric="rgb", extrasamples=kinds)
    assert enhance("five.tif", "--output", "part.tif", "--part", "0:8,:") == 0
    assert "samples" not in capsys.readouterr().err
    assert tifffile.imread("part.tif").shape == (8, 30, 5)


def test_a_grey_page_beside_one_in_colours_is_as_it_is_alone(make_photo, capsys):
    grey = np.repeat(cells(60, 40, brightest=900)[..., None] // 5, 3, -1).astype(np.uint8)
    photo = make_photo(50, 48, seed=1)
    SeveralArrays.write(Path("both.several"), [ImageFile(each, "rgb") for each in (photo, grey)])
    SeveralArrays.write(Path("grey.several"), [ImageFile(grey, "rgb")])
    assert enhance("both.several", "--output", "both-out.several") == 0
    out, err = capsys.readouterr()
    assert "window 0 to 255," in out
    assert enhance("grey.several", "--output", "grey-out.several") == 0
    window = re.search(r"window ([^,]+),", capsys.readouterr().out)[1]
    assert window != "0 to 255"
    assert f"others (1) have the window {window} and the weights zero-dce-fluo." in err
    _, made = SeveralArrays.read(Path("both-out.several"))
    (alone,) = SeveralArrays.read(Path("grey-out.several"))
    np.testing.assert_array_equal(made.array, alone.array)
    assert np.ptp(made.array, axis=-1).max() == 0


def test_fewer_colours_are_told_once_and_not_of_a_gif(make_photo, capsys):
    Path("in").mkdir()
    for number in range(2):  # the content decides the kind that is read, and the suffix the output
        Image.fromarray(make_photo(seed=number)).save(f"in/{number}.gif", "PNG")
    words = ["enhance", "--device", "cpu", "--output"]
    assert main([*words, "out", "in"]) == 0
    told = capsys.readouterr().err
    assert told.count("256 colours") == 1
    assert "left out" not in told
    assert main([*words, "again", "out"]) == 0
    assert "256" not in capsys.readouterr().err
