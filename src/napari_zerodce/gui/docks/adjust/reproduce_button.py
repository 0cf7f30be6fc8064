"""Copy the command line or the Python lines that make a result layer again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QApplication, QMenu, QPushButton

from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import command_line, python_lines
from napari_zerodce.gui.docks.adjust import work
from napari_zerodce.gui.layers.provenance import LayerProvenance, provenance_of
from napari_zerodce.gui.session.jobs import Job

if TYPE_CHECKING:
    from napari.layers import Image


class ReproduceButton(QPushButton):
    """A button with a menu: copy the command line, or Python lines.

    Parameters
    ----------
    result : callable
        Returns the result layer to reproduce, None if there is none.
    data_of_source : callable
        Returns the data from which a layer was made, None if its source layer was deleted.
    """

    told = Signal(str, str)  # a sentence and its tone

    def __init__(
        self, result: Callable[[], Image | None], data_of_source: Callable[[Image], Any]
    ) -> None:
        super().__init__("Reproduce")
        self._result = result
        self._data_of_source = data_of_source
        self.setToolTip("Copy the command or the Python lines that make the result layer again.")
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
                "There is no result layer to reproduce; press Apply, or select one.", "bad"
            )
            return
        known = provenance_of(layer)
        if known is None or known.made is None:
            self.told.emit(
                f"The metadata of '{layer.name}' do not describe completely how it was made; "
                "enhance its source layer again.",
                "bad",
            )
            return
        if known.source_path is None:
            self._copy_without_file(known, known.made, as_command=as_command)
            return
        job = Job(
            "Zero-DCE: comparing a file with its layer",
            work.comparing_file(Path(known.source_path), self._data_of_source(layer)),
            quiet=True,
        )
        copy = partial(
            self._copy_with_file, Path(known.source_path), known.made, as_command=as_command
        )
        job.succeeded.connect(copy)
        job.start()

    def _copy_without_file(
        self, known: LayerProvenance, made: Provenance, *, as_command: bool
    ) -> None:
        if as_command:
            self.told.emit(
                f"'{known.source}' was not opened from a file, but a command needs a file; "
                "save it and open the file, or copy the Python lines.",
                "bad",
            )
            return
        _to_clipboard(python_lines(made, None))
        self.told.emit(
            "Copied Python lines; replace the dots by the array of the source layer.", "good"
        )

    def _copy_with_file(
        self, source: Path, made: Provenance, problem: str, *, as_command: bool
    ) -> None:
        if as_command:
            output = source.with_name(f"{source.stem}-enhanced{source.suffix}")
            _to_clipboard(command_line(made, source, output))
        else:
            _to_clipboard(python_lines(made, source))
        what = "the command line" if as_command else "Python lines"
        if problem:
            self.told.emit(f"Copied {what}, but {problem}", "bad")
        else:
            self.told.emit(
                f"Copied {what}; the result from {source.name} has the same pixels.", "good"
            )


def _to_clipboard(text: str) -> None:
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
