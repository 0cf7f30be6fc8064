"""The Enhance dock's form: image, part, intensity window, and how the network runs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.layers.computing import Computing, ComputingChoice
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.shared.axes_field import AxesField
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.part_chooser import PartChooser
from napari_zerodce.gui.widgets.setting_field import wrapped
from napari_zerodce.gui.widgets.settings_form import SettingsForm
from napari_zerodce.gui.widgets.window_chooser import WindowChooser
from napari_zerodce.setting import Choice, SettingField, setting_fields

if TYPE_CHECKING:
    import napari

    from napari_zerodce.checkpoints.info import CheckpointInfo
    from napari_zerodce.device import Device
    from napari_zerodce.imaging.windows import WindowChoice

_LOOKING: Final = Choice("auto", "Automatic (searching…)")
_PLOT_TIP: Final = "Plot the mean brightness of each frame, before and after."
_OF_CURVES: Final = ("precision", "backend", "time", "time_window", "channel_curves")
_OF_TRANSLATORS: Final = ("lock_normalisation",)


class EnhanceForm(SettingsForm):
    """The form of the user's choices; it does not run them.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer whose image layers can be chosen.
    settings : EnhanceSettings
        The settings to show at first.
    """

    plot_requested = Signal()

    def __init__(self, viewer: napari.Viewer, settings: EnhanceSettings) -> None:
        super().__init__()
        described = setting_fields(EnhanceSettings)
        self.layers = LayerChooser(viewer, several=True)
        self.axes = AxesField(self.layers)
        self.part = PartChooser(viewer, self.layers)
        self.window_chooser = WindowChooser()
        self.window_chooser.show_choice(settings.window)
        self._has_scale = False
        self.translates = False
        """Whether the checkpoint is a translator, so that settings of curves are hidden."""
        self.rows.addRow("Image", self.layers)
        self.rows.addRow("Axes", self.axes)
        self.rows.addRow(self.part)
        self.rows.addRow(described["window"].setting.label, self.window_chooser)
        self._add_series_rows()
        self._devices: tuple[Choice, ...] = (_LOOKING,)
        self.add_field(_among(described["device"], self._devices))
        self.add_field(setting_fields(ComputingChoice)["computing"])
        self.add_field(described["precision"])
        self.add_field(described["backend"])
        self.add_field(described["scale_factor"])
        self.show_device(settings.device)
        shown = (*_OF_CURVES, *_OF_TRANSLATORS)
        self.show_values({name: getattr(settings, name) for name in shown})
        self.show_scale_factor(None)
        self.fields["device"].changed.connect(self._show_whole_device)
        self.layers.changed.connect(self._show_axes)
        self.fields["time"].changed.connect(self._show_series_rows)
        self.layers.changed.connect(self._on_field_changed)
        self.part.changed.connect(self._on_field_changed)
        self._show_axes()
        self.window_chooser.changed.connect(self._on_field_changed)

    # ---- axes, time and channels

    def _add_series_rows(self) -> None:
        described = setting_fields(EnhanceSettings)
        self.plot = QPushButton("Plot…")
        self.plot.setToolTip(_PLOT_TIP)
        self.plot.clicked.connect(self.plot_requested)
        self._time_row = QWidget()
        row = QHBoxLayout(self._time_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.make_field(described["time"]).native, 1)
        row.addWidget(self.plot)
        self.rows.addRow(described["time"].setting.label, self._time_row)
        self.add_field(described["time_window"])
        self.add_field(described["channel_curves"])
        self.add_field(described["lock_normalisation"])

    def _show_axes(self) -> None:
        """Show the axes of the chosen layers, if there is something to say or to choose."""
        self.axes.show_axes()
        self.show_row(self.axes, shown=self.axes.axes is not None)
        self._show_series_rows()

    def _show_series_rows(self) -> None:
        """Show the choices for the axes that a chosen layer has."""
        sources, has_planes = [], False
        for layer in self.layers.layers:
            with suppress(ZeroDCEError):  # the plan tells it
                source = read_source(layer)
                sources.append(source)
                has_planes |= source.layout.count_of_channel(source.channel_axis) > 1
        has_time = any(source.time_axis is not None for source in sources)
        has_channels = any(source.channel_axis is not None for source in sources)
        self.show_row(self._time_row, shown=has_time)
        self.fields["time"].native.setVisible(not self.translates)  # the plot stays
        steady = has_time and self.fields["time"].value != "frames"
        self.show_field("time_window", shown=steady and not self.translates)
        self.show_field("channel_curves", shown=has_channels and not self.translates)
        self.show_field("lock_normalisation", shown=has_planes and self.translates)
        self.plot.setEnabled(len(sources) == 1)

    def choices(self) -> dict[str, Any]:
        """Return the choices as fields of `EnhanceSettings`. Raises RequestError."""
        chosen = self.values()
        del chosen["computing"]
        if not self._has_scale:
            chosen["scale_factor"] = None
        plain = EnhanceSettings()
        for name in _OF_CURVES if self.translates else _OF_TRANSLATORS:  # they are hidden
            chosen[name] = getattr(plain, name)
        return {"window": self.window_chooser.choice(), **chosen}

    @property
    def computing(self) -> Computing:
        """When the pixels of the result are computed."""
        value: Computing = self.fields["computing"].value
        return value

    def show_devices(self, devices: tuple[Device, ...]) -> None:
        """Offer this machine's devices, the best first; the user's choice stays."""
        found = (Choice(device.name, str(device), str(device)) for device in devices)
        automatic = Choice("auto", f"Automatic: {devices[0].name}", str(devices[0]))
        self._offer_devices((automatic, *found))

    def show_device(self, device: str) -> None:
        """Choose a device, also one that is not offered yet."""
        if device not in {choice.value for choice in self._devices}:
            self._offer_devices((*self._devices, Choice(device, device)))
        self.show_values({"device": device})

    def _offer_devices(self, choices: tuple[Choice, ...]) -> None:
        self._devices = choices
        self.fields["device"].offer(choices)
        self._show_whole_device()

    def _show_whole_device(self) -> None:
        """Name the chosen device in the tool tip: its name may be too long for the field."""
        device = self.fields["device"]
        names = {choice.value: choice.help or choice.title for choice in self._devices}
        text = f"{names[device.value]}\n{wrapped(device.described.setting.help)}"
        device.native.setToolTip(text)

    def show_settings(self, settings: EnhanceSettings) -> None:
        """Show the window and the device that were chosen elsewhere, without a signal."""
        with QSignalBlocker(self):
            if settings.window != self._shown_window():
                self.window_chooser.show_choice(settings.window)
            self.show_device(settings.device)

    def _shown_window(self) -> WindowChoice | None:
        try:
            return self.window_chooser.choice()
        except RequestError:
            return None  # the user is still typing a number

    def show_architecture(self, info: CheckpointInfo | None) -> None:
        """Offer the settings that the checkpoint's architecture has.

        Parameters
        ----------
        info : CheckpointInfo, optional
            None if the checkpoint is automatic: it has no scale factor.
        """
        self.translates = info is not None and info.is_translator
        for name in ("precision", "backend"):
            self.show_field(name, shown=not self.translates)
        self._show_series_rows()
        if info is None or not info.traits.has_scale_factor:
            self.show_scale_factor(None)
        else:
            self.show_scale_factor(info.scale_factor)
        self.changed.emit()

    def show_scale_factor(self, scale_factor: int | None) -> None:
        """Show the scale factor of the checkpoint; None hides the field."""
        self._has_scale = scale_factor is not None
        self.show_field("scale_factor", shown=self._has_scale)
        self.fields["scale_factor"].value = scale_factor

    def release(self) -> None:
        """Stop listening to the viewer."""
        self.part.release()
        self.layers.release()


def _among(described: SettingField, choices: tuple[Choice, ...]) -> SettingField:
    """Return a setting with choices that depend on this machine."""
    return replace(described, setting=replace(described.setting, choices=choices))
