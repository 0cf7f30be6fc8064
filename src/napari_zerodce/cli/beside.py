"""What is done beside the file that is enhanced: the next one is read, the last one is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_zerodce.imaging.files.video import SUFFIXES as VIDEO_SUFFIXES

if TYPE_CHECKING:
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.imaging.files.image_file import ImageFile

    Images = tuple[ImageFile, ...]

_LARGEST_FILE: Final = 2**25
"""Bytes. A photo of this size has some hundred million pixels; with a larger file, memory counts.

A compressed TIFF of this size may have more.
"""

_LARGEST_RESULT: Final = 2**29
"""Bytes. A larger result is written before the next file is enhanced: its memory is then free."""


def _begun(work: Callable[[], None]) -> Future[None]:
    """Start work in a thread that does not keep a process alive that was told to stop."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            done.set_result(work())  # type: ignore[func-returns-value]  # None
        except BaseException as err:  # noqa: BLE001  the thread that waits raises it
            done.set_exception(err)

    threading.Thread(target=run, name="napari-zerodce beside", daemon=True).start()
    return done


class ReadAhead:
    """Reads the file after the present one, at most one at a time.

    Parameters
    ----------
    jobs : sequence of FileJob
        In the order in which they are taken; some may be left out.
    read : callable
        Returns the images of a file.
    is_wanted : callable
        Returns whether a file will be read, as far as is known before its turn.
    """

    def __init__(
        self,
        jobs: Sequence[FileJob],
        read: Callable[[FileJob], Images],
        is_wanted: Callable[[FileJob], bool],
    ) -> None:
        self._after = dict(pairwise(jobs))
        self._read, self._is_wanted = read, is_wanted
        self._job: FileJob | None = None
        self._images: list[Images] = []
        self._done: Future[None] | None = None

    def take(self, job: FileJob) -> Images:
        """Return the images of a file, and begin to read the one after it.

        Parameters
        ----------
        job : FileJob

        Raises
        ------
        Exception
            What `read` raises.
        """
        images = self._taken() if job == self._job else self._read(job)
        following = self._after.get(job)
        if following is not None and _is_small(following) and self._is_wanted(following):
            self._begin(following)
        return images

    def _begin(self, job: FileJob) -> None:
        images: list[Images] = []
        self._job, self._images = job, images
        self._done = _begun(lambda: images.append(self._read(job)))

    def _taken(self) -> Images:
        done, images = self._done, self._images
        self._job, self._done, self._images = None, None, []
        assert done is not None
        done.result()
        return images.pop()


def _is_small(job: FileJob) -> bool:
    """Return whether a file is one whose pixels need little memory, as far as its size tells."""
    source = job.source
    if not isinstance(source, Path) or source.suffix.lower() in VIDEO_SUFFIXES:
        return False
    try:
        return source.is_file() and source.stat().st_size <= _LARGEST_FILE
    except OSError:
        return False


class WriteBehind:
    """Finishes one file while the next one is enhanced, one after the other."""

    def __init__(self) -> None:
        self._done: Future[None] | None = None

    def finish(self, work: Callable[[], None], size: int) -> None:
        """Finish a file after all files before it.

        Parameters
        ----------
        work : callable
            It tells its failures itself.
        size : int
            Bytes of the result.
        """
        self.wait()
        self._done = _begun(work)
        if size > _LARGEST_RESULT:
            self.wait()

    def wait(self) -> None:
        """Wait until all files are finished."""
        done, self._done = self._done, None
        if done is not None:
            done.result()


@contextmanager
def writing_behind() -> Iterator[WriteBehind]:
    """Give what finishes files, and wait for the last one, also after an error."""
    behind = WriteBehind()
    try:
        yield behind
    finally:
        behind.wait()
