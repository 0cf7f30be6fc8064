"""Save and open through napari: geometry, appearance and provenance come back."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image
from napari.settings import get_settings
from npe2 import PluginManager
from PIL import Image as Pillow
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_zerodce import cli
from napari_zerodce.errors import ImageError
from napari_zerodce.gui.layers.provenance import METADATA_KEY, provenance_of, role_of
from napari_zerodce.gui.saved_files import get_reader, write_ome_zarr, write_tiff
from napari_zerodce.imaging.files import read_image

PLUGIN = "napari-zerodce"
STACK = np.arange(2 * 30 * 40, dtype=np.uint16).reshape(2, 30, 40)


@pytest.fixture(autouse=True)
def plugins() -> Iterator[None]:
    """Readers and writers, as in napari, and the user's choice of readers as it was."""
    PluginManager.instance().discover()
    chosen = dict(get_settings().plugins.extension2reader)
    yield
    get_settings().plugins.extension2reader = chosen


def opened(model: ViewerModel, written: str) -> Image:
    path = Path(written)
    (layer,) = model.open(path / "zarr.json" if path.is_dir() else path, plugin=PLUGIN)
    return layer


@pytest.mark.parametrize("name", ["a.zerodce.tif", "a.zerodce.tiff", "a.ome.zarr", "a.zarr"])
def test_everything_of_a_layer_comes_back(model: ViewerModel, tmp_path: Path, name: str) -> None:
    model.add_image(
        STACK,
        name="cells / day 1",
        axis_labels=("time", "row", "column"),
        units=("second", "micrometer", "micrometer"),
        scale=(2, 0.1, 0.2),
        translate=(1, -2, 3),
        affine=np.array([[1, 0, 0, 5], [0, 1, 0.5, 0], [0, 0, 2, 0], [0, 0, 0, 1]]),
        colormap="magenta",
        contrast_limits=(3, 900.5),
        gamma=0.7,
        blending="additive",
        opacity=0.5,
        interpolation2d="linear",
        metadata={"operator": "me", "taken": np.float32(0.5), "callback": print},
    )
    (written,) = model.layers.save(tmp_path / name)
    assert Path(written) == tmp_path / name
    before, layer = model.layers.pop(0), opened(model, written)  # no name twice
    kept, found = before.as_layer_data_tuple()[1], layer.as_layer_data_tuple()[1]
    assert found.pop("metadata") == {"operator": "me", "taken": 0.5}
    for key in found:
        np.testing.assert_equal(np.asarray(found[key], object), np.asarray(kept[key], object), key)
    np.testing.assert_array_equal(layer.data, before.data)
    assert layer.data.dtype == before.data.dtype


@pytest.mark.parametrize("name", ["a.zerodce.tif", "a.ome.zarr"])
@pytest.mark.parametrize("samples", [3, 4])
def test_colours_come_back_with_their_rotation_and_shear(
    model: ViewerModel, tmp_path: Path, name: str, samples: int
) -> None:
    data = np.arange(30 * 40 * samples).reshape(30, 40, samples).astype(np.uint8)
    layer = model.add_image(data, rgb=True, rotate=30, shear=(0.25,))
    (written,) = model.layers.save(tmp_path / name)
    again = opened(model, written)
    assert again.rgb
    np.testing.assert_array_equal(again.data, data)
    np.testing.assert_array_equal(again.rotate, layer.rotate)
    np.testing.assert_array_equal(again.shear, layer.shear)


def test_pyramid_comes_back_from_ome_zarr(model: ViewerModel, tmp_path: Path) -> None:
    levels = [STACK, STACK[:, ::2, ::2]]
    model.add_image(levels, multiscale=True)
    (written,) = model.layers.save(tmp_path / "a.ome.zarr")
    again = opened(model, written)
    assert again.multiscale
    for level, expected in zip(again.data, levels, strict=True):
        np.testing.assert_array_equal(level, expected)


def test_of_a_pyramid_tiff_has_the_finest_level(model: ViewerModel, tmp_path: Path) -> None:
    model.add_image([STACK, STACK[:, ::2, ::2]], multiscale=True)
    again = opened(model, model.layers.save(tmp_path / "a.zerodce.tif")[0])
    assert not again.multiscale
    np.testing.assert_array_equal(again.data, STACK)


