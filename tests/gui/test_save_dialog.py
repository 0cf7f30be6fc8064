"""The commands that ask for a file: saved in the background, or opened, or one sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from npe2 import PluginManager
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.engine import growing, save_lazy
from napari_zerodce.engine.lazy import EnhancedLevel, LazyEnhancement
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.gui.save_dialog import _saving, open_saved_folder, save_active_layer
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.imaging.files.saved import SavedImage, read_saved
from napari_zerodce.stopping import ShouldStop

STACK = np.arange(2 * 30 * 40, dtype=np.uint16).reshape(2, 30, 40)
Type = Callable[..., list[str]]


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types a name in the next dialog with one of the kinds; returns what the dialog proposed."""

    def types(name: str, kind: str = "TIFF") -> list[str]:
        proposed: list[str] = []

        def dialog(_parent: Any, _title: str, path: str, kinds: str) -> tuple[str, str]:
            proposed.extend([path, kinds])
            return name, next(each for each in kinds.split(";;") if each.startswith(kind))

        monkeypatch.setattr(QFileDialog, "getSaveFileName", dialog)
        return proposed

    return types


@pytest.fixture
def said() -> list[str]:
    """The sentences of napari's notifications."""
    found: list[str] = []

    def note(event: Any) -> None:
        found.append(event.message)

    notification_manager.notification_ready.connect(note)
    yield found
    notification_manager.notification_ready.disconnect(note)


def finish(qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not Job._alive)


@pytest.mark.parametrize(
    ("typed", "kind", "written"),
    [
        ("a", "TIFF", "a.zerodce.tif"),
        ("a", "OME-Zarr", "a.ome.zarr"),
        ("a.ome.zarr", "TIFF", "a.ome.zarr"),
        ("a.zerodce.tif", "OME-Zarr", "a.zerodce.tif"),
    ],
)
def test_layer_is_saved_as_the_name_or_else_the_kind_says(
    model: ViewerModel,
    qtbot: Any,
    tmp_path: Path,
    types: Type,
    said: list[str],
    typed: str,
    kind: str,
    written: str,
) -> None:
    model.add_image(STACK, name="cells/1")
    proposed = types(str(tmp_path / typed), kind)
    save_active_layer(model)
    finish(qtbot)
    assert Path(proposed[0]).name == "cells_1"
    assert said == [f"Saved {tmp_path / written}."]
    np.testing.assert_array_equal(read_saved(tmp_path / written).levels[0], STACK)


def test_without_an_image_or_a_name_nothing_is_saved(
    model: ViewerModel, types: Type, said: list[str], tmp_path: Path
) -> None:
    save_active_layer(model)
    assert said == ["No image layer is active; select the image layer to save and try again."]
    model.add_image(STACK)
    types("")
    save_active_layer(model)
    assert not Job._alive
    assert list(tmp_path.iterdir()) == []


def test_failure_is_one_sentence(
    model: ViewerModel, qtbot: Any, types: Type, said: list[str], tmp_path: Path
) -> None:
    model.add_image(STACK)
    (tmp_path / "a.zerodce.tif").touch()
    types(str(tmp_path / "a"))
    save_active_layer(model)
    assert "exists already; type the whole name to replace it" in said[0]
    types(str(tmp_path / "a.zerodce.tif" / "b"))
    save_active_layer(model)
    finish(qtbot)
    assert "cannot be written: " in said[1]


def test_saving_can_be_stopped(tmp_path: Path) -> None:
    image = SavedImage((STACK,), "mono", "ZYX", (1.0,) * 3, (0.0,) * 3, ("pixel",) * 3)
    told: list[float] = []
    work = _saving(tmp_path / "a.zarr", image)
    with pytest.raises(Cancelled):
        work(lambda progress: told.append(progress.fraction), lambda: bool(told))
    assert told == [0.5]
    assert list(tmp_path.iterdir()) == []


