"""On a GPU: the same results as on the CPU, memory that runs out, and training. Skipped without."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_zerodce import Look, curve_maps, enhance
from napari_zerodce.device import (
    LARGEST_DEVIATION,
    Device,
    Precision,
    available_devices,
    default_tile,
    resolve_precision,
)
from napari_zerodce.engine.crew import ALONE
from napari_zerodce.engine.enhance import enhance as run
from napari_zerodce.engine.estimators.cuda_transfer import transfer_for
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.config import TrainingConfig, TrainingPrecision
from napari_zerodce.training.loop import StepReport, resume, save_state, start, train, validate

GPU = available_devices()[0]

pytestmark = pytest.mark.skipif(GPU.kind == "cpu", reason="this machine has no GPU")

NETWORKS = pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])


def photo(height: int, width: int, *, dtype: str = "uint8") -> np.ndarray:
    """Return a dark picture with structures of all sizes, and noise."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width]
    waves = sum(np.sin(rows / size) * np.cos(columns / size) for size in (3, 17, 90))
    light = 0.15 + 0.03 * waves[..., np.newaxis] + 0.01 * generator.random((height, width, 3))
    return (light.clip(0, 1) * np.iinfo(dtype).max).astype(dtype)


@NETWORKS
def test_float32_on_both_devices_differs_by_rounding_alone(checkpoint: str) -> None:
    """Of 65,535 grey levels at most one, even with the TF32 that cuDNN would like to use."""
    image = photo(700, 900, dtype="uint16")
    here = enhance(image, checkpoint, device=GPU.name, precision="float32", window="dtype")
    there = enhance(image, checkpoint, device="cpu", precision="float32", window="dtype")
    difference = np.abs(here.astype(np.int64) - there.astype(np.int64))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.02


@NETWORKS
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_as_accurate_as_stated(checkpoint: str, precision: Precision) -> None:
    image = photo(700, 900, dtype="uint16")
    here = enhance(image, checkpoint, device=GPU.name, precision=precision, window="dtype")
    there = enhance(image, checkpoint, device="cpu", precision="float32", window="dtype")
    deviation = np.abs(here.astype(np.float64) - there.astype(np.float64)).max() / 65535
    assert deviation <= LARGEST_DEVIATION[precision]


@NETWORKS
def test_tiles_show_no_seams(checkpoint: str) -> None:
    image = photo(700, 900, dtype="uint16")
    whole = enhance(image, checkpoint, device=GPU.name, tile=1024, precision="float32")
    tiled = enhance(image, checkpoint, device=GPU.name, tile=173, precision="float32")
    assert np.abs(whole.astype(np.int64) - tiled.astype(np.int64)).max() <= 1


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint16", "float64"])
def test_kinds_of_images_keep_their_dtype_and_nan(dtype: str) -> None:
    image = (photo(64, 80)[..., 0] / 2).astype(dtype)
    stack = np.stack([image, image[::-1]])
    if stack.dtype.kind == "f":
        stack[0, 5, 6] = np.nan
    result = enhance(stack, "zero-dce", device=GPU.name)
    assert (result.dtype, result.shape) == (stack.dtype, stack.shape)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(stack))


PRECISIONS = pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])


