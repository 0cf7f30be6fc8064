"""Copy the command line or the Python lines that make a result layer again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QApplication, QMenu, QPushButton

from napari_zerodce.counting import counted
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.adjust import work
from napari_zerodce.gui.docks.adjust.reproduction import Reproduction, Subject, subject_of
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.session.jobs import Job

if TYPE_CHECKING:
    from napari.layers import Image, Layer

Copy = Callable[[Reproduction], tuple[str, str]]
"""Copies a text, and returns a sentence about it and the tone of the sentence."""


class ReproduceButton(QPushButton):
    """A button with a menu: copy the command line, or Python lines.

    Parameters
    ----------
    result : callable
        Returns the result layer to reproduce, None if there is none.
    source_of : callable
        Returns the layer from which a layer was made, None if it is not in the viewer.
    """

    told = Signal(str, str)  # a sentence and its tone

    def __init__(
        self, result: Callable[[], Image | None], source_of: Callable[[Image], Layer | None]
    ) -> None:
        super().__init__("Reproduce")
        self._result = result
        self._source_of = source_of
        self._copy: Copy = _copy_lines
        self._job: Job | None = None
        self.setToolTip(
            "Copy the command or the Python lines that make the result layer again, after a check "
            "that the pixels are the same."
        )
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.copy_command = _action(
            menu,
            "Copy the command line",
            "For a terminal. It reads the source file and writes the result to a new file, without "
            "loss. If no command can do that, Python lines are copied.",
        )
        self.copy_python = _action(
            menu,
            "Copy Python lines",
            "For a notebook or napari's console. They read the source file, or the source layer.",
        )
        self.setMenu(menu)
        self.copy_command.triggered.connect(self._on_command_triggered)
        self.copy_python.triggered.connect(self._on_python_triggered)

    def _on_command_triggered(self) -> None:
        self._find(_copy_command)

    def _on_python_triggered(self) -> None:
        self._find(_copy_lines)

    def release(self) -> None:
        """End the check, because nobody waits for it any more."""
        if self._job is not None:
            self._job.cancel()
            self._job = None  # it may have found its answer already, which Qt still delivers

    def _find(self, copy: Copy) -> None:
        layer = self._result()
        known = None if layer is None else provenance_of(layer)
        if layer is None:
            self.told.emit(
                "There is no result layer to reproduce; press Apply, or select one.", "bad"
            )
        elif known is None or known.made is None:
            self.told.emit(
                f"The metadata of '{layer.name}' do not describe completely how it was made; "
                "enhance its source layer again.",
                "bad",
            )
        else:
            self._copy = copy
            self._check(layer.name, subject_of(layer, known, known.made, self._source_of(layer)))

    def _check(self, name: str, subject: Subject) -> None:
        self._job = Job(f"Zero-DCE: checking {name}", work.reproducing(subject), quiet=True)
        # Bound methods: Qt disconnects them when the dock is deleted.
        self._job.succeeded.connect(self._on_reproduction_found)
        self._job.failed.connect(self._on_job_failed)
        self._job.finished.connect(self._on_job_finished)
        self.setEnabled(False)
        self.told.emit(f"Checking how '{name}' can be made again…", "progress")
        self._job.start()

    def _on_reproduction_found(self, found: Reproduction) -> None:
        if self._job is not None:
            self.told.emit(*self._copy(found))

    def _on_job_failed(self, error: Exception) -> None:
        if self._job is not None and isinstance(error, ZeroDCEError):
            self.told.emit(f"Nothing was copied: {error}", "bad")

    def _on_job_finished(self) -> None:
        self._job = None
        self.setEnabled(True)


def _action(menu: QMenu, text: str, explained: str) -> QAction:
    action = QAction(text, menu)
    action.setToolTip(explained)
    menu.addAction(action)
    return action


def _copy_command(found: Reproduction) -> tuple[str, str]:
    """Copy the command, or Python lines if there is none; return a sentence and its tone."""
    if found.command:
        _to_clipboard(found.command)
        what = f"Copied the command line; it writes {found.output} with the pixels of the layer"
        return f"{what}{_checked(found)}{_rounded(found)}.", "good"
    because = f"no command makes this layer again, because {found.problem}"
    if found.place == "nowhere":
        return f"Nothing was copied: {because}; open its source image and try again.", "bad"
    _to_clipboard(found.lines)
    return f"Copied Python lines instead: {because}{_where(found)}{_rounded(found)}.", "plain"


def _copy_lines(found: Reproduction) -> tuple[str, str]:
    """Copy the Python lines; return a sentence and its tone."""
    _to_clipboard(found.lines)
    if found.place == "nowhere":
        what = f"Copied Python lines without the source image, because {found.problem}"
        return f"{what}; replace the dots by its array.", "bad"
    end = _where(found) or f"; they make the pixels of the layer{_checked(found)}"
    return f"Copied Python lines{end}{_rounded(found)}.", "good"


def _where(found: Reproduction) -> str:
    return "; the lines take the source layer from this viewer" if found.place == "viewer" else ""


def _checked(found: Reproduction) -> str:
    if not found.planes:
        return ""
    return f", as {counted(found.planes, 'plane')} enhanced again showed"


def _rounded(found: Reproduction) -> str:
    if not found.rounded:
        return ""
    differ = f"{counted(found.rounded, 'sample')} differ{'s' if found.rounded == 1 else ''}"
    return f"; {differ} by rounding, because another version or backend made the layer"


def _to_clipboard(text: str) -> None:
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
