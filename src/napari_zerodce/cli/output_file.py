"""One output file: known to be possible beforehand, whole when it appears, nothing left if not."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.files import ImageFile, check_writable, write_image

_MOST_ATTEMPTS = 50
_SECONDS_BETWEEN_ATTEMPTS = 0.01


class OutputFile:
    """A file that is written into a hidden folder beside it, and renamed when it is whole.

    In its own folder, so that it can be removed by another thread while this one is inside a
    library that compresses for seconds.

    Parameters
    ----------
    target : Path
    overwrite : bool
        Whether an existing file is replaced.
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        self._target = target
        self._overwrite = overwrite
        self._workshop: Path | None = None
        self._discarded = False
        self._lock = threading.Lock()

    def __enter__(self) -> OutputFile:
        """Refuse a target that exists, and make the folders."""
        self._refuse_existing()
        folder = self._target.parent
        with self._failures_as_image_errors(), self._lock:
            self._stop_if_discarded()
            folder.mkdir(parents=True, exist_ok=True)
            self._workshop = Path(tempfile.mkdtemp(prefix=".napari-zerodce-", dir=folder))
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.discard()

    def rehearse(self, image: ImageFile) -> None:
        """Write one pixel of the image, to fail before the work instead of after it.

        Raises
        ------
        ImageError
            If the kind of file cannot hold such an image, or the disk cannot be written to.
        """
        check_writable(self._target, image)
        axes = 2 if image.channels == "mono" else 3
        leading = image.array.ndim - axes
        corner = image.array[(slice(0, 1),) * (leading + 2)]
        self._write_part(replace(image, array=np.ascontiguousarray(corner))).unlink()

    def write(self, image: ImageFile, enhanced: np.ndarray[Any, Any]) -> None:
        """Write the enhanced array, with all that the image's file said besides.

        Raises
        ------
        ImageError
            If the file exists by now, or cannot be written.
        """
        part = self._write_part(replace(image, array=enhanced))
        self._refuse_existing()
        with self._failures_as_image_errors(), self._lock:
            self._stop_if_discarded()
            part.replace(self._target)

    def discard(self) -> None:
        """Remove what is not finished; from any thread, and for good."""
        with self._lock:
            self._discarded = True
        for _ in range(_MOST_ATTEMPTS):
            if not self._workshop or not self._workshop.exists():
                return
            # The other thread may just have begun a file, and make its folder again.
            shutil.rmtree(self._workshop, ignore_errors=True)
            time.sleep(_SECONDS_BETWEEN_ATTEMPTS)

    def _stop_if_discarded(self) -> None:
        if self._discarded:
            raise Cancelled

    def _write_part(self, image: ImageFile) -> Path:
        assert self._workshop
        self._stop_if_discarded()
        part = self._workshop / self._target.name
        try:
            return write_image(part, image)
        except ImageError as err:
            # Nobody knows the hidden folder.
            raise ImageError(str(err).replace(str(part), str(self._target))) from err

    def _refuse_existing(self) -> None:
        if self._overwrite:
            return
        if os.path.lexists(self._target):
            raise ImageError(f"{self._target} exists already; use --overwrite to replace it.")

    @contextmanager
    def _failures_as_image_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            reason = err.strerror or type(err).__name__
            raise ImageError(
                f"{self._target} cannot be written: {reason}; choose another output."
            ) from err
