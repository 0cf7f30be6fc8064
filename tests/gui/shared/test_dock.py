"""What all docks do: release once, become tabs of one place; in a plain Qt window."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from napari.components import LayerList, ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow, QPushButton, QTabBar, QWidget

from napari_zerodce.gui.docks.adjust.dock import AdjustDock
from napari_zerodce.gui.docks.curve_maps.dock import CurveMapsDock
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.docks.finetune.dock import FineTuneDock
from napari_zerodce.gui.docks.train_translator.dock import TrainTranslatorDock
from napari_zerodce.gui.session.session import session_of
from napari_zerodce.gui.shared import dock as dock_module
from napari_zerodce.gui.shared.dock import Dock, frame_of, open_dock
from napari_zerodce.gui.shared.help_window import HelpWindow, pages_folder


class Counting(Dock):
    """A dock with one label that counts how often it was released."""

    purpose = "Count"
    page = "adjust.md"
    released = 0

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self.fill([QLabel("first"), QLabel("second")])

    def _release(self) -> None:
        self.released += 1


class Other(Counting):
    """Another kind of dock."""


@pytest.fixture
def window(qtbot: Any) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QWidget())
    window.show()
    return window


def _put(
    window: QMainWindow,
    widget: QWidget,
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.RightDockWidgetArea,
) -> QDockWidget:
    frame = QDockWidget(window)
    frame.setWidget(widget)
    window.addDockWidget(area, frame)
    frame.show()
    return frame


def _placed(dock: Dock, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: dock._placed)


def test_dock_knows_its_viewer_and_session(model: ViewerModel, qtbot: Any) -> None:
    dock = Counting(model)
    qtbot.addWidget(dock)
    assert dock._viewer is model
    assert dock._session is session_of(model)
    assert [label.text() for label in dock.findChildren(QLabel)] == ["Count", "first", "second"]
    assert dock.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff


def test_dock_is_released_once_when_its_frame_is_taken_away(
    model: ViewerModel, window: QMainWindow, qtbot: Any
) -> None:
    dock = Counting(model)
    frame = _put(window, dock)
    _placed(dock, qtbot)
    frame.setFloating(True)
    frame.setFloating(False)
    assert dock.released == 0, "it has only moved"
    dock.setParent(None)  # as napari does when the dock is closed
    assert dock.released == 1
    dock.release_once()
    dock.deleteLater()
    with qtbot.waitSignal(dock.destroyed):
        pass
    assert dock.released == 1


def test_dock_that_was_never_shown_is_released_when_qt_deletes_it(
    model: ViewerModel, qtbot: Any
) -> None:
    dock = Counting(model)
    holder = QWidget()
    qtbot.addWidget(holder)
    dock.setParent(holder)
    dock.setParent(None)
    assert dock.released == 0, "it is only on its way into a frame"
    with qtbot.waitSignal(dock.destroyed):
        dock.deleteLater()
    assert dock.released == 1


def test_docks_of_one_place_become_tabs(
    model: ViewerModel, window: QMainWindow, qtbot: Any
) -> None:
    first, second = Counting(model), Other(model)
    frame = _put(window, first)
    _placed(first, qtbot)
    other = _put(window, second)
    _placed(second, qtbot)
    assert window.tabifiedDockWidgets(frame) == [other]


def test_names_of_many_tabs_scroll_instead_of_being_cut(
    model: ViewerModel, window: QMainWindow, qtbot: Any
) -> None:
    for name in ("Enhance", "Train translator", "Curve maps"):
        dock = Counting(model)
        _put(window, dock).setWindowTitle(name)
        _placed(dock, qtbot)
    (bar,) = (bar for bar in window.findChildren(QTabBar) if bar.count() == 3)
    assert bar.elideMode() == Qt.TextElideMode.ElideNone
    assert bar.usesScrollButtons()


@pytest.mark.parametrize("where", ["hidden", "floating", "left", "of another plugin"])
def test_dock_becomes_no_tab_of_one_that_is_elsewhere(
    model: ViewerModel, window: QMainWindow, qtbot: Any, where: str
) -> None:
    first: QWidget = QLabel() if where == "of another plugin" else Counting(model)
    left = Qt.DockWidgetArea.LeftDockWidgetArea
    right = Qt.DockWidgetArea.RightDockWidgetArea
    frame = _put(window, first, left if where == "left" else right)
    if isinstance(first, Dock):
        _placed(first, qtbot)
    frame.setHidden(where == "hidden")
    frame.setFloating(where == "floating")
    second = Counting(model)
    _put(window, second)
    _placed(second, qtbot)
    assert window.tabifiedDockWidgets(frame) == []


def test_dock_that_was_moved_stays_where_it_is(
    model: ViewerModel, window: QMainWindow, qtbot: Any
) -> None:
    dock = Counting(model)
    frame = _put(window, dock)
    _placed(dock, qtbot)
    dock._placed = False
    frame.hide()
    frame.show()
    assert not dock._placed, "a place is found the first time only"


def test_tab_leaves_out_the_name_of_the_plugin(
    model: ViewerModel, window: QMainWindow, qtbot: Any
) -> None:
    dock = Counting(model)
    frame = QDockWidget("Enhance (Zero-DCE)", window)
    frame.setWidget(dock)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frame)
    frame.show()
    _placed(dock, qtbot)
    assert frame.windowTitle() == "Enhance"
    action = frame.toggleViewAction()
    assert action is not None
    assert action.text() == "Enhance (Zero-DCE)", "the menu of windows names the plugin"


def test_help_button_opens_the_page_of_the_dock(
    model: ViewerModel, window: QMainWindow, qtbot: Any
) -> None:
    dock = Counting(model)
    _put(window, dock)
    button = dock.findChild(QPushButton, "help_button")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    opened = window.findChild(HelpWindow)
    assert opened.isVisible()
    assert opened.pages.source().fileName() == "adjust.md"


@pytest.mark.parametrize(
    "kind", [EnhanceDock, AdjustDock, CurveMapsDock, FineTuneDock, TrainTranslatorDock]
)
def test_each_dock_has_a_page(kind: type[Dock]) -> None:
    assert (pages_folder() / kind.page).is_file()
    assert 0 < len(kind.purpose) < 40, "one line beside the button"


def test_frame_is_the_dock_widget_around(window: QMainWindow, qtbot: Any) -> None:
    label, inner = QLabel(), QWidget()
    label.setParent(inner)
    frame = _put(window, inner)
    assert frame_of(label) is frame
    lonely = QLabel()
    qtbot.addWidget(lonely)
    assert frame_of(lonely) is None


class Viewer:
    """A viewer whose window keeps docks as napari's does."""

    def __init__(self, window: QMainWindow) -> None:
        self.dock_widgets: dict[str, QWidget] = {}
        self.window = self
        self.layers = LayerList()
        self._native = window

    def add_dock_widget(self, widget: QWidget, name: str) -> None:
        self.dock_widgets[name] = widget
        _put(self._native, widget)


