"""Find out in the background which weights suit a dock's chosen layer, if they are automatic."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.layer_finder import LayerFinder


class WeightsFinder(LayerFinder):
    """Knows the automatic choice for the layer that is chosen in a dock.

    Parameters
    ----------
    session : Session
    chooser : LayerChooser
    parent : QObject
    """

    def __init__(self, session: Session, chooser: LayerChooser, parent: QObject) -> None:
        super().__init__(
            session,
            chooser,
            parent,
            finding=work.choosing,
            is_needed=lambda: session.settings.is_automatic,
        )

    @property
    def choice(self) -> AutomaticChoice | None:
        """The choice for the chosen layer; None while it is unknown or not needed."""
        choice: AutomaticChoice | None = self.fact
        return choice
