"""The Adjust dock's form: strength, iterations, exposure, detail gain limit, global curve."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton

from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.gui.widgets.settings_form import SettingsForm
from napari_zerodce.setting import fields_at


class LookForm(SettingsForm):
    """The form of a look, at first the default one; it does not apply the look."""

    def __init__(self) -> None:
        # Sliders first: a check box among them would interrupt their column.
        super().__init__(sorted(fields_at(DEFAULT_LOOK), key=lambda field: field.kind is bool))
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip(
            "Return to the settings at the start. For the method as published, untick the limit "
            "to detail."
        )
        self.rows.addRow(self.reset_button)
        self.reset_button.clicked.connect(lambda: self.show_look(DEFAULT_LOOK))

    def look(self) -> Look:
        """Return the chosen look."""
        return Look(**self.values())

    def show_look(self, look: Look) -> None:
        """Show a look; emit `changed` once if the look is another one."""
        self.show_values(look.as_dict())
