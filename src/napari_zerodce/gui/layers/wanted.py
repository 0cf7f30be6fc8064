"""What a dock asks for: a request for each chosen layer, its plan, and why layers are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_zerodce.engine.backend_choice import check_backend
from napari_zerodce.engine.forecast import Forecast, describe_lazy_plans, describe_plans
from napari_zerodce.engine.memory import check_memory
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.layers.computing import Computing, suits_lazy
from napari_zerodce.gui.layers.parts import describe_part
from napari_zerodce.gui.layers.scope import PartChoice, scope_for
from napari_zerodce.gui.layers.source import Source, read_source, request_for
from napari_zerodce.imaging.levels import shapes_for_part

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

_LAZY_INSTEAD: Final = (
    "choose 'Where you look' beside Compute, or take fewer planes or a crop at a time"
)


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

    @property
    def memory(self) -> int:
        """Bytes of all results, with the coarser levels of those that are multiscale."""
        pairs = zip(self.sources, self.requests, strict=True)
        return sum(_memory_of(source, request) for source, request in pairs)

    def check(self) -> None:
        """Raise a ZeroDCEError if the results cannot be computed as they are wanted.

        Raises
        ------
        ImageError
            If they are larger than the free memory.
        RequestError
            If pixels where the user looks are no planes.
        """
        if not self.is_lazy:
            check_memory(self.memory, opening="The result needs", advice=_LAZY_INSTEAD)
            return
        for source in self.sources:
            if source.other_axes:
                raise RequestError(
                    f"'{source.shown_name}' has the axes {source.axes.letters}, but a result that "
                    "is computed where you look needs Y and X as the last ones; choose 'All now, "
                    "in memory'."
                )

    def describe(self, known: Forecast | None) -> list[str]:
        """Return the plan: what will be done and its cost, then what is wrong with it.

        Parameters
        ----------
        known : Forecast, optional
            The speed for the first request; None if it is not known yet.
        """
        if self.is_lazy:
            plan = describe_lazy_plans(self.requests, known, memory=self.memory)
        else:
            plan = describe_plans(self.requests, known, memory=self.memory)
        if len(self.sources) == 1:
            part = describe_part(self.sources[0], self.requests[0].scope)
            plan = f"{part}: {plan}" if part else plan
        try:
            self.check()
        except ZeroDCEError as err:
            return [plan, str(err), *self.left_out]
        return [plan, *self.left_out]


def _memory_of(source: Source, request: EnhanceRequest) -> int:
    finest = request.part.shape_in(request.layout)
    if request.axes:
        finest = source.axes.as_stored(finest)
    coarser = shapes_for_part(finest, source.level_shapes)
    return sum(map(prod, (finest, *coarser))) * int(np.dtype(request.image.dtype).itemsize)


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
    DeviceError
        If the settings exclude each other: this needs no job, and concerns all layers.
    RequestError, ImageError
        If no layer can be enhanced; the reason is that of the first one.
    """
    check_backend(settings.backend, settings.device, settings.precision)
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
