"""Train and compare smoothness losses with first and with higher derivatives.

    python benchmarks/smoothness_study.py pack --images DATA --data pack.npz
    python benchmarks/smoothness_study.py train --data pack.npz --work WORK --jobs 2
    python benchmarks/smoothness_study.py measure --data pack.npz --work WORK --jobs 2
    python benchmarks/smoothness_study.py report --work WORK --montage montage.png

With --quick, `train` and `measure` take ten minutes together on two cores: a trial of the pipeline.
A stopped command continues: what is done is skipped. `pack` needs OpenEXR, the others torch, scipy
and scikit-image. docs/smoothness-study.md says what is compared, and what counts as better.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from smoothness.arms import ARMS, FULL, QUICK, WITHOUT_TRAINING, units


def run_pack(options: argparse.Namespace) -> None:
    """Write the pictures into one file."""
    from smoothness.pictures import pack

    pack(options.images, options.data)
    print(f"{options.data}: {options.data.stat().st_size / 2**20:.1f} MiB")


def run_train(options: argparse.Namespace) -> None:
    """Train all arms."""
    from smoothness.training import chosen_device, train_all

    effort = QUICK if options.quick else FULL
    how = {
        "jobs": options.jobs,
        "device": chosen_device(options.device),
        "deadline": time.time() + 60 * options.minutes,
    }
    train_all(units(effort, tuple(ARMS)), effort, options.work, options.data, how=how)


def run_measure(options: argparse.Namespace) -> None:
    """Measure all arms."""
    from smoothness.measuring import measure_all
    from smoothness.training import chosen_device

    effort = QUICK if options.quick else FULL
    chosen = units(effort, (*ARMS, *WITHOUT_TRAINING))
    how = (chosen_device(options.device), effort.pictures)
    measure_all(chosen, options.work, options.data, jobs=options.jobs, how=how)


def run_report(options: argparse.Namespace) -> None:
    """Print the tables, and write the crops."""
    from smoothness.montage import write_montage
    from smoothness.report import report

    print(report(options.work))
    if options.montage:
        write_montage(options.work, options.montage)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(required=True)
    packing = commands.add_parser("pack", help="write the pictures into one file")
    packing.add_argument("--images", type=Path, required=True, help="folder with hdr/ and photos/")
    packing.add_argument("--data", type=Path, required=True, help="file to write (.npz)")
    packing.set_defaults(run=run_pack)
    for name, run in (("train", run_train), ("measure", run_measure)):
        command = commands.add_parser(name)
        add: Callable[..., object] = command.add_argument
        add("--work", type=Path, required=True, help="folder of the study")
        add("--data", type=Path, required=True, help="file that pack wrote")
        add("--jobs", type=int, default=2, help="processes at once (default: 2)")
        add("--device", choices=("auto", "cpu", "cuda"), default="auto")
        add("--quick", action="store_true", help="ten minutes on two cores")
        if name == "train":
            add("--minutes", type=float, default=1e6, help="stop after this long")
        command.set_defaults(run=run)
    reporting = commands.add_parser("report", help="print the tables")
    reporting.add_argument("--work", type=Path, required=True, help="folder of the study")
    reporting.add_argument("--montage", type=Path, help="PNG to write")
    reporting.set_defaults(run=run_report)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
