"""Progress bars on the terminal: one for the files, one for the present file, lines above both."""

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
    """Two bars, or one for a single file. There is none if stderr is not a terminal.

    Parameters
    ----------
    files : int
        Number of files.
    """

    def __init__(self, files: int) -> None:
        # tqdm takes disable=None for "disable unless stderr is a terminal".
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
        """Start the bar of the present file again, for a file of this name."""
        self._name = name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
        self._tiles.reset()

    def end_file(self) -> None:
        """Count one more file."""
        self._files.update()

    def say(self, message: str) -> None:
        """Show the present work beside the file's name."""
        self._tiles.set_description_str(f"{self._name}: {message}")

    def follow(self, progress: Progress) -> None:
        """Show the progress of the present file."""
        self._tiles.set_description_str(f"{self._name}: {progress.message}", refresh=False)
        self._tiles.n = progress.fraction
        self._tiles.refresh()

    def print(self, line: str) -> None:
        """Write a line to stdout, above the bars."""
        self._write(line, sys.stdout)

    def warn(self, line: str) -> None:
        """Write a line to stderr, above the bars."""
        self._write(line, sys.stderr)

    @staticmethod
    def _write(line: str, stream: TextIO) -> None:
        try:
            tqdm.write(line, file=stream)
            stream.flush()
        except OSError:
            # A full disk behind stdout, or a reader that has ended, must not stop the enhancement.
            # Python writes the rest of the buffer once more when it exits, which must not fail.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
