"""Which colour images are grey, and how much of a lazy one is read to know it."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.grey import GreyPlanes, is_grey
from napari_zerodce.imaging.planes import layout_of


def grey(*shape, dtype=np.uint8):
    return np.repeat(np.arange(np.prod(shape)).reshape(*shape, 1).astype(dtype), 3, -1)


@pytest.mark.parametrize("dtype", ["u1", ">u2", "f4"])
def test_one_pixel_with_a_colour_decides(dtype):
    image = grey(2, 7, 9, dtype=dtype)
    layout = layout_of(image, channels="rgb")
    assert is_grey(image, layout)
    for colour in range(3):
        other = image.copy()
        other[1, 6, 8, colour] += 1
        assert not is_grey(other, layout)


def test_alpha_and_nan_are_no_colours():
    image = grey(4, 5, dtype="f4")
    image[0, 0] = np.nan
    assert is_grey(image, layout_of(image, channels="rgb"))
    image[0, 0, 0] = 1
    assert not is_grey(image, layout_of(image, channels="rgb"))
    rgba = np.concatenate((grey(4, 5), np.full((4, 5, 1), 77, "u1")), -1)
    assert is_grey(rgba, layout_of(rgba, channels="rgba"))


def test_mono_is_not_a_grey_image_in_colours():
    image = np.zeros((4, 5), "u1")
    assert not is_grey(image, layout_of(image, channels="mono"))


class Lazy:
    """A large image of colours that counts how many samples are read of it."""

    def __init__(self, shape, *, colour, grey=5):
        self.grey, self.shape, self.dtype, self.colour, self.read = (
            grey,
            shape,
            np.dtype("u1"),
            colour,
            0,
        )

    def __getitem__(self, key):
        size = [len(range(*k.indices(n))) for k, n in zip(key, self.shape, strict=True)]
        self.read += int(np.prod(size))
        block = np.zeros(size, "u1")
        block[..., 0] = self.colour
        block[:, ::2] += self.grey
        return block


@pytest.mark.parametrize(("colour", "most"), [(1, 2**18), (0, 2**24)])
def test_of_a_lazy_image_few_samples_are_read_and_of_a_photo_one_region(colour, most):
    image = Lazy((64, 4096, 4096, 3), colour=colour)
    assert is_grey(image, layout_of(image, channels="rgb")) is not bool(colour)
    assert 0 < image.read <= most


def test_an_image_that_cannot_be_read_is_not_called_grey():
    class Broken(Lazy):
        def __getitem__(self, key):
            raise OSError("gone")

    image = Broken((8, 8, 3), colour=0)
    assert not is_grey(image, layout_of(image, channels="rgb"))
    with pytest.raises(Cancelled):
        is_grey(image, layout_of(image, channels="rgb"), should_stop=lambda: True)


def test_samples_of_one_brightness_tell_nothing_about_a_large_image():
    black = Lazy((64, 4096, 4096, 3), colour=0, grey=0)
    assert not is_grey(black, layout_of(black, channels="rgb"))
    small = Lazy((64, 64, 3), colour=0, grey=0)
    assert is_grey(small, layout_of(small, channels="rgb")), "all of it was read"


@pytest.mark.parametrize("first", [0, 13, 34])
def test_a_few_frames_in_colour_decide_and_one_chunk_a_frame(first):
    stack = grey(40, 8, 9)
    stack[first : first + 6, ..., 1] //= 2
    sparse = da.from_array(stack, chunks=(1, 8, 9, 3)).repeat(500, axis=1).repeat(50, axis=2)
    assert sparse.size > 2**24
    assert not is_grey(sparse, layout_of(sparse, channels="rgb"))


def test_a_coarser_level_tells_of_colours_between_the_regions():
    image = Lazy((64, 4096, 4096, 3), colour=0)
    overview = grey(64, 16, 16)
    overview[33, 7, 7, 0] += 1
    layout = layout_of(image, channels="rgb")
    assert is_grey(image, layout, coarser=[grey(64, 16, 16)])
    assert not is_grey(image, layout, coarser=[overview])


def test_planes_are_looked_at_once_and_each_alone():
    stack = grey(3, 8, 9)
    stack[1, 0, 0, 2] += 1
    planes = GreyPlanes(stack, layout_of(stack, channels="rgb"))
    assert [planes.holds((n,)) for n in range(3)] == [True, False, True]
    stack[0, 0, 0, 2] += 1
    assert planes.holds((0,)), "what was found stays"
    assert not GreyPlanes(stack[..., 0], layout_of(stack[..., 0], channels="mono")).holds((0,))
    assert planes.index_of((5,), (6,)) == (2,)
    with pytest.raises(Cancelled):
        GreyPlanes(stack, layout_of(stack, channels="rgb")).holds((2,), should_stop=lambda: True)
