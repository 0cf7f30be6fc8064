"""Which channel a file of one channel holds, if its OME-XML tells it and not its name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from napari_zerodce.imaging.files.image_file import ImageFile


def own_channel(image: ImageFile) -> Hashable:
    """Return what the OME-XML of a file calls its channels: names, and numbers in a set of files.

    Parameters
    ----------
    image : ImageFile

    Returns
    -------
    hashable
        Equal for files of the same channels, and for files that tell none.
    """
    channel = (image.details.get("metadata") or {}).get("Channel")
    names = str(channel.get("Name", "")) if isinstance(channel, Mapping) else ""
    told = image.details.get("ome")
    if not told or not told["files"] - {told["name"]}:
        return names, ()
    return names, told.get("channels", ())
