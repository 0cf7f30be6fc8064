"""One image of a batch: where it is, and where its result goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    """

    source: str
    target: str
    kind: Kind
    name: str
