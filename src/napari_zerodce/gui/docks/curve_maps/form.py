"""The Curve maps dock's form: the kind of map, its channels, iterations, layers and planes."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.settings_form import SettingsForm, side_by_side
from napari_zerodce.setting import setting_fields

_SHARED = "All iterations have one shared map; it is shown once."


class MapForm(SettingsForm):
    """The form of a `MapChoice`."""

    def __init__(self) -> None:
        super().__init__()
        described = setting_fields(MapChoice)
        self.iterations = [self._iteration_button(number) for number in range(1, ITERATIONS + 1)]
        self.shared = text_label("shared", _SHARED)
        self.shared.setToolTip("Zero-DCE++ estimates one map and applies it eight times.")
        self._is_shared = False
        # The command line shares the description of this setting, and adds the default itself.
        kind = self.add_field(described["kind"])
        kind.native.setToolTip("The kind of map; each entry says more. Default: curve parameters.")
        self.add_field(described["channels"])
        self.rows.addRow("Iterations", side_by_side(*self.iterations, spacing=2))
        self.rows.addRow(self.shared)
        self.add_field(described["arrangement"])
        self.add_field(described["extent"])
        self.shared.hide()
        self.fields["kind"].changed.connect(self._on_kind_changed)

    def choice(self) -> MapChoice:
        """Return the choice. Raises RequestError if no iteration is chosen."""
        numbers = tuple(n for n, b in enumerate(self.iterations, start=1) if b.isChecked())
        if not numbers:
            raise RequestError("No iteration is chosen; choose at least one of the numbers 1 to 8.")
        values = self.values()
        if self.fields["extent"].native.isHidden():
            values["extent"] = "plane"
        return MapChoice(iterations=numbers, **values)

    def offer(self, *, colour: bool, stack: bool, shared: bool) -> None:
        """Offer the choices that the image and the checkpoint allow.

        Parameters
        ----------
        colour : bool
            Whether the image has three channels.
        stack : bool
            Whether the image has more than one plane.
        shared : bool
            Whether one map serves all iterations.
        """
        self._is_shared = shared
        self.fields["channels"].native.setEnabled(colour)
        self.show_field("extent", shown=stack)
        self._show_shared()

    def _show_shared(self) -> None:
        is_one = self._is_shared and self.fields["kind"].value == "alphas"
        self.shared.setVisible(is_one)
        self.show_field("arrangement", shown=not is_one)

    def _on_kind_changed(self) -> None:
        # Most users want the gains after all iterations, but the parameters and steps of each.
        kind = self.fields["kind"].value
        total = kind in {"gain", "noise-gain"}
        for number, button in enumerate(self.iterations, start=1):
            button.setChecked(number == ITERATIONS or not total)
        if kind == "steps":
            self.fields["channels"].value = "rgb"
        self._show_shared()

    def _iteration_button(self, number: int) -> QPushButton:
        button = QPushButton(str(number))
        button.setCheckable(True)
        button.setChecked(True)
        button.setMinimumWidth(22)
        button.setToolTip(
            f"Show iteration {number} of {ITERATIONS}. Default: all iterations; for both gains "
            f"only the last,\nwhich is the gain after all iterations."
        )
        button.toggled.connect(self._on_field_changed)
        return button
