"""The way of a GPU through the engine, on a CPU: samples as they are, and planes as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.device import Device
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.estimators.cuda_transfer import in_host_memory
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK, Look
from napari_zerodce.engine.maps import curve_maps
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.windows import WindowChoice

GLOBAL = Look(global_curve=True, exposure=0.5, strength=1.3)
LOOKS = pytest.mark.parametrize(
    "look", [AS_PUBLISHED, DEFAULT_LOOK, GLOBAL], ids=["published", "dock", "global"]
)


class PretendedGpu(TorchEstimator):
    """Tensors on the CPU as those of a GPU are handled; it counts what it gets."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint, Device("cpu", ""), "float32")
        self.takes_samples = True
        self.uploaded: list[tuple[str, int]] = []
        self.estimated: list[int] = []

    def upload(self, block):
        blocks = block if block.ndim == 4 else block[None]
        self.uploaded.append((blocks.dtype.name, len(blocks)))
        return in_host_memory(blocks, pinned=False)

    def estimate(self, image, *, check=lambda: None):
        self.estimated.append(len(image))
        return super().estimate(image, check=check)


def pair(request: EnhanceRequest, checkpoint: str) -> tuple[ResolvedRequest, PretendedGpu]:
    gpu = PretendedGpu(load_checkpoint(checkpoint))
    return replace(resolve(request), runner=gpu), gpu


def request_for(image: np.ndarray, channels, checkpoint: str, **choices) -> EnhanceRequest:
    settings = EnhanceSettings(
        checkpoint=checkpoint, device="cpu", precision="float32", backend="torch", **choices
    )
    return EnhanceRequest(image, channels, settings)


def planes(*shape: int, dtype: str = "uint8") -> np.ndarray:
    generator = np.random.default_rng(1)
    return (
        generator.gamma(2, 0.08 * np.iinfo(dtype).max, shape)
        .clip(0, np.iinfo(dtype).max)
        .astype(dtype)
    )


@LOOKS
@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize(("dtype", "channels"), [("uint8", "rgb"), ("uint16", "mono")])
def test_planes_as_one_equal_planes_one_by_one(checkpoint, channels, dtype, look):
    colours = (3,) if channels == "rgb" else ()
    request = request_for(
        planes(7, 30, 41, *colours, dtype=dtype),
        channels,
        checkpoint,
        look=look,
        window=WindowChoice("percentile", 2, 98),
    )
    resolved, gpu = pair(request, checkpoint)
    assert 1 < resolved.stack <= 7
    together, expected = enhance(resolved).image, enhance(request).image
    assert np.abs(together.astype(int) - expected.astype(int)).max() <= 1
    assert {name for name, _ in gpu.uploaded} <= {dtype, "float32"}  # thumbnails are floats
    assert (dtype, resolved.stack) in gpu.uploaded
    if not look.global_curve:
        assert max(gpu.estimated) == resolved.stack


def test_floats_go_as_floats_and_keep_nan():
    image = planes(4, 20, 30).astype(np.float32)
    image[1, 2, 3] = np.nan
    request = request_for(image, "mono", "zero-dce")
    resolved, gpu = pair(request, "zero-dce")
    np.testing.assert_allclose(enhance(resolved).image, enhance(request).image, rtol=1e-4)
    assert {name for name, _ in gpu.uploaded} == {"float32"}


def test_tiles_of_a_stack_show_no_seams():
    request = request_for(planes(3, 90, 70, dtype="uint16"), "mono", "zero-dce", tile=32)
    resolved, _ = pair(request, "zero-dce")
    whole = enhance(replace(request, settings=replace(request.settings, tile=90))).image
    assert np.abs(enhance(resolved).image.astype(int) - whole.astype(int)).max() <= 1


def test_large_planes_are_processed_one_by_one():
    request = request_for(np.zeros((4, 2000, 1100), np.uint8), "mono", "zero-dce-pp")
    assert pair(request, "zero-dce-pp")[0].stack == 1
    assert resolve(request_for(planes(9, 20, 20), "mono", "zero-dce")).stack == 1


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_maps_and_the_live_view_are_those_of_the_cpu(checkpoint, monkeypatch):
    image = planes(50, 60, 3)
    request = request_for(image, "rgb", checkpoint, look=DEFAULT_LOOK)
    viewport = Viewport(slice(5, 45), slice(0, 60))
    maps, view = curve_maps(request), estimate_view(request, viewport)
    expected = maps, view.render(DEFAULT_LOOK)
    made = []

    def make_runner(loaded, *_):
        made.append(PretendedGpu(loaded))
        return made[-1]

    monkeypatch.setattr("napari_zerodce.engine.resolve.make_runner", make_runner)
    np.testing.assert_allclose(curve_maps(request), expected[0], atol=1e-5)
    shown = estimate_view(request, viewport).render(DEFAULT_LOOK)
    assert np.abs(shown.astype(int) - expected[1].astype(int)).max() <= 1
    assert len(made) == 2
    assert all(gpu.estimated for gpu in made)
