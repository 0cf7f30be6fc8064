"""One line that shows the session's settings, with a button that opens the Enhance dock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.named_files import label_of
from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.dock import open_dock
from napari_zerodce.gui.widgets.labels import text_label

if TYPE_CHECKING:
    import napari


class SettingsLine(QWidget):
    """Shows the session's checkpoint and settings.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    """

    def __init__(self, viewer: napari.Viewer, session: Session) -> None:
        super().__init__()
        self._viewer = viewer
        self._session = session
        self._choice: AutomaticChoice | None = None
        self._title = ""
        self.text = text_label("settings")
        self.change = QPushButton("Change…")
        self.change.setToolTip(
            "Choose the checkpoint, the window and the device in the Enhance dock."
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.change, 0, Qt.AlignmentFlag.AlignTop)
        self.change.clicked.connect(self._on_change_clicked)
        session.events.settings.connect(self._on_settings_changed)
        self._show()

    def show_choice(self, choice: AutomaticChoice | None) -> None:
        """Show which weights were chosen automatically; None if this is not known yet."""
        self._choice = choice
        self._show()

    def show_title(self, title: str) -> None:
        """Show what a dock works with, instead of the active checkpoint.

        Parameters
        ----------
        title : str
        """
        self._title = title
        self._show()

    def release(self) -> None:
        """Stop following the session."""
        self._session.events.settings.disconnect(self._on_settings_changed)

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.for_curves() != old.for_curves():  # the look changes with every move of a slider
            self._show()

    def _show(self) -> None:
        settings = self._session.settings
        title = checkpoint_title(self._session.checkpoint)
        if self._title:  # the scale factor is that of the active checkpoint
            title, settings = self._title, replace(settings, scale_factor=None)
        choice = self._choice if self._session.settings.is_automatic else None
        if choice is not None:
            title = f"{title}: {choice.made_for} weights"
        self.text.setText(f"{title} · {settings.describe()}")
        self.text.setToolTip("" if choice is None else choice.sentence)

    def _on_change_clicked(self) -> None:
        open_dock(self._viewer, "Enhance")


def checkpoint_title(source: str | Path) -> str:
    """Return the title of a checkpoint: that in the registry, or the label of a file."""
    if source == registry.AUTOMATIC:
        return "Automatic"
    titles = {entry.name: entry.title for entry in (*registry.BUNDLED, *registry.PUBLISHED)}
    return titles.get(str(source)) or label_of(Path(source))
