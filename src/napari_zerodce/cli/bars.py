"""Progress bars on the terminal: files outside, planes and tiles inside, and lines above them."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from tqdm import tqdm

if TYPE_CHECKING:
    from napari_zerodce.engine.requests import Progress

_INNER_FORMAT = "{desc} |{bar:20}| {percentage:3.0f}% [{elapsed}<{remaining}]"
_LONGEST_NAME = 30


class Bars:
    """Two bars, or one for a single file; none where stderr is no terminal.

    Parameters
    ----------
    files : int
        How many files there are.
    """

    def __init__(self, files: int) -> None:
        # disable=None is tqdm's word for "unless on a terminal".
        self._files = tqdm(
            total=files, unit="file", disable=None if files > 1 else True, dynamic_ncols=True
        )
        self._tiles = tqdm(
            total=1.0,
            bar_format=_INNER_FORMAT,
            disable=None,
            dynamic_ncols=True,
            position=1 if files > 1 else 0,
            leave=False,
        )
        self._name = ""

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._tiles.close()
        self._files.close()

    def begin_file(self, name: str) -> None:
        """Start the inner bar anew."""
        self._name = name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
        self._tiles.reset()

    def end_file(self) -> None:
        """Count one file more."""
        self._files.update()

    def say(self, message: str) -> None:
        """Tell what is being done now, beside the file's name."""
        self._tiles.set_description_str(f"{self._name}: {message}")

    def follow(self, progress: Progress) -> None:
        """Show how far the file is."""
        self._tiles.set_description_str(f"{self._name}: {progress.message}", refresh=False)
        self._tiles.n = progress.fraction
        self._tiles.refresh()

    def print(self, line: str) -> None:
        """Write a line above the bars, for people and programs."""
        self._write(line, sys.stdout)

    def warn(self, line: str) -> None:
        """Write a line above the bars that must not be overlooked."""
        self._write(line, sys.stderr)

    @staticmethod
    def _write(line: str, stream: TextIO) -> None:
        try:
            tqdm.write(line, file=stream)
            stream.flush()
        except OSError:
            # A full disk behind stdout, or a reader that has gone, is no reason to lose the images.
            # What is left in the buffer must go somewhere: Python writes it again when it ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
