"""Time runs on a busy machine: alone, beside a busy loop, and two at a time.

    taskset --cpu-list 0,1 python benchmarks/busy.py
    taskset --cpu-list 0,1 python benchmarks/busy.py --against ../older-clone/src

Each run is in a process of its own, as inside napari. On a machine with n cores, a busy loop and n
threads of ours share the cores, so a run may take 1 + 1/n times as long as alone, and twice as long
if two runs go on. A number in the columns "times its share" of 1 means that a run got all that;
more is lost by waiting. With `--against`, another version of the package takes turns with this one,
situation by situation.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1] / "src"

CASES = (
    (1, 30, 40), (300, 30, 40), (1000, 30, 40), (1, 256, 256), (100, 256, 256), (1, 480, 640),
    (20, 512, 512), (1, 2048, 2048),
)  # fmt: skip
"""Number of planes, their rows and columns."""

SITUATIONS = ("alone", "beside a busy loop", "two at a time")

_LOOP = """
import os
parent = os.getppid()
while os.getppid() == parent:  # also if this benchmark is killed
    for _ in range(10**6):
        pass
"""

_WORKER = """
import json, sys, time
import numpy as np
import napari_zerodce
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import WindowChoice

for line in sys.stdin:
    checkpoint, shape = json.loads(line)
    image = np.random.default_rng(0).integers(0, 4000, shape, np.uint16)
    settings = EnhanceSettings(checkpoint, WindowChoice("range", 0, 4000), device="cpu")
    request = EnhanceRequest(image, "mono", settings)
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    enhance(request)
    print(time.perf_counter() - started, flush=True)
"""


@dataclass
class Runner:
    """A process that enhances images when it is told to.

    Parameters
    ----------
    process : Popen
    """

    process: subprocess.Popen[str]

    @classmethod
    def of(cls, package: Path) -> Runner:
        """Start a process with a version of the package.

        Parameters
        ----------
        package : Path
            The folder that holds ``napari_zerodce``.
        """
        process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(package)},
        )
        return cls(process)

    def tell(self, value: Any) -> None:
        """Send a line."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """Return the next line."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def stop(self) -> None:
        """End the process."""
        self.process.kill()


def run(runners: list[Runner], checkpoint: str, shape: tuple[int, ...]) -> float:
    """Return the seconds of the slowest of runs at the same time."""
    for runner in runners:
        runner.tell((checkpoint, shape))
        assert runner.answer() == "ready"
    for runner in runners:
        runner.tell("go")
    return max(float(runner.answer()) for runner in runners)


def in_situation(
    situation: str, pair: list[Runner], checkpoint: str, shape: tuple[int, ...]
) -> float:
    """Return the seconds of a run in one of `SITUATIONS`."""
    if situation == "two at a time":
        return run(pair, checkpoint, shape)
    if situation == "alone":
        return run(pair[:1], checkpoint, shape)
    loop = subprocess.Popen([sys.executable, "-c", _LOOP])
    try:
        time.sleep(0.1)
        return run(pair[:1], checkpoint, shape)
    finally:
        loop.kill()
        loop.wait()


def time_case(
    pairs: dict[str, list[Runner]], checkpoint: str, shape: tuple[int, ...], rounds: int
) -> dict[tuple[str, str], float]:
    """Return the median seconds by situation and version; all take turns."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for situation in SITUATIONS:
            for name, pair in pairs.items():
                seconds = in_situation(situation, pair, checkpoint, shape)
                found.setdefault((situation, name), []).append(seconds)
    return {key: statistics.median(values) for key, values in found.items()}


def print_table(pairs: dict[str, list[Runner]], checkpoint: str, options: Any, cores: int) -> None:
    """Print the table of a network."""
    shares = dict(zip(SITUATIONS, (1, 1 + 1 / cores, 2), strict=True))
    columns = [f"{situation} {name}".strip() for situation in SITUATIONS for name in pairs]
    print(f"| {checkpoint}: planes | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|", flush=True)
    for pair in pairs.values():
        run(pair, checkpoint, (3, 300, 300))  # start threads, load the checkpoint
    for planes, rows, wide in CASES:
        if planes * rows * wide > options.largest:
            continue
        medians = time_case(pairs, checkpoint, (planes, rows, wide), options.rounds)
        cells = [
            f"{seconds:.3f} ({seconds / medians['alone', name] / shares[situation]:.2f})"
            for (situation, name), seconds in medians.items()
        ]
        print(f"| {planes} of {wide}x{rows} | {' | '.join(cells)} |", flush=True)
    print()


def main() -> None:
    """Print a table for each network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, metavar="SRC", help="another version's src folder")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--largest", type=int, default=2**32, help="most pixels of a case")
    options = parser.parse_args()
    packages = {"": HERE} | ({"before": options.against} if options.against else {})
    pairs = {name: [Runner.of(path), Runner.of(path)] for name, path in packages.items()}
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, medians of {options.rounds}, seconds, and times its share\n")
    try:
        for checkpoint in ("zero-dce", "zero-dce-pp"):
            print_table(pairs, checkpoint, options, cores)
    finally:
        for runner in [runner for pair in pairs.values() for runner in pair]:
            runner.stop()


if __name__ == "__main__":
    main()
