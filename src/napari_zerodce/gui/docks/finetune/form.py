"""The Fine-tune dock's form: the weights to start from, preset, duration, advanced settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QWidget
from superqt import QCollapsible

from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.gui.docks.finetune.advanced_form import AdvancedForm
from napari_zerodce.gui.docks.finetune.start_chooser import StartChooser
from napari_zerodce.gui.shared.training.duration import DurationFields
from napari_zerodce.gui.shared.training.name_field import NameField
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import Sentence, text_label
from napari_zerodce.gui.widgets.settings_form import form_layout
from napari_zerodce.gui.widgets.tool_tips import explain_labels, tool_tip
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import TrainingConfig
from napari_zerodce.training.presets import PRESET_TITLES, PRESETS, configure

if TYPE_CHECKING:
    from napari_zerodce.gui.docks.finetune.proposal import Proposal
    from napari_zerodce.gui.widgets.setting_field import Field
    from napari_zerodce.training.config import RunConfig
    from napari_zerodce.training.presets import Preset

_PRESET_TIP: Final = (
    "The settings for a kind of image. Photo: exposure target 0.6, half of the crops become darker "
    "or brighter, and the average colour becomes grey. Few photos: the same, but hues stay. "
    "Without facets: the curves may change evenly across the image. Fluorescence: exposure target "
    "0.4, and the dark background stays dark."
)


class TrainingForm(QWidget):
    """The form of the user's choices; it does not run them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.start = StartChooser()
        self.no_start = Sentence("no_start")  # why the active checkpoint is not offered
        self.preset = QComboBox()
        make_narrow(self.preset)
        self.preset.setToolTip(
            tool_tip("Preset", _PRESET_TIP, default="what suits the chosen images")
        )
        self.reason = Sentence("proposal")
        self.name = NameField()
        for name in PRESETS:
            self.preset.addItem(PRESET_TITLES[name], name)
        self.length = DurationFields(setting_fields(TrainingConfig)["steps"], minutes=1.0)
        self.slow = text_label(
            "slow", "Zero-DCE needs a GPU; Zero-DCE++ learns in a minute without one."
        )
        self.details = AdvancedForm()
        self.advanced = QCollapsible("Advanced", expandedIcon="▾", collapsedIcon="▸")
        self._preset_is_chosen = False
        self._proposal: Proposal | None = None
        self._lay_out()
        self.show_config(self.defaults())
        self.start.changed.connect(self._on_start_changed)
        self.preset.activated.connect(self._on_preset_changed)
        self.length.changed.connect(self.changed)
        self.details.changed.connect(self.changed)

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of the duration, the name and the advanced section."""
        return {**self.length.fields, "name": self.name, **self.details.fields}

    def _lay_out(self) -> None:
        form = form_layout(self)
        form.addRow("Start from", self.start)
        form.addRow(self.no_start)
        form.addRow("Preset", self.preset)
        form.addRow(self.reason)
        form.addRow("Train for", self.length)
        form.addRow(self.slow)
        form.addRow("Name", self.name.native)
        explain_labels(form)
        self.advanced.setToolTip(
            tool_tip("Advanced", "Show the losses and the other settings.", default="hidden")
        )
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
        self.details.add_row(label, part)

    # ---- what is proposed and shown

    def propose(self, proposal: Proposal) -> None:
        """Choose the preset that suits the images, unless the user has chosen one, and say why.

        Parameters
        ----------
        proposal : Proposal
        """
        self._proposal = proposal
        if not self._preset_is_chosen and proposal.preset != self.chosen_preset():
            self.preset.setCurrentIndex(self.preset.findData(proposal.preset))
            self.show_config(self.defaults(), keep=True)
        self._show_reason()

    def _show_reason(self) -> None:
        proposal = self._proposal
        if proposal is None or not proposal.reason:
            self.reason.say("")
            return
        self.reason.say(self._sentence(proposal))

    def _sentence(self, proposal: Proposal) -> str:
        if proposal.preset != self.chosen_preset():
            title = PRESET_TITLES[proposal.preset]
            return f"The preset '{title}' suits the images better, because {proposal.reason}."
        has_both = proposal.purpose == "fluorescence" and proposal.start == self.checkpoint()
        what = "Weights and preset" if has_both else "Preset"
        return f"{what} for {proposal.purpose}, because {proposal.reason}."

    def show_run(self, config: RunConfig, start: Path) -> None:
        """Show the settings of a run; they count as choices of the user.

        Parameters
        ----------
        config : RunConfig
        start : Path
            The file of the weights from which the run started.
        """
        self.start.show_run(config, start)
        self._preset_is_chosen = True
        self.preset.setCurrentIndex(max(0, self.preset.findData(config.preset)))
        self.length.show_duration(minutes=config.minutes, steps=config.training.steps)
        self.name.value = config.name
        self.show_config(self.defaults())
        with QSignalBlocker(self.details):
            self.details.show_run(config.training)
        self._show_reason()
        self.changed.emit()

    # ---- what is chosen

    def checkpoint(self) -> str | None:
        """Return the checkpoint to start from; None: random weights."""
        return self.start.checkpoint()

    def architecture(self) -> Architecture:
        """Return the architecture of the network to train."""
        return self.start.start.architecture

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
            scale_factor=self.start.start.scale_factor,
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
        self._preset_is_chosen = True
        self._show_reason()
        self.show_config(self.defaults())

    def _on_start_changed(self) -> None:
        self._show_reason()
        self.show_config(self.defaults(), keep=True)
