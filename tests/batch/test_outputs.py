"""An output is finished once, however often it is asked for, and remembers its gaps."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.outputs.choice import output_for
from napari_zerodce.batch.outputs.output import Output
from napari_zerodce.batch.sources import open_source
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceSettings
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.imaging.files.conversion import with_axes
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.windows import WindowChoice

PIXELS = np.random.default_rng(0).integers(1, 200, (3, 30, 40)).astype(np.uint16)


@pytest.fixture(params=["file", "ome-zarr"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> BatchImage:
    name = "cells.npy" if request.param == "file" else "cells.ome.zarr"
    source, target = tmp_path / name, tmp_path / "out" / name
    target.parent.mkdir()
    if request.param == "file":
        np.save(source, PIXELS)
    else:
        saved = with_axes(ImageFile(PIXELS, "mono", {"axes": "TYX"}), "cells")
        begin(source, dataclasses.replace(saved, key="a")).fill([PIXELS])
    return BatchImage(str(source), str(target), request.param, name)


@pytest.fixture
def resolved() -> ResolvedRequest:
    settings = EnhanceSettings(
        checkpoint="zero-dce", device="cpu", window=WindowChoice.parse("0,200")
    )
    return resolve(EnhanceRequest(PIXELS, "mono", settings))


def output(image: BatchImage, *, accepts_gaps: bool = False) -> Output:
    opened = open_source(image)
    return output_for(
        image, "b" * 64, pixels=1500, source=lambda: opened, accepts_gaps=accepts_gaps
    )


def written(image: BatchImage, *gaps: int) -> None:
    part = output(image)
    part.begin(overwrite=False)
    for number, region in enumerate(part.missing()):
        block = PIXELS[region.leading[0][0] : region.leading[0][1]]
        part.write(region, block * (number not in gaps), is_gap=number in gaps)


def result(image: BatchImage) -> np.ndarray:
    array: np.ndarray = open_source(dataclasses.replace(image, source=image.target)).content.array[
        ...
    ]
    return array


def test_finish_can_be_repeated(image, resolved, monkeypatch) -> None:
    written(image)
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *_, **__: None)  # before the parts are removed
        output(image).finish(resolved, 1.0)
    for _ in range(2):
        output(image).finish(resolved, 1.0)
        assert np.array_equal(result(image), PIXELS)
    assert output(image).is_done()


def test_parts_of_a_run_with_other_settings_are_removed_at_the_end(image, resolved) -> None:
    opened = open_source(image)
    other = output_for(image, "c" * 64, pixels=1500, source=lambda: opened)
    other.begin(overwrite=False)
    other.write(other.missing()[0], PIXELS[:1], is_gap=False)
    written(image)
    output(image).finish(resolved, 1.0)
    folder = Path(image.target).parent
    kept = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert [name for name in kept if not name.startswith(image.name)] == [
        f".napari-zerodce/{image.name}.json" for _ in [image] if image.kind == "file"
    ]
    assert not Path(f"{image.target}.part").exists()


def test_gaps_of_a_result_are_made_again_unless_they_are_accepted(image, resolved) -> None:
    written(image, 1)
    assert len(output(image, accepts_gaps=True).missing()) == 0
    assert len(output(image).missing()) == 1
    output(image).finish(resolved, 1.0)
    assert output(image, accepts_gaps=True).is_done()
    assert not output(image).is_done()
    written(image)
    output(image).finish(resolved, 1.0)
    assert output(image).is_done()
    assert np.array_equal(result(image), PIXELS)


def test_a_gap_that_was_written_again_is_none(image, resolved) -> None:
    written(image, 1)
    written(image)
    output(image).finish(resolved, 1.0)
    assert output(image).is_done()
    assert np.array_equal(result(image), PIXELS)
