"""The inspector: plot the curve of the pixel under the mouse; a click pins it for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.counting import counted
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.regions import is_region, mask_of
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.single_shot import single_shot
from napari_zerodce.imaging.intensity import outside_of

if TYPE_CHECKING:
    import napari

    from napari_zerodce.engine.pixel_curve import PixelCurve
    from napari_zerodce.engine.view import View

_MOST_PINS = 4
_REGION_EVENTS = ("set_data", "data", "highlight", "paint", "selected_label")
_PAUSE_MS = 150  # without a change, before the curve of a region is computed
_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
_HINT = "Move the mouse over the image; click to pin a curve."


class Inspector(QWidget):
    """Draws the curves of the pixel under the cursor, of pinned pixels and of a region.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
        Gives the look of the curves.
    """

    switched = Signal(bool)

    def __init__(self, viewer: napari.Viewer, session: Session) -> None:
        super().__init__()
        self._viewer, self._session = viewer, session
        self._screen: OnScreen | None = None
        self._view: View | None = None
        self._place: tuple[int, int] | None = None
        self._watched: Any = None
        self._region_timer = single_shot(self, _PAUSE_MS, self._draw_region)
        self.current: PixelCurve | None = None
        self.pins: list[tuple[str, PixelCurve]] = []
        self.box = QCheckBox("Curve of the pixel under the mouse")
        self.box.setToolTip(
            "Plot the tone curve of the pixel under the mouse: output against input, each from 0\n"
            "to 1 in the intensity window. A click pins a curve for comparison. Default: off."
        )
        self.plot: Any = None  # created at the first use, because the import of pyqtgraph is slow
        self.text = text_label("pixel", _HINT)
        self.region_text = text_label("region")
        self.region = QComboBox()
        make_narrow(self.region)
        self.region.setToolTip(
            "A Shapes or Labels layer: shows the mean curve of its pixels, dotted, and the\n"
            "band between the 10th and the 90th percentile of their curves. Default: no region."
        )
        self.copy_button = QPushButton("Copy CSV")
        self.copy_button.setToolTip(
            "Copy the numbers of the shown and the pinned curves to the clipboard, as a table of\n"
            "comma-separated values."
        )
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip(f"Remove the pinned curves; at most {_MOST_PINS} are kept.")
        self._lay_out()
        self._connect()
        self._list_regions()

    def _lay_out(self) -> None:
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(4)
        row = QHBoxLayout()
        row.addWidget(self.region, 1)
        row.addWidget(self.copy_button)
        row.addWidget(self.clear_button)
        body.addWidget(self.text)
        body.addLayout(row)
        body.addWidget(self.region_text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.box)
        layout.addWidget(self._body)
        self._body.hide()

    def _connect(self) -> None:
        self.box.toggled.connect(self._on_box_toggled)
        self.region.currentIndexChanged.connect(self._on_region_chosen)
        self.copy_button.clicked.connect(self._on_copy_clicked)
        self.clear_button.clicked.connect(self._on_clear_clicked)
        for emitter in self._layer_emitters():
            emitter.connect(self._list_regions)
        self._session.events.settings.connect(self._on_settings_changed)

    def release(self) -> None:
        """Disconnect from the viewer and the session."""
        self._listen(on=False)
        self._watch_region(None)
        for emitter in self._layer_emitters():
            emitter.disconnect(self._list_regions)
        self._session.events.settings.disconnect(self._on_settings_changed)

    def _layer_emitters(self) -> tuple[Any, ...]:
        events = self._viewer.layers.events
        return events.inserted, events.removed

    # ---- the shown view

    def show_view(self, screen: OnScreen, view: View) -> None:
        """Show the curves of this view from now on.

        Parameters
        ----------
        screen : OnScreen
        view : View
            The curves of that part.
        """
        if self._screen is None or self._screen.source.layer is not screen.source.layer:
            self.pins = []  # pins of another image; pins of other planes stay for comparison
        self._view = view
        self._screen = screen
        if self._place is None:
            self.text.setText(_HINT)
        self._draw_pins()
        self._draw_region()
        self._draw_current()

    def show_nothing(self, why: str) -> None:
        """Show no curves, and the reason."""
        self._view = self._place = self.current = None
        self.text.setText(why)
        if self.plot is not None:
            self.plot.show_pixel(None)
            self.plot.show_region(None)

    # ---- the mouse

    def _listen(self, *, on: bool) -> None:
        pairs = (
            (self._viewer.mouse_move_callbacks, self._on_mouse_moved),
            (self._viewer.mouse_drag_callbacks, self._on_mouse_pressed),
        )
        for callbacks, callback in pairs:
            if on and callback not in callbacks:
                callbacks.append(callback)
            if not on and callback in callbacks:
                callbacks.remove(callback)

    def _on_mouse_moved(self, _viewer: Any, event: Any) -> None:
        place = self._place_at(event.position)
        if place is not None and place != self._place:
            self.look_at(place)

    def _on_mouse_pressed(self, _viewer: Any, event: Any) -> Iterator[None]:
        place = self._place_at(event.position)
        yield
        moved = False
        while event.type == "mouse_move":
            moved = True
            yield
        if not moved and place is not None and event.button == 1:
            self.look_at(place)
            self.pin()

    def _place_at(self, position: Any) -> tuple[int, int] | None:
        if self._screen is None or self._view is None:
            return None
        row, column = self._screen.source.layer.world_to_data(position)[-2:]
        return self._view.viewport.place_of(row, column)

    # ---- drawing

    def look_at(self, place: tuple[int, int]) -> None:
        """Show the curves of a pixel, given by its row and column in the view."""
        self._place = place
        self._draw_current()

    def pin(self) -> None:
        """Pin the current curve; if there are too many pins, the oldest is removed."""
        if self.current is None or self._place is None:
            return
        name = self._name(self._place)
        if name not in dict(self.pins):
            self.pins = [*self.pins, (name, self.current)][-_MOST_PINS:]
            self._draw_pins()

    def _name(self, place: tuple[int, int]) -> str:
        assert self._view is not None
        assert self._screen is not None
        part = self._view.viewport
        row, column = (
            start + kept * part.step
            for start, kept in zip((part.rows.start, part.columns.start), place, strict=True)
        )
        plane = ",".join(map(str, self._screen.index))
        return f"{f'plane {plane} ' if plane else ''}row {row} column {column}"

    def _draw_current(self) -> None:
        if self.plot is None or self._view is None or self._place is None:
            return
        from napari_zerodce.engine.pixel_curve import pixel_curve

        rows, columns = self._view.viewport.shape
        if self._place[0] >= rows or self._place[1] >= columns:
            return
        self.current = pixel_curve(self._view, *self._place, self._session.settings.look)
        self.plot.show_pixel(self.current)
        self.text.setText(self._described(self.current))

    def _described(self, curve: PixelCurve) -> str:
        assert self._view is not None
        assert self._place is not None
        look = self._session.settings.look.describe()
        heading = f"{self._name(self._place)}{f' ({look})' if look else ''}"
        own = np.atleast_1d(self._view.steady[self._place])
        outside = np.atleast_1d(outside_of(own, self._view.window))
        low, high = self._view.window.low, self._view.window.high
        lines = [
            f"{name} {_shown(own[c])} is outside the window: unchanged"
            if outside[c]
            else f"{name} {_shown(own[c])} → {_shown(low + curve.results[c] * (high - low))}, "
            f"noise x{curve.slopes[c]:.2f}"
            for c, name in enumerate(_CHANNELS[len(curve.values)])
        ]
        return "\n".join((heading, *lines))

    def _draw_pins(self) -> None:
        if self.plot is not None:
            self.plot.show_pins([curve for _, curve in self.pins])

    def _draw_region(self) -> None:
        layer = self.region.currentData()
        if self.plot is None or self._view is None or self._screen is None or layer is None:
            self.region_text.clear()
            if self.plot is not None:
                self.plot.show_region(None)
            return
        from napari_zerodce.engine.pixel_curve import region_curve

        curve = region_curve(self._view, mask_of(layer, self._screen), self._session.settings.look)
        self.plot.show_region(curve)
        self.region_text.setText(
            f"'{layer.name}' marks no pixel of the part on screen."
            if curve is None
            else f"Dotted: the mean curve of {counted(curve.pixels, 'pixel')} of '{layer.name}'."
        )

    # ---- actions of the user

    def _on_box_toggled(self, on: bool) -> None:
        if on and self.plot is None:
            from napari_zerodce.gui.docks.curve_maps.plot import CurvePlot

            self.plot = CurvePlot()
            layout = self._body.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.insertWidget(0, self.plot)
        self._body.setVisible(on)
        self._listen(on=on)
        self.switched.emit(on)

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.look != old.look:
            self._draw_current()
            self._region_timer.start()

    def _on_region_chosen(self, _: Any = None) -> None:
        self._watch_region(self.region.currentData())
        self._draw_region()

    def _watch_region(self, layer: Any) -> None:
        """Draw the region's curve again whenever the region is painted, moved or selected."""
        for old, connect in ((self._watched, False), (layer, True)):
            for name in _REGION_EVENTS if old is not None else ():
                emitter = getattr(old.events, name, None)  # Labels and Shapes have different events
                if emitter is not None:
                    (emitter.connect if connect else emitter.disconnect)(self._on_region_changed)
        self._watched = layer

    def _on_region_changed(self, _: Any = None) -> None:
        self._region_timer.start()

    def _on_clear_clicked(self) -> None:
        self.pins = []
        self._draw_pins()

    def _on_copy_clicked(self) -> None:
        from napari_zerodce.engine.pixel_curve import as_csv

        curves = list(self.pins)
        if self.current is not None and self._place is not None:
            name = self._name(self._place)
            curves = [(other, curve) for other, curve in curves if other != name]
            curves.append((name, self.current))
        if not curves:
            self.text.setText(f"There is no curve to copy yet. {_HINT}")
            return
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(as_csv(curves, _CHANNELS[len(curves[0][1].values)]))
        self.text.setText(f"Copied {counted(len(curves), 'curve')} as CSV.")

    def _list_regions(self, _: Any = None) -> None:
        chosen = self.region.currentData()
        self.region.blockSignals(True)
        self.region.clear()
        self.region.addItem("No region", None)
        for layer in self._viewer.layers:
            if is_region(layer):
                self.region.addItem(layer.name, layer)
        self.region.setCurrentIndex(max(0, self.region.findData(chosen)))
        self.region.blockSignals(False)
        if chosen is not self.region.currentData():
            self._on_region_chosen()


def _shown(value: float) -> str:
    return f"{value:.4g}"
