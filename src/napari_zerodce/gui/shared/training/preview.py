"""The preview crop beside its result, and the choice of the checkpoint that makes the result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QPixmap, QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.gui.shared.training.name_field import NameField
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.tool_tips import tool_tip

if TYPE_CHECKING:
    from napari_zerodce.training.events import History, SavedCheckpoint
    from napari_zerodce.training.run_folder import RunFolder


@dataclass(frozen=True)
class Pictures:
    """What the pictures of a preview are: the original, the result, and its target.

    Parameters
    ----------
    tips : tuple of str
        Their tool tips.
    rows : tuple of str
        What they are called, if they are rows of crops below each other; empty if they are beside
        each other and speak for themselves.
    """

    tips: tuple[str, str, str]
    rows: tuple[str, ...] = ()


OF_ENHANCEMENT: Final = Pictures(
    (
        "The preview crop before enhancement",
        "The preview crop, enhanced with the chosen checkpoint",
        "",
    )
)


class PreviewPanel(QWidget):
    """Shows one checkpoint of a run: the newest, until the user moves the slider.

    Parameters
    ----------
    pictures : Pictures
    """

    use_requested = Signal(object)  # Path of a checkpoint
    keep_requested = Signal(object)
    chosen_changed = Signal()

    def __init__(self, pictures: Pictures = OF_ENHANCEMENT) -> None:
        super().__init__()
        self._folder: RunFolder | None = None
        self._checkpoints: list[SavedCheckpoint] = []
        self._best: int | None = None
        self._validation: dict[int, float] = {}
        self._rows = pictures.rows
        self.original, self.enhanced, self.target = map(_ImageLabel, pictures.tips)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip(
            tool_tip(
                "Checkpoint",
                "Choose a checkpoint of the run by its step; at the right end, it is always the "
                "newest.",
                default="the newest",
            )
        )
        self.caption = text_label("preview_caption")
        self.best_button = QPushButton("Best")
        self.best_button.setToolTip(
            tool_tip("Best", "Choose the checkpoint with the lowest validation loss.")
        )
        self.name = NameField()
        self.run_name = ""
        self.use_button = QPushButton("Use this one")
        self.use_button.setToolTip(
            tool_tip(
                "Use this one",
                "Make the chosen checkpoint the active checkpoint of all docks, under this name.",
            )
        )
        self.keep_button = QPushButton("Keep this one…")
        self.keep_button.setToolTip(
            tool_tip(
                "Keep this one", "Save a copy of the chosen checkpoint, under this name, in a file."
            )
        )
        self._lay_out()
        self.slider.valueChanged.connect(self._on_slider_changed)
        self.best_button.clicked.connect(self._on_best_clicked)
        self.use_button.clicked.connect(lambda: self.use_requested.emit(self.chosen()))
        self.keep_button.clicked.connect(lambda: self.keep_requested.emit(self.chosen()))
        self.hide()

    def _lay_out(self) -> None:
        images: QBoxLayout = QVBoxLayout() if self._rows else QHBoxLayout()
        scrubber, named, buttons = (QHBoxLayout() for _ in range(3))
        for image in (self.original, self.enhanced, self.target):
            images.addWidget(image, 1)
        scrubber.addWidget(self.slider, 1)
        scrubber.addWidget(self.best_button)
        named.addWidget(text_label("name_title", "Name"))
        named.addWidget(self.name.native, 1)
        for button in (self.use_button, self.keep_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(images)
        layout.addLayout(scrubber)
        layout.addWidget(self.caption)
        layout.addLayout(named)
        layout.addLayout(buttons)

    def show_name(self, name: str) -> None:
        """Show the name of the run's weights, which the user may replace.

        Parameters
        ----------
        name : str
        """
        self.run_name = name
        self.name.value = name

    def chosen(self) -> Path | None:
        """Return the file of the chosen checkpoint."""
        saved = self._chosen()
        if saved is None or self._folder is None:
            return None
        return self._folder.checkpoint(saved.step)

    def show_run(self, folder: RunFolder, history: History) -> None:
        """Show the checkpoints of a run so far.

        Parameters
        ----------
        folder : RunFolder
        history : History
            The events of that run.
        """
        if self._folder is not folder:
            self._folder, self._checkpoints = folder, []
            self.original.show_file(folder.original)
        before, follows = self._chosen(), self.slider.value() == self.slider.maximum()
        validation = dict(history.validation)
        if history.checkpoints == self._checkpoints and validation == self._validation:
            return
        self._validation = validation
        self._checkpoints, self._best = list(history.checkpoints), history.best_step
        self.setVisible(bool(self._checkpoints))
        last = max(0, len(self._checkpoints) - 1)
        self.slider.blockSignals(True)
        self.slider.setMaximum(last)
        if follows or before not in self._checkpoints:
            self.slider.setValue(last)
        self.slider.blockSignals(False)
        self.best_button.setVisible(bool(self._judged()))
        self._show_chosen()

    def _chosen(self) -> SavedCheckpoint | None:
        number = self.slider.value()
        return self._checkpoints[number] if number < len(self._checkpoints) else None

    def _on_slider_changed(self, _: int) -> None:
        self._show_chosen()
        self.chosen_changed.emit()

    def _on_best_clicked(self) -> None:
        known = self._judged()
        if known:
            steps = [saved.step for saved in self._checkpoints]
            self.slider.setValue(steps.index(min(known, key=self._validation.__getitem__)))

    def _judged(self) -> list[int]:
        """Return the steps that have both a checkpoint and a validation loss."""
        return [saved.step for saved in self._checkpoints if saved.step in self._validation]

    def _show_chosen(self) -> None:
        saved = self._chosen()
        if saved is None or self._folder is None:
            return
        self.original.show_file(self._folder.original)
        self.enhanced.show_file(self._folder.preview(saved.step))
        self.target.show_file(self._folder.target)
        self.target.setVisible(self._folder.target.is_file())
        validation = self._validation.get(saved.step)
        loss = "" if validation is None else f" · validation loss {validation:.4g}"
        best = ", the lowest" if saved.step == self._best else ""
        self.caption.setText(f"Step {saved.step}{loss}{best}{self._named()}")

    def _named(self) -> str:
        """Return what the rows are, as the end of a line."""
        rows = self._rows[:2] if self.target.isHidden() else self._rows
        return f" · from the top: {', '.join(rows)}" if rows else ""


class _ImageLabel(QLabel):
    """An image that fills the available width and keeps its aspect ratio."""

    def __init__(self, tool_tip: str) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.file: Path | None = None
        self.setToolTip(tool_tip)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(80)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_file(self, file: Path) -> None:
        """Show a PNG file; an unreadable file shows nothing."""
        if file != self.file or self._pixmap.isNull():
            self.file, self._pixmap = file, QPixmap(str(file))
            self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size with the aspect ratio of the image."""
        return QSize(self.width(), self._height_for(self.width()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Scale the image to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._pixmap.isNull():
            self.clear()
            self.setFixedHeight(1)
            return
        size = QSize(self.width(), self._height_for(self.width()))
        smooth = Qt.TransformationMode.SmoothTransformation
        self.setPixmap(self._pixmap.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        self.setFixedHeight(max(1, size.height()))

    def _height_for(self, width: int) -> int:
        if self._pixmap.isNull():
            return 0
        return round(width * self._pixmap.height() / self._pixmap.width())
