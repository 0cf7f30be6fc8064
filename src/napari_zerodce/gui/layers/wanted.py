"""What a dock asks for: a request for each chosen layer, its plan, and why layers are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_zerodce.engine.forecast import Forecast, describe_lazy_plans, describe_plans
from napari_zerodce.engine.memory import check_memory
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError, ZeroDCEError
from napari_zerodce.gui.layers.computing import Computing, suits_lazy
from napari_zerodce.gui.layers.parts import describe_part
from napari_zerodce.gui.layers.scope import PartChoice, scope_for
from napari_zerodce.gui.layers.source import Source, read_source, request_for

if TYPE_CHECKING:
    import napari
    from napari.layers import Image


@dataclass(frozen=True)
class Wanted:
    """Sources with their requests.

    Parameters
    ----------
    sources : tuple of Source
        At least one.
    requests : tuple of EnhanceRequest
        One for each source.
    left_out : tuple of str
        The layers that cannot be enhanced, with the reason for each.
    computing : {"auto", "now", "looked-at"}
        When pixels are computed.
    """

    sources: tuple[Source, ...]
    requests: tuple[EnhanceRequest, ...]
    left_out: tuple[str, ...] = ()
    computing: Computing = "auto"

    @property
    def is_lazy(self) -> bool:
        """Whether the results are computed where the user looks."""
        if self.computing != "auto":
            return self.computing == "looked-at"
        return any(map(suits_lazy, self.requests))

    def check(self) -> None:
        """Raise an ImageError if the results are larger than the free memory."""
        if self.is_lazy:
            return
        size = sum(request.result_size for request in self.requests)
        check_memory(size, opening="The result needs")

    def describe(self, known: Forecast | None) -> list[str]:
        """Return the plan: what will be done and its cost, then what is wrong with it.

        Parameters
        ----------
        known : Forecast, optional
            The speed for the first request; None if it is not known yet.
        """
        describe = describe_lazy_plans if self.is_lazy else describe_plans
        plan = describe(self.requests, known)
        if len(self.sources) == 1:
            part = describe_part(self.sources[0], self.requests[0].scope)
            plan = f"{part}: {plan}" if part else plan
        try:
            self.check()
        except ImageError as err:
            return [plan, str(err), *self.left_out]
        return [plan, *self.left_out]


def read_wanted(
    viewer: napari.Viewer,
    layers: Sequence[Image],
    settings: EnhanceSettings,
    choice: PartChoice,
    computing: Computing = "auto",
) -> Wanted:
    """Return what a dock asks for; of several layers, some may be left out.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : sequence of napari.layers.Image
    settings : EnhanceSettings
    choice : PartChoice
        The part of each layer.
    computing : {"auto", "now", "looked-at"}
        When pixels are computed.

    Raises
    ------
    RequestError, ImageError
        If no layer can be enhanced; the reason is that of the first one.
    """
    found, failed = [], []
    for layer in layers or (None,):
        try:
            source = read_source(layer)
            scope = scope_for(viewer, source, choice)
            found.append((source, request_for(source, settings, scope)))
        except ZeroDCEError as err:
            failed.append((layer, err))
    if not found:
        raise failed[0][1]
    sources, requests = zip(*found, strict=True)
    left_out = tuple(
        f"'{layer.name}' is left out: {err}" for layer, err in failed if layer is not None
    )
    return Wanted(sources, requests, left_out, computing)
