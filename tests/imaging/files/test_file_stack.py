"""Files as one array: what is read when, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import file_stack
from napari_zerodce.imaging.files.file_stack import FileStack
from napari_zerodce.imaging.files.image_file import ImageFile


@pytest.fixture
def whole(tmp_path):
    array = np.arange(4 * 2 * 5 * 6).reshape(4, 2, 5, 6)
    for number, part in enumerate(array):
        np.save(tmp_path / f"{number}.npy", part)
    return array


@pytest.fixture
def stack(whole, tmp_path):
    paths = [tmp_path / f"{number}.npy" for number in range(4)]
    return FileStack(paths, ImageFile(whole[0], "mono"))


@pytest.mark.parametrize(
    "key", [1, (2, 1), (3, 0, slice(1, 4), slice(0, 2)), slice(1, 3), (slice(0, 4, 3), 1)]
)
def test_regions_are_those_of_the_whole(whole, stack, key):
    assert (stack.shape, stack.dtype, stack.ndim) == (whole.shape, whole.dtype, whole.ndim)
    np.testing.assert_array_equal(stack[key], whole[key])


def test_each_file_is_read_once_while_there_is_room(whole, tmp_path, monkeypatch):
    read = []

    def reading(path):
        read.append(path.stem)
        return ImageFile(np.load(path), "mono")

    paths = [tmp_path / f"{number}.npy" for number in range(4)]
    stack = FileStack(paths, ImageFile(whole[0], "mono"), read=reading)
    for number in (0, 1, 0, 1):
        _ = stack[number]
    assert read == ["0", "1"]
    monkeypatch.setattr(file_stack, "_MOST_KEPT", whole[0].nbytes)
    for number in (2, 2, 0):
        _ = stack[number]
    assert read == ["0", "1", "2", "0"]


def test_a_file_that_has_changed_is_refused(stack, tmp_path):
    np.save(tmp_path / "2.npy", np.zeros((3, 3)))
    with pytest.raises(ImageError, match=r"2.npy has changed since the command began"):
        _ = stack[2]
    assert stack[1].shape == (2, 5, 6)
