"""The output of 'maps': whether maps can be written to a path, and whether the disk has room."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from napari_zerodce.cli.file_plan import FileJob, check_collisions, is_folder
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.files.maps import MAP_SUFFIXES, map_format_of


def plan_maps(source: str, target: str) -> tuple[Path, Path]:
    """Return the paths of the image and of its maps, after checks that need no data.

    Parameters
    ----------
    source, target : str
        The paths as typed.

    Raises
    ------
    RequestError
        If the source is not a file, or maps cannot be written to the target.
    """
    image, maps = Path(source), Path(target)
    if is_folder(image):
        raise RequestError(
            f"The input {source!r} is a folder, and maps are computed for one image; give a file."
        )
    if not os.path.lexists(image):
        raise RequestError(f"There is no file {source!r}; check the path.")
    suffix = maps.suffix.lower()
    if suffix not in MAP_SUFFIXES:
        raise RequestError(
            f"The output {target!r} has the suffix {suffix!r}; maps are written as one of "
            f"{', '.join(MAP_SUFFIXES)}."
        )
    check_collisions([FileJob(image, maps)])
    _refuse_other_kinds(maps)
    return image, maps


def _refuse_other_kinds(target: Path) -> None:
    """Refuse to replace a folder that is not a Zarr, or a file by a folder, also if asked."""
    form = map_format_of(target)
    if not os.path.lexists(target) or form.is_one(target):
        return
    if not form.IS_FOLDER:
        raise RequestError(f"The output {str(target)!r} is a folder; give a file.")
    raise RequestError(
        f"The output {str(target)!r} exists and is not a Zarr folder; choose another name."
    )


def check_room(target: Path, size: int) -> None:
    """Refuse maps that do not fit on the disk.

    Parameters
    ----------
    target : Path
        Its parent folder exists.
    size : int
        Size of the maps in bytes.

    Raises
    ------
    ImageError
        If the disk has less free space.
    """
    free = shutil.disk_usage(target.parent).free
    if size > free:
        need = "may need" if map_format_of(target).IS_COMPRESSED else "need"
        raise ImageError(
            f"The maps {need} {size / 2**30:.3g} GiB of disk, and {free / 2**30:.3g} GiB are free "
            f"on the disk of {target}; choose another disk, or crop the image."
        )