def test_live_view_is_saved_as_a_layer_like_any_other(model: ViewerModel, tmp_path: Path) -> None:
    model.add_image(STACK, metadata={METADATA_KEY: {"role": "live"}, "mine": 1})
    again = opened(model, model.layers.save(tmp_path / "a.zerodce.tif")[0])
    assert role_of(again) is None
    assert again.metadata == {"mine": 1}


def test_result_of_the_command_line_is_opened_with_its_provenance(
    model: ViewerModel, tmp_path: Path
) -> None:
    cells = np.random.default_rng(0).integers(0, 900, (2, 1100, 40), np.uint16)
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm"}
    tifffile.imwrite(tmp_path / "dark.ome.tif", cells, metadata=metadata)
    words = ["enhance", "--device", "cpu", "--checkpoint", "zero-dce-pp"]
    words += [str(tmp_path / "dark.ome.tif"), "--output", str(tmp_path / "bright.ome.zarr")]
    assert cli.main(words) == 0
    layer = opened(model, str(tmp_path / "bright.ome.zarr"))
    assert layer.multiscale, "a large plane"
    assert (layer.scale[-1], str(layer.units[-1]), layer.axis_labels) == (
        0.5, "micrometer", ("z", "y", "x"),
    )  # fmt: skip
    made = provenance_of(layer)
    assert made is not None
    assert made.made is not None
    assert made.made.checkpoint == "zero-dce-pp"
    assert made.source_path == str(tmp_path / "dark.ome.tif")
    assert layer.contrast_limits == list(made.made.window)


# ---- which files napari gives to whom


def test_other_files_stay_with_napari(model: ViewerModel, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "other.tif", STACK)
    tifffile.imwrite(tmp_path / "other.zerodce.tif", STACK)
    readers = PluginManager.instance().iter_compatible_readers
    for name in ("other.tif", "photo.png", "other.ome.tif"):
        assert all(each.plugin_name != PLUGIN for each in readers([str(tmp_path / name)]))
    assert all(each.plugin_name != PLUGIN for each in readers([str(tmp_path)])), "not for folders"
    assert get_reader(str(tmp_path / "other.zerodce.tif")) is None
    assert get_reader(str(tmp_path / "missing.zerodce.tif")) is None
    (tmp_path / "zarr.json").write_text('{"attributes": {"napari-zerodce": {"kind": "alphas"}}}')
    assert get_reader(str(tmp_path / "zarr.json")) is None
    assert get_reader([str(tmp_path / "other.zerodce.tif")] * 2) is None
    model.add_image(STACK)
    (written,) = model.layers.save(tmp_path / "plain.tif")
    with tifffile.TiffFile(written) as file:
        assert 65123 not in file.pages.first.tags, "napari's own writer"


def test_napari_opens_a_saved_tiff_without_a_question(model: ViewerModel, tmp_path: Path) -> None:
    get_settings().plugins.extension2reader = {"*.png": "napari"}
    model.add_image(STACK, name="cells")
    (written,) = model.layers.save(tmp_path / "a.zerodce.tif")
    (layer,) = model.open(written, plugin=None)
    assert layer.source.reader_plugin == PLUGIN
    assert get_settings().plugins.extension2reader["*.png"] == "napari"


def test_the_users_choice_of_a_reader_stays(model: ViewerModel, tmp_path: Path) -> None:
    get_settings().plugins.extension2reader = {"*.zerodce.tif": "napari"}
    model.add_image(STACK)
    model.layers.save(tmp_path / "a.zerodce.tif")
    assert get_settings().plugins.extension2reader["*.zerodce.tif"] == "napari"


# ---- names


@pytest.mark.parametrize(
    ("write", "typed", "written"),
    [
        (write_tiff, "a", "a.zerodce.tif"),
        (write_tiff, "a.tif", "a.zerodce.tif"),
        (write_tiff, "a.TIFF", "a.zerodce.tif"),
        (write_tiff, "day.1", "day.1.zerodce.tif"),
        (write_tiff, "a.ZeroDCE.tiff", "a.ZeroDCE.tiff"),
        (write_ome_zarr, "a", "a.ome.zarr"),
        (write_ome_zarr, "a.zarr", "a.zarr"),
    ],
)
def test_missing_suffix_is_added(tmp_path: Path, write: Any, typed: str, written: str) -> None:
    data, properties, _ = Image(STACK).as_layer_data_tuple()
    assert write(str(tmp_path / typed), data, properties) == [str(tmp_path / written)]
    assert (tmp_path / written).exists()


