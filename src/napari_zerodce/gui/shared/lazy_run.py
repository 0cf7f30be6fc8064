"""Lazy results of several layers: they are there at once, and one job makes their choices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.lazy_layers import LazyLayers
from napari_zerodce.gui.layers.lazy_result import LazyResult
from napari_zerodce.gui.layers.results import add_lazy_result
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.added_result import AddedResult, complete_lazy
from napari_zerodce.gui.shared.endings import conclude, conclude_failure, occupy
from napari_zerodce.gui.shared.enhance_run import DISPLAY_ONLY

if TYPE_CHECKING:
    import napari
    from napari.layers import Image


@dataclass(frozen=True)
class Started:
    """A lazy result, with its layer and its source as it was when the run started."""

    source: Source
    result: LazyResult
    layer: Image


@dataclass(frozen=True)
class LazyRun:
    """Adds a lazy result layer for each source; its tiles are computed when its choices are made.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    wanted : Wanted
    action : str
        The action of the panels that show the outcome.
    """

    viewer: napari.Viewer
    session: Session
    wanted: Wanted
    action: str

    def start(self) -> None:
        """Add the layers, and make their choices in the background; raises a ZeroDCEError."""
        sources, requests = self.wanted.sources, self.wanted.requests
        results = [LazyResult(self.session, *each) for each in zip(sources, requests, strict=True)]
        preparing = work.preparing_all(requests, [result.images for result in results])
        started = [
            self._add(source, result, request.scope)
            for source, result, request in zip(sources, results, requests, strict=True)
        ]
        job = Job(f"Zero-DCE: preparing {sources[0].name}", preparing)
        # Qt's signals do not keep the object of a plain bound method.
        job.succeeded.connect(partial(LazyRun._on_prepared, self, started))
        job.failed.connect(partial(LazyRun._on_failed, self, started))
        job.cancelled.connect(partial(LazyRun._on_stopped, self, started))
        job.aborted.connect(partial(LazyRun._on_stopped, self, started))
        occupy(self.viewer, self.session, job)

    def _add(self, source: Source, result: LazyResult, scope: Any) -> Started:
        layer = add_lazy_result(self.viewer, source, result.levels, scope)
        LazyLayers(self.viewer, result.blocks, [layer])
        return Started(source, result, layer)

    def _on_prepared(self, started: list[Started], made: tuple[Any, ...]) -> None:
        added, failed = [], []
        for each, enhancement in zip(started, made, strict=True):
            if isinstance(enhancement, ZeroDCEError):
                self._remove([each])
                failed.append((each, enhancement))
            elif each.layer in self.viewer.layers:
                each.result.begin(enhancement)
                added.append(complete_lazy(self.viewer, each.source, each.layer, enhancement))
        if failed and not added:
            conclude_failure(self.session, self.action, failed[0][1])
        elif added:
            missing = (*self.wanted.left_out, *(_describe_failure(*each) for each in failed))
            self._conclude(added, missing)

    def _conclude(self, added: list[AddedResult], missing: tuple[str, ...]) -> None:
        notes = dict.fromkeys(note for each in added for note in each.notes)
        what = f"'{added[0].layer.name}'" if len(added) == 1 else f"{len(added)} layers"
        look = "Its pixels" if len(added) == 1 else "Their pixels"
        text = f"Added {what}. {look} are computed where you look."
        text = " ".join((text, DISPLAY_ONLY, *notes, *missing))
        layers = WeakSet(each.layer for each in added)
        conclude(self.session, Outcome(text, "bad" if missing else "good", self.action, layers))

    def _on_failed(self, started: list[Started], error: Exception) -> None:
        self._remove(started)
        conclude_failure(self.session, self.action, error)

    def _on_stopped(self, started: list[Started], _finished: object) -> None:
        self._remove(started)  # the session tells it

    def _remove(self, started: list[Started]) -> None:
        for each in started:
            if each.layer in self.viewer.layers:
                self.viewer.layers.remove(each.layer)


def _describe_failure(each: Started, error: ZeroDCEError) -> str:
    return f"'{each.source.shown_name}' is left out: {error}"
