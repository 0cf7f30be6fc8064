"""The Train translator dock's form: method, start, duration, name and advanced settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QWidget
from superqt import QCollapsible

from napari_zerodce.gui.docks.train_translator.advanced_form import TranslationForm
from napari_zerodce.gui.docks.train_translator.start_chooser import TranslatorStartChooser
from napari_zerodce.gui.shared.training.duration import DurationFields
from napari_zerodce.gui.shared.training.name_field import NameField
from napari_zerodce.gui.widgets.settings_form import form_layout
from napari_zerodce.gui.widgets.tool_tips import explain_labels, tool_tip
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.translation.config import SIZES, NetworkSize, TranslationConfig
from napari_zerodce.training.translation.configure import configure

if TYPE_CHECKING:
    from napari_zerodce.core.translators.design import GeneratorDesign
    from napari_zerodce.gui.docks.train_translator.method_chooser import MethodChooser
    from napari_zerodce.gui.widgets.setting_field import Field
    from napari_zerodce.training.translation.config import TranslationRunConfig


_MINUTES: Final = 3.0
"""CUT then takes the usual number of steps on two cores."""


class TranslatorForm(QWidget):
    """The form of the user's choices; it does not run them.

    Parameters
    ----------
    methods : MethodChooser
        Stands above the images; the defaults follow it.
    """

    changed = Signal()

    def __init__(self, methods: MethodChooser) -> None:
        super().__init__()
        self.methods = methods
        self.start = TranslatorStartChooser()
        self.length = DurationFields(setting_fields(TranslationConfig)["steps"], minutes=_MINUTES)
        self.name = NameField()
        self.details = TranslationForm()
        self.advanced = QCollapsible("Advanced", expandedIcon="▾", collapsedIcon="▸")
        self._lay_out()
        self._show_defaults()
        self.methods.changed.connect(self._on_network_changed)
        self.start.changed.connect(self._on_network_changed)
        self.length.changed.connect(self.changed)
        self.details.changed.connect(self.changed)

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of the duration, the name and the advanced section."""
        return {**self.length.fields, "name": self.name, **self.details.fields}

    def _lay_out(self) -> None:
        form = form_layout(self)
        form.addRow("Start from", self.start)
        form.addRow("Train for", self.length)
        form.addRow("Name", self.name.native)
        explain_labels(form)
        self.advanced.setToolTip(
            tool_tip("Advanced", "Show the losses and the other settings.", default="hidden")
        )
        self.advanced.setContent(self.details)
        self.advanced.collapse(animate=False)  # otherwise the new content is expanded
        form.addRow(self.advanced)

    # ---- what is chosen

    def duration(self) -> dict[str, Any]:
        """Return either the minutes or the steps, by their name."""
        return self.length.duration()

    def config(self) -> TranslationConfig:
        """Return the configuration; the images decide the channels of a new generator.

        Raises
        ------
        RequestError
            If a setting is invalid, or a loaded generator cannot take crops of this size.
        """
        steps = {name: value for name, value in self.duration().items() if name == "steps"}
        return configure(
            self.methods.method,
            self.start.network_size,
            loaded=self._loaded(),
            **self.details.changes(),
            **steps,
        )

    def defaults(self) -> TranslationConfig:
        """Return the defaults of the chosen method and start."""
        return configure(self.methods.method, self.start.network_size, loaded=self._loaded())

    def _loaded(self) -> GeneratorDesign | None:
        generator = self.start.generator
        return None if generator is None else generator.design

    # ---- what is shown

    def show_run(self, config: TranslationRunConfig) -> None:
        """Show the settings of a run, apart from a generator that it starts from.

        Parameters
        ----------
        config : TranslationRunConfig
        """
        training = config.training
        self.methods.choose(training.method)
        if config.checkpoint is None:
            self.start.choose_size(size_of(training))
        self.length.show_duration(minutes=config.minutes, steps=training.steps)
        self.name.value = config.name
        with QSignalBlocker(self.details):
            self.details.show_run(training)
        self.changed.emit()

    def _show_defaults(self, *, keep: bool = False) -> None:
        with QSignalBlocker(self.details):
            is_loaded = self.start.checkpoint() is not None
            self.details.show_config(self.defaults(), is_loaded=is_loaded, keep=keep)

    def _on_network_changed(self) -> None:
        self._show_defaults(keep=True)
        self.changed.emit()


def size_of(config: TranslationConfig) -> NetworkSize:
    """Return the size of networks whose defaults are nearest to a configuration."""
    return "small" if config.features < SIZES["full"]["features"] else "full"
