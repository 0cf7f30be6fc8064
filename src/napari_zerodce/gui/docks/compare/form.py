"""The Compare dock's form: the layer, what is compared, the reference, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.docks.compare.candidate_list import CandidateList
from napari_zerodce.gui.docks.compare.reference_chooser import ReferenceChooser
from napari_zerodce.gui.docks.compare.shown import Arrangement
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.widgets.settings_form import form_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari
    from napari.layers import Image

    from napari_zerodce.compare.candidates import Candidate

_ARRANGEMENTS: Final[tuple[tuple[Arrangement, str], ...]] = (
    ("grid", "Side by side"),
    ("mosaic", "Tiles of one layer"),
)
_ARRANGEMENT_TIP: Final = (
    "Side by side: a layer for each picture in napari's grid; zoom and contrast are those of all.\n"
    "Tiles of one layer: one image with all pictures, for a figure. Default: side by side."
)


class CompareForm(QWidget):
    """The form of a comparison.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    changed = Signal()
    arrangement_changed = Signal()

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self.layers = LayerChooser(viewer)
        self.candidates = CandidateList()
        self.reference = ReferenceChooser(viewer)
        self._arrangement = QComboBox()
        self._arrangement.setObjectName("arrangement")
        self._arrangement.setToolTip(_ARRANGEMENT_TIP)
        for value, title in _ARRANGEMENTS:
            self._arrangement.addItem(title, value)
        self._lay_out()
        self.layers.changed.connect(self._on_layer_changed)
        self.layers.renamed.connect(self.changed)
        self.candidates.changed.connect(self.changed)
        self.reference.changed.connect(self._on_image_changed)
        self._arrangement.activated.connect(lambda _: self.arrangement_changed.emit())
        self._on_layer_changed()

    def _lay_out(self) -> None:
        rows = QWidget()
        below = form_layout(rows)
        below.addRow("Reference", self.reference)
        below.addRow("Show", self._arrangement)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.layers, self.candidates, rows):
            layout.addWidget(part)

    def release(self) -> None:
        """Disconnect from the viewer."""
        self.layers.release()
        self.reference.release()

    @property
    def arrangement(self) -> Arrangement:
        """How the pictures are shown."""
        value: Arrangement = self._arrangement.currentData()
        return value

    @arrangement.setter
    def arrangement(self, value: Arrangement) -> None:
        self._arrangement.setCurrentIndex(self._arrangement.findData(value))
        self.arrangement_changed.emit()

    def show_again(
        self,
        layer: Image,
        candidates: Sequence[Candidate],
        reference: Image | None,
        arrangement: Arrangement,
    ) -> None:
        """Show what was asked for when a comparison was made, as far as it is still there.

        Parameters
        ----------
        layer : napari.layers.Image
        candidates : sequence of Candidate
        reference : napari.layers.Image, optional
        arrangement : {"grid", "mosaic"}
        """
        self.layers.layer = layer
        self.reference.layer = reference
        self.candidates.choose(candidates)
        self._arrangement.setCurrentIndex(self._arrangement.findData(arrangement))

    def asked(self) -> tuple[Image | None, tuple[Candidate, ...], Image | None]:
        """Return the layer, what is ticked, and the reference."""
        return self.layers.layer, self.candidates.chosen(), self.reference.layer

    def chosen(self) -> tuple[Candidate, ...]:
        """Return what is compared. Raises RequestError if nothing is ticked."""
        chosen = self.candidates.chosen()
        if not chosen:
            raise RequestError("Nothing is ticked to compare; tick at least one row of the list.")
        return chosen

    def _on_layer_changed(self) -> None:
        self.reference.leave_out(self.layers.layer)
        self._on_image_changed()

    def _on_image_changed(self, _: Any = None) -> None:
        has_reference = self.reference.layer is not None
        self.candidates.suit(colour=self._is_colour(), has_reference=has_reference)

    def _is_colour(self) -> bool:
        try:
            return read_source(self.layers.layer).channels != "mono"
        except ZeroDCEError:  # the plan shows the error
            return True
