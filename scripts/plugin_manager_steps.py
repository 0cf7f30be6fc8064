"""What a person does in napari's plugin manager, click by click, and in the docks afterwards.

Usage: python scripts/plugin_manager_steps.py STEP PICTURE [PACKAGE]
Steps: install (PACKAGE is a wheel that is dropped, or a name that is typed), use, uninstall, gone.

``try_plugin_manager.py`` runs each step in a napari of its own, in an environment of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.utils.notifications import Notification, NotificationSeverity, notification_manager
from qtpy.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QDialog, QMenu, QPushButton, QTextEdit, QWidget

PLUGIN = "napari-zerodce"
DOCKS = ("Adjust", "Compare", "Curve maps", "Fine-tune", "Train translator", "Enhance")
MINUTES = 60


def main(step: str, picture: str, package: str = "") -> None:
    """Take one step, save a picture of its end, and exit with a sentence if something is wrong."""
    errors: list[str] = []
    notification_manager.notification_ready.connect(lambda each: _note_error(each, errors))
    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    steps: dict[str, Callable[[Any, str], None]] = {
        "install": partial(install, package=package),
        "use": use,
        "uninstall": uninstall,
        "gone": gone,
    }
    with notification_manager:  # it shows errors in slots, as in a napari that a person started
        steps[step](viewer, picture)
    viewer.close()
    for error in errors:
        print(f"napari shows the error: {error}")
    if errors and step == "use":
        sys.exit("The plugin must work without errors.")


def install(viewer: Any, picture: str, *, package: str) -> None:
    """Drop a wheel on the dialog or type a name, press Install, and close the dialog."""
    dialog = open_dialog(viewer)
    if Path(package).is_file():
        drop(Path(package), dialog)
    else:
        dialog.direct_entry_edit.setText(package)
    if dialog.direct_entry_edit.text() != package:
        sys.exit(f"The dialog shows {dialog.direct_entry_edit.text()!r}, and not {package!r}.")
    dialog.direct_entry_btn.click()
    wait_for_pip(dialog)
    dialog.grab().save(picture)
    close(dialog, picture.replace(".png", "-restart.png"))


def uninstall(viewer: Any, picture: str) -> None:
    """Press Uninstall beside the plugin, and close the dialog."""
    dialog = open_dialog(viewer)
    rows = [dialog.installed_list.item(row) for row in range(dialog.installed_list.count())]
    (ours,) = (row for row in rows if row.widget.name == PLUGIN)
    dialog.installed_list.scrollToItem(ours)
    dialog.grab().save(picture.replace(".png", "-before.png"))
    ours.widget.action_button.click()
    wait_for_pip(dialog)
    dialog.grab().save(picture)
    close(dialog, picture.replace(".png", "-restart.png"))


def use(viewer: Any, picture: str) -> None:
    """Open each dock by napari's menu, enhance the sample, and look for the brighter layer."""
    entry(viewer.window.file_menu, "Open Sample", "Zero-DCE", "Night photo").trigger()
    for title in DOCKS:
        entry(viewer.window.plugins_menu, "Zero-DCE", title).trigger()
        pause(0.5)
    dock = viewer.window.dock_widgets["Enhance (Zero-DCE)"]
    (button,) = (each for each in dock.findChildren(QPushButton) if each.text() == "Enhance")
    button.click()
    wait_for(lambda: len(viewer.layers) == 2, seconds=120)
    wait_for(lambda: button.text() == "Enhance")
    pause(1)  # the dock's last sentence gets its place
    dark, bright = (float(np.mean(layer.data)) for layer in viewer.layers)
    viewer.window.screenshot(picture, canvas_only=False, flash=False)
    if bright < 1.2 * dark:
        sys.exit(f"The enhanced photo is not brighter: {bright:.1f} after {dark:.1f}.")


def gone(viewer: Any, picture: str) -> None:
    """Look for what the plugin had in the menus."""
    viewer.window.screenshot(picture, canvas_only=False, flash=False)
    samples = entry(viewer.window.file_menu, "Open Sample").menu()
    left = [*titles(viewer.window.plugins_menu), *titles(samples)]
    if "Zero-DCE" in left:
        sys.exit("After the plugin was removed, the menus still hold it.")


def open_dialog(viewer: Any) -> Any:
    """Open the plugin manager by napari's menu and return the dialog."""
    entry(viewer.window.plugins_menu, "Install/Uninstall Plugins").trigger()
    dialogs = [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog)]
    (dialog,) = (each for each in dialogs if each.windowTitle() == "Plugin Manager")
    wait_for(dialog.isVisible)
    pause(2)  # it asks for the list of plugins meanwhile
    return dialog


def drop(wheel: Path, dialog: QWidget) -> None:
    """Drop a file on the dialog, as from a file browser."""
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(wheel))])
    place, action = dialog.rect().center(), Qt.DropAction.CopyAction
    left, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    # Qt sends a drop to the widget that accepted what was dragged over it.
    QApplication.sendEvent(dialog, QDragEnterEvent(place, action, files, left, keys))
    QApplication.sendEvent(dialog, QDropEvent(QPointF(place), action, files, left, keys))


def wait_for_pip(dialog: Any) -> None:
    """Wait until the dialog shows how pip ended; exit with pip's words if it failed."""
    wait_for(
        lambda: (
            dialog.process_success_indicator.isVisible()
            or dialog.process_error_indicator.isVisible()
        ),
        seconds=20 * MINUTES,
    )
    dialog.show_status_btn.click()
    pause(1)
    if dialog.process_error_indicator.isVisible():
        sys.exit(dialog.findChild(QTextEdit).toPlainText())


def close(dialog: Any, picture: str) -> None:
    """Close the dialog, and accept what it says then: that napari should be started again."""

    def accept() -> None:
        warning = QApplication.activeModalWidget()
        if isinstance(warning, QDialog) and warning is not dialog:
            warning.grab().save(picture)
            warning.accept()

    QTimer.singleShot(1000, accept)
    dialog.close_btn.click()
    pause(2)


def entry(menu: Any, *path: str) -> Any:
    """Return the entry of a menu at the end of a path of beginnings of titles."""
    menu.aboutToShow.emit()  # napari fills some menus then
    found = [each for each in menu.actions() if each.text().startswith(path[0])]
    if len(found) != 1:
        sys.exit(f"The menu holds {titles(menu)}, and not {path[0]} once.")
    return entry(found[0].menu(), *path[1:]) if path[1:] else found[0]


def titles(menu: QMenu) -> list[str]:
    """Return the texts of a menu's entries."""
    menu.aboutToShow.emit()
    return [each.text() for each in menu.actions() if each.text()]


def wait_for(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Handle events until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what should happen did not happen")
        pause(0.05)


def pause(seconds: float) -> None:
    """Handle events for a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.01)


def _note_error(notification: Notification, errors: list[str]) -> None:
    if notification.severity >= NotificationSeverity.ERROR:
        errors.append(str(notification.message))


if __name__ == "__main__":
    main(*sys.argv[1:])