@NETWORKS
@PRECISIONS
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_plane_is_the_same_alone_and_among_others(
    checkpoint: str, precision: Precision, dtype: str
) -> None:
    planes = np.stack([photo(96, 130, dtype=dtype) // (1 + number) for number in range(20)])
    given = {"device": GPU.name, "precision": precision, "window": "dtype"}
    together = enhance(planes, checkpoint, **given)
    allowed = 1 + LARGEST_DEVIATION[precision] * np.iinfo(dtype).max
    for number in (0, 1, 13, 19):
        alone = enhance(planes[number], checkpoint, **given)
        difference = np.abs(together[number].astype(int) - alone.astype(int))
        assert difference.max() <= allowed


def test_a_stack_of_1000_small_planes_keeps_their_order() -> None:
    stack = np.empty((1000, 64, 64), np.uint16)
    stack[:] = np.arange(1000)[:, np.newaxis, np.newaxis] * 60 + np.arange(64)
    result = enhance(stack, "zero-dce", device=GPU.name, window="dtype")
    single = enhance(stack[::111], "zero-dce", device="cpu", window="dtype", precision="float32")
    assert np.abs(result[::111].astype(int) - single.astype(int)).max() <= 1


@NETWORKS
@PRECISIONS
def test_tiles_that_overlap_in_time_give_the_pixels_of_one_after_the_other(
    checkpoint: str, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photo(800, 1100)
    given = {"device": GPU.name, "precision": precision, "tile": 300}
    side_by_side = [enhance(image, checkpoint, **given) for _ in range(5)]
    monkeypatch.setattr("napari_zerodce.engine.resolved.crew_for", lambda *_: ALONE)
    in_turn = enhance(image, checkpoint, **given)
    for result in side_by_side:
        np.testing.assert_array_equal(result, in_turn)


def test_two_runs_at_once_do_not_disturb_each_other() -> None:
    """One of them uses half precision, and the other one must not get its fast arithmetic."""
    image = photo(500, 640, dtype="uint16")
    kinds = [("zero-dce", "float32"), ("zero-dce-pp", "float16")]

    def enhanced(kind: tuple[str, str]) -> np.ndarray:
        return enhance(image, kind[0], device=GPU.name, precision=kind[1], tile=256)

    expected = [enhanced(kind) for kind in kinds]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(enhanced, kinds * 10))
    for number, result in enumerate(found):
        np.testing.assert_array_equal(result, expected[number % 2])


@pytest.mark.skipif(GPU.kind != "cuda", reason="only CUDA has streams")
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "float32"])
def test_blocks_come_back_from_the_device_as_they_went(dtype: str) -> None:
    transfer = transfer_for(torch.device(GPU.name))
    blocks = [
        np.full((300, 400, 3), number).astype(dtype)[:, number:].transpose(2, 0, 1)
        for number in range(50)
    ]
    uploaded = [transfer.upload(block) for block in blocks]  # all on their way at once
    for block, tensor in zip(blocks, uploaded, strict=True):
        floats = torch.empty(tensor.shape, device=tensor.device).copy_(tensor)
        np.testing.assert_array_equal(transfer.download(floats), block)
        back = transfer.download(torch.empty_like(tensor).copy_(floats))
        np.testing.assert_array_equal(back, block)
        assert back.dtype == block.dtype
        assert (
            back.strides
            == np.ascontiguousarray(block.transpose(1, 2, 0)).transpose(2, 0, 1).strides
        )


def test_one_pixel() -> None:
    assert enhance(np.full((1, 1), 7, np.uint16), device=GPU.name).shape == (1, 1)


@NETWORKS
def test_maps_and_looks_equal_those_of_the_cpu(checkpoint: str) -> None:
    image = photo(200, 240)
    here, there = (
        curve_maps(image, checkpoint, device=device, window="dtype") for device in (GPU.name, "cpu")
    )
    np.testing.assert_allclose(here, there, atol=2e-5)
    look = Look(strength=1.3, iterations=6, exposure=0.5, global_curve=True, detail_gain_limit=2)
    pair = [
        enhance(image, checkpoint, device=device, precision="float32", look=look).astype(int)
        for device in (GPU.name, "cpu")
    ]
    assert np.abs(pair[0] - pair[1]).max() <= 1


