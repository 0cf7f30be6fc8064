"""The sentence about a file that cannot be read or written."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from napari_zerodce.errors import Cancelled, ImageError, ZeroDCEError
from napari_zerodce.forking import ForkSafeLock
from napari_zerodce.imaging.files.urls import Named, Url
from napari_zerodce.imaging.unreadable import reason_of

_LOGGERS = (logging.getLogger("tifffile"), logging.getLogger("imagecodecs"))

_UNSUPPORTED: Final = re.compile(
    "unsupported(?! marker)|not supported|not implemented", re.IGNORECASE
)
"""What libraries say of valid files; libjpeg finds unsupported markers in damaged ones."""

_changing = ForkSafeLock()
_silence: list[ExitStack] = []
"""One entry for each thread that reads or writes a file."""


@contextmanager
def reading_told(path: Named) -> Iterator[None]:
    """Turn each failure to read a file into an `ImageError` of one sentence.

    Parameters
    ----------
    path : Path or Url
    """
    try:
        yield
    except ImageError:
        raise
    except ImportError as err:
        raise _without_package(path, err) from err
    except FileNotFoundError as err:
        raise ImageError(f"There is no file {path}; check the path.") from err
    except MemoryError as err:
        raise ImageError(f"{path.name} does not fit in memory; split the file.") from err
    except OSError as err:
        _refuse_unsupported(path, err)
        advice = "check that the file is whole and that you may read it"
        raise ImageError(f"{path.name} cannot be read: {reason_of(err)}; {advice}.") from err
    except Exception as err:
        # Damaged files make decoders raise any error, and not every message is useful.
        telling = isinstance(path, Url) or isinstance(
            err, ValueError | SyntaxError | RuntimeError | EOFError
        )
        if telling:
            _refuse_unsupported(path, err)
        reason = reason_of(err) if telling else "it is damaged"
        advice = f"check in another program whether it is a whole {path.suffix} image"
        raise ImageError(f"{path.name} cannot be read: {reason}; {advice}.") from err


@contextmanager
def writing_told(path: Named, *, then: str = "") -> Iterator[None]:
    """Turn each failure to write a file into an `ImageError` of one sentence.

    Parameters
    ----------
    path : Path or Url
    then : str, optional
        What comes after the advice, if the disk is the reason.
    """
    try:
        yield
    except (ZeroDCEError, Cancelled):
        raise
    except ImportError as err:
        raise _without_package(path, err) from err
    except MemoryError as err:
        raise ImageError(
            f"Not enough memory is free to write {path.name}; split the image."
        ) from err
    except OSError as err:
        advice = "check that the disk has room and that you may write to the folder"
        advice += f", then {then}" if then else ""
        raise ImageError(f"{path} cannot be written: {reason_of(err)}; {advice}.") from err
    except (ValueError, TypeError, RuntimeError) as err:
        advice = "write another kind of file"
        raise ImageError(f"{path} cannot be written: {reason_of(err)}; {advice}.") from err
    except Exception as err:
        if not isinstance(path, Url):
            raise
        # Each library for URLs has its own errors.
        advice = f"check the URL and your access{f', then {then}' if then else ''}"
        raise ImageError(f"{path} cannot be written: {reason_of(err)}; {advice}.") from err


def _refuse_unsupported(path: Named, err: Exception) -> None:
    if _UNSUPPORTED.search(reason_of(err)):
        raise ImageError(
            f"{path.name} may be valid, but is not supported ({reason_of(err)}); convert it with "
            "another program to a kind that `napari-zerodce formats` lists."
        ) from err


def _without_package(path: Named, err: ImportError) -> ImageError:
    return ImageError(
        f"{path} needs a package that is not installed: {reason_of(err)}; install it with pip, and "
        "start again."
    )


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence the libraries' warnings about damaged files, because our errors replace them."""
    # These settings belong to the whole process. Two threads that restore them in the wrong order
    # would leave them wrong: the first thread that comes changes them, and the last that goes
    # restores them.
    with _changing:
        _silence.append(_silence[0] if _silence else _silenced())
    try:
        yield
    finally:
        with _changing:
            silenced = _silence.pop()
            if not _silence:
                silenced.close()


def _silenced() -> ExitStack:
    """Return what restores the settings when it is closed."""
    stack = ExitStack()
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    for logger in _LOGGERS:
        logger.addFilter(_nothing)
        stack.callback(logger.removeFilter, _nothing)
    return stack


def _nothing(_record: logging.LogRecord) -> bool:
    return False
