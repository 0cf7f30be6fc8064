"""The base class of all docks: one column that scrolls, a help button, a tab beside the others."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from npe2 import PluginManager
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.gui.session.canvas_guard import guard_canvas
from napari_zerodce.gui.session.preference_follower import follow_preferences
from napari_zerodce.gui.session.session import session_of, unwrapped
from napari_zerodce.gui.shared.help_window import show_help
from napari_zerodce.gui.widgets.labels import text_label

if TYPE_CHECKING:
    import napari

_PLUGIN = "napari-zerodce"
NARROWEST: Final = 300
"""Pixels of the screen."""
_HELP_SIDE = 22


class Dock(QScrollArea):
    """A scroll area with one column of parts; it opens as a tab beside this plugin's other docks.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    purpose: ClassVar[str]
    """What the dock is for, in the few words that fit into its first line."""
    page: ClassVar[str]
    """The page of the documentation about the dock, such as "enhance.md"."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = unwrapped(viewer)
        self._session = session_of(viewer)
        follow_preferences(viewer)
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
        """Arrange the parts in one column, below the line with the help button."""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(6, 6, 6, 6)
        for part in (self._first_line(), *parts):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(NARROWEST)

    def _first_line(self) -> QWidget:
        button = QPushButton("?")
        button.setObjectName("help_button")
        button.setFixedSize(_HELP_SIDE, _HELP_SIDE)
        button.setToolTip("Open the page about this dock in a window.")
        button.clicked.connect(lambda: show_help(self, self.page))
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(text_label("purpose", self.purpose), 1)
        row.addWidget(button)
        return line

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Find a place the first time; later, the place is the user's choice."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            guard_canvas(self._viewer, self.window())
            QTimer.singleShot(0, self._join_others)

    def _join_others(self) -> None:
        """Become a tab: of two stacked docks, each has only half the height of a small screen."""
        self._placed = True
        own = frame_of(self)
        if own is None:
            return
        _shorten_tab(own)
        window = own.parent()
        if own.isFloating() or not isinstance(window, QMainWindow):
            return
        for other in window.findChildren(Dock):
            frame = frame_of(other)
            if frame is not own and other._placed and _is_docked(frame, window, beside=own):
                window.tabifyDockWidget(frame, own)
                own.raise_()
                _keep_names_whole(window, own)
                return


def _keep_names_whole(window: QMainWindow, frame: QDockWidget) -> None:
    """Let the tabs of docks scroll if they have no room: of six cut names, none can be read."""
    for bar in window.findChildren(QTabBar):
        titles = [bar.tabText(number) for number in range(bar.count())]
        if frame.windowTitle() in titles:
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)


def _shorten_tab(frame: QDockWidget) -> None:
    """Leave the plugin's name out of the text of a dock's tab, so that more tabs fit.

    napari keeps the whole name in its own title bar and in the menu of windows.
    """
    action = frame.toggleViewAction()
    text = frame.windowTitle()
    frame.setWindowTitle(text.rpartition(" (")[0] or text)
    if action is not None:
        action.setText(text)


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
