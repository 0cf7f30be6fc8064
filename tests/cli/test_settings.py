"""What was typed is what the engine is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.cli.parser import build_parser
from napari_zerodce.cli.settings import Settings
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.windows import WindowChoice

IMAGE = ImageFile(np.zeros((4, 5, 4), np.uint8), "rgba")
WORDS = [
    *("--checkpoint", "zero-dce-pp", "--scale-factor", "7", "--window", "3,90"),
    *("--device", "cpu", "--precision", "bfloat16", "--tile", "64", "--overwrite"),
]


@pytest.mark.parametrize(("command", "output"), [("enhance", "b.png"), ("maps", "b.npy")])
def test_every_choice_goes_through(command: str, output: str) -> None:
    options = build_parser().parse_args([command, "a.png", "--output", output, *WORDS])
    look = Look(0.5)
    settings = Settings.of(options, look=look)
    assert settings.overwrite
    checkpoint = settings.load()
    assert (checkpoint.info.name, checkpoint.info.scale_factor) == ("zero-dce-pp", 7)
    request = settings.request(IMAGE, checkpoint)
    assert request.image is IMAGE.array
    assert request.channels == "rgba"
    assert request.checkpoint is checkpoint
    assert (request.device, request.precision) == ("cpu", "bfloat16")
    assert request.window == WindowChoice("range", 3, 90)
    assert request.tile == 64
    assert request.look == look


def test_defaults_leave_the_choice_to_the_engine() -> None:
    settings = Settings.of(build_parser().parse_args(["maps", "a.png", "--output", "b.npy"]))
    request = settings.request(IMAGE, settings.load())
    assert (request.device, request.precision) == ("auto", "auto")
    assert request.window == WindowChoice("auto")
    assert request.tile is None
    assert request.look == AS_PUBLISHED
    assert not settings.overwrite
