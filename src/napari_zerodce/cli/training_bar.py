"""The progress of a training on the terminal: a bar for the steps, lines for other events."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from napari_zerodce.counting import counted


class TrainingBar:
    """Shows the events of a run; a context manager."""

    def __init__(self) -> None:
        self._bar = tqdm(unit="step", disable=None, dynamic_ncols=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def follow(self, event: Mapping[str, Any]) -> None:
        """Show an event."""
        match event["event"]:
            case "started":
                self._bar.total, self._bar.n = event["steps"], event["step"]
                self._line(f"{counted(event['steps'], 'step')} on {event['device']}")
            case "step":
                self._bar.update(event["step"] - self._bar.n)
                self._bar.set_postfix_str(f"loss {event['total']:.4g}", refresh=False)
            case "validation":
                best = ", the lowest so far" if event["best"] else ""
                self._line(f"step {event['step']}: validation loss {event['total']:.4g}{best}")
            case "notice":
                self._line(event["text"])
            case "ended" if event["ending"] != "failed":  # a failure is raised, too
                self._line(event["message"])

    @staticmethod
    def _line(text: str) -> None:
        tqdm.write(text, file=sys.stderr)
