"""A part of an image is enhanced as it is within the whole, and finished planes survive a stop."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from napari_zerodce import enhance as enhance_array
from napari_zerodce.engine.crew import ALONE, Crew
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError, RequestError
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope

STACK = np.random.default_rng(0).integers(90, 4000, (3, 2, 60, 70)).astype(np.uint16)
PHOTO = np.random.default_rng(1).integers(0, 90, (80, 70, 4)).astype(np.uint8)


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize("part", ["1:2,0:1,:,:", "1:3,:,20:41,3:70", "0:3,1:2,59:60,0:1"])
@pytest.mark.parametrize("tile", [16, None])
def test_a_part_of_a_stack_equals_that_part_of_the_whole(checkpoint, part, tile, bits_are_steady):
    chosen = Scope.parse(part, layout_of(STACK, channels="mono"))
    given = {"channels": "mono", "device": "cpu", "tile": tile, "precision": "float32"}
    whole = enhance_array(STACK, checkpoint, **given)
    found = enhance_array(STACK, checkpoint, part=part, **given)
    leading = tuple(slice(*ends) for ends in chosen.leading)
    expected = whole[(*leading, *chosen.region)].astype(int)
    assert found.shape == chosen.shape_in(layout_of(STACK, channels="mono"))
    assert np.abs(found - expected).max() <= (0 if bits_are_steady else 1)


def test_a_region_of_a_photo_keeps_its_alpha(bits_are_steady):
    whole = enhance_array(PHOTO, "zero-dce", device="cpu")
    found = enhance_array(PHOTO, "zero-dce", device="cpu", part="10:50,60:70")
    np.testing.assert_array_equal(found[..., 3], PHOTO[10:50, 60:70, 3])
    difference = np.abs(found.astype(int) - whole[10:50, 60:70]).max()
    assert difference <= (0 if bits_are_steady else 1)


def test_a_global_curve_is_that_of_the_part():
    look = Look(global_curve=True)
    alone = enhance_array(STACK[1:2], "zero-dce", channels="mono", window=(90, 4000), look=look)
    found = enhance_array(
        STACK, "zero-dce", channels="mono", window=(90, 4000), look=look, part="1,:,:,:"
    )
    np.testing.assert_array_equal(found, alone)


def test_a_part_outside_the_image_is_refused_before_anything_is_read():
    scope = Scope(((0, 4), (0, 2)), (0, 60), (0, 70))
    request = EnhanceRequest(STACK, "mono", EnhanceSettings(device="cpu"), scope)
    with pytest.raises(RequestError, match="is not inside the image"):
        enhance(request)


def test_the_result_says_which_part_it_is():
    scope = Scope.plane(layout_of(STACK, channels="mono"), (2, 1))
    result = enhance(EnhanceRequest(STACK, "mono", EnhanceSettings(device="cpu"), scope))
    assert result.scope == scope
    assert result.provenance.part == "2:3,1:2,0:60,0:70"
    whole = enhance(EnhanceRequest(STACK, "mono", EnhanceSettings(device="cpu")))
    assert whole.scope is None
    assert whole.provenance.part == ""


@pytest.fixture
def wish():
    """The wish to stop."""
    return threading.Event()


@pytest.fixture
def stopped_after(wish):
    """Stops a run when it begins to read a plane, and returns the exception."""

    def stopped_after(planes):
        read = []

        class Counted:
            shape, dtype = STACK.shape, STACK.dtype

            def __getitem__(self, key):
                read.append(key)
                if len(read) > planes:
                    wish.set()
                return STACK[key]

        window = EnhanceSettings().window.parse("90,4000")
        settings = EnhanceSettings("zero-dce", window, device="cpu")
        with pytest.raises(Cancelled) as caught:
            enhance(EnhanceRequest(Counted(), "mono", settings), should_stop=wish.is_set)
        return caught.value

    return stopped_after


def assert_finished(stop, count):
    finished = stop.finished
    whole = enhance_array(STACK, "zero-dce", channels="mono", window=(90, 4000), device="cpu")
    assert finished.scope.count == count
    np.testing.assert_array_equal(finished.image, whole[: count // 2])
    assert finished.provenance.part == str(finished.scope)


def test_finished_planes_survive_a_stop(stopped_after, monkeypatch):
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: ALONE)
    assert_finished(stopped_after(5), 4)  # whole rows of two planes


def test_planes_in_work_are_not_finished(stopped_after, wish, monkeypatch):
    begin, begun = PlaneMeter.begin, iter(range(100))

    def held(meter, work):
        if next(begun) >= 2:
            wish.wait(120)
        begin(meter, work)

    monkeypatch.setattr(PlaneMeter, "begin", held)
    crew = "napari_zerodce.engine.resolved.crew_for"
    monkeypatch.setattr(crew, lambda _, backend: Crew(2, backend))
    assert_finished(stopped_after(5), 2)


def test_nothing_is_finished_before_the_first_plane(stopped_after):
    assert stopped_after(0).finished is None


class Damaged:
    """A lazy array of which one plane cannot be read."""

    shape, dtype = STACK.shape, STACK.dtype

    def __init__(self, plane, error):
        self.plane, self.error = plane, error

    def __getitem__(self, key):
        if key[:2] == self.plane:
            raise self.error
        return STACK[key]


@pytest.mark.parametrize(
    "error", [OSError(5, "the drive is gone"), ValueError("the drive is gone.")]
)
def test_plane_that_cannot_be_read_is_named_and_those_before_it_survive(monkeypatch, error):
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: ALONE)
    settings = EnhanceSettings(device="cpu", window=EnhanceSettings().window.parse("90,4000"))
    with pytest.raises(ImageError) as caught:
        enhance(EnhanceRequest(Damaged((1, 1), error), "mono", settings))
    assert str(caught.value) == (
        "Plane 1, 1 cannot be read: the drive is gone; "
        "check its file, or choose a part without this plane."
    )
    assert caught.value.__cause__ is error
    whole = enhance(EnhanceRequest(STACK, "mono", settings))
    finished = caught.value.finished
    assert finished.scope.count == 2, "whole rows of two planes"
    np.testing.assert_array_equal(finished.image, whole.image[:1])


def test_image_that_cannot_be_read_for_its_window_is_told():
    class Lost(Damaged):
        def __getitem__(self, key):
            raise self.error

    request = EnhanceRequest(Lost(None, OSError("gone")), "mono")
    with pytest.raises(
        ImageError, match="A part of the image cannot be read: gone; check the file"
    ):
        enhance(request)
