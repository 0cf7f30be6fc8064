"""The map layers of one run: they follow the slider, and are marked when their image changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.curve_maps import work
from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage, pictures
from napari_zerodce.gui.docks.curve_maps.layers import map_geometry, move_map_layers
from napari_zerodce.gui.docks.curve_maps.work import MappedPlane
from napari_zerodce.gui.layers.on_screen import on_screen
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

    from napari_zerodce.engine.resolve import ResolvedRequest

_PATIENCE_MS = 120
_OLD_IMAGE = " (old image)"


class MapGroup(QObject):
    """Keeps map layers on the plane on screen, as long as one of them exists.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    source : Source
    resolved : ResolvedRequest
        The request for the whole image; it stays the same if another checkpoint becomes active.
    choice : MapChoice
    layers : list of Image
        The map layers.
    index : tuple of int
        The plane that the layers show.
    step : int
        The maps keep every `step`-th row and column.
    parent : QObject
    """

    failed = Signal(object)

    def __init__(  # noqa: PLR0913  everything that the layers were made with
        self,
        viewer: napari.Viewer,
        session: Session,
        *,
        source: Source,
        resolved: ResolvedRequest,
        choice: MapChoice,
        layers: list[Image],
        index: tuple[int, ...],
        step: int,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session = viewer, session
        self._source, self._resolved, self._choice = source, resolved, choice
        self.layers = layers
        self._index: tuple[int, ...] | None = index
        self._step = step
        self._follows = bool(index) and choice.extent == "plane"
        self._is_current = True
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(self._look)
        source.layer.events.data.connect(self._on_data_changed)
        viewer.dims.events.point.connect(self._on_dims_changed)
        session.events.job.connect(self._on_session_job_changed)

    def release(self) -> None:
        """Stop following the viewer; the layers stay as they are."""
        self._timer.stop()
        self._source.layer.events.data.disconnect(self._on_data_changed)
        self._viewer.dims.events.point.disconnect(self._on_dims_changed)
        self._session.events.job.disconnect(self._on_session_job_changed)
        if self._job is not None:
            self._job.cancel()

    @property
    def is_alive(self) -> bool:
        """Whether the source layer and at least one map layer still exist."""
        layers = self._viewer.layers
        return self._source.layer in layers and any(layer in layers for layer in self.layers)

    def _on_data_changed(self, _: Any = None) -> None:
        """Mark the map layers, because the source layer now holds another image."""
        self._is_current = False
        if self._job is not None:
            self._job.cancel()
        for layer in self.layers:
            if not layer.name.endswith(_OLD_IMAGE):
                layer.name += _OLD_IMAGE

    def _on_session_job_changed(self, job: Job | None) -> None:
        if job is None:
            self._timer.start()
        elif self._job is not None:  # leave the device to the run
            self._job.cancel()
            self._index = None  # the shown plane is unknown; check again after the run

    def _on_dims_changed(self, _: Any = None) -> None:
        self._timer.start()

    def _look(self) -> None:
        if not self._is_current or not self._follows or not self.is_alive:
            return
        if self._job is not None or self._session.busy:
            return
        try:
            index = on_screen(self._viewer, read_source(self._source.layer)).index
        except ZeroDCEError:
            return  # in 3D or outside the layer, no plane is on screen
        if index == self._index:
            return
        self._index = index  # set also if the job fails, so that it is not repeated endlessly
        self._job = Job(
            "Zero-DCE: curve maps of another plane",
            work.mapping(self._resolved, index, self._choice.kind, step=self._step),
            quiet=True,
        )
        self._job.succeeded.connect(self._on_mapped)
        self._job.failed.connect(self.failed)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()

    def _on_mapped(self, mapped: MappedPlane) -> None:
        if not self.is_alive or not self._is_current:
            return
        found = pictures_of(mapped, self._choice)
        move_map_layers(
            self._viewer, self.layers, found, map_geometry(self._source, mapped.index, self._step)
        )

    def _on_job_finished(self) -> None:
        self._job = None
        self._timer.start()  # the slider may have moved during the job


def pictures_of(mapped: MappedPlane, choice: MapChoice) -> list[MapImage]:
    """Return the images of maps, with all axes of their source layer.

    Parameters
    ----------
    mapped : MappedPlane
    choice : MapChoice
    """
    maps = mapped.maps
    if choice.extent == "plane":
        ones = (1,) * len(mapped.index)
        maps = maps.reshape(maps.shape[:1] + ones + maps.shape[1:])
    return pictures(maps, choice, shared=mapped.resolved.checkpoint.traits.shares_one_map)
