"""A batch from the dock: what it asks for, what it refuses, and the layer that it adds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image
from napari.layers._source import layer_source

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.growing import enhance_into
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest, ignore
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.saved_result import result_to_save
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.gui.docks.enhance.batch_process import Elsewhere, command_of, running
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.docks.enhance.run_on_dialog import RunOnDialog
from napari_zerodce.gui.layers.file_results import add_file_result, read_result
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr
from napari_zerodce.imaging.files.saved import SavedImage, write_saved
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never

CPU = EnhanceSettings(look=DEFAULT_LOOK, device="cpu", precision="float32")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of dim planes."""
    dim = np.random.default_rng(0).gamma(2, 40, (3, 40, 50)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "cells.tif", dim, photometric="minisblack")
    return tmp_path / "cells.tif"


@pytest.fixture
def layer(model: ViewerModel, path: Path) -> Image:
    """The file as a layer with a pixel size."""
    with layer_source(path=str(path)):
        return model.add_image(tifffile.imread(path), name="cells", scale=(1, 0.5, 0.5))


@pytest.fixture
def dock(model: ViewerModel, layer: Image, settle: Any) -> EnhanceDock:
    """The dock with that layer, whose device is the CPU."""
    dock = EnhanceDock(model)
    settle(dock)
    dock.form.show_device("cpu")
    dock.form.show_values({"precision": "float32"})
    yield dock
    dock.release_once()


def test_a_batch_becomes_a_layer_with_the_geometry_of_its_source(
    dock, layer, path, tmp_path, qtbot
) -> None:
    where = Elsewhere(str(tmp_path / "out"), workers=1)
    dock.run_on.start(dock._read_form(), where)
    assert dock.run_on.button.text() == "Stop the batch"
    assert not dock._session.busy  # other work goes on
    qtbot.waitUntil(lambda: not Job._alive)
    added = dock._viewer.layers[-1]
    expected = enhance(EnhanceRequest(layer.data, "mono", CPU))
    assert np.array_equal(added.data, expected.image)
    assert np.array_equal(added.scale, layer.scale)
    known = provenance_of(added)
    assert (known.role, known.source_path) == ("result", str(path))
    assert known.made.checkpoint == expected.checkpoint.name
    assert dock.run_on.button.text() == "Run on…"
    assert dock._session.outcome.text.startswith(f"Added '{added.name}' from its file.")


def test_a_scheduler_that_is_not_one_is_told(dock, tmp_path, qtbot) -> None:
    where = Elsewhere(str(tmp_path / "out"), scheduler="nowhere")
    dock.run_on.start(dock._read_form(), where)
    qtbot.waitUntil(lambda: not Job._alive)
    assert "'nowhere' is not that of a scheduler" in dock._session.outcome.text
    assert len(dock._viewer.layers) == 1


@pytest.mark.parametrize("kind", ["part", "no file", "several"])
def test_what_no_batch_can_do_is_told_before_a_question(kind, dock, model, layer) -> None:
    if kind == "part":
        dock.form.part.planes.setCurrentIndex(1)
    elif kind == "no file":
        dock.select_layer(model.add_image(np.ones((9, 9), np.uint16), name="made"))
    else:
        model.layers.selection = {layer, model.add_image(layer.data)}
    dock.run_on.button.click()
    sentence = {
        "part": "enhances whole files, but a part is chosen",
        "no file": "'made' does not come from a file",
        "several": "2 layers are chosen",
    }[kind]
    assert sentence in dock.run_on.message.text()


def test_the_command_holds_all_choices() -> None:
    settings = EnhanceSettings(
        checkpoint="zero-dce-pp",
        window=WindowChoice("range", 3, 900),
        device="cpu",
        scale_factor=6,
        look=DEFAULT_LOOK,
    )
    words = command_of("a.tif", settings, Elsewhere("out", "tcp://1.2.3.4:5", workers=3))
    assert words[1:] == [
        "-m", "napari_zerodce", "batch", "a.tif", "--output", "out", "--json",
        "--scheduler", "tcp://1.2.3.4:5", "--checkpoint=zero-dce-pp", "--window=3,900",
        "--device=cpu", "--scale-factor=6",
    ]  # fmt: skip
    assert command_of("a.tif", CPU, Elsewhere("out", workers=3))[8:10] == ["--workers", "3"]


SAYS = "import json, sys; print(json.dumps({}), flush=True)"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (SAYS.format({"failed": "a.tif", "reasons": ["It is damaged.", "Twice."]}), "Twice."),
        ("import sys; sys.exit('napari-zerodce: There is no file.')", "There is no file."),
        ("pass", "start it in a terminal to see why"),
    ],
)
def test_a_batch_without_a_result_says_why(code, reason) -> None:
    with pytest.raises(ImageError, match=reason):
        running([sys.executable, "-c", code])(ignore, never)


def test_progress_is_passed_on_and_a_stop_reaches_the_process(tmp_path) -> None:
    code = f"""
import json, signal, sys, time
def stopped(*_):
    open({str(tmp_path / "stopped")!r}, "w").close()
    sys.exit(130)
signal.signal(signal.SIGINT, stopped)
print(json.dumps(dict(progress=0.25, message="1 of 4", seconds_left=9)), flush=True)
time.sleep(60)
"""
    seen = []
    with pytest.raises(Cancelled):
        running([sys.executable, "-c", code])(seen.append, lambda: bool(seen))
    assert [(each.fraction, each.message, each.seconds_left) for each in seen] == [
        (0.25, "1 of 4", 9)
    ]
    assert (tmp_path / "stopped").exists()


def test_an_ome_zarr_is_opened_without_its_pixels(model, tmp_path) -> None:
    pixels = np.random.default_rng(0).gamma(2, 40, (2, 30, 1100)).astype(np.uint16)
    axes = {"axes": "TYX", "scale": (1, 2, 2), "translate": (0, 0, 0), "units": ("pixel",) * 3}
    source_path, target = tmp_path / "a.ome.zarr", tmp_path / "b.ome.zarr"
    write_saved(source_path, SavedImage((pixels,), "mono", **axes))
    image = read_ome_zarr(source_path)
    resolved = resolve(EnhanceRequest(image.levels[0], "mono", CPU))
    described = result_to_save(image, resolved, identity=None, path=str(source_path))
    enhance_into(begin(target, described), LazyEnhancement(resolved).levels)
    with layer_source(path=str(source_path)):
        layer = model.add_image(pixels, name="a", scale=(1, 2, 2))
    added = add_file_result(model, read_source(layer), read_result(str(target)))
    assert [type(level) for level in added.data] == [da.Array, da.Array]
    assert added.multiscale
    assert np.array_equal(added.data[0].compute(), enhance(resolved).image)
    assert np.array_equal(added.scale, (1, 2, 2))
    assert provenance_of(added).made.checkpoint == resolved.checkpoint.name


def test_the_dialog_gives_what_is_typed(qtbot) -> None:
    dialog = RunOnDialog("About.", Elsewhere("/data/enhanced", workers=2))
    qtbot.addWidget(dialog)
    assert dialog.choice() == Elsewhere("/data/enhanced", workers=2)
    assert dialog.workers.isEnabled()
    dialog.scheduler.setText(" tcp://1.2.3.4:5 ")
    assert not dialog.workers.isEnabled()
    assert dialog.choice().scheduler == "tcp://1.2.3.4:5"
    dialog.output.setText(" ")
    assert not dialog.start_button.isEnabled()