def test_file_that_the_user_did_not_name_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.zerodce.tif").write_text("precious")
    data, properties, _ = Image(STACK).as_layer_data_tuple()
    with pytest.raises(ImageError, match=r"a\.zerodce\.tif exists already; type the whole name"):
        write_tiff(str(tmp_path / "a"), data, properties)
    write_tiff(str(tmp_path / "a.zerodce.tif"), data, properties)
    assert (tmp_path / "a.zerodce.tif").read_bytes()[:2] == b"II"


# ---- the whole way, in a real window


@pytest.mark.parametrize("choice", ["TIFF", "OME-Zarr"])
@pytest.mark.parametrize("name", ["dark.jpg", "dark.pcx"])
def test_saved_by_the_dialog_opened_again_and_reproduced(
    viewer: Any,
    adjust: Any,
    qtbot: Any,
    tmp_path: Path,
    dark_photo: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    choice: str,
    name: str,
) -> None:
    Pillow.fromarray(dark_photo).save(tmp_path / name)
    viewer.open(tmp_path / name, plugin="napari")
    viewer.layers[0].scale = (0.5, 0.25)
    adjust.apply()
    qtbot.waitUntil(lambda: len(viewer.layers) > 1 and not adjust._session.busy)
    adjust.live.setChecked(False)
    (result,) = [layer for layer in viewer.layers if role_of(layer) == "result"]
    made, pixels = provenance_of(result), np.asarray(result.data)
    viewer.layers.selection = {result}

    def typed(*_: Any, **options: Any) -> tuple[str, str]:
        entries = options["filter"].split(";;")
        return str(tmp_path / "bright"), next(e for e in entries if f"Zero-DCE {choice}" in e)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", typed)
    viewer.window._qt_viewer._save_layers_dialog(selected=True)
    viewer.layers.clear()

    saved = {"TIFF": "bright.zerodce.tif", "OME-Zarr": "bright.ome.zarr/zarr.json"}[choice]
    viewer.window._qt_viewer._qt_open([str(tmp_path / saved)], stack=False)
    (again,) = viewer.layers
    assert provenance_of(again) == made
    assert again.scale.tolist() == [0.5, 0.25]
    np.testing.assert_array_equal(again.data, pixels)

    assert reproduced(adjust, qtbot, by_command=name == "dark.jpg").tobytes() == pixels.tobytes()


def reproduced(adjust: Any, qtbot: Any, *, by_command: bool) -> np.ndarray:
    """Return what the text makes that Reproduce copies."""
    adjust.reproduce.copy_command.trigger()
    qtbot.waitUntil(adjust.reproduce.isEnabled)
    text = QApplication.clipboard().text()
    if by_command:
        words = shlex.split(text)
        assert cli.main(words[words.index("enhance") :]) == 0
        return read_image(words[words.index("--output") + 1]).array
    known: dict[str, Any] = {}
    exec(text, known)
    return np.asarray(known["enhanced"])


def test_result_that_napari_opened_by_itself_is_reproduced(
    viewer: Any, adjust: Any, qtbot: Any, tmp_path: Path
) -> None:
    dark = STACK[0] // 16
    tifffile.imwrite(tmp_path / "dark.tif", dark)
    viewer.open(tmp_path / "dark.tif", plugin="napari")
    adjust.apply()
    qtbot.waitUntil(lambda: len(viewer.layers) > 1 and not adjust._session.busy)
    adjust.live.setChecked(False)
    (result,) = [layer for layer in viewer.layers if role_of(layer) == "result"]
    pixels = np.asarray(result.data)
    result.save(tmp_path / "bright.ome.zarr")
    viewer.layers.clear()
    (plain,) = viewer.open(tmp_path / "bright.ome.zarr", plugin="napari")  # as a dropped folder
    assert role_of(plain) is None
    assert reproduced(adjust, qtbot, by_command=True).tobytes() == pixels.tobytes()
