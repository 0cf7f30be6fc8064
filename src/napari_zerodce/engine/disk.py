"""What a file costs on disk, in words, before it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from napari_zerodce.checkpoints.defects import readable_size


def describe_disk(size: int, path: Path) -> str:
    """Return what an image may need on disk and what is free, such as "up to 2 GiB, 40 GiB free".

    Parameters
    ----------
    size : int
        Bytes of the image in memory; compressed, it needs less.
    path : Path
        What is to be written. It need not exist, and nor need its folder.
    """
    there = next((each for each in path.absolute().parents if each.exists()), Path.cwd())
    try:
        free = shutil.disk_usage(there).free
    except OSError:
        return f"up to {readable_size(size)} on disk"
    return f"up to {readable_size(size)} on disk, where {readable_size(free)} are free"
