"""One run that enhances several layers, one after the other; it survives the dock's closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.utils.notifications import show_info

from napari_zerodce.engine.forecast import remember_speed
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.added_result import AddedResult, add_enhanced
from napari_zerodce.gui.shared.endings import conclude, conclude_failure, occupy
from napari_zerodce.gui.shared.enhance_run import DISPLAY_ONLY
from napari_zerodce.gui.shared.work import Enhanced

if TYPE_CHECKING:
    import napari

Done = Sequence[Enhanced | ZeroDCEError]
"""For each source in its order; shorter if the run was cancelled."""


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
        job.succeeded.connect(partial(SeveralRuns._on_succeeded, self))
        job.failed.connect(partial(conclude_failure, self.session, self.action))
        occupy(self.session, job)

    def _on_succeeded(self, done: Done) -> None:
        added = self._add(done)
        missing = (
            *self.wanted.left_out,
            *(
                f"'{source.shown_name}' is left out: {each}"
                for source, each in zip(self.wanted.sources, done, strict=False)
                if isinstance(each, ZeroDCEError)
            ),
        )
        notes = dict.fromkeys(note for each in added for note in each.notes)
        text = " ".join((self._opening(done), DISPLAY_ONLY, *notes, *missing))
        layers = WeakSet(each.layer for each in added) if added else None
        conclude(self.session, Outcome(text, "bad" if missing else "good", self.action, layers))

    def _add(self, done: Done) -> list[AddedResult]:
        added = []
        wanted = zip(self.wanted.sources, self.wanted.requests, done, strict=False)
        for source, request, made in wanted:
            if isinstance(made, ZeroDCEError):
                continue
            added.append(add_enhanced(self.viewer, source, made))
            remember_speed(request, made.result)
            for notice in made.result.notices:
                show_info(f"{source.shown_name}: {notice}")
        return added

    def _opening(self, done: Done) -> str:
        made = [each.result for each in done if isinstance(each, Enhanced)]
        total = len(self.wanted.sources) + len(self.wanted.left_out)
        count = f"{len(made)} layers" if len(made) == total else f"{len(made)} of {total} layers"
        verb = "Cancelled; added" if len(done) < len(self.wanted.sources) else "Added"
        return f"{verb} {count} after {sum(result.seconds for result in made):.1f} s."
