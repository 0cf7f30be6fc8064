"""What is compared in the background: a look with its image, a file with its layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.engine.fidelity import measure_fidelity
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, ignore
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.gui.docks.adjust.work import comparing, comparing_file
from napari_zerodce.imaging.files.images import ImageFile, write_image
from napari_zerodce.stopping import never

RAMP = np.arange(72, dtype=np.uint16).reshape(8, 9) * 100


def _written(folder: Path, image: np.ndarray, name: str = "photo.tif") -> Path:
    path = folder / name
    write_image(path, ImageFile(image, "rgb" if image.shape[-1] == 3 else "mono"))
    return path


def _said(path: Path, data: Any) -> str:
    said = comparing_file(path, data)(ignore, never)
    assert isinstance(said, str)
    return said


@pytest.mark.parametrize(
    "image",
    [
        RAMP,
        np.arange(72 * 3, dtype=np.uint8).reshape(8, 9, 3),
        np.arange(3 * 72, dtype=np.uint16).reshape(3, 8, 9),
        np.arange(2 * 3 * 72, dtype=np.float32).reshape(2, 3, 8, 9),
        np.array([[7]], np.uint8),
    ],
    ids=lambda image: f"{image.shape} {image.dtype}",
)
def test_nothing_is_said_of_a_file_with_the_layers_pixels(
    tmp_path: Path, image: np.ndarray
) -> None:
    assert _said(_written(tmp_path, image), image) == ""


def test_nan_is_the_same_as_nan(tmp_path: Path) -> None:
    image = np.full((8, 9), np.nan, np.float32)
    path = _written(tmp_path, image)
    assert _said(path, image.copy()) == ""
    image[3, 4] = 1
    assert _said(path, image) != ""


@pytest.mark.parametrize("shape", [(8, 9), (3, 8, 9), (2, 3, 8, 9)])
def test_one_other_pixel_is_a_change(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image = np.zeros(shape, np.uint16)
    path = _written(tmp_path, image)
    image[(-1,) * len(shape)] = 1
    assert _said(path, image) == "photo.tif has changed: its pixels differ from those of the layer."


@pytest.mark.parametrize(
    ("data", "layer"),
    [
        (RAMP[None], "1x8x9 uint16"),
        (RAMP.astype(np.float32), "8x9 float32"),
        (RAMP[:4], "4x9 uint16"),
    ],
)
def test_other_shape_or_type_is_how_napari_opened_it(
    tmp_path: Path, data: np.ndarray, layer: str
) -> None:
    assert _said(_written(tmp_path, RAMP), data) == (
        f"photo.tif holds 8x9 uint16, but the layer {layer}: napari read it in another way; "
        "save the layer as a TIFF file and enhance that."
    )


def test_layer_that_is_gone_cannot_be_compared(tmp_path: Path) -> None:
    assert _said(_written(tmp_path, RAMP), None) == (
        "the source layer was deleted, so a change of its file cannot be detected."
    )


@pytest.mark.parametrize("content", [None, b"", b"no image"])
def test_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "photo.tif"
    if content is not None:
        path.write_bytes(content)
    said = _said(path, RAMP)
    assert said.startswith("the command cannot read the source file: ")
    assert "photo.tif" in said


def test_comparing_a_look_measures_what_the_view_renders() -> None:
    settings = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu")
    whole = Viewport(slice(0, 8), slice(0, 9))
    view = estimate_view(EnhanceRequest(RAMP, "mono", settings), whole)
    look = Look(strength=0.5)
    found = comparing(view, look)(ignore, never)
    assert found == measure_fidelity(view, look, view.render(look))
    assert comparing(view, Look(strength=0))(ignore, never) != found
