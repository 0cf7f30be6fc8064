"""How long pictures of a series are shown: in each unit, and by each kind of file."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.imaging.files import ImageFile, read_image, write_image
from napari_zerodce.imaging.files.frame_times import durations_in, in_steps, step_in
from napari_zerodce.imaging.files.images import left_out

FRAMES = np.random.default_rng(0).integers(0, 256, (4, 8, 9), dtype=np.uint8)


@pytest.mark.parametrize(
    ("step", "unit", "seconds"),
    [
        (0.04, "s", Fraction(1, 25)),
        (40.0, "ms", Fraction(1, 25)),
        (40_000.0, "µs", Fraction(1, 25)),
        (2.0, "min", Fraction(120)),
    ],
)
def test_a_step_in_time_has_any_unit(step, unit, seconds, tmp_path) -> None:
    metadata = {"axes": "TYX", "TimeIncrement": step, "TimeIncrementUnit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", FRAMES, metadata=metadata)
    assert step_in(read_image(tmp_path / "a.ome.tif")) == seconds
    assert step_in(ImageFile(FRAMES, "mono", {"axes": "TYX"})) is None


def test_steps_do_not_drift() -> None:
    steps = in_steps([Fraction(100, 30)] * 30)
    assert sum(steps) == 100
    assert set(steps) == {3, 4}


def _animation(path, durations) -> None:
    first, *others = (Image.fromarray(each) for each in FRAMES)
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0)


def test_equal_times_pass_through_a_tiff(tmp_path) -> None:
    _animation(tmp_path / "a.png", [60] * 4)
    image = read_image(tmp_path / "a.png")
    assert left_out("a.tif", [image]) == ()
    copy = read_image(write_image(tmp_path / "a.tif", image))
    again = read_image(write_image(tmp_path / "b.gif", copy))
    assert durations_in(again) == (60,) * 4


def test_times_that_differ_are_told_where_a_file_holds_none(tmp_path) -> None:
    _animation(tmp_path / "a.gif", [60, 90, 60, 120])
    image = read_image(tmp_path / "a.gif")
    assert durations_in(image) == (60, 90, 60, 120)
    assert left_out("a.tif", [image]) == ("durations of the pictures",)
    assert left_out("a.webp", [image]) == ()
