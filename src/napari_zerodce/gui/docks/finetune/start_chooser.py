"""Choose the weights that training starts from: bundled ones, a file, those of a run, or random."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.named_files import label_of
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.tool_tips import tool_tip

if TYPE_CHECKING:
    from napari_zerodce.training.config import RunConfig

_SCRATCH: Final = "scratch:"


@dataclass(frozen=True)
class Start:
    """Weights to start from: the text and the data of their entry, and their network."""

    text: str
    data: str
    architecture: Architecture
    scale_factor: int


_SCRATCHES: Final = tuple(
    Start(f"From scratch: {traits.title}", f"{_SCRATCH}{key}", key, traits.default_scale_factor)
    for key, traits in ARCHITECTURES.items()
)


class StartChooser(QComboBox):
    """A combo box of weights; the active ones are chosen until the user chooses others."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        make_narrow(self)
        self.setToolTip(
            tool_tip(
                "Start from",
                "The weights that training starts from.",
                default="the active checkpoint; if that is automatic, the one for the images",
            )
        )
        self._starts: dict[str, Start] = {}
        self._files: dict[str, Start] = {}  # that were active, or that a run began with
        self._is_users_choice = False
        self.offer(registry.DEFAULT_CHECKPOINT, None, 1)
        self.activated.connect(self._on_activated)

    @property
    def start(self) -> Start:
        """The chosen weights."""
        return self._starts[self.currentData()]

    def checkpoint(self) -> str | None:
        """Return the checkpoint to start from; None: random weights."""
        data = self.start.data
        return None if data.startswith(_SCRATCH) else data

    def title(self) -> str:
        """Return what training starts from, as the beginning of a line."""
        text = self.start.text
        return text if self.checkpoint() is None else f"Starts from {text}"

    def offer(
        self, active: str | Path, architecture: Architecture | None, scale_factor: int
    ) -> None:
        """Offer the weights to start from. The user's choice stays; else it is the active one.

        Parameters
        ----------
        active : str or Path
            The active checkpoint of the session.
        architecture : Architecture, optional
            Of the active checkpoint; None if it is not known yet.
        scale_factor : int
            Of the active checkpoint.
        """
        data = str(active)
        if data not in _of_registry() and architecture is not None:
            self._files[data] = Start(label_of(Path(active)), data, architecture, scale_factor)
        chosen = self.currentData()
        self._list(data, chosen=chosen if self._is_users_choice else data)
        if self.currentData() != chosen:
            self.changed.emit()

    def show_run(self, config: RunConfig, file: Path) -> None:
        """Show the weights that a run began with; they count as the user's choice.

        Parameters
        ----------
        config : RunConfig
        file : Path
            The copy of these weights in the run's folder.
        """
        self._is_users_choice = True
        architecture = config.training.architecture
        data = config.checkpoint or f"{_SCRATCH}{architecture}"
        if config.checkpoint is not None and data not in _of_registry():
            data = str(file)
            self._files[data] = Start(config.checkpoint, data, architecture, config.scale_factor)
        self._list(str(self.itemData(0)), chosen=data)

    def _list(self, first: str, *, chosen: str) -> None:
        entries = [*_of_registry().values(), *self._files.values()]
        entries.sort(key=lambda entry: entry.data != first)
        self._starts = {entry.data: entry for entry in (*entries, *_SCRATCHES)}
        self.clear()
        for row, entry in enumerate(self._starts.values()):
            self.addItem(entry.text, entry.data)
            if entry.data in self._files:
                self.setItemData(row, entry.data, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(max(0, self.findData(chosen)))

    def _on_activated(self, _: Any = None) -> None:
        self._is_users_choice = True
        self.changed.emit()


def _of_registry() -> dict[str, Start]:
    return {
        entry.name: Start(
            f"{entry.title} ({entry.kind})", entry.name, entry.architecture, entry.scale_factor
        )
        for entry in registry.available()
    }
