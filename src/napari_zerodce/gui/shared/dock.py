"""The base class of all docks: one column that scrolls; several docks become tabs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from npe2 import PluginManager
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.gui.session.session import session_of, unwrapped

if TYPE_CHECKING:
    import napari

_PLUGIN = "napari-zerodce"
_NARROWEST = 300


class Dock(QScrollArea):
    """A scroll area with one column of parts; it opens as a tab beside this plugin's other docks.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = unwrapped(viewer)
        self._session = session_of(viewer)
        self._shown = False
        self._placed = False
        self._released = False
        # Qt would disconnect a plain bound method of the dock before it is called.
        self.destroyed.connect(partial(Dock.release_once, self))

    def _release(self) -> None:
        """Stop everything that would continue without the dock."""

    def release_once(self) -> None:
        """Release the dock's resources, unless this was done before."""
        if not self._released:
            self._released = True
            self._release()

    def event(self, event: QEvent | None) -> bool:
        """Notice that napari has closed the dock: it deletes the frame, not the widget."""
        moved = event is not None and event.type() == QEvent.Type.ParentChange
        if moved and self._shown and self.parentWidget() is None:
            self.release_once()
        return super().event(event)

    def fill(self, parts: Iterable[QWidget]) -> None:
        """Arrange the parts in one column."""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(6, 6, 6, 6)
        for part in parts:
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(_NARROWEST)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Find a place the first time; later, the place is the user's choice."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            QTimer.singleShot(0, self._join_others)

    def _join_others(self) -> None:
        """Become a tab: of two stacked docks, each has only half the height of a small screen."""
        self._placed = True
        own = frame_of(self)
        window = own.parent() if own is not None else None
        if own is None or own.isFloating() or not isinstance(window, QMainWindow):
            return
        for other in window.findChildren(Dock):
            frame = frame_of(other)
            if frame is not own and other._placed and _is_docked(frame, window, beside=own):
                window.tabifyDockWidget(frame, own)
                own.raise_()
                return


def _is_docked(frame: QDockWidget | None, window: QMainWindow, *, beside: QDockWidget) -> bool:
    """Return whether a frame is docked in the same area of the window as another one."""
    # Only a frame that the user closed is hidden; a tab behind another one is not.
    if frame is None or frame.isHidden() or frame.isFloating():
        return False
    return window.dockWidgetArea(frame) == window.dockWidgetArea(beside)


def frame_of(widget: QWidget) -> QDockWidget | None:
    """Return the frame that napari has put around a widget, None if there is none."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent


def open_dock(viewer: napari.viewer.Viewer, name: str) -> Any:
    """Show a dock of this plugin; if there is none yet, create it as napari's menu does.

    Parameters
    ----------
    viewer : napari.Viewer
    name : str
        Display name in the manifest, which gives the class: docks need not import each other.

    Returns
    -------
    Dock
    """
    manager = PluginManager.instance()
    offered = (each for each in manager.iter_widgets() if each.plugin_name == _PLUGIN)
    kind: Any = next(each for each in offered if each.display_name == name).get_callable()
    docks = viewer.window.dock_widgets.values()
    widget = next((dock for dock in docks if isinstance(dock, kind)), None)
    if widget is None:
        widget = kind(viewer)
        title = manager.get_manifest(_PLUGIN).display_name
        viewer.window.add_dock_widget(widget, name=f"{name} ({title})")
    frame = frame_of(widget)
    if frame is not None:
        frame.show()
        frame.raise_()
    return widget
