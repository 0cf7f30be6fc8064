"""The events of a training run: one JSON object per line, and the history read from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Literal, Self

Ending = Literal["done", "stopped", "diverged", "failed"]

LOSSES: Final = ("spatial", "exposure", "colour", "channels", "smoothness")
TRANSLATION_LOSSES: Final = ("gan", "l1", "cycle", "identity", "nce", "discriminator")
"""The losses of translators. Their total is that of the generator, without the discriminator's."""

TOTAL: Final = "total"


class EventWriter:
    """Writer that appends events to a file, after it has closed an unfinished line in it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("ab")
        if self._file.tell() and not self._path.read_bytes().endswith(b"\n"):
            self._file.write(b"\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, event: str, **facts: Any) -> None:
        """Append one event; if the process is killed, readers skip the unfinished line.

        Parameters
        ----------
        event : str
            Kind of the event.
        **facts
            Values that JSON can hold.
        """
        assert self._file is not None
        text = json.dumps({"event": event, **facts}, ensure_ascii=False)
        self._file.write(text.encode() + b"\n")
        self._file.flush()


class EventReader:
    """Reader of the new events of a file, also while another process writes it.

    Parameters
    ----------
    path : Path
        The file need not exist yet.
    at_once : int, optional
        Approximate number of bytes to read each time. By default all new bytes are read.

    Attributes
    ----------
    is_behind : bool
        Whether the file probably holds more bytes than were read.
    """

    def __init__(self, path: Path, *, at_once: int | None = None) -> None:
        self._path = path
        self._offset = 0
        self._at_once = at_once
        self.is_behind = False

    def skip_to_end(self) -> None:
        """Skip all events that are in the file now."""
        if self._path.exists():
            self._offset = self._path.stat().st_size

    def new_events(self) -> Iterator[Mapping[str, Any]]:
        """Yield events whose lines are complete, and skip invalid lines."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read(self._at_once)
                self.is_behind = bool(self._at_once) and len(content) == self._at_once
                content += file.readline() if self.is_behind else b""
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                yield event


@dataclass(frozen=True)
class SavedCheckpoint:
    """The names of the files of a step: its checkpoint and its preview image."""

    step: int
    file: str
    preview: str


@dataclass
class History:
    """The state of a run, as its events describe it so far.

    Attributes
    ----------
    steps : list of int
        Numbers of the steps that are done.
    losses : dict of str to list of float
        By the name of the loss, and "total"; one value for each of `steps`.
    validation : list of tuple of int and float
        Step and total validation loss.
    checkpoints : list of SavedCheckpoint
        In the order of their steps.
    planned : int
        Number of the last step of the run.
    steps_per_second : float
    device, memory : str, float
        Device of the run, and the memory in GiB that the run needs there.
    notices : list of str
        Sentences for the user.
    alarm : str
        The last notice that says that something is wrong with the run; empty if none is.
    ending : {"done", "stopped", "diverged", "failed"}, optional
        None if the run continues, or if its process was killed.
    message : str
        The sentence about the ending.
    """

    steps: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    validation: list[tuple[int, float]] = field(default_factory=list)
    checkpoints: list[SavedCheckpoint] = field(default_factory=list)
    planned: int = 0
    steps_per_second: float = 0.0
    device: str = ""
    memory: float = 0.0
    notices: list[str] = field(default_factory=list)
    alarm: str = ""
    ending: Ending | None = None
    message: str = ""

    @property
    def step(self) -> int:
        """The last step that is done, 0 before the first."""
        return self.steps[-1] if self.steps else 0

    @property
    def best_step(self) -> int | None:
        """The step of the lowest validation loss."""
        return min(self.validation, key=lambda point: point[1])[0] if self.validation else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the remaining steps take at the present speed."""
        if not self.planned or not self.steps_per_second:
            return None
        return max(0, self.planned - self.step) / self.steps_per_second

    @property
    def first_validation(self) -> float | None:
        """The validation loss of the weights from which the run started."""
        return self.validation[0][1] if self.validation else None

    @property
    def best_validation(self) -> float | None:
        """The lowest validation loss."""
        return min((total for _, total in self.validation), default=None)

    def take(self, event: Mapping[str, Any]) -> None:
        """Add one event; unknown kinds, from later versions, are ignored."""
        known = getattr(self, f"_take_{event['event']}", None)
        if known is not None:
            with suppress(KeyError, TypeError, ValueError, AttributeError):  # damaged
                known(event)

    def _take_started(self, event: Mapping[str, Any]) -> None:
        """Go back to a step, because the run repeats later steps of a killed process."""
        step = int(event["step"])
        kept = sum(number <= step for number in self.steps)
        del self.steps[kept:]
        for values in self.losses.values():
            del values[kept:]
        self.validation = [point for point in self.validation if point[0] <= step]
        self.checkpoints = [saved for saved in self.checkpoints if saved.step <= step]
        self.planned, self.device = int(event["steps"]), str(event["device"])
        self.ending, self.message = None, ""

    def _take_step(self, event: Mapping[str, Any]) -> None:
        self.steps.append(int(event["step"]))
        for name, value in {**event["losses"], TOTAL: event[TOTAL]}.items():
            self.losses.setdefault(name, []).append(float(value))
        self.steps_per_second = float(event.get("steps_per_second", 0))
        self.memory = float(event.get("memory", 0))

    def _take_validation(self, event: Mapping[str, Any]) -> None:
        step = int(event["step"])
        self.validation = [point for point in self.validation if point[0] != step]
        self.validation.append((step, float(event[TOTAL])))

    def _take_checkpoint(self, event: Mapping[str, Any]) -> None:
        step = int(event["step"])
        self.checkpoints = [saved for saved in self.checkpoints if saved.step != step]
        saved = SavedCheckpoint(step, str(event["file"]), str(event["preview"]))
        self.checkpoints = sorted([*self.checkpoints, saved], key=lambda saved: saved.step)

    def _take_notice(self, event: Mapping[str, Any]) -> None:
        text = str(event["text"])
        self.notices.append(text)
        if "is_alarm" in event:  # False ends an alarm
            self.alarm = text if event["is_alarm"] else ""

    def _take_ended(self, event: Mapping[str, Any]) -> None:
        self.ending, self.message = event["ending"], str(event["message"])


def read_history(path: Path) -> History:
    """Return the history of a run from the events in a file."""
    history = History()
    for event in EventReader(path).new_events():
        history.take(event)
    return history
