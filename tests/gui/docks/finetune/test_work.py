"""Crops in the background: the images of a folder are added to the layers'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.requests import EnhanceRequest, ignore
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.gui.docks.finetune import work
from napari_zerodce.gui.docks.finetune.proposal import Material
from napari_zerodce.imaging.files.images import ImageFile, write_image
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.new_run import TrainingRequest

LAYER = TrainingImage("layer", np.ones((8, 8), np.uint8), "mono")


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[TrainingRequest, Path]]:
    """The wishes that would be prepared."""
    wishes: list[tuple[TrainingRequest, Path]] = []

    def create_run(wish: TrainingRequest, output: Path, *, should_stop: Any) -> str:
        if should_stop():
            raise Cancelled
        wishes.append((wish, output))
        return "a run"

    monkeypatch.setattr(work, "create_run", create_run)
    return wishes


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for name in ("a.png", "below/b.png"):
        write_image(folder / name, ImageFile(np.full((8, 9), 7, np.uint8), "mono"))
    (folder / "notes.txt").write_text("no image")
    return folder


def _prepare(wish: TrainingRequest, images: Path | None, output: Path, stop: Any = never) -> Any:
    return work.preparing(wish, images, output)(ignore, stop)


def test_without_a_folder_the_layers_are_all(
    prepared: list[tuple[TrainingRequest, Path]], tmp_path: Path
) -> None:
    wish = TrainingRequest([LAYER], preset="fluorescence", steps=7)
    assert _prepare(wish, None, tmp_path / "run") == "a run"
    ((whole, output),) = prepared
    assert output == tmp_path / "run"
    assert list(whole.images) == [LAYER]
    assert (whole.preset, whole.steps) == ("fluorescence", 7)


def test_images_of_a_folder_and_of_its_subfolders_are_added(
    prepared: list[tuple[TrainingRequest, Path]], images: Path, tmp_path: Path
) -> None:
    wish = TrainingRequest([LAYER])
    _prepare(wish, images, tmp_path / "run")
    ((whole, _),) = prepared
    assert [image.name for image in whole.images] == ["layer", "a.png", "below/b.png"]
    assert (np.asarray(whole.images[1].array) == 7).all()
    assert list(wish.images) == [LAYER], "the wish itself stays as it is"


@pytest.mark.parametrize(
    ("window", "shared"),
    [
        (WindowChoice("minmax"), WindowChoice("minmax")),
        (WindowChoice("range", 5, 90), WindowChoice("auto")),  # numbers are of that layer alone
        (None, WindowChoice("auto")),
    ],
)
def test_window_of_the_first_layer_serves_the_folder_if_it_can(
    prepared: list[tuple[TrainingRequest, Path]],
    images: Path,
    tmp_path: Path,
    window: WindowChoice | None,
    shared: WindowChoice,
) -> None:
    pictures = [] if window is None else [TrainingImage("layer", LAYER.array, "mono", window)]
    _prepare(TrainingRequest(pictures), images, tmp_path / "run")
    ((whole, _),) = prepared
    assert whole.images[-1].window == shared


def test_files_that_cannot_be_read_are_notices(
    prepared: list[tuple[TrainingRequest, Path]], images: Path, tmp_path: Path
) -> None:
    (images / "broken.png").write_bytes(b"no image")
    _prepare(TrainingRequest([]), images, tmp_path / "run")
    ((whole, _),) = prepared
    assert [image.name for image in whole.images] == ["a.png", "below/b.png"]
    (notice,) = whole.notices
    assert "broken.png" in notice


def test_empty_folder_is_one_sentence_unless_there_are_layers(
    prepared: list[tuple[TrainingRequest, Path]], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RequestError, match="contains no readable image"):
        _prepare(TrainingRequest([]), empty, tmp_path / "run")
    assert prepared == []
    _prepare(TrainingRequest([LAYER]), empty, tmp_path / "run")
    assert list(prepared[0][0].images) == [LAYER]


def test_reading_can_be_stopped(
    prepared: list[tuple[TrainingRequest, Path]], images: Path, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        _prepare(TrainingRequest([]), images, tmp_path / "run", lambda: True)
    assert prepared == []


def test_images_are_looked_at_and_those_of_a_folder_are_counted(images: Path) -> None:
    generator = np.random.default_rng(0)
    colour = EnhanceRequest(generator.integers(0, 60, (8, 8, 3), np.uint8), "rgb")
    invalid = EnhanceRequest(np.zeros((8, 8), bool), "mono")
    material = work.examining([colour, invalid], images)(ignore, never)
    assert material == Material(
        (AutomaticChoice("photo", "the image is in colour"),), images=4, is_colour=True
    )
    alone = work.examining([], images)(ignore, never)
    assert (len(alone.choices), alone.images, alone.is_colour) == (1, 2, False)
    assert work.examining([], None)(ignore, never) == Material()


def test_looking_at_images_can_be_cancelled() -> None:
    request = EnhanceRequest(np.ones((600, 600), np.uint16), "mono")
    with pytest.raises(Cancelled):
        work.examining([request], None)(ignore, lambda: True)
