"""Choose the part of the chosen layers to enhance: which planes, and which area of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from napari.layers import Shapes
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.scope import ALL, PartChoice, offer_for
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.gui.layers.watch import LayerWatch
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.range_field import RangeField
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari

_PATIENCE_MS = 100  # sliders, the camera and shapes move many times a second

_PLANES_TIP: Final = (
    "Which planes of a stack are enhanced. All planes share one intensity window,\n"
    "so a plane looks the same alone and within its stack.\n"
    "'This plane' is the one on screen when you press the button."
)
_AREA_TIP: Final = (
    "Which area of each chosen plane is enhanced. A region is the box around the shapes\n"
    "that are selected in a Shapes layer, or around all of them: add such a layer and draw one.\n"
    "The pixels are the same as if the whole plane were enhanced."
)


class PartChooser(QWidget):
    """Combo boxes for planes and area; their choices depend on the chosen layers.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : LayerChooser
        The choice of layers. If another layer is chosen, it tells that, and not this chooser.
    """

    changed = Signal()

    def __init__(self, viewer: napari.Viewer, layers: LayerChooser) -> None:
        super().__init__()
        self.note = ""
        """What became of a choice that newly chosen layers do not have."""
        self._viewer, self._layers = viewer, layers
        self._offer = offer_for((), ())
        self._region: Shapes | None = None  # whose shapes are followed
        self.planes, self.area = QComboBox(), QComboBox()
        self.ranges: list[RangeField] = []
        self._arrange()
        self._later = single_shot(self, _PATIENCE_MS, self.changed)
        self._watch = LayerWatch(viewer, self._on_regions_changed, self._on_regions_changed)
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        self._screen = (dims.point, dims.order, dims.ndisplay, camera.zoom, camera.center)
        for emitter in self._screen:
            emitter.connect(self._on_screen_changed)
        layers.changed.connect(self._on_layers_chosen)
        self._show(ALL)
        self._on_regions_changed()

    def _arrange(self) -> None:
        boxes = QHBoxLayout()
        # The number of planes is always readable; names of regions may be long and are cut.
        self.planes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        make_narrow(self.area)
        for combo, tip, stretch in ((self.planes, _PLANES_TIP, 0), (self.area, _AREA_TIP, 1)):
            combo.setToolTip(tip)
            combo.currentIndexChanged.connect(self._on_chosen)
            boxes.addWidget(combo, stretch)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        self._rows.addLayout(boxes)

    @property
    def choice(self) -> PartChoice:
        """The user's choice; what the chosen layers do not have becomes all."""
        offer = self._offer
        planes = offer.planes[self.planes.currentIndex()][0] if offer.planes else "all"
        ends = tuple(field.ends for field in self.ranges) if planes == "range" else ()
        return PartChoice(planes, offer.areas[self.area.currentIndex()][0], ends)

    @choice.setter
    def choice(self, choice: PartChoice) -> None:
        self._show(self._offer.fitting(choice))
        self.changed.emit()

    def release(self) -> None:
        """Disconnect from the viewer, because the dock closes."""
        self._later.stop()
        self._watch.release()
        self._layers.changed.disconnect(self._on_layers_chosen)
        for emitter in self._screen:
            emitter.disconnect(self._on_screen_changed)
        self._follow(None)

    # ---- what is offered

    def _on_layers_chosen(self) -> None:
        self.note = ""
        self._offer_again()

    def _on_regions_changed(self, _: Any = None) -> None:
        self._watch.watch_names(self._regions())
        before = self.choice
        self._offer_again()
        if self.choice != before:
            self.changed.emit()

    def _offer_again(self) -> None:
        offer, before = offer_for(self._sources(), self._regions()), self.choice
        if offer == self._offer:
            return
        choice = offer.fitting(before)
        self.note = " ".join(
            f"'{combo.currentText()}' is not available here; {instead} enhanced."
            for combo, instead, is_lost in (
                (self.planes, "all planes are", choice.planes != before.planes),
                (self.area, "the whole image is", choice.area != before.area),
            )
            if is_lost
        )
        self._offer = offer
        self._show(choice)

    def _sources(self) -> list[Source]:
        found = []
        for layer in self._layers.layers:
            with suppress(ZeroDCEError):
                found.append(read_source(layer))
        return found

    def _regions(self) -> list[Shapes]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Shapes)]

    # ---- what is shown

    def _show(self, choice: PartChoice) -> None:
        """Show what is offered, and a choice of it; tell nobody."""
        offer = self._offer
        _fill(self.planes, offer.planes, choice.planes)
        _fill(self.area, offer.areas, choice.area)
        self.planes.setVisible(bool(offer.planes))
        self._show_ranges(choice)
        self._follow(choice.area if isinstance(choice.area, Shapes) else None)

    def _show_ranges(self, choice: PartChoice) -> None:
        """Show a field for each axis if a range is chosen."""
        for field in self.ranges:
            self._rows.removeWidget(field)
            field.hide()
            field.deleteLater()
        axes = self._offer.axes if choice.planes == "range" else ()
        self.ranges = [
            RangeField("planes" if len(axes) == 1 else axis.label, axis.length) for axis in axes
        ]
        for field, ends in zip(self.ranges, choice.first_and_last, strict=False):
            field.ends = ends
        for field in self.ranges:
            self._rows.addWidget(field)
            field.changed.connect(self._on_chosen)

    # ---- what the user and the screen do

    def _on_chosen(self) -> None:
        self.note = ""
        choice = self.choice
        if bool(self.ranges) != (choice.planes == "range"):
            self._show_ranges(choice)
        self._follow(choice.area if isinstance(choice.area, Shapes) else None)
        self.changed.emit()

    def _on_screen_changed(self, _: Any = None) -> None:
        if self.choice.follows_screen:
            self._later.start()

    def _on_shapes_changed(self, _: Any = None) -> None:
        self._later.start()

    def _follow(self, region: Shapes | None) -> None:
        """Follow the shapes of a region, and of no other one."""
        if region is self._region:
            return
        if self._region is not None:
            for emitter in (self._region.events.data, self._region.events.highlight):
                emitter.disconnect(self._on_shapes_changed)
        self._region = region
        if region is not None:
            for emitter in (region.events.data, region.events.highlight):
                emitter.connect(self._on_shapes_changed)


def _fill(combo: QComboBox, offered: Sequence[tuple[Any, str]], chosen: Any) -> None:
    with QSignalBlocker(combo):
        combo.clear()
        combo.addItems([text for _, text in offered])
        row = next((row for row, (kind, _) in enumerate(offered) if kind == chosen), 0)
        combo.setCurrentIndex(row)
