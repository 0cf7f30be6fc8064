"""The map layers of one run: they stay as they are, follow the slider, or show all planes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QObject, Signal

from napari_zerodce.engine.memory import room_for_blocks
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.curve_maps import work
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.gui.docks.curve_maps.layers import (
    add_map_layers,
    lazy_images,
    map_geometry,
    move_map_layers,
)
from napari_zerodce.gui.docks.curve_maps.old_image import mark_when_old
from napari_zerodce.gui.docks.curve_maps.work import MappedPlane
from napari_zerodce.gui.layers.lazy_array import BlockKey
from napari_zerodce.gui.layers.lazy_blocks import LazyBlocks
from napari_zerodce.gui.layers.lazy_layers import LazyLayers
from napari_zerodce.gui.layers.on_screen import on_screen
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari

_PATIENCE_MS = 120
_TITLE = "Zero-DCE: curve maps of another plane"
_PART_OF_MEMORY: Final = 0.25
"""Of the free memory, for the maps of lazy layers."""


@dataclass(frozen=True)
class MapRun:
    """What the layers of a group are made of.

    Parameters
    ----------
    source : Source
    choice : MapChoice
    step : int
        The maps keep every `step`-th row and column of their level.
    mapped : MappedPlane
        The plane that was on screen.
    level : int
        The level of the source of which they are made; 0 is the finest.
    """

    source: Source
    choice: MapChoice
    step: int
    mapped: MappedPlane
    level: int = 0

    def geometry(self, index: tuple[int, ...]) -> dict[str, Any]:
        """Return the geometry of layers that begin at a plane."""
        return map_geometry(self.source, index, self.step, self.level)


class MapGroup(QObject):
    """Map layers that show one plane.

    They are marked when their image changes, also without the group.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    run : MapRun
    parent : QObject
    """

    computing = Signal(object)  # the index of a plane, None if nothing is computed
    waiting = Signal(object)  # the index of a plane that waits for a run of the session, or None
    failed = Signal(object)

    def __init__(
        self, viewer: napari.Viewer, session: Session, run: MapRun, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._run = viewer, session, run
        self.layers = self._add_layers()
        mark_when_old(viewer, run.source.layer)

    def release(self) -> None:
        """Stop following the viewer; the layers stay as they are."""

    @property
    def is_alive(self) -> bool:
        """Whether the source layer and at least one map layer still exist."""
        layers = self._viewer.layers
        return self._run.source.layer in layers and self.has_layers

    @property
    def has_layers(self) -> bool:
        """Whether at least one map layer still exists."""
        return any(layer in self._viewer.layers for layer in self.layers)

    @property
    def is_behind(self) -> bool:
        """Whether the maps of the plane on screen are not known yet."""
        return False

    def describe(self) -> str:
        """Return one or a few sentences about the new layers."""
        run, layers = self._run, self.layers
        names = f"'{layers[0].name}'" if len(layers) == 1 else f"{len(layers)} layers"
        hidden = " Only the topmost is visible." if len(layers) > 1 else ""
        colours = " Green brightens, pink darkens." if run.choice.kind == "alphas" else ""
        if colours and layers[0].rgb:
            colours = " Lighter than middle grey brightens, darker darkens."
        kept = ""
        if run.level:
            kept = f" They are those of level {run.level} of the image, its overview."
        elif run.step > 1:
            kept = f" 1 pixel of {run.step} in each direction is kept, with its exact value."
        return f"Added {names}.{hidden}{colours}{kept}"

    def _add_layers(self) -> list[Any]:
        mapped = self._run.mapped
        return self._add(mapped.placed_images, mapped.index)

    def _add(self, images: list[Any], index: tuple[int, ...]) -> list[Any]:
        run = self._run
        return add_map_layers(
            self._viewer, images, source=run.source, resolved=run.mapped.resolved,
            choice=run.choice, geometry=run.geometry(index),
        )  # fmt: skip

    def _plane_on_screen(self) -> tuple[int, ...] | None:
        """Return the plane on screen; in 3D and outside of the layer, there is none."""
        try:
            return on_screen(self._viewer, read_source(self._run.source.layer)).index
        except ZeroDCEError:
            return None


class FollowingMaps(MapGroup):
    """Map layers that are moved to the plane on screen, as long as one of them exists."""

    def __init__(
        self, viewer: napari.Viewer, session: Session, run: MapRun, parent: QObject
    ) -> None:
        super().__init__(viewer, session, run, parent)
        self._is_current = True
        self._shown = self._wanted = run.mapped.index
        self._waits: tuple[int, ...] | None = None
        self._failed: tuple[int, ...] | None = None  # it is not tried again and again
        self._job: Job | None = None
        self._timer = single_shot(self, _PATIENCE_MS, self._look)
        viewer.dims.events.point.connect(self._on_dims_changed)
        session.events.job.connect(self._on_session_job_changed)
        run.source.layer.events.data.connect(self._on_data_changed)

    def release(self) -> None:
        """Stop following the viewer; the layers stay as they are."""
        self._timer.stop()
        self._viewer.dims.events.point.disconnect(self._on_dims_changed)
        self._session.events.job.disconnect(self._on_session_job_changed)
        self._run.source.layer.events.data.disconnect(self._on_data_changed)
        if self._job is not None:
            self._job.cancel()

    @property
    def is_behind(self) -> bool:
        """Whether the maps of the plane on screen are not known yet."""
        return self._plane_on_screen() not in {None, self._shown}

    def _on_session_job_changed(self, job: Job | None) -> None:
        self._timer.start()
        if job is not None and self._job is not None:  # leave the device to the run
            self._job.cancel()

    def _on_dims_changed(self, _: Any = None) -> None:
        self._timer.start()

    def _on_data_changed(self, _: Any = None) -> None:
        """Compute nothing any more, because the source layer now holds another image."""
        self._is_current = False
        self._tell_waiting(None)
        if self._job is not None:
            self._job.cancel()

    def _look(self) -> None:
        if not self._is_current or not self.is_alive:
            return
        index = self._plane_on_screen()
        if index != self._failed:
            self._failed = None
        missing = None if index in {self._shown, self._failed} else index
        self._tell_waiting(missing if self._session.busy else None)
        if self._job is not None:
            if index not in {None, self._wanted}:
                self._job.cancel()
        elif missing is not None and not self._session.busy:
            self._start(missing)

    def _tell_waiting(self, index: tuple[int, ...] | None) -> None:
        if index != self._waits:
            self._waits = index
            self.waiting.emit(index)

    def _start(self, index: tuple[int, ...]) -> None:
        self._wanted = index
        run = self._run
        mapping = work.mapping(run.mapped.resolved, index, run.choice, step=run.step)
        self._job = Job(_TITLE, mapping, quiet=True)
        self._job.succeeded.connect(self._on_mapped)
        self._job.failed.connect(self._on_job_failed)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()
        self.computing.emit(index)

    def _on_mapped(self, mapped: MappedPlane) -> None:
        if not self.is_alive or not self._is_current:
            return
        place = self._run.geometry(mapped.index)
        move_map_layers(self._viewer, self.layers, mapped.placed_images, place)
        self._shown = mapped.index

    def _on_job_failed(self, error: Exception) -> None:
        self._failed = self._wanted
        self.failed.emit(error)

    def _on_job_finished(self) -> None:
        self._job = None
        self._timer.start()  # the slider may have moved during the job
        self.computing.emit(None)


class LazyMaps(MapGroup):
    """Layers with the maps of all planes; those of a plane are computed when it is first shown.

    They do so as long as they exist, also if the dock is closed.
    """

    def _add_layers(self) -> list[Any]:
        run = self._run
        mapped = run.mapped
        self._blocks = LazyBlocks(
            self._session,
            title=_TITLE,
            compute=partial(work.mapping_block, mapped.resolved, run.choice, run.step),
            most_bytes=room_for_blocks(_PART_OF_MEMORY),
        )
        self._blocks.computing.connect(self._on_blocks_computing)
        self._blocks.waiting.connect(self._on_blocks_waiting)
        self._blocks.failed.connect(self.failed)
        self._blocks.put(BlockKey(0, mapped.index), mapped.block)
        leading = run.source.layout.leading
        images = lazy_images(mapped.images, self._blocks, leading)
        layers = self._add(images, (0,) * len(leading))
        LazyLayers(self._viewer, self._blocks, layers)
        return layers

    @property
    def is_behind(self) -> bool:
        """Whether the maps of the plane on screen are not known yet."""
        return bool(self._blocks.missing())

    def _on_blocks_computing(self, key: BlockKey | None) -> None:
        self.computing.emit(None if key is None else key.plane)

    def _on_blocks_waiting(self, key: BlockKey | None) -> None:
        self.waiting.emit(None if key is None else key.plane)
