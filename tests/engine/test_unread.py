"""Planes that cannot be read are named, and left out if the request says so: the rest is done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce import enhance as enhance_array
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError, UnreadableError
from napari_zerodce.imaging.windows import WindowChoice

STACK = np.linspace(90, 4000, 4 * 30 * 40).reshape(4, 30, 40).astype(np.uint16)
RANGE = WindowChoice("range", 90, 4000)


class Damaged:
    """A lazy stack of which some planes cannot be read."""

    def __init__(self, planes, array=STACK):
        self.array, self.shape, self.dtype, self.planes = array, array.shape, array.dtype, planes
        self.chunks = (1, *array.shape[1:])

    def __getitem__(self, key):
        first = key[0] if isinstance(key, tuple) else key
        wanted = {first} if isinstance(first, int) else set(range(len(self.array))[first])
        if wanted & set(self.planes):
            raise OSError(5, "the drive is gone")
        return self.array[key]


class DamagedAtTheEnd(Damaged):
    """Of which the last columns of a plane cannot be read, and planes are too large to load."""

    def __getitem__(self, key):
        if len(key) == 3 and key[0] in self.planes and key[2].stop == self.shape[2]:
            raise OSError(5, "the drive is gone")
        return self.array[key]


def request_for(image, window=RANGE, look=None, **options):
    settings = EnhanceSettings("zero-dce-pp", window=window, device="cpu", look=look or Look())
    return EnhanceRequest(image, "mono", settings, skip_unreadable=True, **options)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_the_rest_is_done(dtype):
    stack = STACK.astype(dtype)
    told = []
    result = enhance(request_for(Damaged({1, 3}, stack)), report=told.append)
    whole = enhance(request_for(stack)).image
    empty = np.full((30, 40), np.nan if dtype == np.float32 else 0, dtype)
    for plane, expected in enumerate((whole[0], empty, whole[2], empty)):
        np.testing.assert_array_equal(result.image[plane], expected)
    assert result.missing == ((1,), (3,))
    fill = "NaN" if dtype == np.float32 else "0"
    (notice,) = result.notices
    assert notice == (
        f"2 of 4 planes are missing, and are {fill} in the result (1; 3): Plane 1 cannot be read: "
        "the drive is gone; check its file, or choose a part without this plane."
    )
    assert told[-1].fraction == 1, "the progress reaches its end"
    assert result.provenance.missing == ((1,), (3,))


def test_a_plane_that_is_read_by_regions_is_missing_as_a_whole(monkeypatch):
    monkeypatch.setattr("napari_zerodce.engine.image_plane._LARGEST_LOADED", 1)
    request = request_for(DamagedAtTheEnd({2}))
    result = enhance(replace(request, settings=replace(request.settings, tile=16)))
    assert result.missing == ((2,),)
    assert not result.image[2].any()
    assert result.image[[0, 1, 3]].all()


def test_only_missing_planes_are_an_error():
    with pytest.raises(UnreadableError, match="Plane 0 cannot be read: the drive is gone"):
        enhance(request_for(Damaged({0, 1, 2, 3})))
    with pytest.raises(UnreadableError, match="The image cannot be read"):
        enhance(request_for(SelectedAlone()))


class SelectedAlone(Damaged):
    """A single plane that cannot be read."""

    def __init__(self):
        super().__init__({0}, STACK[0])
        self.chunks = None

    def __getitem__(self, key):
        raise OSError(5, "the drive is gone")


def test_a_global_curve_is_that_of_the_planes_that_are_there():
    look = Look(global_curve=True)
    result = enhance(request_for(Damaged({0}), look=look))
    alone = enhance(request_for(STACK[1:], look=look))
    assert result.global_curve == alone.global_curve
    np.testing.assert_array_equal(result.image[1:], alone.image)
    with pytest.raises(UnreadableError, match="Plane 0"):
        enhance(request_for(Damaged({0, 1, 2, 3}), look=look))


@pytest.mark.parametrize("chunks", [(1, 30, 40), (1, 7, 9), None])
def test_the_search_for_a_window_leaves_them_out_and_says_so(chunks):
    image = Damaged({3})
    image.chunks = chunks
    result = enhance(request_for(image, WindowChoice("minmax")))
    assert result.window.low == STACK[0].min()
    assert result.window.high == STACK[2].max()
    notice = result.notices[0]
    assert "not count for the window: A part of the image cannot be read" in notice
    assert notice.startswith("25 parts" if chunks == (1, 7, 9) else "1 part of")


def test_a_channel_that_cannot_be_read_does_not_stop_the_others():
    image = Damaged({1}, STACK[:2])
    result = enhance(request_for(image, WindowChoice("minmax"), channel_axis=0))
    alone = enhance(request_for(STACK[:1], WindowChoice("minmax"), channel_axis=0))
    np.testing.assert_array_equal(result.image[0], alone.image[0])
    assert result.missing == ((1,),)


def test_in_python_it_is_a_choice_and_a_warning():
    choices = {"checkpoint": "zero-dce-pp", "window": (90, 4000), "device": "cpu"}
    with pytest.raises(ImageError, match="Plane 2 cannot be read"):
        enhance_array(Damaged({2}), **choices)
    with pytest.warns(UserWarning, match=r"1 of 4 planes is missing, .* \(2\): Plane 2"):
        image = enhance_array(Damaged({2}), skip_unreadable=True, **choices)
    assert image[3].any()
