"""When the user is told that a scheduler has no workers: once, after some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

Warn = Callable[[str], None]
"""Called with a line for the user."""

_SECONDS: Final = 5.0


def warn_nobody(_line: str) -> None:
    """Ignore the line.

    Parameters
    ----------
    _line : str
    """


class Patience:
    """Watches the number of workers, and tells each time when there have been none for long.

    Parameters
    ----------
    warn : callable
    """

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._since: float | None = None
        self._is_told = False

    def look(self, workers: int) -> None:
        """Note how many workers there are.

        Parameters
        ----------
        workers : int
        """
        now = time.monotonic()
        if workers:
            self._since, self._is_told = None, False
            return
        self._since = now if self._since is None else self._since
        if not self._is_told and now - self._since >= _SECONDS:
            self._is_told = True
            self._warn(
                "waiting: the scheduler has no workers; start some, such as with 'dask worker "
                "ADDRESS', or stop with Ctrl-C: what is done is kept"
            )
