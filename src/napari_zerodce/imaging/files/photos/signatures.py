"""The first bytes by which photos are recognised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    """Bytes with which files of a kind begin.

    Parameters
    ----------
    place : int
        How many other bytes stand before them.
    content : bytes
    """

    place: int
    content: bytes

    def begins(self, start: bytes) -> bool:
        """Return whether a file begins so.

        Parameters
        ----------
        start : bytes
        """
        return start[self.place :].startswith(self.content)
