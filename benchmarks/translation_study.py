"""Train pix2pix, CycleGAN, CUT and FastCUT on small tasks, whole and with terms switched off.

    python benchmarks/translation_study.py untrained --data DATA
    python benchmarks/translation_study.py train --data DATA --work WORK [toy.cut photos ...]
    python benchmarks/translation_study.py gains --work WORK
    python benchmarks/translation_study.py report
    python benchmarks/translation_study.py montage --data DATA --work WORK --output montage.png

A stopped command continues: a result that is in the file is skipped. Names choose trainings by
their beginning. DATA has photos/kodak and microscopy/dsb2018; without it, only the toy is done.
docs/translation.md describes the tasks and the results.
"""

from __future__ import annotations

import argparse
import os
from functools import cache
from pathlib import Path

# Such small networks gain nothing by a second thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from translation.arms import REAL_TASKS, TaskName, chosen, units
from translation.results import Result, append_result, read_results
from translation.toy import Task, toy

RESULTS = Path(__file__).parents[1] / "docs" / "training-logs" / "translation-study.jsonl"


@cache
def task_of(name: TaskName, data: Path | None) -> Task:
    """Return a task by name."""
    from translation.real import cells, photos

    if name == "toy":
        return toy()
    assert data is not None
    return {"photos": photos, "cells": cells}[name](data)


def tasks_with(data: Path | None) -> tuple[TaskName, ...]:
    """Return the tasks whose pictures are there."""
    return ("toy", *REAL_TASKS) if data else ("toy",)


def run_untrained(options: argparse.Namespace) -> None:
    """Measure what needs no training."""
    from translation.figures import figures
    from translation.untrained import METHODS

    done = {result.key for result in read_results(options.results)}
    for name in tasks_with(options.data):
        task = task_of(name, options.data)
        for method, translations in METHODS.items():
            if (name, method, 0) not in done:
                found = figures(translations(task), task.held_targets)
                append_result(options.results, Result(name, method, 0, found.as_dict()))
                print(name, method, found)


def run_train(options: argparse.Namespace) -> None:
    """Train and measure all units that are not in the file."""
    from translation.training import train_unit

    there = tasks_with(options.data)
    for unit in chosen(options.names, units()):
        # Read again each time: another process may train other units.
        done = {result.key for result in read_results(options.results)}
        if unit.task in there and (unit.task, unit.arm, unit.seed) not in done:
            result = train_unit(unit, task_of(unit.task, options.data), options.work)
            append_result(options.results, result)
            print(unit.name, result.figures, result.others, result.cost, flush=True)


def run_gains(options: argparse.Namespace) -> None:
    """Print what trained networks and curves make of the same pictures with other exposures."""
    from translation.exposure import table

    print(table(toy(), options.work))


def run_report(options: argparse.Namespace) -> None:
    """Print the tables."""
    from translation.report import report

    print(report(read_results(options.results)))


def run_montage(options: argparse.Namespace) -> None:
    """Write the pictures."""
    from translation.montage import write_montage

    tasks = {name: task_of(name, options.data) for name in tasks_with(options.data)}
    write_montage(tasks, options.work, options.output)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(required=True)
    runs = (run_untrained, run_train, run_gains, run_report, run_montage)
    for run in runs:
        command = commands.add_parser(run.__name__.removeprefix("run_"), help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--results", type=Path, default=RESULTS, help="file of the results")
        if run is not run_report:
            command.add_argument("--data", type=Path, help="folder with photos/ and microscopy/")
        if run in {run_train, run_gains, run_montage}:
            command.add_argument("--work", type=Path, required=True, help="folder of the study")
        if run is run_train:
            command.add_argument("names", nargs="*", help="such as toy.cut; default: all")
        if run is run_montage:
            command.add_argument("--output", type=Path, required=True, help="PNG to write")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
