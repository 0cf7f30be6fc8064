"""Find out something in the background about the layer that is chosen in a dock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_zerodce.engine.requests import EnhanceRequest, Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.source import Source, read_source, request_for
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.imaging.axes import Axes

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


class LayerFinder(QObject):
    """Knows a fact about the layer that is chosen in a dock.

    It reads a layer only while the fact is needed and no run is in progress.

    Parameters
    ----------
    session : Session
    chooser : LayerChooser
    parent : QObject
    finding : callable
        Gives the work that finds the fact, for a request with default settings.
    is_needed : callable
        Returns whether the fact is needed now.
    """

    changed = Signal()
    progressed = Signal(object)  # Progress

    def __init__(
        self,
        session: Session,
        chooser: LayerChooser,
        parent: QObject,
        *,
        finding: Callable[[EnhanceRequest], Work],
        is_needed: Callable[[], bool],
    ) -> None:
        super().__init__(parent)
        self._finding = finding
        self._is_needed = is_needed
        self.fact: Any = None
        """The fact about the chosen layer; None while it is unknown or not needed."""
        self.layer: Image | None = None
        """The layer that the fact is about, if there is one."""
        self._session = session
        self._chooser = chooser
        self._data: Any = None
        self._axes: Axes | None = None  # those of channels decide the windows
        self._failed = False
        self._released = False
        self._job: Job | None = None
        chooser.changed.connect(self.look)
        session.events.settings.connect(self._on_settings_changed)
        session.events.job.connect(self._on_session_job_changed)
        self.look()

    def release(self) -> None:
        """Stop finding, because the dock closes."""
        self._released = True
        self.fact = None  # without a signal: Qt may already have deleted this object
        self._chooser.changed.disconnect(self.look)
        self._session.events.settings.disconnect(self._on_settings_changed)
        self._session.events.job.disconnect(self._on_session_job_changed)
        self._watch(None, None, None)

    def look(self) -> None:
        """Find the fact about the layer that is chosen now, unless it is known."""
        source = self._source()
        layer, data = (source.layer, source.data) if source is not None else (None, None)
        axes = None if source is None else source.axes
        if layer is not self.layer or data is not self._data or axes != self._axes:
            self._watch(layer, data, axes)
        if source is not None and self.fact is None and not self._failed:
            self._find(source)

    def _source(self) -> Source | None:
        if not self._is_needed():
            return None
        try:
            return read_source(self._chooser.layer)
        except ZeroDCEError:
            return None  # the dock's plan says why

    def _watch(self, layer: Any, data: Any, axes: Axes | None) -> None:
        """Forget the fact, and follow the data of another layer."""
        if self.layer is not None:
            self.layer.events.data.disconnect(self._on_data_changed)
        if layer is not None:
            layer.events.data.connect(self._on_data_changed)
        self.layer, self._data, self._axes, self._failed = layer, data, axes, False
        if self._job is not None:
            self._job.cancel()
        self._show(None)

    def _show(self, fact: Any) -> None:
        if fact != self.fact:
            self.fact = fact
            self.changed.emit()

    def _find(self, source: Source) -> None:
        if self._job is not None or self._session.busy:
            return  # the layer is looked at again when that has ended
        request = request_for(source, EnhanceSettings())
        self._job = Job("Zero-DCE: reading the image", self._finding(request), quiet=True)
        self._job.progressed.connect(lambda progress: self._on_job_progressed(source, progress))
        self._job.succeeded.connect(lambda fact: self._on_job_succeeded(source, fact))
        self._job.failed.connect(lambda _: self._on_job_failed(source))
        self._job.finished.connect(self._on_job_finished)
        self._job.start()

    def _is_of(self, source: Source) -> bool:
        return (
            source.layer is self.layer and source.data is self._data and source.axes == self._axes
        )

    def _on_job_progressed(self, source: Source, progress: Progress) -> None:
        if not self._released and self._is_of(source):
            self.progressed.emit(progress)

    def _on_job_succeeded(self, source: Source, fact: Any) -> None:
        if self._is_of(source):
            self._show(fact)

    def _on_job_failed(self, source: Source) -> None:
        self._failed = self._is_of(source)  # such as a layer of bool: not again and again

    def _on_job_finished(self) -> None:
        self._job = None
        if not self._released:  # the chooser may be gone
            self.look()

    def _on_data_changed(self, _: Any = None) -> None:
        work.forget_views()  # the same array may now hold other pixels
        self._data = None
        self.look()

    def _on_settings_changed(self, _new: EnhanceSettings, _old: EnhanceSettings) -> None:
        if self._is_needed() != (self.layer is not None):
            self.look()

    def _on_session_job_changed(self, job: Job | None) -> None:
        if job is None:
            self.look()
        elif self._job is not None:  # leave the disk to the run
            self._job.cancel()