@NETWORKS
def test_the_live_view_equals_the_result(checkpoint: str) -> None:
    image = photo(150, 170)
    settings = EnhanceSettings(checkpoint=checkpoint, device=GPU.name, precision="float32")
    request = EnhanceRequest(image, "rgb", settings)
    view = estimate_view(request, Viewport(slice(0, 150), slice(0, 170)))
    shown = view.render(Look()).astype(int)
    assert np.abs(shown - run(request).image.astype(int)).max() <= 1


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Leave 600 MB of a CUDA device to this process."""
    if GPU.kind != "cuda":
        pytest.skip("only CUDA can limit the memory of a process")
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(600e6 / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


@pytest.mark.usefixtures("little_memory")
def test_tiles_are_halved_when_the_memory_is_full() -> None:
    image = photo(1500, 1600, dtype="uint16")
    settings = EnhanceSettings(
        checkpoint="zero-dce", device=GPU.name, precision="float32", tile=1600
    )
    result = run(EnhanceRequest(image, "rgb", settings))
    assert result.tile < 1600
    assert result.notices
    given = {"device": GPU.name, "precision": "float32", "look": settings.look}
    expected = enhance(image, "zero-dce", tile=200, **given)
    assert np.abs(result.image.astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.usefixtures("little_memory")
def test_fewer_planes_are_processed_as_one_when_the_memory_is_full() -> None:
    stack = np.stack([photo(512, 512)[..., 0]] * 24)
    stack[:, 0, 0] = range(24)
    settings = EnhanceSettings(
        checkpoint="zero-dce",
        device=GPU.name,
        precision="float32",
        window=WindowChoice("dtype"),
    )
    whole = run(EnhanceRequest(stack, "mono", settings)).image
    one = run(EnhanceRequest(stack[7], "mono", settings)).image
    assert np.abs(whole[7].astype(int) - one.astype(int)).max() <= 1
    assert np.abs(whole[5].astype(int) - whole[20].astype(int))[32:, 32:].max() <= 1


def test_the_default_tile_fits_and_stays() -> None:
    first = default_tile(GPU)
    assert 64 <= first <= 2048
    enhance(photo(1100, 1200), "zero-dce", device=GPU.name, precision="float32")
    assert default_tile(GPU) == first  # what torch keeps for later tiles counts as free


def test_a_run_can_be_cancelled_and_repeated() -> None:
    request = EnhanceRequest(
        np.zeros((40, 64, 64), np.uint16) + np.arange(64, dtype=np.uint16),
        "mono",
        EnhanceSettings(checkpoint="zero-dce", device=GPU.name),
    )
    calls = iter(range(1000))
    with pytest.raises(Cancelled):
        run(request, should_stop=lambda: next(calls) > 20)
    assert run(request).image.shape == (40, 64, 64)


def test_a_stop_takes_a_moment_and_leaves_no_memory_behind() -> None:
    stack = np.broadcast_to(photo(700, 900, dtype="uint16"), (400, 700, 900, 3))
    settings = EnhanceSettings(
        checkpoint="zero-dce", window=WindowChoice("dtype"), device=GPU.name, precision="float32"
    )
    run(EnhanceRequest(stack[:2], "rgb", settings))
    before = torch.cuda.memory_allocated() if GPU.kind == "cuda" else 0
    read: list[object] = []

    class Lazy:
        shape, dtype = stack.shape, stack.dtype

        def __getitem__(self, key: object) -> np.ndarray:
            read.append(key)
            return stack[key]

    with pytest.raises(Cancelled) as caught:
        run(EnhanceRequest(Lazy(), "rgb", settings), should_stop=lambda: len(read) > 9)
    assert len(read) < 40
    del caught
    gc.collect()
    if GPU.kind == "cuda":
        torch.cuda.synchronize()
        assert torch.cuda.memory_allocated() <= before + 2**20


def test_automatic_precision_is_half_for_8_bits_alone() -> None:
    if GPU.kind != "cuda":
        pytest.skip("half precision is automatic on CUDA only")
    assert resolve_precision("auto", GPU, np.dtype(np.uint8)) == "float16"
    assert resolve_precision("auto", GPU, np.dtype(np.uint16)) == "float32"


def dark_batches(generator: np.random.Generator, *, count: int, side: int) -> Batch:
    """Return dark ramps with noise."""
    ramp = np.linspace(0.02, 0.3, side, dtype=np.float32)
    noise = generator.random((count, 3, side, side), np.float32) * np.float32(0.05)
    return Batch(ramp + noise)


def trained(device: Device, config: TrainingConfig, **options: object) -> list[StepReport]:
    """Return the reports of a short training."""
    reports: list[StepReport] = []
    train(start(config, device=device), dark_batches, report=reports.append, **options)  # type: ignore[arg-type]
    return reports


@NETWORKS
def test_training_reduces_the_loss_like_on_the_cpu(checkpoint: str) -> None:
    config = TrainingConfig(
        architecture=checkpoint,  # type: ignore[arg-type]
        steps=30,
        crop=64,
        batch=4,
        precision="float32",
    )
    here, there = trained(GPU, config), trained(Device("cpu", ""), config)
    assert here[-1].total < 0.9 * here[0].total
    assert here[0].total == pytest.approx(there[0].total, rel=1e-3)
    assert here[-1].total == pytest.approx(there[-1].total, rel=0.05)


def test_training_in_half_precision_reaches_nearly_the_same_loss() -> None:
    config = TrainingConfig(steps=60, crop=64, batch=4, precision="auto")
    half = trained(GPU, config)
    full = trained(GPU, config.model_copy(update={"precision": "float32"}))
    assert half[-1].total == pytest.approx(full[-1].total, rel=0.1)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_runs_at_each_precision(precision: TrainingPrecision) -> None:
    config = TrainingConfig(steps=40, crop=64, batch=4, precision=precision)
    reports = trained(GPU, config)
    assert np.isfinite([each.total for each in reports]).all()
    assert reports[-1].total < 0.95 * reports[0].total


def test_a_resumed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    config = TrainingConfig(steps=8, crop=64, batch=2, precision="float32")
    unbroken = start(config, device=GPU)
    train(unbroken, dark_batches)
    first = start(config, device=GPU)
    train(first, dark_batches, until=4)
    save_state(first, tmp_path)
    second = resume(config, tmp_path, device=GPU)
    assert second.step == 4
    train(second, dark_batches)
    pairs = zip(unbroken.network.parameters(), second.network.parameters(), strict=True)
    for expected, found in pairs:
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("little_memory")
def test_training_takes_fewer_crops_when_the_memory_is_full() -> None:
    config = TrainingConfig(
        architecture="zero-dce", steps=2, crop=256, batch=64, precision="float32"
    )
    state = start(config, device=GPU)
    train(state, dark_batches)
    assert 1 <= state.batch < 64
    batch = dark_batches(np.random.default_rng(0), count=4, side=256)
    assert validate(state, [batch])
