"""The figures of a result, measured again from what its training left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from translation.arms import Unit
from translation.figures import figures
from translation.files import translations_file
from translation.results import Result
from translation.toy import Task
from translation.untrained import METHODS


def measured_again(result: Result, tasks: Mapping[str, Task], work: Path) -> Result:
    """Return a result with all figures of today; the same one if its task is not there."""
    task = tasks.get(result.task)
    if task is None:
        return result
    if method := METHODS.get(result.arm):
        found = method(task)
    else:
        found = np.load(translations_file(work, Unit(result.arm, result.seed, result.task)))
    return replace(result, figures=figures(found, task.held_targets).as_dict())
