"""Pictures from HDR panoramas: Radiance files and rectilinear views."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import imagecodecs
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from napari_zerodce.errors import ImageError


def read_radiance(path: str | Path) -> NDArray[np.float32]:
    """Read a Radiance RGBE picture (``.hdr``) with rows from top to bottom.

    Returns
    -------
    ndarray, shape (H, W, 3), float32, linear light, values >= 0

    Raises
    ------
    ImageError
        If the file is not a Radiance picture, or is damaged.
    """
    try:
        picture: NDArray[np.float32] = imagecodecs.rgbe_decode(Path(path).read_bytes())
    except (RuntimeError, ValueError, MemoryError) as err:
        raise ImageError(
            f"{path} is damaged or not a Radiance picture with rows from top to bottom; download "
            "it again."
        ) from err
    return picture


def rectilinear_view(
    panorama: NDArray[np.float32],
    *,
    yaw: float,
    pitch: float,
    field_of_view: float,
    size: tuple[int, int],
    interpolation: Literal["bilinear", "bicubic"] = "bilinear",
) -> NDArray[np.float32]:
    """Return the view of a camera at the centre of an equirectangular panorama.

    Parameters
    ----------
    panorama : ndarray, shape (H, W, 3), values >= 0
        Longitude along the columns (360 degrees), latitude along the rows (90 to -90 degrees).
    yaw, pitch : float, degrees
        Direction of the camera: 0, 0 is the middle of the panorama; right and up are positive.
    field_of_view : float, degrees, in (0, 180)
        Across the view's width.
    size : tuple of int
        Height and width of the view.
    interpolation : {"bilinear", "bicubic"}
        Bicubic is sharper if a view enlarges, but a lamp a thousand times brighter than the wall
        beside it gets a black ring: clip the panorama to the range of the sensor first.

    Returns
    -------
    ndarray, shape (*size, 3), float32, values >= 0
    """
    longitude, latitude = _directions(math.radians(yaw), math.radians(pitch), field_of_view, size)
    margin = 4  # wraps around, so that no view has a seam at the panorama's ends
    source = torch.from_numpy(np.pad(panorama, ((0, 0), (margin, margin), (0, 0)), mode="wrap"))
    width = panorama.shape[1]
    columns = (longitude / (2 * math.pi) + 0.5) * width + margin
    across = columns / (width + 2 * margin) * 2 - 1
    down = -latitude / (math.pi / 2)
    grid = torch.from_numpy(np.stack((across, down), axis=-1).astype(np.float32))
    view = functional.grid_sample(
        source.permute(2, 0, 1)[None],
        grid[None],
        mode=interpolation,
        padding_mode="border",
        align_corners=False,
    )
    result: NDArray[np.float32] = view[0].permute(1, 2, 0).clamp_(min=0).contiguous().numpy()
    return result


def _directions(
    yaw: float, pitch: float, field_of_view: float, size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude in [-pi, pi) and latitude in [-pi/2, pi/2] of each pixel's line of sight."""
    height, width = size
    half = math.tan(math.radians(field_of_view) / 2)
    right = (np.arange(width) + 0.5) / width * 2 - 1
    up = (1 - (np.arange(height) + 0.5) / height * 2) * (height / width)
    x, y = np.meshgrid(right * half, up * half)
    forward = math.cos(pitch) - y * math.sin(pitch)
    upward = math.sin(pitch) + y * math.cos(pitch)
    longitude = (np.arctan2(x, forward) + yaw + math.pi) % (2 * math.pi) - math.pi
    return longitude, np.arctan2(upward, np.hypot(x, forward))
