"""Copies what makes a layer again: the command line, or Python lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QApplication, QMenu, QPushButton

from napari_zerodce.engine.reproduce import command_line, python_lines
from napari_zerodce.gui.docks.adjust import work
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.session.jobs import Job

if TYPE_CHECKING:
    from napari.layers import Image


class ReproduceButton(QPushButton):
    """A button with a menu of two kinds of text.

    Parameters
    ----------
    result : callable
        Gives the enhanced layer in question, None if there is none.
    data_of_source : callable
        Gives the pixels a layer was made from, None if its source is gone.
    """

    told = Signal(str, str)  # a sentence and its tone

    def __init__(
        self, result: Callable[[], Image | None], data_of_source: Callable[[Image], Any]
    ) -> None:
        super().__init__("Reproduce")
        self._result = result
        self._data_of_source = data_of_source
        self._asked: tuple[dict[str, Any], bool] = ({}, False)
        self.setToolTip("Copy the command or the Python lines that make the enhanced layer again.")
        menu = QMenu(self)
        self.copy_command = QAction("Copy the command line", menu)
        self.copy_python = QAction("Copy Python lines", menu)
        menu.addActions([self.copy_command, self.copy_python])
        self.setMenu(menu)
        self.copy_command.triggered.connect(self._on_command_triggered)
        self.copy_python.triggered.connect(self._on_python_triggered)

    def _on_command_triggered(self) -> None:
        self._copy(as_command=True)

    def _on_python_triggered(self) -> None:
        self._copy(as_command=False)

    def _copy(self, *, as_command: bool) -> None:
        layer = self._result()
        if layer is None:
            self.told.emit(
                "There is no enhanced layer to reproduce; press Apply, or select one.", "bad"
            )
            return
        provenance = layer.metadata[METADATA_KEY]
        path = provenance.get("source_path")
        if path is None:
            self._copy_without_file(provenance, as_command=as_command)
            return
        job = Job(
            "Zero-DCE: comparing a file with its layer",
            work.comparing_file(Path(path), self._data_of_source(layer)),
            quiet=True,
        )
        self._asked = (provenance, as_command)
        job.succeeded.connect(self._on_file_compared)
        job.start()

    def _copy_without_file(self, provenance: dict[str, Any], *, as_command: bool) -> None:
        if as_command:
            self.told.emit(
                f"'{provenance['source']}' was not opened from a file, and a command needs one; "
                "save it and open the file, or copy the Python lines.",
                "bad",
            )
            return
        _to_clipboard(python_lines(provenance, None))
        self.told.emit("Copied Python lines; put the source's array where the dots are.", "good")

    def _on_file_compared(self, problem: str) -> None:
        provenance, as_command = self._asked
        source = Path(provenance["source_path"])
        if as_command:
            output = source.with_name(f"{source.stem}-enhanced{source.suffix}")
            _to_clipboard(command_line(provenance, source, output))
        else:
            _to_clipboard(python_lines(provenance, source))
        what = "the command line" if as_command else "Python lines"
        if problem:
            self.told.emit(f"Copied {what}, but {problem}", "bad")
        else:
            self.told.emit(f"Copied {what}; it makes the same pixels from {source.name}.", "good")


def _to_clipboard(text: str) -> None:
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
