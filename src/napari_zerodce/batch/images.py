"""One image of a batch: where it is, and where its result goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.imaging.windows import WindowChoice


@dataclass(frozen=True)
class SharedByFiles:
    """What files of one folder share because they are one series.

    Parameters
    ----------
    window : WindowChoice
        Of exactly their window, or the windows of their channels.
    checkpoint : str, optional
        The name of the weights, if the files decided them.
    is_grey : bool, optional
        Whether they have equal colours in each pixel; None for mono ones.
    """

    window: WindowChoice
    checkpoint: str | None
    is_grey: bool | None

    def applied(self, request: EnhanceRequest) -> EnhanceRequest:
        """Return the request for one of the files with what all share.

        Parameters
        ----------
        request : EnhanceRequest
        """
        settings = replace(request.settings, window=self.window)
        if self.checkpoint is not None:
            settings = replace(settings, checkpoint=self.checkpoint)
        return replace(request, settings=settings, is_grey=self.is_grey)


Kind = Literal["file", "ome-zarr"]
"""An image file that is read and written whole, or an OME-Zarr, of which regions are."""


@dataclass(frozen=True)
class BatchImage:
    """One image of a batch.

    Parameters
    ----------
    source, target : str
        Paths, or URLs of an OME-Zarr; workers read and write there, too.
    kind : {"file", "ome-zarr"}
    name : str
        A short name for messages, such as that of the file.
    shared : SharedByFiles, optional
        What it shares with other files.
    """

    source: str
    target: str
    kind: Kind
    name: str
    shared: SharedByFiles | None = None
