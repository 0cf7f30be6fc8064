"""Choose the images of a training run: layers of the viewer, a folder, regions of the layers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Shapes
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.source import active_image_layer, is_source
from napari_zerodce.gui.layers.watch import LayerWatch
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.tool_tips import tool_tip

if TYPE_CHECKING:
    import napari

_HEIGHT = 84
_WHOLE = "Whole images"


@dataclass(frozen=True)
class AskedImages:
    """Which images a chooser asks for.

    Parameters
    ----------
    title : str
        The line above the list.
    label : str
        What the images are called, as the beginning of a tool tip.
    tip : str
        What to tick.
    is_guessed : bool
        Whether the first image is ticked before the user ticks one.
    in_regions : bool
        Whether the images may be only the shapes of a Shapes layer.
    """

    title: str
    label: str
    tip: str
    is_guessed: bool = True
    in_regions: bool = True


class ImageChooser(QWidget):
    """A list of the viewer's image layers with check boxes, a folder, and a Shapes layer.

    Parameters
    ----------
    viewer : napari.Viewer
    asked : AskedImages
    """

    changed = Signal()

    def __init__(self, viewer: napari.Viewer, asked: AskedImages) -> None:
        super().__init__()
        self._viewer = viewer
        self._asked = asked
        self.title = text_label("images_title", asked.title)
        self.list = QListWidget()
        self.list.setFixedHeight(_HEIGHT)
        self.list.setToolTip(
            tool_tip(
                asked.label, asked.tip, default="the active layer" if asked.is_guessed else "none"
            )
        )
        self.folder: Path | None = None
        self.folder_button = QPushButton("Folder…")
        self.folder_button.setToolTip(
            tool_tip(
                "Folder", "Also use the images of a folder and its subfolders.", default="none"
            )
        )
        self.no_folder_button = QPushButton("✕")
        self.no_folder_button.setToolTip(tool_tip("Remove", "Do not use the folder."))
        self.no_folder_button.setFixedWidth(28)
        self.folder_line = text_label("folder")
        self.regions = QComboBox(self)
        self.regions.setVisible(asked.in_regions)
        self.regions.setToolTip(
            tool_tip(
                "Regions",
                "Take crops only from the selected shapes of a layer, or from all its shapes if "
                "none is selected.",
                default=_WHOLE,
            )
        )
        make_narrow(self.regions)
        self._listed: list[Image] = []
        self._lay_out()
        self._watch = LayerWatch(viewer, self._on_layers_changed, self._on_layers_changed)
        self.list.itemChanged.connect(self._on_part_changed)
        self.regions.activated.connect(self._on_part_changed)
        self.folder_button.clicked.connect(self._on_folder_clicked)
        self.no_folder_button.clicked.connect(lambda: self.choose_folder(None))
        self._on_layers_changed()
        active = active_image_layer(viewer)
        if asked.is_guessed and active is not None:
            self.tick(active)
        self.choose_folder(None)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        buttons = (self.folder_button, self.no_folder_button)
        if self._asked.in_regions:
            rows = [(self.title,), (self.list,), (*buttons, self.regions)]
        else:  # lower, because a dock has two of them
            rows = [(self.title, *buttons), (self.list,)]
        for parts in (*rows, (self.folder_line,)):
            row = QHBoxLayout()
            for part in parts:
                row.addWidget(part, 0 if part in buttons else 1)
            layout.addLayout(row)

    def release(self) -> None:
        """Disconnect from the viewer."""
        self._watch.release()

    def layers(self) -> list[Image]:
        """Return the ticked layers, the topmost first."""
        ticked = Qt.CheckState.Checked
        rows = (self.list.item(row) for row in range(self.list.count()))
        return [
            item.data(Qt.ItemDataRole.UserRole)
            for item in rows
            if item is not None and item.checkState() == ticked
        ]

    def region(self) -> Shapes | None:
        """Return the Shapes layer from which crops are taken; None means whole images."""
        layer = self.regions.currentData()
        return layer if isinstance(layer, Shapes) else None

    def tick(self, layer: Image, *, on: bool = True) -> None:
        """Tick a layer of the list, or remove its tick.

        Parameters
        ----------
        layer : Image
        on : bool
        """
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) is layer:
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def tick_only(self, names: Collection[str]) -> None:
        """Tick the layers with these names and no others, if there is such a layer.

        Parameters
        ----------
        names : collection of str
        """
        layers = [layer for layer in self._listed if layer.name in names]
        for layer in self._listed if layers else ():
            self.tick(layer, on=layer in layers)

    def choose_folder(self, folder: Path | None) -> None:
        """Also use the images of a folder; None removes the folder."""
        self.folder = folder
        self.no_folder_button.setVisible(folder is not None)
        self.folder_line.setVisible(folder is not None)
        self.folder_line.setText("" if folder is None else f"and the images in {folder}")
        self.changed.emit()

    def _on_layers_changed(self, _: Any = None) -> None:
        ticked = self.layers()
        chosen = self.region()
        images = [layer for layer in reversed(self._viewer.layers) if is_source(layer)]
        new = [layer for layer in images if layer not in self._listed]
        if self._asked.is_guessed and not any(layer in images for layer in ticked):
            # The first image, or the first one after all others were deleted, is the likely choice.
            ticked = [layer for layer in new[:1] if role_of(layer) is None]
        self._listed = images
        self.list.blockSignals(True)
        self.list.clear()
        for layer in images:
            item = QListWidgetItem(layer.name)
            item.setData(Qt.ItemDataRole.UserRole, layer)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = any(layer is other for other in ticked)
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._list_regions(chosen)
        shapes = [layer for layer in self._viewer.layers if isinstance(layer, Shapes)]
        self._watch.watch_names([*images, *shapes])
        self.changed.emit()

    def _list_regions(self, chosen: Shapes | None) -> None:
        self.regions.clear()
        self.regions.addItem(_WHOLE, None)
        for layer in self._viewer.layers:
            if isinstance(layer, Shapes):
                self.regions.addItem(f"In '{layer.name}'", layer)
                if layer is chosen:
                    self.regions.setCurrentIndex(self.regions.count() - 1)

    def _on_part_changed(self, _: Any = None) -> None:
        self.changed.emit()

    def _on_folder_clicked(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self._asked.label)
        if name:
            self.choose_folder(Path(name))
