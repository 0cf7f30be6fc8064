"""Train pix2pix, CycleGAN, CUT and FastCUT on small tasks, whole and with terms switched off.

    python benchmarks/translation_study.py untrained --data DATA
    python benchmarks/translation_study.py train --data DATA --work WORK [toy.cut photos ...]
    python benchmarks/translation_study.py measure --data DATA --work WORK
    python benchmarks/translation_study.py gains --data DATA --work WORK
    python benchmarks/translation_study.py cost
    python benchmarks/translation_study.py report
    python benchmarks/translation_study.py montage --data DATA --work WORK --output montage.png

A stopped command continues: a result that is in the file is skipped. Names choose trainings by
their beginning. DATA has photos/kodak and microscopy/dsb2018; without it, only the toy is done.
docs/translation.md describes the tasks and the results.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

# Such small networks gain nothing by a second thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from translation.arms import REAL_TASKS, TaskName, chosen, units
from translation.results import Result, append_result, read_results, write_results
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


def run_measure(options: argparse.Namespace) -> None:
    """Measure the translations of all trainings again, if there are new figures."""
    from translation.measuring import measured_again

    results = read_results(options.results)
    tasks = {name: task_of(name, options.data) for name in tasks_with(options.data)}
    write_results(options.results, [measured_again(each, tasks, options.work) for each in results])


def run_gains(options: argparse.Namespace) -> None:
    """Print what networks and curves make of exposures: of the toy's, and of the photos'."""
    from translation.exposure import table_of_gains, table_of_means, table_of_wholes
    from translation.real import whole_photos

    print(table_of_gains(toy(), options.work))
    if options.data:
        print("\n" + table_of_means(task_of("photos", options.data), "photos", options.work))
        print("\n" + table_of_wholes(whole_photos(options.data), options.work))


def run_cost(_: argparse.Namespace) -> None:
    """Measure a step with the networks of the papers."""
    from translation.full_size import table

    print(table())


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
    for run, names in COMMANDS.items():
        command = commands.add_parser(run.__name__.removeprefix("run_"), help=run.__doc__)
        command.set_defaults(run=run)
        for name in names:
            words, settings = OPTIONS[name]
            command.add_argument(*words, **settings)
    options = parser.parse_args()
    options.run(options)


OPTIONS: Final[Mapping[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "results": (("--results",), {"type": Path, "default": RESULTS, "help": "file of results"}),
    "data": (("--data",), {"type": Path, "help": "folder with photos/ and microscopy/"}),
    "work": (("--work",), {"type": Path, "required": True, "help": "folder of the study"}),
    "output": (("--output",), {"type": Path, "required": True, "help": "PNG to write"}),
    "names": (("names",), {"nargs": "*", "help": "such as toy.cut; default: all"}),
}
COMMANDS: Final = {
    run_untrained: ("results", "data"),
    run_train: ("results", "data", "work", "names"),
    run_measure: ("results", "data", "work"),
    run_gains: ("data", "work"),
    run_cost: (),
    run_report: ("results",),
    run_montage: ("data", "work", "output"),
}

if __name__ == "__main__":
    main()
