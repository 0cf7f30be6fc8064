"""Time the engine against a plain evaluation of the published arithmetic.

    python benchmarks/speed.py
    python benchmarks/speed.py --published model.py --published-pp model_pp.py

The plain evaluation is written from the papers' equations: default memory layout, whole image, one
operation after the other. It stands for the published code; if you have the authors' own
`model.py`, you can time it in the same run. Both get a float32 tensor that is ready, while
`enhance()` gets an 8-bit photo and returns one. All take turns, so that a busy machine slows all of
them down equally; medians count.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import ITERATIONS
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings

Contender = Callable[[], object]
PLAIN = "plain evaluation"


def plain(checkpoint: Checkpoint) -> Callable[[Tensor], Tensor]:
    """Return the papers' equations as a function of an image, without optimisation."""
    weights = checkpoint.network.state_dict()
    scale = checkpoint.info.scale_factor

    def convolution(number: int, image: Tensor) -> Tensor:
        name = f"e_conv{number}"
        if f"{name}.weight" in weights:
            return functional.conv2d(
                image, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1
            )
        depth, point = (
            (weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])
            for part in ("depth_conv", "point_conv")
        )
        return functional.conv2d(
            functional.conv2d(image, *depth, padding=1, groups=image.shape[1]), *point
        )

    def estimate(image: Tensor) -> Tensor:
        one = convolution(1, image).relu_()
        two = convolution(2, one).relu_()
        three = convolution(3, two).relu_()
        four = convolution(4, three).relu_()
        five = convolution(5, torch.cat((three, four), 1)).relu_()
        six = convolution(6, torch.cat((two, five), 1)).relu_()
        return -torch.tanh(convolution(7, torch.cat((one, six), 1)))

    def evaluate(image: Tensor) -> Tensor:
        small = image
        if scale > 1:
            small = functional.interpolate(image, scale_factor=1 / scale, mode="bilinear")
        maps = estimate(small)
        if scale > 1:
            maps = functional.interpolate(
                maps, size=image.shape[-2:], mode="bilinear", align_corners=True
            )
        steps = maps.split(3, dim=1) if maps.shape[1] > 3 else (maps,) * ITERATIONS
        for alpha in steps:
            image = image + alpha * (image - image**2)
        return image

    return evaluate


def published(path: Path, checkpoint: Checkpoint) -> nn.Module:
    """Return the authors' network from their own file, with the checkpoint's weights."""
    spec = importlib.util.spec_from_file_location("published_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kind = module.enhance_net_nopool
    arguments = [checkpoint.info.scale_factor] if "scale_factor" in _parameters(kind) else []
    network: nn.Module = kind(*arguments)
    network.load_state_dict(checkpoint.network.state_dict())
    return network.eval().requires_grad_(requires_grad=False)


def _parameters(kind: type) -> Any:
    return inspect.signature(kind).parameters


def contenders(
    checkpoint: Checkpoint, image: np.ndarray, model: Path | None
) -> dict[str, Contender]:
    """Return the timed functions by name."""
    batch = torch.from_numpy(image / np.float32(255)).permute(2, 0, 1).contiguous()[None]
    network = load_checkpoint(checkpoint.info.path, scale_factor=checkpoint.info.scale_factor)
    ours = network.network.to(memory_format=torch.channels_last)
    request = EnhanceRequest(
        image=image,
        channels="rgb",
        settings=EnhanceSettings(checkpoint=checkpoint, device="cpu", precision="float32"),
    )

    def untiled() -> Tensor:
        return apply_curves(batch, ours(batch.contiguous(memory_format=torch.channels_last)))

    def from_eight_bits_to_eight_bits() -> np.ndarray:
        unit = torch.from_numpy(image / np.float32(255)).permute(2, 0, 1)[None]
        return (evaluate(unit)[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()

    evaluate = plain(checkpoint)
    found: dict[str, Contender] = {PLAIN: lambda: evaluate(batch)}
    found[f"{PLAIN}, 8 bits to 8 bits"] = from_eight_bits_to_eight_bits
    if model is not None:
        try:
            theirs = published(model, checkpoint)
            found["published code"] = lambda: theirs(batch)
        except Exception as error:  # noqa: BLE001  (a benchmark reports it and continues)
            print(f"The published code is not timed: {type(error).__name__}: {error}\n")
    found["ours, untiled, tensor to tensor"] = untiled
    found["ours, enhance(), 8 bits to 8 bits"] = lambda: enhance(request)
    return found


def medians(found: dict[str, Contender], rounds: int) -> dict[str, float]:
    """Run all in turns and return their median seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in found}
    with torch.inference_mode():
        for contender in found.values():
            contender()
        for _ in range(rounds):
            for name, contender in found.items():
                started = time.perf_counter()
                contender()
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Print a table for each network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="640x480", help="width and height (default: 640x480)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each (default: 15)")
    parser.add_argument("--published", type=Path, metavar="FILE", help="Zero-DCE's own model.py")
    parser.add_argument("--published-pp", type=Path, metavar="FILE", help="Zero-DCE++'s model.py")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    width, height = (int(side) for side in options.size.split("x"))
    # Sides that are multiples of 12: the published Zero-DCE++ accepts only these.
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    print(f"{width}x{height}, float32, {options.threads} threads, {options.rounds} rounds\n")
    for name, model in (("zero-dce", options.published), ("zero-dce-pp", options.published_pp)):
        checkpoint = load_checkpoint(name)
        if checkpoint.info.scale_factor > 1:
            scale = checkpoint.info.scale_factor
            image = image[: height // scale * scale, : width // scale * scale].copy()
        times = medians(contenders(checkpoint, image, model), options.rounds)
        baselines = [other for other in times if "ours" not in other and "bits" not in other]
        head = " | ".join(f"times as fast as {other}" for other in baselines)
        print(f"| {checkpoint.info.title} | ms | {head} |\n|---|---|{'---|' * len(baselines)}")
        for contender, seconds in times.items():
            ratios = " | ".join(f"{times[other] / seconds:.2f}" for other in baselines)
            print(f"| {contender} | {seconds * 1000:.1f} | {ratios} |")
        print()


if __name__ == "__main__":
    main()
