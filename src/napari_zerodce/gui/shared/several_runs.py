"""One run that enhances several layers, one after the other; it survives the dock's closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.utils.notifications import show_info

from napari_zerodce.engine.forecast import remember_speed
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import ABORTED, CANCELLED, Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.added_result import AddedResult, add_enhanced
from napari_zerodce.gui.shared.endings import conclude, conclude_failure, occupy
from napari_zerodce.gui.shared.enhance_run import DISPLAY_ONLY, describe_finished
from napari_zerodce.gui.shared.work import Enhanced

if TYPE_CHECKING:
    import napari

Done = Sequence[Enhanced | ZeroDCEError]
"""For each source in its order; if the run was stopped, for the first ones, the last in part."""


@dataclass(frozen=True)
class SeveralRuns:
    """Enhances several sources; each result becomes a layer.

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
        """Enhance what is wanted."""
        sources, requests = self.wanted.sources, self.wanted.requests
        enhancing = work.enhancing_all(requests, [source.level_shapes for source in sources])
        job = Job(f"Zero-DCE: enhancing {len(sources)} layers", enhancing)
        # Qt's signals do not keep the object of a plain bound method.
        job.succeeded.connect(partial(SeveralRuns._on_ended, self, "Added"))
        job.failed.connect(partial(conclude_failure, self.session, self.action))
        job.cancelled.connect(partial(SeveralRuns._on_ended, self, f"{CANCELLED}; added"))
        job.aborted.connect(partial(SeveralRuns._on_ended, self, f"{ABORTED}; added"))
        occupy(self.viewer, self.session, job)

    def _on_ended(self, verb: str, done: Done | None) -> None:
        if done is None:
            return  # nothing is finished: the session tells it
        each_done = list(zip(self.wanted.sources, self.wanted.requests, done, strict=False))
        added = [layer for each in each_done if (layer := self._add(*each))]
        parts = filter(None, (_describe_part(*each) for each in each_done))
        failed = filter(None, (_describe_failure(source, made) for source, _, made in each_done))
        missing = (*self.wanted.left_out, *failed)
        is_good = not (missing or any(_misses_planes(made) for _, _, made in each_done))
        notes = dict.fromkeys(note for each in added for note in each.notes)
        opening = self._opening(verb, done)
        text = " ".join((opening, DISPLAY_ONLY, *notes, *missing, *parts))
        layers = WeakSet(each.layer for each in added) if added else None
        conclude(self.session, Outcome(text, "good" if is_good else "bad", self.action, layers))

    def _add(
        self, source: Source, request: EnhanceRequest, done: Enhanced | ZeroDCEError
    ) -> AddedResult | None:
        made = work.finished_of(done)
        if made is None:
            return None
        if not _is_part(request, made):
            remember_speed(request, made.result)
        for notice in made.result.notices:
            show_info(f"{source.shown_name}: {notice}")
        return add_enhanced(self.viewer, source, made)

    def _opening(self, verb: str, done: Done) -> str:
        made = [each.result for each in map(work.finished_of, done) if each]
        total = len(self.wanted.sources) + len(self.wanted.left_out)
        count = f"{len(made)} layers" if len(made) == total else f"{len(made)} of {total} layers"
        return f"{verb} {count} after {sum(result.seconds for result in made):.1f} s."


def _misses_planes(done: Enhanced | ZeroDCEError) -> bool:
    made = work.finished_of(done)
    return made is not None and bool(made.result.missing)


def _is_part(request: EnhanceRequest, made: Enhanced) -> bool:
    return made.result.scope is not None and made.result.scope != request.part


def _describe_part(source: Source, request: EnhanceRequest, done: Enhanced | ZeroDCEError) -> str:
    made = work.finished_of(done)
    if made is None or not _is_part(request, made):
        return ""
    planes = describe_finished(made.result, of=request.part.count)
    return f"Of '{source.shown_name}', {planes} added."


def _describe_failure(source: Source, done: Enhanced | ZeroDCEError) -> str:
    if isinstance(done, Enhanced):
        return ""
    state = "left out" if done.finished is None else "not whole"
    return f"'{source.shown_name}' is {state}: {done}"
