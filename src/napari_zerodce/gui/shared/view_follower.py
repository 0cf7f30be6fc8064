"""Keep the curves of the part on screen up to date when the view, layer or settings change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.on_screen import OnScreen, on_screen, overview_of
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.work import ViewRequest
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

    from napari_zerodce.engine.requests import Progress
    from napari_zerodce.engine.view import View

_PATIENCE_MS = 60  # sliders and the camera move many times a second
_GLANCE_MS = 100  # between two glances at a screen that moves all the time
_GEOMETRY_EVENTS = ("scale", "translate", "rotate", "shear", "affine")


class ViewFollower(QObject):
    """Estimates the curves of the part of one layer that is on screen, in the background.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
        Gives the checkpoint and the settings.
    parent : QObject
    for_numbers : bool
        Whether numbers are read from the curves: the precision "auto" then means float32.
    """

    sketched = Signal(object)  # OnScreen, of which only the overview is known yet
    known = Signal(object, object)  # OnScreen, View or None; emitted again if the layer moved
    waiting = Signal()  # the part on screen has changed, and its curves are not yet estimated
    progressed = Signal(object)  # Progress, while the part on screen is waited for
    failed = Signal(object)  # Exception

    def __init__(
        self,
        viewer: napari.Viewer,
        session: Session,
        parent: QObject,
        *,
        for_numbers: bool = False,
    ) -> None:
        super().__init__(parent)
        self._for_numbers = for_numbers
        self._viewer = viewer
        self._session = session
        self.layer: Image | None = None
        self.view: View | None = None
        self.screen: OnScreen | None = None
        self.overview: View | None = None
        """The plane on screen with few pixels, if it is large; it is estimated first."""
        self._overview_plane: Any = None
        self._curves = True
        self._key: Any = None
        self._failed_key: Any = None
        self._job: Job | None = None
        self._timer = single_shot(self, _PATIENCE_MS, self._look)
        self._glancing = single_shot(self, _GLANCE_MS, self._glance)
        self._viewer_emitters = (
            viewer.dims.events.point,
            viewer.dims.events.order,
            viewer.dims.events.ndisplay,
            viewer.scene.camera.events.zoom,
            viewer.scene.camera.events.center,
            viewer.canvas.events.size,
        )
        for emitter in self._viewer_emitters:
            emitter.connect(self._on_screen_changed)
        session.events.settings.connect(self._on_settings_changed)
        session.events.job.connect(self._on_session_job_changed)

    def follow(self, layer: Image | None, *, curves: bool = True) -> None:
        """Follow a layer from now on.

        Parameters
        ----------
        layer : Image or None
            None follows nothing.
        curves : bool
            Whether to estimate curves; without them, `known` only reports the part on screen.
        """
        if layer is self.layer and curves == self._curves:
            return
        self._curves = curves
        if layer is not self.layer:
            if self.is_orphaned:
                work.forget_views()  # they keep its pixels in memory
            self._watch(layer)
        self._forget()
        self.refresh()

    @property
    def is_orphaned(self) -> bool:
        """Whether the layer was deleted from the viewer."""
        return self.layer is not None and self.layer not in self._viewer.layers

    def refresh(self) -> None:
        """Check the screen again soon."""
        if self.layer is not None:
            self._timer.start()

    def release(self) -> None:
        """Disconnect from the viewer and the session, because the dock closes."""
        self.follow(None)
        for emitter in self._viewer_emitters:
            emitter.disconnect(self._on_screen_changed)
        self._session.events.settings.disconnect(self._on_settings_changed)
        self._session.events.job.disconnect(self._on_session_job_changed)

    # ---- changes of the view, the layer and the settings

    def _watch(self, layer: Image | None) -> None:
        for old, connect in ((self.layer, False), (layer, True)):
            if old is None:
                continue
            for name in _GEOMETRY_EVENTS:
                emitter = getattr(old.events, name)
                (emitter.connect if connect else emitter.disconnect)(self._on_screen_changed)
            for emitter in (old.events.data, old.events.contrast_limits):
                (emitter.connect if connect else emitter.disconnect)(self._on_data_changed)
        self.layer = layer

    def _on_screen_changed(self, _: Any = None) -> None:
        self.refresh()
        if self.overview is not None and not self._glancing.isActive():
            self._glancing.start()

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.for_curves() != old.for_curves():
            self.refresh()

    def _on_data_changed(self, event: Any) -> None:
        if event.type == "data":
            work.forget_views()  # the same array may now hold other pixels
            self._forget()
        if event.type == "data" or self._session.settings.window.kind == "contrast":
            self.refresh()

    def _on_session_job_changed(self, job: Job | None) -> None:
        if job is None:
            self.refresh()
        elif self._job is not None:  # leave the device to the run
            self._job.cancel()

    # ---- one estimate at a time, for the latest request

    def _forget(self) -> None:
        self._key = self._failed_key = self.view = self.screen = self.overview = None
        self._timer.stop()
        self._glancing.stop()
        if self._job is not None:
            self._job.cancel()

    def _glance(self) -> None:
        """Tell where the screen is while it moves."""
        if self.layer is None or self.is_orphaned or self.screen is None:
            return
        try:
            screen = on_screen(self._viewer, read_source(self.layer))
        except ZeroDCEError:
            return  # it is told when the screen rests
        same_plane = self._request_for(screen).plane == self._overview_plane
        if same_plane and not screen.looks_like(self.screen):
            self.sketched.emit(screen)

    def _look(self) -> None:
        if self.layer is None or self.is_orphaned:
            return
        try:
            screen = on_screen(self._viewer, read_source(self.layer))
        except ZeroDCEError as err:
            self._forget()
            self.failed.emit(err)
            return
        wanted = self._request_for(screen)
        if wanted.key != self._key:
            self._begin(wanted)
        elif self._is_known and not screen.looks_like(self.screen):
            self.screen = screen
            self.known.emit(screen, self.view)
        elif not self._is_known and wanted.key != self._failed_key:
            self._start(wanted)

    @property
    def _is_known(self) -> bool:
        return self.view is not None or not self._curves

    def _begin(self, wanted: ViewRequest) -> None:
        """Switch to another request."""
        self.view, self._key, self.screen = None, wanted.key, wanted.screen
        if self._overview_plane != wanted.plane:
            self.overview = None
        if not self._curves:
            self.known.emit(wanted.screen, None)
            return
        self.waiting.emit()
        if self.overview is not None:
            self.sketched.emit(wanted.screen)
        if self._job is not None:
            self._job.cancel()
        self._start(wanted)

    def _request_for(self, screen: OnScreen) -> ViewRequest:
        settings = self._session.settings.for_curves()
        if self._for_numbers:
            settings = settings.for_numbers()
        return ViewRequest(request_for(screen.source, settings), screen)

    def _start(self, wanted: ViewRequest) -> None:
        if self._session.busy or self._job is not None:
            return  # the screen is checked again when that has ended
        first = self._first_of(wanted)
        job = Job("Zero-DCE: estimating curves", work.viewing(first), quiet=True)
        self._job = job
        job.progressed.connect(lambda progress: self._on_job_progressed(wanted, progress))
        if first is wanted:
            job.succeeded.connect(lambda view: self._on_job_succeeded(wanted, view))
        else:
            job.succeeded.connect(lambda view: self._on_overview_known(wanted, view))
        job.failed.connect(lambda error: self._on_job_failed(wanted, error))
        job.finished.connect(self._on_job_finished)
        job.start()

    def _first_of(self, wanted: ViewRequest) -> ViewRequest:
        """Return the request for the overview if that is of use and not yet known."""
        overview = None if self.overview is not None else overview_of(wanted.screen)
        return wanted if overview is None else ViewRequest(wanted.request, overview)

    def _on_overview_known(self, wanted: ViewRequest, view: View) -> None:
        if wanted.key == self._key:
            self.overview, self._overview_plane = view, wanted.plane
            self.sketched.emit(wanted.screen)

    def _on_job_progressed(self, wanted: ViewRequest, progress: Progress) -> None:
        if wanted.key == self._key and not self._is_known:
            self.progressed.emit(progress)

    def _on_job_succeeded(self, wanted: ViewRequest, view: View) -> None:
        if wanted.key == self._key:
            self.view = view
            assert self.screen is not None
            self.known.emit(self.screen, view)

    def _on_job_failed(self, wanted: ViewRequest, error: Exception) -> None:
        if wanted.key == self._key:
            self._failed_key = wanted.key
            self.failed.emit(error)

    def _on_job_finished(self) -> None:
        self._job = None
        if not self._is_known and self.overview is not None:
            self._look()  # at once: the overview is on screen
        elif not self._is_known:
            self.refresh()
