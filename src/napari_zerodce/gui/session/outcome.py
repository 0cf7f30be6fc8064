"""What came of a run: a sentence that docks show, also docks that are opened later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari_zerodce.gui.widgets.labels import Tone

if TYPE_CHECKING:
    from napari.layers import Layer


@dataclass(eq=False)
class Outcome:
    """What came of a run.

    Parameters
    ----------
    text : str
        A sentence for the user.
    tone : {"plain", "good", "bad"}
    action : str, optional
        The action of the panels that show it; by default all panels show it.
    about : WeakSet of Layer, optional
        The layers that the run added: without them, the sentence is no longer true. They are not
        kept in memory.
    keep : callable, optional
        Adds what a cancelled run has finished; until it is forgotten, that needs memory.
    seen : bool
        Whether a panel on screen has shown it.
    planned : bool
        Whether a plan on screen has said it before.
    """

    text: str
    tone: Tone = "plain"
    action: str | None = None
    about: WeakSet[Layer] | None = None
    keep: Callable[[], None] | None = None
    seen: bool = False
    planned: bool = False
