"""The last few results of work that takes long, so that the same question is not answered twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class RecentResults(Generic[Result]):
    """Remembers a few results, of which the one that was used longest ago is forgotten first.

    It may be used from several threads. If two of them need the same result at once, both make it:
    no thread waits for another one, which may be stopped.

    Parameters
    ----------
    most : int
        How many results are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[Hashable, tuple[object, Result]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Result], *, of: object = None) -> Result:
        """Return the result for a key.

        Parameters
        ----------
        key : hashable
        make : callable
            Makes the result if it is not remembered; nothing is remembered if it raises.
        of : object, optional
            What the result is made of, for keys that hold the ``id`` of it: Python uses the number
            again for another object. It is kept alive with the result, which is given out only for
            this very object.
        """
        with self._lock:
            found = self._results.get(key)
            if found is not None and found[0] is of:
                self._results.move_to_end(key)
                return found[1]
        result = make()
        with self._lock:
            self._results[key] = (of, result)
            self._results.move_to_end(key)
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return result

    def clear(self) -> None:
        """Forget all results, and what they are made of."""
        with self._lock:
            self._results.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._results)
