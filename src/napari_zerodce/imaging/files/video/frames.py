"""The frames of a video as an array, decoded when they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from math import prod
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.files.image_file import SIDEWAYS, upright
from napari_zerodce.imaging.files.video.opening import frames_in, open_container, video_stream
from napari_zerodce.imaging.files.video.samples import samples_of
from napari_zerodce.imaging.files.video.survey import VideoFacts
from napari_zerodce.imaging.keys import complete_key, picked
from napari_zerodce.imaging.planes import Array

_MOST_BYTES: Final = 2**28
"""Of the frames that are kept, so that each is decoded once for its enhancement and for the
exposure of the 11 frames around it: 21 of 2560x1600 pixels and 8 bits."""

_LEAST_FRAMES, _MOST_FRAMES = 4, 64
_ON_THE_WAY: Final = 8
"""Frames before the wanted one that are kept: threads ask for neighbours in any order."""

_MOST_CURSORS: Final = 2
"""Places of a video that are read by turns; a third one would need a third decoder's memory."""


class VideoFrames:
    """An array of shape (T, H, W), (T, H, W, 3) or (T, H, W, 4), read frame by frame.

    It may be used by several threads, which wait for each other. The next frame is decoded from
    where the last one was; any other from the key frame before it.

    Parameters
    ----------
    facts : VideoFacts
    orientation : int
        How each frame is turned, as EXIF numbers it.
    """

    def __init__(self, facts: VideoFacts, orientation: int = 1) -> None:
        self.facts, self._orientation = facts, orientation
        size = facts.pixels[::-1] if orientation in SIDEWAYS else facts.pixels
        self.shape = (facts.count, *facts.kind.shape(*size))
        self.dtype = facts.kind.dtype
        self.chunks = (1, *self.shape[1:])
        self.ndim, self.size = len(self.shape), prod(self.shape)
        self.nbytes = self.size * self.dtype.itemsize
        each = prod(self.chunks) * self.dtype.itemsize
        self._kept: OrderedDict[int, Array] = OrderedDict()
        self._most = max(_LEAST_FRAMES, min(_MOST_BYTES // each, _MOST_FRAMES))
        self._cursors: list[_Cursor] = []
        self._lock = threading.Lock()

    def __getitem__(self, key: Any) -> Array:
        """Return a part; `key` holds integers, slices and an ellipsis. It may be read-only."""
        first, *rest = complete_key(key, self.ndim)
        (frames,) = picked([first], self.shape[:1])
        if isinstance(first, slice):
            blank = np.broadcast_to(np.zeros((), self.dtype), self.shape[1:])
            made = np.empty((len(frames), *blank[tuple(rest)].shape), self.dtype)
            for place, number in enumerate(frames):
                made[place] = self.frame(number)[tuple(rest)]
            return made
        frame: Array = self.frame(frames[0])[tuple(rest)]
        return frame

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all of it."""
        return np.asarray(self[...], dtype)

    def __reduce__(self) -> tuple[type[VideoFrames], tuple[VideoFacts, int]]:
        """Return what another process makes the array of."""
        return VideoFrames, (self.facts, self._orientation)

    def frame(self, number: int) -> Array:
        """Return a frame, read-only.

        Parameters
        ----------
        number : int

        Raises
        ------
        UnreadableError
            If it cannot be decoded.
        """
        with self._lock:
            if number not in self._kept:
                self._decode(number)
            self._kept.move_to_end(number)
            return self._kept[number]

    def close(self) -> None:
        """Close the file; it is opened again if a frame is asked for."""
        with self._lock:
            while self._cursors:
                self._cursors.pop().close()

    def _decode(self, number: int) -> None:
        # Some containers find no key frame: then all frames from the first on are decoded.
        for start in dict.fromkeys((_key_before(self.facts, number), 0)):
            cursor = self._cursor_between(start, number)
            for place, frame in cursor.up_to(number):
                if place > number - _ON_THE_WAY:
                    samples = samples_of(frame, self.facts.kind, self.facts.colour)
                    self._keep(place, upright(samples, self._orientation, rows=0))
            if number in self._kept:
                break
        else:
            raise UnreadableError(
                f"Frame {number} of {self.facts.path.name} cannot be decoded a second time; check "
                "whether the file has changed."
            )

    def _keep(self, number: int, frame: Array) -> None:
        self._kept[number] = frame
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def _cursor_between(self, start: int, number: int) -> _Cursor:
        """Return the cursor that reaches a frame with least decoding, or a new one at a start."""
        near = [each for each in self._cursors if start <= each.next <= number]
        cursor = max(near, key=lambda each: each.next, default=None)
        if cursor is not None:
            self._cursors.remove(cursor)
        elif len(self._cursors) == _MOST_CURSORS:
            self._cursors.pop(0).close()  # the one that was used longest ago
        cursor = cursor or _Cursor(self.facts, start)
        self._cursors.append(cursor)
        return cursor


class _Cursor:
    """A place in a video from which the next frames are decoded.

    Parameters
    ----------
    facts : VideoFacts
    start : int
        Number of the first frame: 0, or a key frame of a video that says its times.
    """

    def __init__(self, facts: VideoFacts, start: int) -> None:
        self._container = open_container(facts.path)
        self._stream = video_stream(self._container, facts.path)
        self._facts = facts
        self.next = start
        self._frames = self._from(start)

    def up_to(self, number: int) -> Iterator[tuple[int, Any]]:
        """Yield the frames up to one, with their numbers."""
        while self.next <= number:
            found = next(self._frames, None)
            if found is None:
                return
            self.next = found[0] + 1
            yield found

    def close(self) -> None:
        self._frames.close()
        self._container.close()

    def _from(self, start: int) -> Any:
        """Yield the frames from one on, with their numbers."""
        decoded = (frame for frame in frames_in(self._container, self._stream) if frame is not None)
        if not self._facts.can_seek:
            yield from enumerate(decoded)
            return
        if start:
            self._container.seek(int(self._facts.times[start]), stream=self._stream)
        for frame in decoded:
            place = self._place_of(frame.pts)
            if place is not None and place >= self.next:
                yield place, frame

    def _place_of(self, time: int | None) -> int | None:
        """Return the number of the frame with a time, None if the survey found none."""
        times = self._facts.times
        place = len(times) if time is None else int(np.searchsorted(times, time))
        return place if place < len(times) and times[place] == time else None


def _key_before(facts: VideoFacts, number: int) -> int:
    """Return the last frame up to one from which decoding can start."""
    if not facts.can_seek:
        return 0
    keys = np.flatnonzero(facts.keys[: number + 1])
    return int(keys[-1]) if keys.size else 0
