"""Methods keep the type of a picture and what is outside its window."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.methods import checkpoint_methods, in_dtype, in_its_window, simple_methods


@pytest.fixture
def frame() -> np.ndarray:
    image = np.random.default_rng(0).normal(300, 20, (64, 64))
    image[20:40, 20:40] += 2000
    return image.round().astype(np.uint16)


def test_names():
    names = [method.name for method in simple_methods()]
    assert names == ["source", "gamma 0.4", "CLAHE", "per-image fitting"]
    assert len(simple_methods(fitting=False)) == 3


def test_each_method_on_a_frame_and_a_photo(frame):
    photo = np.random.default_rng(0).integers(0, 80, (40, 48, 3), np.uint8)
    for method in [*simple_methods(), *checkpoint_methods(["zero-dce-pp"])]:
        for picture in (frame, photo):
            result = method.apply(picture)
            assert (result.dtype, result.shape) == (picture.dtype, picture.shape)
            if method.name != "source":
                assert result.mean() > picture.mean()


def test_samples_outside_the_window_stay():
    image = np.arange(10_001, dtype=np.float32)[None]
    result = in_its_window(np.zeros_like)(image)
    assert (result[image < 10] == image[image < 10]).all()
    assert (result[image > 9991] == image[image > 9991]).all()
    assert result[(image > 10) & (image < 9990)] == pytest.approx(10, abs=1e-3)


def test_a_constant_frame_stays():
    image = np.full((8, 8), 5, np.uint16)
    assert (in_its_window(np.zeros_like)(image) == 5).all()


def test_rounding():
    assert list(in_dtype(np.array([-3.0, 1.6, 300.0]), np.dtype(np.uint8))) == [0, 2, 255]
    assert in_dtype(np.array([1.6]), np.dtype(np.float32)) == np.float32(1.6)
