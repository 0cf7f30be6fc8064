"""The last few results of slow work, so that the same work is not done twice."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from napari_zerodce.forking import ForkSafeLock

Result = TypeVar("Result")

_NOTHING = object()


class RecentResults(Generic[Result]):
    """Keeps a few results; the one that was used longest ago is forgotten first.

    It may be used from several threads. If two of them need the same result at the same
    time, both make it: no thread waits for another one, which may be stopped.

    Parameters
    ----------
    most : int
        Number of results to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[Hashable, tuple[Callable[[], object], Result]] = OrderedDict()
        self._lock = ForkSafeLock()

    def get(self, key: Hashable, make: Callable[[], Result], *, of: object = None) -> Result:
        """Return the result for a key.

        Parameters
        ----------
        key : hashable
        make : callable
            Makes the result if it is not kept yet; if it raises, nothing is kept.
        of : object, optional
            The object that the result is made of, if the key holds its ``id``: Python uses the
            number again for another object. The result is returned for this object only, which is
            not kept alive if it can be referred to weakly, as arrays can.
        """
        of = _NOTHING if of is None else of  # unlike a reference to an object that is gone
        with self._lock:
            found = self._results.get(key)
            if found is not None and found[0]() is of:
                self._results.move_to_end(key)
                return found[1]
        result = make()
        with self._lock:
            self._results[key] = (_reference(of), result)
            self._results.move_to_end(key)
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return result

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._results.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._results)


def _reference(of: object) -> Callable[[], object]:
    try:
        return weakref.ref(of)
    except TypeError:  # such as a list
        return lambda: of
