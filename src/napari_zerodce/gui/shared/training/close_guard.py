"""Ask whether a training run continues when the user closes napari's window."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_zerodce.gui.shared.dock import frame_of
from napari_zerodce.gui.widgets.tool_tips import tool_tip

if TYPE_CHECKING:
    from napari_zerodce.gui.session.session import Session


class CloseGuard(QObject):
    """Asks before a window closes while a run of a session is in progress.

    Parameters
    ----------
    window : QMainWindow
    session : Session
    """

    def __init__(self, window: QMainWindow, session: Session) -> None:
        super().__init__(
            window
        )  # the window owns the guard; a reference to it here would leak both
        self._session = session
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Ask before the window closes.

        Parameters
        ----------
        watched : QObject, optional
        event : QEvent, optional

        Returns
        -------
        bool
            True keeps the window open.
        """
        if event is None or event.type() != QEvent.Type.Close or watched is not self.parent():
            return False
        kind = self._session.kind_in_training
        if kind is None or self._is_closed_by_a_script:
            return False
        training = self._session.runs[kind]
        answer = self._ask(training.history.step, training.history.planned)
        if answer == "stop":
            with suppress(OSError):  # the run folder was deleted: the run ends without a request
                training.folder.ask_to_stop()
        elif answer == "stay":
            event.ignore()
            return True
        return False

    @property
    def _is_closed_by_a_script(self) -> bool:
        """Whether `Viewer.close` closes the window, so that there may be no user to ask.

        `Viewer.close` has removed the canvas before: during a dialog, Qt would delete objects that
        napari still needs.
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
        box.setWindowTitle("Training is running")
        box.setText(f"A training run is in progress (step {step} of {planned}).")
        box.setInformativeText(
            "It can continue without napari. Later, open its run folder with 'Open run…'."
        )
        go_on = box.addButton("Continue the run", QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton("Stop the run", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("Keep napari open", QMessageBox.ButtonRole.RejectRole)
        for button, effect in (
            (go_on, "Close napari; the run ends by itself."),
            (stop, "Close napari; the run saves its weights and stops."),
            (stay, "Do not close napari."),
        ):
            assert button is not None
            button.setToolTip(tool_tip(button.text(), effect))
        box.setDefaultButton(go_on)
        box.setEscapeButton(stay)
        box.exec()
        chosen = box.clickedButton()
        box.deleteLater()
        return "stop" if chosen is stop else "go on" if chosen is go_on else "stay"


def guard_window_of(dock: QWidget, session: Session) -> None:
    """Let the window around a dock ask before it closes, unless it does so already.

    Parameters
    ----------
    dock : QWidget
    session : Session
    """
    frame = frame_of(dock)
    window = None if frame is None else frame.parent()
    if isinstance(window, QMainWindow) and window.findChild(CloseGuard) is None:
        CloseGuard(window, session)
