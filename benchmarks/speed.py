"""Time the engine on a CPU beside the published code, and beside what the machine allows.

    OMP_NUM_THREADS=2 python benchmarks/speed.py --published ZERO-DCE --published-pp ZERO-DCE++
    OMP_NUM_THREADS=2 python benchmarks/speed.py --sizes 640x480 2048x2048 --rounds 5

ZERO-DCE and ZERO-DCE++ are clones of the authors' repositories, or their model.py. Without them, a
plain evaluation of the papers' equations stands for the published code: default memory layout,
whole image, one operation after the other. All get an 8-bit photo and return one, unless a row says
"floats". All take turns with a large matrix product and a copy in memory, from which the last
column follows: the least time, by the operations of the network's convolutions and by the samples
that go through the memory, as a part of the measured one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from comparison.tables import Column, Table
from timing.measured_limits import LimitContenders
from timing.photos import parsed_size, photo_for
from timing.published import Evaluate, from_8_to_8_bits, plain, published
from timing.turns import Contender, medians
from timing.work import work_of

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.device import processor_name
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK, Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings

Array = np.ndarray
BASELINE = "published code, 8 bits"
PLAIN = "plain evaluation, 8 bits"


def baselines(checkpoint: Checkpoint, photo: Array, clone: Path | None) -> dict[str, Contender]:
    """Return the published arithmetic: from floats to floats, and from 8 bits to 8 bits."""
    unit = torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1).contiguous()[None]
    found: dict[str, Contender] = {}
    evaluations: dict[str, Evaluate] = {PLAIN: plain(checkpoint)}
    if clone is not None:
        evaluations = {BASELINE: published(clone, checkpoint), **evaluations}
    for name, evaluate in evaluations.items():
        found[name] = partial(from_8_to_8_bits, evaluate, photo[None])
        found[name.replace("8 bits", "floats")] = partial(evaluate, unit)
    return found


def engines(checkpoint: Checkpoint, photo: Array) -> Iterator[tuple[str, Contender]]:
    """Yield the engine with each backend and each look, and as users have it."""

    def enhancing(look: Look, **choices: str) -> Contender:
        settings = EnhanceSettings(checkpoint=checkpoint, device="cpu", look=look, **choices)  # type: ignore[arg-type]
        return partial(enhance, EnhanceRequest(photo, "rgb", settings))

    yield "enhance(), torch", enhancing(AS_PUBLISHED, precision="float32", backend="torch")
    if find_spec("onnxruntime"):
        runtime = {"precision": "float32", "backend": "onnxruntime"}
        yield "enhance(), ONNX Runtime", enhancing(AS_PUBLISHED, **runtime)
        yield "enhance(), ONNX Runtime, look of the dock", enhancing(DEFAULT_LOOK, **runtime)
    yield "enhance(), automatic", enhancing(AS_PUBLISHED)
    yield "enhance(), automatic, look of the dock", enhancing(DEFAULT_LOOK)


def compare(
    checkpoint: Checkpoint, photo: Array, clone: Path | None, *, rounds: int
) -> tuple[Table, str]:
    """Return the table of a network and a size, and the machine's limits in words."""
    before = baselines(checkpoint, photo, clone)
    machine = LimitContenders()
    found = {**before, **dict(engines(checkpoint, photo))}
    with torch.inference_mode():
        seconds = medians({**found, **machine.contenders()}, rounds)
    limits = machine.limits(seconds)
    work = work_of(checkpoint.info.curve_architecture, checkpoint.info.scale_factor)
    least = limits.seconds(work, photo.shape[0] * photo.shape[1])
    baseline = seconds[next(iter(before))]
    columns = (
        Column("ms", 1),
        Column(f"times as fast as the {next(iter(before))}", 2),
        Column("part of the limit", 3),
    )
    rows = tuple(
        (name, (seconds[name] * 1e3, baseline / seconds[name], least / seconds[name]))
        for name in found
    )
    height, width, _ = photo.shape
    return Table(f"{checkpoint.info.title}, {width}x{height}", columns, rows), limits.described()


def main() -> None:
    """Print a table for each network and size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    sizes = [(480, 640)]
    add("--sizes", nargs="+", type=parsed_size, default=sizes, metavar="WxH", help="(640x480)")
    add("--checkpoints", nargs="+", default=["zero-dce", "zero-dce-pp"], metavar="NAME")
    add("--rounds", type=int, default=9, help="turns of each (default: 9)")
    add("--published", type=Path, metavar="CLONE", help="of Zero-DCE, or its model.py")
    add("--published-pp", type=Path, metavar="CLONE", help="of Zero-DCE++, or its model.py")
    options = parser.parse_args()

    print(
        f"{processor_name()}, {torch.get_num_threads()} threads of torch {torch.__version__}, "
        f"medians of {options.rounds} turns\n"
    )
    for name in options.checkpoints:
        checkpoint = load_checkpoint(name)
        is_pp = checkpoint.info.scale_factor > 1
        clone = options.published_pp if is_pp else options.published
        for size in options.sizes:
            photo = photo_for(size, checkpoint.info.scale_factor)
            table, limits = compare(checkpoint, photo, clone, rounds=options.rounds)
            print(f"{table.markdown()}\n\nMeasured in the same turns: {limits}.\n")


if __name__ == "__main__":
    main()
