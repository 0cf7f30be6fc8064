"""Getting the published weights by clicks, from a local HTTP server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QLabel

from napari_zerodce.checkpoints import registry
from napari_zerodce.gui.docks.enhance.licence_dialog import LicenceDialog


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served as the mirror of the published weights."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("NAPARI_ZERODCE_MIRROR", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()


def _press_button_and_answer(dock: Any, qtbot: Any, *, accept: bool) -> list[str]:
    seen: list[str] = []

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, LicenceDialog) or not dialog.isVisible():
            QTimer.singleShot(10, answer)
            return
        seen.append(" ".join(label.text() for label in dialog.findChildren(QLabel)))
        if accept:
            qtbot.mouseClick(dialog.download_button, Qt.MouseButton.LeftButton)
        else:
            dialog.reject()

    QTimer.singleShot(0, answer)
    qtbot.mouseClick(dock.checkpoints.published_button, Qt.MouseButton.LeftButton)
    return seen


def test_licence_is_told_first_and_no_is_no(dock: Any, qtbot: Any, mirror: Path) -> None:
    (text,) = _press_button_and_answer(dock, qtbot, accept=False)
    assert "CC BY-NC 4.0" in text
    assert dock.run.state == "idle"
    assert not registry.cache_folder().exists()


def test_one_click_brings_both_and_the_button_goes(
    dock: Any, qtbot: Any, mirror: Path, shared_data: Path
) -> None:
    for entry, name in zip(registry.PUBLISHED, ("zero-dce", "zero-dce-pp"), strict=True):
        content = (shared_data / "checkpoints" / f"{name}_epoch99.pth").read_bytes()
        (mirror / f"{entry.name}.pth").write_bytes(content)
    _press_button_and_answer(dock, qtbot, accept=True)
    qtbot.waitUntil(lambda: dock._session.checkpoint == "published-zero-dce")
    assert all(entry.is_here for entry in registry.PUBLISHED)
    assert not dock.checkpoints.published_button.isVisible()
    assert "non-commercial" in dock.run.message.text()
    assert dock.checkpoints.combo.count() == 1 + len(registry.BUNDLED + registry.PUBLISHED)


def test_wrong_file_on_the_server_is_said_and_nothing_is_kept(
    dock: Any, qtbot: Any, mirror: Path
) -> None:
    for entry in registry.PUBLISHED:
        (mirror / f"{entry.name}.pth").write_text("<html>please log in</html>")
    _press_button_and_answer(dock, qtbot, accept=True)
    qtbot.waitUntil(lambda: "web page" in dock.run.message.text())
    qtbot.waitUntil(lambda: dock.run.state == "idle")
    assert not any(entry.is_here for entry in registry.PUBLISHED)
    assert dock._session.checkpoint == "auto"
    assert dock.checkpoints.published_button.isEnabled()
