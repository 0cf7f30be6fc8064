"""Results grow in files: equal to those in memory, from little of the source at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.growing import enhance_into
from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, Progress, ignore
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.save_lazy import save_lazy
from napari_zerodce.engine.saved_result import key_of, result_to_save, sampled_identity
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.files.saved import SavedImage, read_saved
from napari_zerodce.imaging.files.saved.growing import GrowingImage, begin
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import never


class Source:
    """A lazy array that notes how many samples are read at once."""

    def __init__(self, array: np.ndarray) -> None:
        self._array, self.shape, self.dtype = array, array.shape, array.dtype
        self.read: list[int] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        block = self._array[key]
        self.read.append(block.size)
        return block


def dark(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 900, shape, np.uint16)


def request(image: Any, checkpoint: str = "zero-dce-pp", **other: Any) -> EnhanceRequest:
    window = WindowChoice.parse("0,1000")
    settings = EnhanceSettings(checkpoint, window, device="cpu", precision="float32")
    return EnhanceRequest(image, "mono", replace(settings, **other))


def saved(image: Any, axes: str) -> SavedImage:
    count = len(axes)
    return SavedImage((image,), "mono", axes, (2.0,) * count, (0.0,) * count, ("pixel",) * count)


def grow(
    path: Path, resolved: ResolvedRequest, axes: str, levels: Sequence[Any] = (), **follow: Any
) -> np.ndarray:
    enhance_into(begun(path, resolved, axes), LazyEnhancement(resolved).levels, **follow)
    return np.asarray(read_saved(path).levels[0])


def begun(path: Path, resolved: ResolvedRequest, axes: str) -> GrowingImage:
    result = result_to_save(saved(resolved.image, axes), resolved, identity="a", path="a.tif")
    return begin(path, result, overwrite=True)


@pytest.mark.parametrize("checkpoint", ["zero-dce-pp", "zero-dce-fluo"])
def test_regions_of_a_large_plane_equal_the_whole(tmp_path: Path, checkpoint: str) -> None:
    source = Source(dark((2100, 2090) if checkpoint == "zero-dce-pp" else (2060, 30)))
    resolved = resolve(request(source, checkpoint))
    source.read.clear()
    made = grow(tmp_path / "a.zarr", resolved, "YX")
    whole = enhance(request(source._array, checkpoint)).image
    np.testing.assert_array_equal(made, whole)
    assert len(source.read) >= 2, "region by region"


def test_small_planes_are_enhanced_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_zerodce.engine.growing._AT_ONCE", 3 * 40 * 50)
    array = dark((2, 7, 40, 50))
    resolved = resolve(request(array))
    parts: list[str] = []

    def noted(each: ResolvedRequest, **options: Any) -> Any:
        parts.append(str(each.part))
        return enhance(each, **options)

    monkeypatch.setattr("napari_zerodce.engine.growing.enhance", noted)
    made = grow(tmp_path / "a.zarr", resolved, "TZYX")
    np.testing.assert_array_equal(made, enhance(request(array)).image)
    ranges = [part.removesuffix(",0:40,0:50") for part in parts]
    assert ranges == ["0:1,0:3", "0:1,3:6", "0:1,6:7", "1:2,0:3", "1:2,3:6", "1:2,6:7"]


def test_part_of_the_source(tmp_path: Path) -> None:
    array = dark((4, 60, 70))
    scope = Scope(((1, 4),), (10, 50), (20, 70))
    resolved = resolve(replace(request(array), scope=scope))
    made = grow(tmp_path / "a.zarr", resolved, "TYX")
    np.testing.assert_array_equal(made, enhance(replace(request(array), scope=scope)).image)
    kept = read_saved(tmp_path / "a.zarr")
    assert kept.translate == (2.0, 20.0, 40.0)
    facts = kept.facts["metadata"]["napari-zerodce"]
    assert (facts["part"], facts["source_path"]) == ("1:4,10:50,20:70", "a.tif")


def test_stopped_result_goes_on_and_its_progress_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All is told, so that a fast machine stops at the same region as a slow one.
    monkeypatch.setattr("napari_zerodce.engine.progress._SECONDS_BETWEEN_REPORTS", 0.0)
    array = dark((4, 2060, 1030))
    resolved = resolve(request(array))
    told: list[Progress] = []

    def halfway() -> bool:
        return bool(told) and told[-1].done > 4

    path = tmp_path / "a.zarr"
    with pytest.raises(Cancelled):
        grow(path, resolved, "TYX", report=told.append, should_stop=halfway)
    assert not path.exists()
    told.clear()
    written = 8 - len(begun(path, resolved, "TYX").missing())
    assert written == 4
    made = grow(path, resolved, "TYX", report=told.append)
    np.testing.assert_array_equal(made, enhance(request(array)).image)
    assert told[0].done >= written
    assert told[0].message == f"Region {written + 1} of 8"
    fractions = [each.fraction for each in told]
    assert fractions == sorted(fractions)
    assert told[-1].fraction == 1


def test_key_differs_if_and_only_if_pixels_may() -> None:
    array = dark((3, 40, 50))
    own = key_of(resolve(request(array)), "a")
    assert own == key_of(resolve(request(array, tile=20)), "a")
    others = (
        request(array, look=Look(strength=0.5)),
        request(array, window=WindowChoice.parse("0,999")),
        request(array, checkpoint="zero-dce"),
        replace(request(array), scope=Scope(((0, 1),), (0, 40), (0, 50))),
    )
    assert all(key_of(resolve(other), "a") != own for other in others)
    assert key_of(resolve(request(array)), "b") != own


def test_sampled_identity_knows_other_pixels_from_little() -> None:
    source = Source(dark((3, 400, 500)))
    layout = layout_of(source, channels="mono")
    own = sampled_identity(source, layout)
    assert sum(source.read) == 3 * 64 * 64
    assert own == sampled_identity(source._array.copy(), layout)
    assert own != sampled_identity(source._array + 1, layout)
    assert own != sampled_identity(source._array.astype(np.int32), layout)
    tiny = np.zeros((1, 1), np.uint8)
    assert sampled_identity(tiny, layout_of(tiny))


# ---- lazy results


def after(path: Path, regions: int) -> Any:
    """Return a function that asks to stop as soon as some regions are written."""
    marks = path.with_name(f"{path.name}.part") / "written"
    return lambda: len([each for each in marks.rglob("*") if each.is_file()]) >= regions


def lazy(array: np.ndarray) -> SavedImage:
    levels = LazyEnhancement(resolve(request(array)), [array[:, ::2, ::2]]).levels
    image = saved(levels[0], "ZYX")
    return replace(image, levels=levels)


def test_lazy_pyramid_is_saved_with_its_levels_and_goes_on(tmp_path: Path) -> None:
    image, path = lazy(dark((3, 120, 90))), tmp_path / "a.zarr"
    with pytest.raises(Cancelled):
        save_lazy(path, image, report=ignore, should_stop=after(path, 4))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr.part"]
    save_lazy(path, image, report=ignore, should_stop=never)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
    for found, level in zip(read_saved(tmp_path / "a.zarr").levels, image.levels, strict=True):
        np.testing.assert_array_equal(found, level[...])


def test_another_result_does_not_go_on_there(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    with pytest.raises(Cancelled):
        save_lazy(path, lazy(dark((3, 120, 90))), report=ignore, should_stop=after(path, 2))
    other = lazy(dark((3, 120, 90)) + 1)
    with pytest.raises(ImageError, match="is the beginning of an image with another source"):
        save_lazy(path, other, report=ignore, should_stop=never)


def test_lazy_result_is_saved_as_tiff_plane_by_plane(tmp_path: Path) -> None:
    image = lazy(dark((3, 120, 90)))
    told: list[Progress] = []
    path = tmp_path / "a.zerodce.tif"
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        save_lazy(path, image, report=ignore, should_stop=lambda: next(calls) > 7)
    assert list(tmp_path.iterdir()) == []
    save_lazy(path, image, report=told.append, should_stop=never)
    np.testing.assert_array_equal(tifffile.imread(path), image.levels[0][...])
    assert told[-1].fraction == 1
