"""How long work stops when the user asks: it often calls a function that says so."""

from __future__ import annotations

from collections.abc import Callable

from napari_zerodce.errors import Cancelled

ShouldStop = Callable[[], bool]
"""Returns whether the user asked to stop; it is called often and from any thread."""


def never() -> bool:
    """Do not stop."""
    return False


def raise_if_stopped(should_stop: ShouldStop) -> None:
    """Raise `Cancelled` if the user asked to stop."""
    if should_stop():
        raise Cancelled
