"""Progress and results as lines of JSON on stdout, for programs that start a command."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_zerodce.batch.schedule import Ending
    from napari_zerodce.engine.requests import Progress


class JsonLines:
    """Takes the place of `Bars`; each line is an object with one of the entries below.

    progress (from 0 to 1, with message and seconds_left), target (of a finished image, with
    source), failed (the source of an image, with reasons), line or warning (text).
    """

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        pass

    def begin_file(self, name: str) -> None:
        """Do nothing: the messages say what is done."""

    def end_file(self) -> None:
        """Do nothing: `tell` says more."""

    def say(self, message: str) -> None:
        """Write what is done at present."""
        _write(progress=0.0, message=message, seconds_left=None)

    def follow(self, progress: Progress) -> None:
        """Write how far the work is."""
        left = progress.seconds_left
        _write(progress=progress.fraction, message=progress.message, seconds_left=left)

    def tell(self, ending: Ending) -> None:
        """Write how an image has ended."""
        if ending.finished is None:
            _write(failed=ending.image.source, reasons=ending.failures)
        else:
            _write(target=ending.image.target, source=ending.image.source)

    def print(self, line: str) -> None:
        """Write a line for the user."""
        _write(line=line)

    def warn(self, line: str) -> None:
        """Write a warning for the user."""
        _write(warning=line)


def _write(**entries: Any) -> None:
    sys.stdout.write(f"{json.dumps(entries)}\n")
    sys.stdout.flush()
