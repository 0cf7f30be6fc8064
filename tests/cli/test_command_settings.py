"""What was typed is what the engine is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.parser import build_parser
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.errors import RequestError
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
    settings = CommandSettings.of(options, look=look)
    assert settings.overwrite
    checkpoint = settings.load()
    assert (checkpoint.info.name, checkpoint.info.scale_factor) == ("zero-dce-pp", 7)
    request = settings.request(IMAGE, checkpoint)
    assert request.image is IMAGE.array
    assert request.channels == "rgba"
    assert request.settings.checkpoint is checkpoint
    assert (request.settings.device, request.settings.precision) == ("cpu", "bfloat16")
    assert request.settings.window == WindowChoice("range", 3, 90)
    assert request.settings.tile == 64
    assert request.settings.look == look


def test_defaults_leave_the_choice_to_the_engine() -> None:
    settings = CommandSettings.of(build_parser().parse_args(["maps", "a.png", "--output", "b.npy"]))
    request = settings.request(IMAGE, settings.load())
    assert (request.settings.device, request.settings.precision) == ("auto", "auto")
    assert request.settings.window == WindowChoice("auto")
    assert request.settings.tile is None
    assert request.settings.look == AS_PUBLISHED
    assert not settings.overwrite


def _settings(*words: str) -> CommandSettings:
    return CommandSettings.of(
        build_parser().parse_args(["enhance", "a.png", "--output", "b.png", *words])
    )


def test_automatic_weights_are_left_to_each_image() -> None:
    settings = _settings()
    assert settings.load() is None
    assert settings.request(IMAGE, None).settings.is_automatic


def test_what_would_fail_for_each_image_fails_before_the_first() -> None:
    with pytest.raises(RequestError, match="no scale factor"):
        _settings("--scale-factor", "3").load()
    with pytest.raises(RequestError, match="give --checkpoint, too"):
        _settings("--checkpoint-sha256", "0" * 64)
    with pytest.raises(RequestError, match="no device"):
        _settings("--device", "cuda:77").load()
