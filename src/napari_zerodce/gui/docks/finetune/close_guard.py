"""Asks, when napari's window is closed, whether a fine-tuning shall go on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

if TYPE_CHECKING:
    from napari_zerodce.gui.session.session import Session


class CloseGuard(QObject):
    """Watches a window for one session.

    Parameters
    ----------
    window : QMainWindow
    session : Session
    """

    def __init__(self, window: QMainWindow, session: Session) -> None:
        super().__init__(window)  # which owns the guard; a reference back would keep both for ever
        self._session = session
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Ask before the window closes; True keeps it open."""
        if event is None or event.type() != QEvent.Type.Close or watched is not self.parent():
            return False
        training = self._session.training
        if training is None or not training.is_running or self._is_closed_by_a_script:
            return False
        answer = self._ask(training.history.step, training.history.planned)
        if answer == "stop":
            with suppress(OSError):  # its folder has gone: it ends by itself
                training.folder.ask_to_stop()
        elif answer == "stay":
            event.ignore()
            return True
        return False

    @property
    def _is_closed_by_a_script(self) -> bool:
        """Whether it is `Viewer.close` that closes the window; nobody is there to be asked.

        It has taken the canvas away before: a question would let Qt delete what napari still needs.
        """
        window = self.parent()
        centre = window.centralWidget() if isinstance(window, QMainWindow) else None
        inside = (
            []
            if centre is None
            else centre.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        )
        return all(part.isHidden() for part in inside)

    def _ask(self, step: int, planned: int) -> str:
        window = self.parent()
        box = QMessageBox(window if isinstance(window, QMainWindow) else None)
        box.setObjectName("close_guard")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("A fine-tuning is running")
        box.setText(f"A fine-tuning is running (step {step} of {planned}).")
        box.setInformativeText(
            "It can go on without napari: open its run folder again with 'Open run…'."
        )
        go_on = box.addButton("Let it go on", QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton("Stop it", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("Keep napari open", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(go_on)
        box.setEscapeButton(stay)
        box.exec()
        chosen = box.clickedButton()
        box.deleteLater()
        return "stop" if chosen is stop else "go on" if chosen is go_on else "stay"