@pytest.fixture
def manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two docks in the manifest, one of them of another plugin."""

    def offer(plugin: str, name: str, kind: type) -> SimpleNamespace:
        return SimpleNamespace(plugin_name=plugin, display_name=name, get_callable=lambda: kind)

    offered = [
        offer("another", "Adjust", QLabel),
        offer("napari-zerodce", "Enhance", Counting),
        offer("napari-zerodce", "Adjust", Other),
    ]
    manager = SimpleNamespace(
        iter_widgets=lambda: iter(offered),
        get_manifest=lambda _: SimpleNamespace(display_name="Zero-DCE"),
    )
    monkeypatch.setattr(dock_module, "PluginManager", SimpleNamespace(instance=lambda: manager))


@pytest.mark.usefixtures("manifest")
def test_dock_is_opened_once_and_found_again(window: QMainWindow, qtbot: Any) -> None:
    viewer: Any = Viewer(window)
    dock = open_dock(viewer, "Adjust")
    assert type(dock) is Other
    assert list(viewer.dock_widgets) == ["Adjust (Zero-DCE)"]
    _placed(dock, qtbot)
    frame = frame_of(dock)
    assert frame is not None
    frame.hide()
    assert open_dock(viewer, "Adjust") is dock
    assert frame.isVisible()
    assert len(viewer.dock_widgets) == 1


@pytest.mark.usefixtures("manifest")
def test_unknown_dock_is_our_mistake(window: QMainWindow) -> None:
    with pytest.raises(StopIteration):
        open_dock(Viewer(window), "Nothing")  # type: ignore[arg-type]
