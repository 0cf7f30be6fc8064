"""The sentence about an array that cannot be read, such as one whose file is on a lost drive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from napari_zerodce.errors import Cancelled, UnreadableError, ZeroDCEError

_LONGEST_REASON = 200  # characters; some libraries quote the content that they could not read


@contextmanager
def array_reading_told(what: str, *, advice: str) -> Iterator[None]:
    """Turn each failure to read an array into an `UnreadableError` of one sentence.

    Parameters
    ----------
    what : str
        What is read, such as "Plane 3".
    advice : str
        What the user can try.
    """
    try:
        yield
    except (ZeroDCEError, Cancelled, MemoryError):  # without memory, smaller tiles are tried
        raise
    except Exception as err:
        # Each library of lazy arrays, and each decoder behind it, has its own errors.
        raise UnreadableError(f"{what} cannot be read: {reason_of(err)}; {advice}.") from err


def reason_of(err: Exception) -> str:
    """Return the first line of what an error says, for a sentence, without a full stop."""
    text = getattr(err, "strerror", None) or str(err).strip() or type(err).__name__
    return str(text).splitlines()[0].strip().rstrip(".")[:_LONGEST_REASON]
