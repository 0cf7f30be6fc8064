"""The planes that a run could not read, and what it says about them."""

from __future__ import annotations

from collections.abc import Callable

from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.scope import Scope

_MOST_NAMED = 5


class Unread:
    """Collects the planes that cannot be read, if the request allows to leave them out.

    Parameters
    ----------
    resolved : ResolvedRequest
    """

    def __init__(self, resolved: ResolvedRequest) -> None:
        self._resolved = resolved
        self.errors: dict[tuple[int, ...], UnreadableError] = {}

    @property
    def callback(self) -> Callable[[Plane, UnreadableError], None] | None:
        """What a tile loop calls with such a plane; None if it is an error."""
        return self.add if self._resolved.skip_unreadable else None

    def add(self, plane: Plane, error: UnreadableError) -> None:
        """Note that a plane cannot be read.

        Parameters
        ----------
        plane : Plane
        error : UnreadableError
        """
        self.errors[plane.index] = error

    def check(self) -> None:
        """Raise the first error if all planes are missing."""
        if len(self.errors) == self._resolved.part.count:
            raise self.errors[min(self.errors)]

    def missing(self, scope: Scope) -> tuple[tuple[int, ...], ...]:
        """Return the indices of the missing planes of a part, in their order.

        Parameters
        ----------
        scope : Scope
        """
        return tuple(index for index in scope.indices() if index in self.errors)

    def sentences(self, scope: Scope) -> tuple[str, ...]:
        """Return what the user is told about the missing planes of a part: one sentence, or none.

        Parameters
        ----------
        scope : Scope
        """
        missing = self.missing(scope)
        if not missing:
            return ()
        fill = "NaN" if self._resolved.image.dtype.kind == "f" else "0"
        names = [", ".join(map(str, index)) for index in missing[:_MOST_NAMED]]
        named = "; ".join([*names, *(["..."] if len(missing) > _MOST_NAMED else [])])
        are = "is" if len(missing) == 1 else "are"
        count = f"{len(missing)} of {scope.count} planes {are} missing"
        first = self.errors[missing[0]]
        return (f"{count}, and {are} {fill} in the result ({named}): {first}",)
