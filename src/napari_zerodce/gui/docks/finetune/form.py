"""The Fine-tune dock's form: the weights to start from, preset, duration, advanced settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QWidget
from superqt import QCollapsible

from napari_zerodce.checkpoints import registry
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.gui.docks.finetune.advanced_form import AdvancedForm
from napari_zerodce.gui.docks.finetune.duration import DurationFields
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.settings_form import form_layout
from napari_zerodce.training.presets import PRESET_TITLES, PRESETS, configure

if TYPE_CHECKING:
    from napari_zerodce.gui.widgets.setting_field import Field
    from napari_zerodce.training.config import TrainingConfig
    from napari_zerodce.training.presets import Preset

_SCRATCH: Final = "scratch:"


class TrainingForm(QWidget):
    """The form of the user's choices; it does not run them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.start = QComboBox()
        self.preset = QComboBox()
        for combo in (self.start, self.preset):
            make_narrow(combo)
        self.start.setToolTip("The weights that training starts from.")
        self.preset.setToolTip(
            "Photo: exposure target 0.6, and half of the crops become darker or brighter.\n"
            "Fluorescence: exposure target 0.4, and the dark background stays dark."
        )
        for name in PRESETS:
            self.preset.addItem(PRESET_TITLES[name], name)
        self.length = DurationFields()
        self.slow = text_label(
            "slow", "Zero-DCE needs a GPU; Zero-DCE++ learns in a minute without one."
        )
        self.details = AdvancedForm()
        self.advanced = QCollapsible("Advanced", expandedIcon="▾", collapsedIcon="▸")
        self._scale_factors: dict[Any, int] = {}
        self._architectures: dict[Any, Architecture] = {}
        self._lay_out()
        self.offer(registry.DEFAULT_CHECKPOINT, None, 1)
        self.start.activated.connect(self._on_start_changed)
        self.preset.activated.connect(self._on_preset_changed)
        self.length.changed.connect(self.changed)
        self.details.changed.connect(self.changed)

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of the duration and of the advanced section."""
        return self.length.fields | self.details.fields

    def _lay_out(self) -> None:
        form = form_layout(self)
        form.addRow("Start from", self.start)
        form.addRow("Preset", self.preset)
        form.addRow("Train for", self.length)
        form.addRow(self.slow)
        self.advanced.setContent(self.details)
        self.advanced.collapse(animate=False)  # otherwise the new content is expanded
        form.addRow(self.advanced)

    def add_row(self, label: str, part: QWidget) -> None:
        """Add a row that is not a setting of the training to the advanced section.

        Parameters
        ----------
        label : str
            Text in front of the widget.
        part : QWidget
            The widget.
        """
        self.details.rows.addRow(label, part)

    def offer(
        self, active: str | Path, architecture: Architecture | None, scale_factor: int
    ) -> None:
        """Offer the weights to start from. The user's choice stays; at first it is the active one.

        Parameters
        ----------
        active : str or Path
            The active checkpoint of the session.
        architecture : Architecture, optional
            Of the active checkpoint; None if it is not known yet.
        scale_factor : int
            Of the active checkpoint.
        """
        chosen = self.start.currentData()
        was_active = self.start.currentIndex() <= 0
        self.start.clear()
        entries: list[tuple[str, Any, Architecture, int]] = [
            (f"{entry.title} ({entry.kind})", entry.name, entry.architecture, entry.scale_factor)
            for entry in registry.available()
        ]
        if str(active) not in {data for _, data, _, _ in entries} and architecture is not None:
            entries.append((Path(active).name, str(active), architecture, scale_factor))
        entries.sort(key=lambda entry: entry[1] != str(active))
        for key, traits in ARCHITECTURES.items():
            scale = traits.default_scale_factor
            entries.append((f"From scratch: {traits.title}", f"{_SCRATCH}{key}", key, scale))
        for text, data, kind, scale in entries:
            self.start.addItem(text, data)
            self._architectures[data], self._scale_factors[data] = kind, scale
        row = 0 if was_active else self.start.findData(chosen)
        self.start.setCurrentIndex(max(0, row))
        if self.start.currentData() != chosen:
            self._on_start_changed()

    def checkpoint(self) -> str | None:
        """Return the checkpoint to start from; None: random weights."""
        data = str(self.start.currentData())
        return None if data.startswith(_SCRATCH) else data

    def architecture(self) -> Architecture:
        """Return the architecture of the network to train."""
        return self._architectures[self.start.currentData()]

    def chosen_preset(self) -> Preset:
        """Return the preset."""
        preset: Preset = self.preset.currentData()
        return preset

    def duration(self) -> dict[str, Any]:
        """Return minutes or steps as a keyword argument of a `TrainingRequest`."""
        return self.length.duration()

    def changes(self) -> dict[str, Any]:
        """Return the fields of `TrainingConfig` that this form has."""
        return self.details.changes()

    def defaults(self) -> TrainingConfig:
        """Return the preset's configuration for the chosen network."""
        return configure(
            self.chosen_preset(),
            self.architecture(),
            scale_factor=self._scale_factors[self.start.currentData()],
            from_scratch=self.checkpoint() is None,
        )

    def show_config(self, config: TrainingConfig, *, keep: bool = False) -> None:
        """Show a configuration in the advanced section.

        Parameters
        ----------
        config : TrainingConfig
            The configuration to show.
        keep : bool
            Whether fields that the user has changed stay.
        """
        with QSignalBlocker(self.details):
            self.details.show_config(config, keep=keep)
        self.slow.setVisible(not ARCHITECTURES[self.architecture()].learns_without_gpu)
        self.changed.emit()

    def _on_preset_changed(self, _: Any = None) -> None:
        self.show_config(self.defaults())

    def _on_start_changed(self, _: Any = None) -> None:
        self.show_config(self.defaults(), keep=True)
