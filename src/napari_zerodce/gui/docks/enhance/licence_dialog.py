"""Show the licence of the published weights before their download."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from napari_zerodce.checkpoints import registry
from napari_zerodce.core.architectures import ARCHITECTURES


class LicenceDialog(QDialog):
    """Asks whether to download the published weights under their licence.

    Parameters
    ----------
    entries : tuple of RegistryEntry
        The weights to download.
    parent : QWidget
    """

    def __init__(self, entries: tuple[registry.RegistryEntry, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Published weights")
        names = " and ".join(ARCHITECTURES[entry.architecture].title for entry in entries)
        kilobytes = sum(entry.size or 0 for entry in entries) / 1024
        text = QLabel(
            f"<p>The authors of the papers published weights for <b>{names}</b> "
            f"({kilobytes:.0f} KiB).</p>"
            f"<p>Their licence is <b>{entries[0].licence}</b>, which excludes "
            "commercial use. The weights that are bundled with this plugin do not "
            "have this limit.</p>"
            "<p>The download is from github.com/Li-Chongyi and is stored in<br>"
            f"<code>{registry.cache_folder()}</code>.</p>"
        )
        text.setWordWrap(True)
        text.setTextFormat(Qt.TextFormat.RichText)
        buttons = QDialogButtonBox()
        self.download_button = buttons.addButton(
            "Accept and download", QDialogButtonBox.ButtonRole.AcceptRole
        )
        cancel_button = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        for button, tip in (
            (self.download_button, "Download the weights under this licence."),
            (cancel_button, "Download nothing."),
        ):
            assert button is not None
            button.setToolTip(tip)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)
        self.setMinimumWidth(420)
