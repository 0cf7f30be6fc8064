"""The comparison that a viewer shows: its layers, and what was on screen before; docks share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary, ref

from napari.layers import Image, Layer
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_zerodce.compare.comparison import Compared, Comparison
from napari_zerodce.gui.docks.compare.grid import Stage, columns_for
from napari_zerodce.gui.docks.compare.layers import (
    LINKED,
    fill,
    fit_names,
    limits_of,
    mosaic_layers,
    picture_layer,
    pictures_of,
)
from napari_zerodce.gui.docks.compare.part import is_on_screen
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.results import insert_quietly
from napari_zerodce.gui.layers.source import Source

if TYPE_CHECKING:
    import napari

Arrangement = Literal["grid", "mosaic"]


class ShownComparison:
    """One comparison at a time; it outlives the dock, and ends with the last of its pictures.

    Parameters
    ----------
    viewer : napari.Viewer
        It is not kept alive.

    Attributes
    ----------
    comparison : Comparison, optional
        None if there is none.
    screen : OnScreen, optional
        Its part.
    reference_name : str
        What to call its reference in a report.
    """

    changed = Signal()

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = ref(viewer)
        self._stage = Stage(viewer)
        self._pictures: dict[str, Image] = {}  # by the title of the candidate
        self._given: dict[str, str] = {}  # the names of their layers
        self._names: Layer | None = None
        self._arrangement: Arrangement = "grid"
        self.comparison: Comparison | None = None
        self.screen: OnScreen | None = None
        self.reference_name = ""
        viewer.layers.events.removed.connect(self._on_layer_removed)
        viewer.canvas.events.size.connect(self._fit_names)

    def show(self, screen: OnScreen, comparison: Comparison, arrangement: Arrangement) -> None:
        """Show a comparison instead of the former one.

        Parameters
        ----------
        screen : OnScreen
            The compared part.
        comparison : Comparison
        arrangement : {"grid", "mosaic"}
            A layer for each picture in napari's grid, or all pictures in one layer.
        """
        with self._open_viewer().layers.batched_update():  # for one update of napari's scene
            if arrangement == "grid":
                self._show_grid(screen, comparison)
            else:
                self._show_mosaic(screen, comparison)
            self.comparison, self.screen, self._arrangement = comparison, screen, arrangement
            self._make_active(self._layers()[0])
            self._stage.set(self._layers(), in_grid=arrangement == "grid")
            self._fit_names()
        self.changed.emit()

    def same_part(self, source: Source) -> OnScreen | None:
        """Return the part of the comparison again, if the user looks at it as it was shown.

        Parameters
        ----------
        source : Source
            As its layer is now. None is returned if the part is of another layer.
        """
        screen = self.screen
        is_same = screen is not None and screen.source.layer is source.layer
        if screen is None or not is_same or not self._stage.is_unmoved:
            return None
        again = replace(screen, source=source)
        same_levels = source.level_shapes == screen.source.level_shapes
        return again if same_levels and is_on_screen(self._open_viewer(), again) else None

    @property
    def arrangement(self) -> Arrangement:
        """How the comparison is shown."""
        return self._arrangement

    def layer_of(self, title: str) -> Image | None:
        """Return the layer with the picture of a candidate, None if there is none.

        Parameters
        ----------
        title : str
            Title of the candidate.
        """
        return self._pictures.get(title)

    def close(self) -> None:
        """Remove the layers, and bring back what was on screen before."""
        with self._open_viewer().layers.batched_update():  # for one update of napari's scene
            self._leave(self._source(), self._end())

    def _end(self) -> list[Layer]:
        """Bring back what was on screen, and return the layers that are to be removed."""
        self._stage.clear()
        gone = self._layers()
        self._forget(gone)
        self.comparison = self.screen = None
        self.changed.emit()
        return gone

    def _show_grid(self, screen: OnScreen, comparison: Comparison) -> None:
        """Show each picture in a layer, where possible in one that is there."""
        viewer, wanted = self._open_viewer(), pictures_of(comparison)
        kept = self._reusable(screen, comparison)
        with self._replacing([each for each in self._layers() if each not in kept.values()]):
            above = viewer.layers[-1]
            for compared in wanted:
                above = self._shown_picture(screen, comparison, compared, above=above)
        self._pictures = {each.title: self._pictures[each.title] for each in wanted}
        layers = list(self._pictures.values())
        if len(layers) > 1:
            viewer.layers.link_layers(layers, LINKED)

    def _shown_picture(
        self, screen: OnScreen, comparison: Comparison, compared: Compared, *, above: Layer
    ) -> Image:
        layer = self._pictures.get(compared.title)
        if layer is not None:
            fill(layer, screen, compared)
            return layer
        layer = picture_layer(screen, comparison, compared)
        for other in list(self._pictures.values())[:1]:  # as the user has set the others
            layer.contrast_limits, layer.gamma = other.contrast_limits, other.gamma
        insert_quietly(self._open_viewer(), layer, above=above)
        self._pictures[compared.title] = layer
        return layer

    def _show_mosaic(self, screen: OnScreen, comparison: Comparison) -> None:
        viewer, count = self._open_viewer(), len(pictures_of(comparison))
        columns = columns_for(count, viewer.canvas.size, screen.part_of_level.shape)
        image, names = mosaic_layers(screen, comparison, columns)
        with self._replacing(self._layers()):
            for layer in (image, names):
                insert_quietly(viewer, layer, above=viewer.layers[-1])
            self._pictures = dict.fromkeys((each.title for each in comparison.compared), image)
            self._names = names

    def _fit_names(self, _: Any = None) -> None:
        """Let the names of pictures fit into the cells of the grid."""
        if not self._pictures or self._arrangement != "grid":
            self._given = {}
            return
        viewer = self._open_viewer()
        _, width = viewer.canvas.viewbox_size(viewer.layers)
        self._given = fit_names(self._pictures, width, self._given)

    def _reusable(self, screen: OnScreen, comparison: Comparison) -> dict[str, Image]:
        """Return the layers that can show the new pictures: of the same part in the same way."""
        former, old = self.screen, self.comparison
        if self._arrangement != "grid" or former is None or old is None:
            return {}
        same = screen.looks_like(former) and screen.source.layer is former.source.layer
        same = same and limits_of(screen, comparison) == limits_of(former, old)
        if not same or comparison.source.samples.dtype != old.source.samples.dtype:
            return {}
        titles = {each.title for each in pictures_of(comparison)}
        return {title: each for title, each in self._pictures.items() if title in titles}

    def _layers(self) -> list[Layer]:
        """Return the layers that are shown, each once, the lowest first."""
        names = () if self._names is None else (self._names,)
        return list(dict.fromkeys((*self._pictures.values(), *names)))

    @contextmanager
    def _replacing(self, gone: Sequence[Layer]) -> Iterator[None]:
        """Remove layers when others are there, so that sliders and camera stay where they are."""
        self._forget(gone)
        for layer in gone:
            layer.name = "closing"  # its name is free for another one
        yield
        self._make_active(self._layers()[0])  # else napari makes one below active
        _remove(self._open_viewer(), gone)

    def _leave(self, source: Layer | None, gone: Sequence[Layer]) -> None:
        """Remove layers; the source is active again if one of them was."""
        viewer = self._viewer()
        if viewer is None:
            return
        active = viewer.layers.selection.active
        if source in viewer.layers and (active is None or active in gone):
            viewer.layers.selection.active = source
        _remove(viewer, gone)

    def _source(self) -> Layer | None:
        return None if self.screen is None else self.screen.source.layer

    def _make_active(self, layer: Layer) -> None:
        """Make a picture active unless another one is: napari's sliders then change them all."""
        selection = self._open_viewer().layers.selection
        if selection.active not in self._layers():
            selection.active = layer

    def _forget(self, gone: Sequence[Layer]) -> None:
        """Forget layers; napari would keep linked ones in memory for ever."""
        for layer in gone:
            self._open_viewer().layers.unlink_layers([layer], LINKED)
        self._pictures = {key: each for key, each in self._pictures.items() if each not in gone}
        if self._names in gone:
            self._names = None

    def _open_viewer(self) -> napari.Viewer:
        viewer = self._viewer()
        assert viewer is not None
        return viewer

    def _on_layer_removed(self, event: Any) -> None:
        """End with the last picture that the user deletes."""
        if event.value not in self._layers():
            return
        self._forget([event.value])
        if not self._pictures:  # napari cannot remove a layer while it removes another one
            QTimer.singleShot(0, partial(self._leave, self._source(), self._end()))


def _remove(viewer: napari.Viewer, layers: Iterable[Layer]) -> None:
    """Remove layers, without those that the user has deleted."""
    for layer in layers:
        if layer in viewer.layers:
            viewer.layers.remove(layer)


_shown: WeakKeyDictionary[napari.Viewer, ShownComparison] = WeakKeyDictionary()


def shown_in(viewer: napari.Viewer) -> ShownComparison:
    """Return the comparison of a viewer, the same object each time.

    Parameters
    ----------
    viewer : napari.Viewer
        Without napari's proxy.
    """
    if viewer not in _shown:
        _shown[viewer] = ShownComparison(viewer)
    return _shown[viewer]
