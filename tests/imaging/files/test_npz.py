"""Images in .npz files come back under their names; all else comes back as it was."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import npz
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import read_image, write_images

RAMP = np.arange(20 * 30, dtype="u2").reshape(20, 30)


def test_an_image_is_replaced_beside_what_is_none(tmp_path):
    others = {"positions": np.arange(6).reshape(3, 2), "labels": RAMP.astype(np.int32)}
    objects = np.array([{"never": "loaded"}], dtype=object)
    np.savez(tmp_path / "a.npz", cells=RAMP, objects=objects, **others)
    image = read_image(tmp_path / "a.npz")
    np.testing.assert_array_equal(image.array, RAMP)
    write_images(tmp_path / "b.npz", (replace(image, array=RAMP + 1),))
    with np.load(tmp_path / "b.npz") as back:
        assert set(back) == {"cells", "objects", *others}
        np.testing.assert_array_equal(back["cells"], RAMP + 1)
        for name, array in others.items():
            np.testing.assert_array_equal(back[name], array)
    with zipfile.ZipFile(tmp_path / "a.npz") as a, zipfile.ZipFile(tmp_path / "b.npz") as b:
        assert a.read("objects.npy") == b.read("objects.npy")


@pytest.mark.parametrize("compressed", [False, True])
def test_several_images_keep_names_order_and_compression(tmp_path, compressed):
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "a.npz", z=RAMP, a=RAMP[:, :20].astype("f4"))
    images = npz.read(tmp_path / "a.npz")
    npz.write(tmp_path / "b.npz", images)
    with zipfile.ZipFile(tmp_path / "a.npz") as a, zipfile.ZipFile(tmp_path / "b.npz") as b:
        assert [each.filename for each in b.infolist()] == ["z.npy", "a.npy"]
        kinds = [[each.compress_type for each in archive.infolist()] for archive in (a, b)]
    assert kinds[0] == kinds[1]
    for image, back in zip(images, npz.read(tmp_path / "b.npz"), strict=True):
        np.testing.assert_array_equal(image.array, back.array)


def test_images_of_other_files_have_the_names_that_numpy_gives(tmp_path):
    npz.write(tmp_path / "a.npz", (ImageFile(RAMP, "mono"), ImageFile(RAMP, "mono")))
    with np.load(tmp_path / "a.npz") as back:
        assert list(back) == ["arr_0", "arr_1"]


def test_a_file_without_images_names_what_it_has(tmp_path):
    np.savez(tmp_path / "a.npz", names=np.array(["a"]), times=np.zeros(5))
    with pytest.raises(ImageError, match=r"a\.npz holds no image, only names, times; give"):
        read_image(tmp_path / "a.npz")


def test_the_order_of_all_arrays_and_that_of_samples_come_back(tmp_path):
    first, last = {"labels": RAMP.astype(np.int32)}, {"times": np.zeros(5)}
    np.savez(tmp_path / "a.npz", **first, cells=np.asfortranarray(RAMP), **last, c=RAMP)
    npz.write(tmp_path / "b.npz", npz.read(tmp_path / "a.npz"))
    with np.load(tmp_path / "b.npz") as back:
        assert list(back) == ["labels", "cells", "times", "c"]
        assert [np.isfortran(back[name]) for name in ("cells", "c")] == [True, False]
        np.testing.assert_array_equal(back["cells"], RAMP)
