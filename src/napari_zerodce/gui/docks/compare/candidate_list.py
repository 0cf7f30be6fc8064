"""Choose what is compared: checkpoints, files that the user adds, and classical baselines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_zerodce.checkpoints import registry
from napari_zerodce.compare.candidates import (
    ALL_BASELINES,
    BaselineCandidate,
    BaselineName,
    Candidate,
    CheckpointCandidate,
    titles_of,
)
from napari_zerodce.gui.widgets.checkpoint_files import checkpoint_filter

_ROWS: Final = 8
_NEEDS_REFERENCE: Final = "Choose a reference below to use it."

_BASELINE_TIPS: Final[dict[BaselineName, str]] = {
    "gamma": "x to the power of g, where g gives a mean brightness of 0.4 in the window.",
    "clahe": "Contrast-limited adaptive histogram equalisation, with scikit-image's defaults.",
    "histogram": "Gives the image the histogram of the reference.",
    "mean-std": "Gives the image the mean and the standard deviation of the reference.",
}


class CandidateList(QWidget):
    """A list with check boxes, and a button that adds files.

    Until the user ticks something, the ticks follow the image: see `suit`.
    """

    changed = Signal()
    files_requested = Signal(object)  # tuple of Path: what the user chose; they may be invalid

    def __init__(self) -> None:
        super().__init__()
        self._is_touched = False
        self.list = QListWidget()
        self.list.setToolTip("Tick what to compare. The source as it is comes first.")
        self.open_button = QPushButton("Add files…")
        self.open_button.setToolTip(
            "Add checkpoint files: fine-tuned weights, or a pix2pix, CycleGAN or CUT generator.\n"
            "You can also drop a file on this dock."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list)
        layout.addWidget(self.open_button)
        self._fill()
        self.list.setFixedHeight(_ROWS * self.list.sizeHintForRow(0) + 6)
        self.list.itemChanged.connect(self._on_item_changed)
        self.open_button.clicked.connect(self._on_open_clicked)

    def chosen(self) -> tuple[Candidate, ...]:
        """Return the ticked candidates that can be used, in the order of the list."""
        ticked = Qt.CheckState.Checked
        return tuple(
            _candidate(item)
            for item in self._items()
            if item.checkState() == ticked and _is_usable(item)
        )

    def add_file(self, path: Path, description: str) -> None:
        """Add a checkpoint file with a tick; one that is listed gets a tick.

        Parameters
        ----------
        path : Path
        description : str
            For the tool tip.
        """
        item = self._listed(CheckpointCandidate(path), f"{description}\n{path}")
        self._is_touched = True
        _tick(item, on=True)
        self.list.scrollToItem(item)
        self.changed.emit()

    def choose(self, candidates: Sequence[Candidate]) -> None:
        """Tick some candidates and no others; files that are not listed are added.

        Parameters
        ----------
        candidates : sequence of Candidate
        """
        wanted = [self._listed(each, each.title) for each in candidates]
        self._is_touched = True
        for item in self._items():
            _tick(item, on=item in wanted)
        self.changed.emit()

    def _listed(self, candidate: Candidate, tip: str) -> QListWidgetItem:
        """Return the item of a candidate, a new one below the other checkpoints if need be."""
        known = next((item for item in self._items() if _candidate(item) == candidate), None)
        if known is not None:
            return known
        row = sum(isinstance(_candidate(each), CheckpointCandidate) for each in self._items())
        return self._insert(row, candidate, tip)

    def suit(self, *, colour: bool, has_reference: bool) -> None:
        """Offer what can be compared, and tick what suits, unless the user has ticked something.

        Parameters
        ----------
        colour : bool
            Whether the image has colours; weights for fluorescence are for mono images.
        has_reference : bool
            Whether there is a reference, which some baselines need.
        """
        self.list.blockSignals(True)
        for item in self._items():
            candidate = _candidate(item)
            if isinstance(candidate, BaselineCandidate) and candidate.needs_reference:
                _enable(item, candidate.name, on=has_reference)
            if not self._is_touched:
                _tick(item, on=_suits(candidate, colour=colour) and _is_usable(item))
        self.list.blockSignals(False)
        self.changed.emit()

    def refresh(self) -> None:
        """List weights that were downloaded meanwhile."""
        listed = {_candidate(item) for item in self._items()}
        for row, entry in enumerate(registry.available()):
            if CheckpointCandidate(entry.name) not in listed:
                self._insert_entry(row, entry)

    def _fill(self) -> None:
        for row, entry in enumerate(registry.available()):
            self._insert_entry(row, entry)
        for baseline in ALL_BASELINES:
            self._insert(self.list.count(), baseline, _BASELINE_TIPS[baseline.name])
        self.suit(colour=True, has_reference=False)

    def _insert_entry(self, row: int, entry: registry.RegistryEntry) -> None:
        tip = f"{entry.title}: {entry.kind}, trained for {entry.made_for} images; {entry.licence}"
        self._insert(row, CheckpointCandidate(entry.name), tip)

    def _insert(self, row: int, candidate: Candidate, tip: str) -> QListWidgetItem:
        item = QListWidgetItem()
        item.setData(Qt.ItemDataRole.UserRole, candidate)
        item.setToolTip(tip)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
        self.list.blockSignals(True)
        self.list.insertItem(row, item)
        candidates = [_candidate(each) for each in self._items()]
        for each, title in zip(self._items(), titles_of(candidates), strict=True):
            each.setText(title)  # files of one name are told apart by their folders
        self.list.blockSignals(False)
        return item

    def _items(self) -> Iterator[QListWidgetItem]:
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            yield item

    def _on_item_changed(self, _: QListWidgetItem) -> None:
        self._is_touched = True
        self.changed.emit()

    def _on_open_clicked(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, "Add checkpoints to compare", "", checkpoint_filter()
        )
        if names:
            self.files_requested.emit(tuple(map(Path, names)))


def _candidate(item: QListWidgetItem) -> Candidate:
    candidate: Candidate = item.data(Qt.ItemDataRole.UserRole)
    return candidate


def _tick(item: QListWidgetItem, *, on: bool) -> None:
    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


def _is_usable(item: QListWidgetItem) -> bool:
    return bool(item.flags() & Qt.ItemFlag.ItemIsEnabled)


def _enable(item: QListWidgetItem, name: BaselineName, *, on: bool) -> None:
    enabled = Qt.ItemFlag.ItemIsEnabled
    item.setFlags(item.flags() | enabled if on else item.flags() & ~enabled)
    tip = _BASELINE_TIPS[name]
    item.setToolTip(tip if on else f"{tip}\n{_NEEDS_REFERENCE}")


def _suits(candidate: Candidate, *, colour: bool) -> bool:
    if not isinstance(candidate, CheckpointCandidate):
        return True
    suitable = {entry.name for entry in registry.BUNDLED if entry.made_for == "photo" or not colour}
    return candidate.checkpoint in suitable
