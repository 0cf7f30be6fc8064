"""The Enhance dock's form: image, intensity window, device, precision, scale factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.window_chooser import WindowChooser

if TYPE_CHECKING:
    import napari

    from napari_zerodce.checkpoints.info import CheckpointInfo
    from napari_zerodce.device import Device

_PRECISIONS = ("auto", "float32", "bfloat16", "float16")


class EnhanceForm(QWidget):
    """Holds the user's choices; knows nothing of what is done with them."""

    changed = Signal()

    def __init__(self, viewer: napari.Viewer, settings: EnhanceSettings) -> None:
        super().__init__()
        self.layers = LayerChooser(viewer)
        self.window_chooser = WindowChooser()
        self.window_chooser.show_choice(settings.window)
        self.device = _narrow_combo(
            "Where the network runs; automatic takes the GPU if there is one."
        )
        self.device.addItem("Automatic (looking…)", "auto")
        if settings.device != "auto":
            self.device.addItem(settings.device, settings.device)
            self.device.setCurrentIndex(1)
        self.precision = _narrow_combo(
            "Automatic is float32; on a device that is good at half precision, 8-bit images use it."
        )
        for name in _PRECISIONS:
            self.precision.addItem("Automatic" if name == "auto" else name, name)
        self.precision.setCurrentIndex(self.precision.findData(settings.precision))
        self.scale_factor = QSpinBox()
        self.scale_factor.setRange(1, 999)
        self.scale_factor.setKeyboardTracking(False)
        self.scale_factor.setMinimumWidth(60)
        self.scale_factor.setToolTip(
            "Zero-DCE++ estimates its curves on an image this many times smaller:\n"
            "1 follows every detail and is slowest, 12 is what the authors use."
        )
        self._scale_label = QLabel("Scale factor")
        self._has_scale = False
        self._lay_out()
        self.show_scale_factor(None)
        self.layers.changed.connect(self._on_part_changed)
        self.window_chooser.changed.connect(self.changed)
        self.device.activated.connect(self._on_part_changed)
        self.precision.activated.connect(self._on_part_changed)
        self.scale_factor.valueChanged.connect(self._on_part_changed)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow("Image", self.layers)
        form.addRow("Window", self.window_chooser)
        form.addRow("Device", self.device)
        form.addRow("Precision", self.precision)
        form.addRow(self._scale_label, self.scale_factor)

    def choices(self) -> dict[str, Any]:
        """Return what is chosen as fields of `EnhanceSettings`. Raises RequestError."""
        return {
            "window": self.window_chooser.choice(),
            "device": self.device.currentData(),
            "precision": self.precision.currentData(),
            "scale_factor": self.scale_factor.value() if self._has_scale else None,
        }

    def show_devices(self, devices: tuple[Device, ...]) -> None:
        """List this machine's devices, the best first; the user's choice stays."""
        chosen = self.device.currentData()
        self.device.clear()
        self.device.addItem(f"Automatic: {devices[0]}", "auto")
        for device in devices:
            self.device.addItem(str(device), device.name)
        self.device.setCurrentIndex(max(0, self.device.findData(chosen)))

    def show_architecture(self, info: CheckpointInfo) -> None:
        """Offer what the checkpoint's architecture has."""
        self.show_scale_factor(info.scale_factor if info.traits.has_scale_factor else None)
        self.changed.emit()

    def show_scale_factor(self, scale_factor: int | None) -> None:
        """Offer the scale factor, starting at the checkpoint's; None hides it."""
        self._has_scale = scale_factor is not None
        self._scale_label.setVisible(self._has_scale)
        self.scale_factor.setVisible(self._has_scale)
        if scale_factor is not None:
            self.scale_factor.setValue(scale_factor)

    def release(self) -> None:
        """Stop listening to the viewer."""
        self.layers.release()

    def _on_part_changed(self, _: Any = None) -> None:
        self.changed.emit()


def _narrow_combo(tool_tip: str) -> QComboBox:
    combo = QComboBox()
    make_narrow(combo)
    combo.setToolTip(tool_tip)
    return combo
