"""How work learns that it is to stop: a function that says so, asked now and then."""

from __future__ import annotations

from collections.abc import Callable

from napari_zerodce.errors import Cancelled

ShouldStop = Callable[[], bool]
"""Says whether the user asked to stop; called often and from any thread."""


def never() -> bool:
    """Do not stop."""
    return False


def raise_if_stopped(should_stop: ShouldStop) -> None:
    """Raise `Cancelled` if the user asked to stop."""
    if should_stop():
        raise Cancelled
