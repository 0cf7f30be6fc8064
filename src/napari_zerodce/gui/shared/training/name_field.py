"""The field for the name of new weights: it shows the text in the form in which it is kept."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QLineEdit

from napari_zerodce.checkpoints.names import as_name
from napari_zerodce.gui.widgets.setting_field import Field
from napari_zerodce.gui.widgets.tool_tips import tip_of
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import RunConfig

_DESCRIBED: Final = setting_fields(RunConfig)["name"]


class NameField(Field):
    """A line for any text; when the user has typed it, it becomes one printable, short line."""

    def __init__(self) -> None:
        super().__init__(_DESCRIBED)
        assert isinstance(self.native, QLineEdit)
        self.native.setPlaceholderText("such as cells of November")
        self.native.setToolTip(tip_of(_DESCRIBED, "no name"))
        self.native.editingFinished.connect(self._on_edited)

    @property
    def name(self) -> str:
        """The name, which may be empty."""
        return as_name(self.value)

    def _on_edited(self) -> None:
        self.value = self.name
