"""Outputs that appear only when they are complete: how one is written aside, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.whole_file import replace_folder

_MOST_ATTEMPTS = 50
_SECONDS_BETWEEN_ATTEMPTS = 0.01


class HiddenOutput:
    """A file or a folder that is written in a hidden folder beside its target.

    Another thread can remove the hidden folder while this one is inside a library that compresses
    for seconds. `whole_file` cannot do that: it writes single files, and only the thread that
    writes a file removes it. It also cannot refuse a target that exists, or replace a folder, which
    takes two renames.

    Parameters
    ----------
    target : Path
        The path of the complete output.
    overwrite : bool
        Whether an existing target is replaced. Only a folder replaces a folder.
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        self._target = target
        self._overwrite = overwrite
        self._workshop: Path | None = None
        self._discarded = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Refuse a target that exists, and create the folders."""
        self._refuse_existing()
        folder = self._target.parent
        with self.failures_told(), self._lock:
            self.stop_if_discarded()
            folder.mkdir(parents=True, exist_ok=True)
            self._workshop = Path(tempfile.mkdtemp(prefix=".napari-zerodce-", dir=folder))
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.discard()

    @property
    def kept(self) -> str:
        """What of an unfinished output stays, to be told after an interruption: nothing."""
        return ""

    @property
    def part(self) -> Path:
        """The path to write to, in the hidden folder."""
        assert self._workshop
        return self._workshop / self._target.name

    def publish(self, target: Path | None = None) -> None:
        """Move the complete output to the target.

        Parameters
        ----------
        target : Path, optional
            Another target in the same folder.

        Raises
        ------
        ImageError
            If the target exists in the meantime, or cannot be written.
        """
        part = self.part
        self._target = target or self._target
        self._refuse_existing()
        with self.failures_told(), self._lock:
            self.stop_if_discarded()
            if part.is_dir() and self._target.is_dir():
                replace_folder(self._target, part)
            else:
                part.replace(self._target)

    def discard(self) -> None:
        """Remove the unfinished output, and refuse to write more. Any thread may call this."""
        with self._lock:
            self._discarded = True
        for _ in range(_MOST_ATTEMPTS):
            if not self._workshop or not self._workshop.exists():
                return
            # The other thread may create a file, and with it the folder, at the same moment.
            shutil.rmtree(self._workshop, ignore_errors=True)
            time.sleep(_SECONDS_BETWEEN_ATTEMPTS)

    def stop_if_discarded(self) -> None:
        """Raise `Cancelled` if a thread has discarded the output."""
        if self._discarded:
            raise Cancelled

    @contextmanager
    def failures_told(self) -> Iterator[None]:
        """Turn an `OSError` into an `ImageError` of one sentence."""
        try:
            yield
        except OSError as err:
            reason = err.strerror or type(err).__name__
            raise ImageError(
                f"{self._target} cannot be written: {reason}; choose another output."
            ) from err

    def _refuse_existing(self) -> None:
        if self._overwrite:
            return
        if os.path.lexists(self._target):
            raise ImageError(f"{self._target} exists already; use --overwrite to replace it.")
