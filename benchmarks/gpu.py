"""Time the engine on a GPU beside the published code, and beside what the machine allows.

    python benchmarks/gpu.py --published ZERO-DCE --published-pp ZERO-DCE++
    python benchmarks/gpu.py --sizes 640x480 --batches 1 --device cpu     # tries the script itself

ZERO-DCE and ZERO-DCE++ are clones of the authors' repositories, or their model.py; without them a
plain evaluation of the papers' equations stands for the published code. "8 bits" goes from 8 bits
in the memory of the CPU to 8 bits there, "on the device" from floats to floats on the GPU. A batch
of `enhance()` is a stack of photos. After each call the script waits for the GPU. Before
them, a matrix product at each precision, a copy in memory, and copies over the bus in both
directions at once take turns; the last column is the least time that these allow, as a part of the
measured one:

- arithmetic: the operations of the convolutions at the rate of the matrix product;
- memory: each convolution reads its inputs and writes its outputs once;
- bus: three bytes of a pixel go, and three come back meanwhile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from comparison.tables import Column, Table
from timing.measured_limits import LimitContenders
from timing.photos import parsed_size, photo_for
from timing.published import Evaluate, from_8_to_8_bits, plain, published
from timing.turns import Contender, medians
from timing.work import Limits, work_of
from torch import Tensor

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.thumbnails import enlarge_to, thumbnail
from napari_zerodce.device import Device, Precision, available_devices
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK, Look
from napari_zerodce.engine.methods.enlarged import repeated
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.config import TrainingConfig
from napari_zerodce.training.loop import StepReport, start, train

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
COLUMNS = (
    Column("images/s", 0),
    Column("ms", 3),
    Column("times as fast as published, 8 bits", 2),
    Column("part of the limit", 3),
)


def waiting_for(device: Device) -> Callable[[], None]:
    """Return a function that waits until a device has done all that it was asked for."""
    return torch.cuda.synchronize if device.kind == "cuda" else lambda: None


def baselines(
    checkpoint: Checkpoint, photos: np.ndarray, clone: Path | None, device: Device
) -> Iterator[tuple[str, Contender]]:
    """Yield the published arithmetic: from 8 bits, and on the device at each precision."""
    name = "plain evaluation" if clone is None else "published code"
    evaluate = plain(checkpoint, device.name)
    if clone is not None:
        evaluate = published(clone, checkpoint, device.name)
    unit = on_device(photos, device)
    yield f"{name}, 8 bits", partial(from_8_to_8_bits, evaluate, photos, device.name)
    yield f"{name}, on the device", partial(evaluate, unit)
    for precision in ("bfloat16", "float16"):
        dtype = getattr(torch, precision)
        half: Evaluate = plain(checkpoint, device.name, dtype)
        yield f"plain evaluation, {precision}, on the device", partial(half, unit.to(dtype))


def on_device(photos: np.ndarray, device: Device) -> Tensor:
    """Return photos as floats on the device."""
    unit = torch.from_numpy(photos / np.float32(255)).permute(0, 3, 1, 2)
    return unit.contiguous().to(device.name)


def tensor_to_tensor(
    checkpoint: Checkpoint, photos: np.ndarray, device: Device, precision: Precision
) -> Contender:
    """Return our network and our curves, from floats to floats on the device."""
    estimator = TorchEstimator(checkpoint, device, precision)
    scale, unit = checkpoint.info.scale_factor, on_device(photos, device)
    as_it_takes: Callable[[Tensor], Any] = Tensor.numpy if device.kind == "cpu" else lambda of: of

    def evaluate() -> object:
        image = as_it_takes(unit)
        maps = estimator.estimate(as_it_takes(thumbnail(unit, scale)))
        return apply_curves(image, repeated(enlarge_to(maps, scale, image.shape)))

    return evaluate


def engine(
    checkpoint: Checkpoint, photos: np.ndarray, device: Device, precision: Precision, look: Look
) -> Contender:
    """Return `enhance()`, 8 bits to 8 bits."""
    settings = EnhanceSettings(
        checkpoint=checkpoint, device=device.name, precision=precision, look=look
    )
    image = photos[0] if len(photos) == 1 else photos
    return partial(enhance, EnhanceRequest(image, "rgb", settings))


def ours(
    checkpoint: Checkpoint, photos: np.ndarray, device: Device
) -> Iterator[tuple[str, Precision, Contender]]:
    """Yield our contenders with their precision."""
    given = checkpoint, photos, device
    for precision in PRECISIONS:
        yield f"ours, {precision}, on the device", precision, tensor_to_tensor(*given, precision)
    for precision in PRECISIONS:
        made = engine(*given, precision, AS_PUBLISHED)
        yield f"enhance(), {precision}, 8 bits", precision, made
    made = engine(*given, "float16", DEFAULT_LOOK)
    yield "enhance(), float16, look of the dock, 8 bits", "float16", made


def compare(
    before: Mapping[str, Contender],
    checkpoint: Checkpoint,
    photos: np.ndarray,
    *,
    device: Device,
    limits: Mapping[Precision, Limits],
    rounds: int,
) -> Table:
    """Return the table of a network, a size and a batch; the first contender is the baseline."""
    mine = list(ours(checkpoint, photos, device))
    found = {**before, **{name: contender for name, _, contender in mine}}
    with torch.inference_mode():
        seconds = medians(found, rounds, wait=waiting_for(device), warm=3)
    work = work_of(checkpoint.info.curve_architecture, checkpoint.info.scale_factor)
    pixels = photos[..., 0].size
    precisions = {name: precision for name, precision, _ in mine}
    baseline = seconds[next(iter(before))]

    def numbers(name: str) -> tuple[float, ...]:
        took, part = seconds[name], float("nan")
        if precision := precisions.get(name):
            number = 4 if precision == "float32" else 2
            part = limits[precision].seconds(work, pixels, bytes_of_number=number) / took
        return len(photos) / took, 1e3 * took, baseline / took, part

    count, height, width, _ = photos.shape
    title = f"{checkpoint.info.title}, {width}x{height}, batch {count}"
    return Table(title, COLUMNS, tuple((name, numbers(name)) for name in found))


def limits_of(device: Device, precision: Precision) -> Limits:
    """Measure what the device can do at a precision."""
    side, copied = (8192, 2**29) if device.kind == "cuda" else (512, 2**24)
    machine = LimitContenders(device.name, getattr(torch, precision), side=side, copied=copied)
    with torch.inference_mode():
        seconds = medians(machine.contenders(), 9, wait=waiting_for(device), warm=2)
    return machine.limits(seconds)


def tried(checkpoint: Checkpoint, photos: np.ndarray, device: Device, rounds: int) -> Table:
    """Return a table of what could make the network faster, in float16 on the device."""
    network = TorchEstimator(checkpoint, device, "float16").network
    unit = on_device(photos, device).half().contiguous(memory_format=torch.channels_last)
    found: dict[str, Contender] = {"as it is": partial(network.estimate_maps, unit)}
    if device.kind == "cuda":
        found["with cuDNN's search for the fastest"] = partial(_searching, network, unit)
        found["convolution, bias and ReLU as one"] = partial(_fused, network, unit)
        found["replayed as a CUDA graph"] = _graph(partial(network.estimate_maps, unit))
        found["both"] = _graph(partial(_fused, network, unit))
    with torch.inference_mode():
        seconds = medians(found, rounds, wait=waiting_for(device), warm=3)
    rows = tuple((name, (len(photos) / took, 1e3 * took)) for name, took in seconds.items())
    title = f"The network of {checkpoint.info.title} alone, float16, batch {len(photos)}"
    return Table(title, COLUMNS[:2], rows)


def _searching(network: Any, unit: Tensor) -> Tensor:
    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        maps: Tensor = network.estimate_maps(unit)
    return maps


def _fused(network: Any, unit: Tensor) -> Tensor:
    """Evaluate Zero-DCE with cuDNN's operation for a convolution, its bias and its ReLU."""

    def layer(number: int, *features: Tensor) -> Tensor:
        convolution = getattr(network, f"e_conv{number}")
        both = torch.cat(features, 1) if len(features) > 1 else features[0]
        sides = [1, 1]
        return torch.cudnn_convolution_relu(
            both, convolution.weight, convolution.bias, sides, sides, sides, 1
        )

    one = layer(1, unit)
    two = layer(2, one)
    three = layer(3, two)
    six = layer(6, two, layer(5, three, layer(4, three)))
    return torch.tanh(network.e_conv7(torch.cat((one, six), 1))).neg()