class LazyResult:
    """The data of a lazy result layer: what is not known yet reads as empty."""

    def __init__(self, computed: EnhancedLevel) -> None:
        self.computed, self.shape, self.dtype = computed, computed.shape, computed.dtype
        self.ndim = computed.ndim

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.zeros(self.shape, self.dtype)[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.zeros(self.shape, self.dtype)


def add_lazy(model: ViewerModel) -> EnhancedLevel:
    settings = EnhanceSettings("zero-dce-pp", device="cpu", precision="float32")
    resolved = resolve(EnhanceRequest(STACK, "mono", settings))
    (level,) = LazyEnhancement(resolved).levels
    limits = (0, STACK.max())
    model.add_image(LazyResult(level), name="bright", contrast_limits=limits, multiscale=False)
    return level


@pytest.mark.parametrize("name", ["a.ome.zarr", "a.zerodce.tif"])
def test_lazy_result_is_computed_as_it_is_saved(
    model: ViewerModel, qtbot: Any, types: Type, said: list[str], tmp_path: Path, name: str
) -> None:
    level = add_lazy(model)
    types(str(tmp_path / name))
    save_active_layer(model)
    finish(qtbot)
    begun, ended = said
    assert begun.startswith(f"{name} is computed and saved; it needs up to ")
    assert begun.endswith("are free. 'activity', below right, has Cancel.")
    assert ended == f"Saved {tmp_path / name}."
    np.testing.assert_array_equal(read_saved(tmp_path / name).levels[0], level[...])


def cancelled_when_begun(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let lazy results wait until they are cancelled, when their file is begun; say when it is."""
    begun = threading.Event()

    def enhance_into(*args: Any, should_stop: ShouldStop, **options: Any) -> Any:
        begun.set()
        while not should_stop():
            time.sleep(0.002)
        return growing.enhance_into(*args, should_stop=should_stop, **options)

    monkeypatch.setattr(save_lazy, "enhance_into", enhance_into)
    return begun


def test_cancelled_lazy_result_goes_on_under_the_same_name(
    model: ViewerModel,
    qtbot: Any,
    types: Type,
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    level = add_lazy(model)
    types(str(tmp_path / "a.zarr"))
    with monkeypatch.context() as patch:
        begun = cancelled_when_begun(patch)
        save_active_layer(model)
        assert begun.wait(120)
        (job,) = Job._alive
        job.cancel()
        finish(qtbot)
    assert not (tmp_path / "a.zarr").exists()
    part = tmp_path / "a.zarr.part"
    assert said[-1] == f"{part} holds what is finished; save to the same name to go on there."
    save_active_layer(model)
    finish(qtbot)
    assert said[-1] == f"Saved {tmp_path / 'a.zarr'}."
    np.testing.assert_array_equal(read_saved(tmp_path / "a.zarr").levels[0], level[...])


def test_napari_does_not_wait_for_a_lazy_result(model: ViewerModel, tmp_path: Path) -> None:
    PluginManager.instance().discover()
    add_lazy(model)
    with pytest.raises(ImageError, match=r"'bright' is computed as it is saved, .*; save it with"):
        model.layers[0].save(tmp_path / "a.ome.zarr", plugin="napari-zerodce")
    assert list(tmp_path.iterdir()) == []


def test_saved_folder_is_opened(
    model: ViewerModel, qtbot: Any, types: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PluginManager.instance().discover()
    model.add_image(STACK, scale=(3, 2, 1))
    types(str(tmp_path / "a"), "OME-Zarr")
    save_active_layer(model)
    finish(qtbot)
    model.layers.clear()
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "a.ome.zarr")
    )
    open_saved_folder(model)
    assert model.layers[0].scale.tolist() == [3, 2, 1]
    np.testing.assert_array_equal(model.layers[0].data, STACK)


def test_other_folders_are_refused(
    model: ViewerModel, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("", str(tmp_path)):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, found=folder: found)
        open_saved_folder(model)
    assert len(said) == 1
    assert said[0].startswith(f"{tmp_path} is no OME-Zarr that this plugin saved; ")
    assert not model.layers
