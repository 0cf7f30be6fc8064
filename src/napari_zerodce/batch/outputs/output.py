"""The interface of an output that many workers write, region by region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    from napari_zerodce.engine.resolved import ResolvedRequest


class Output(Protocol):
    """The result of one image. Each worker has an object of its own for it; the files are one."""

    def is_done(self) -> bool:
        """Return whether the result is complete, valid and made with the same key.

        One with gaps is not, unless they are accepted. What a killed finish has left is removed.
        """
        ...

    def begin(self, *, overwrite: bool) -> None:
        """Make room for the result; called once, by one worker, and again by later runs.

        Parameters
        ----------
        overwrite : bool
            Whether a target that no batch has made is replaced.

        Raises
        ------
        ImageError
            If the target must not be replaced, or cannot be written.
        """
        ...

    def missing(self) -> tuple[Scope, ...]:
        """Return the regions that are not on disk yet; only after `begin`, in its worker.

        Gaps are among them, unless they are accepted.
        """
        ...

    def write(self, region: Scope, block: Array, *, is_gap: bool) -> None:
        """Write an enhanced region, whole or not at all.

        Parameters
        ----------
        region : Scope
        block : ndarray
        is_gap : bool
            Whether pixels of it are missing, as they cannot be read.

        Raises
        ------
        ImageError
            If it cannot be written.
        """
        ...

    def finish(self, resolved: ResolvedRequest, seconds: float) -> None:
        """Give the complete result its name; all regions are on disk. It can be repeated.

        Parameters
        ----------
        resolved : ResolvedRequest
            How it was made.
        seconds : float
            Time that all regions took.

        Raises
        ------
        ImageError
            If it cannot be written.
        """
        ...