def _graph(evaluate: Contender) -> Contender:
    """Return the replay of a recorded evaluation; torch's own way, which needs no compiler."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode(), torch.cuda.stream(side):
        for _ in range(3):
            evaluate()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph):
        evaluate()
    return graph.replay


def training(device: Device, steps: int) -> Table:
    """Return a table of training steps for a second."""
    rows, count, side = [], 8, 256 if device.kind == "cuda" else 32
    for architecture in ("zero-dce", "zero-dce-pp"):
        for precision in ("float32", "bfloat16"):
            config = TrainingConfig(
                architecture=architecture,  # type: ignore[arg-type]
                steps=steps,
                crop=side,
                batch=count,
                precision=precision,  # type: ignore[arg-type]
            )
            rows.append((f"{architecture}, {precision}", (steps_per_second(config, device),)))
    title = f"Training, {count} crops of {side}x{side}"
    return Table(title, (Column("steps/s", 1),), tuple(rows))


def steps_per_second(config: TrainingConfig, device: Device) -> float:
    """Train for some steps, and return how many there are in a second, without the first ones."""
    moments: list[float] = []

    def note(_: StepReport) -> None:
        waiting_for(device)()
        moments.append(time.perf_counter())

    def dark(generator: np.random.Generator, *, count: int, side: int) -> Batch:
        return Batch(generator.random((count, 3, side, side), np.float32) * np.float32(0.3))

    train(start(config, device=device), dark, report=note)
    first = len(moments) // 4
    return (len(moments) - 1 - first) / (moments[-1] - moments[first])


def main() -> None:
    """Print a table for each network, size and batch, and for training."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--device", help="(default: the best one)")
    sizes = [(480, 640), (900, 1200)]
    add("--sizes", nargs="+", type=parsed_size, default=sizes, metavar="WxH")
    add("--batches", nargs="+", type=int, default=[1, 8], metavar="N")
    add("--checkpoints", nargs="+", default=["zero-dce", "zero-dce-pp"], metavar="NAME")
    add("--rounds", type=int, default=21, help="turns of each (default: 21)")
    add("--steps", type=int, default=60, help="of training (default: 60)")
    add("--published", type=Path, metavar="CLONE", help="of Zero-DCE, or its model.py")
    add("--published-pp", type=Path, metavar="CLONE", help="of Zero-DCE++, or its model.py")
    options = parser.parse_args()

    devices = {device.name: device for device in available_devices()}
    device = devices[options.device or next(iter(devices))]
    print(f"{device}, torch {torch.__version__}, medians of {options.rounds} turns\n", flush=True)
    limits = {precision: limits_of(device, precision) for precision in PRECISIONS}
    for precision, limit in limits.items():
        print(f"- {precision}: {limit.described()}")
    for name in options.checkpoints:
        checkpoint = load_checkpoint(name)
        scale = checkpoint.info.scale_factor
        clone = options.published_pp if scale > 1 else options.published
        for size, count in product(options.sizes, options.batches):
            photos = np.stack([photo_for(size, scale)] * count)
            before = dict(baselines(checkpoint, photos, clone, device))
            given = {"device": device, "rounds": options.rounds}
            table = compare(before, checkpoint, photos, limits=limits, **given)
            print(f"\n{table.markdown()}", flush=True)
            if scale == 1:
                print(f"\n{tried(checkpoint, photos, **given).markdown()}", flush=True)
    print(f"\n{training(device, options.steps).markdown()}")


if __name__ == "__main__":
    main()
