"""Fluorescence frames that no checkpoint is trained on, each with a clean partner's masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comparison.dim_cells import expose_frame
from comparison.masks import SMOOTHING, Masks, masks_of
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, read_image

Array = NDArray[Any]

LARGEST = 1024
"""Larger frames are cropped to their middle."""

HELD_OUT_DSB2018 = 30
"""The last images of dsb2018 by name, which the training leaves out."""

EXPOSURES = (1000.0, 300.0, 100.0)
"""Electrons of the percentile 99.9 of a simulated frame."""

NOISY_SMOOTHING = 2.0
TIMELAPSE_FRAMES = (0, 10, 20)


@dataclass(frozen=True)
class Frame:
    """A frame.

    Attributes
    ----------
    group : str
        The table that it belongs to.
    name : str
    image : ndarray, shape (H, W)
    masks : Masks
    """

    group: str
    name: str
    image: Array
    masks: Masks


def frames_of(data: Path, *, count: int | None = None) -> Iterator[Frame]:
    """Yield the frames of a data folder: real pairs, simulated low exposures, a time series.

    Parameters
    ----------
    data : Path
        Folder with microscopy/; parts that are not there are left out.
    count : int, optional
        Most images of each part, spread over it.
    """
    folder = data / "microscopy"
    for low in spread(sorted((folder / "snr_pairs").glob("*.low.*")), count):
        name = low.name.partition(".")[0]
        yield _pair("real pairs", name, low, low.with_name(low.name.replace(".low.", ".high.")))
    clean = spread(sorted((folder / "human").glob("*.tif")), count)
    clean += spread(sorted((folder / "dsb2018").glob("*.png"))[-HELD_OUT_DSB2018:], count)
    for exposure in EXPOSURES:
        for path in clean:
            yield simulated(path, exposure)
    series = sorted((folder / "timelapse").glob("frame_*.tif"))
    for number in TIMELAPSE_FRAMES if series else ():
        image = read_frame(series[number])
        masks = masks_of(image, smoothing=NOISY_SMOOTHING)
        yield Frame("time series", series[number].stem, image, masks)


def pairs_of(folder: Path) -> Iterator[Frame]:
    """Yield the frames of folder/low, each with its namesake in folder/high."""
    for low in readable(folder / "low"):
        yield _pair(folder.name, low.stem, low, folder / "high" / low.name)


def simulated(path: Path, exposure: float) -> Frame:
    """Return a frame with fewer electrons than a clean image; the seed is from both."""
    clean = read_frame(path)
    light = clean.astype(np.float64) / max(float(np.percentile(clean, 99.9)), 1.0)
    seed = [int(exposure), *path.stem.encode()]
    image = expose_frame(light * exposure, generator=np.random.default_rng(seed))
    group = f"simulated, {exposure:g} electrons"
    return Frame(group, path.stem, image, masks_of(clean))


def read_frame(path: Path) -> Array:
    """Return the first plane of a file, in grey, cropped to `LARGEST`."""
    file = read_image(path)
    array = np.asarray(file.array)
    if file.channels != "mono":
        array = array[..., 1]
    while array.ndim > 2:
        array = array[0]
    rows, columns = (slice(max(0, (side - LARGEST) // 2), None) for side in array.shape)
    return np.ascontiguousarray(array[rows, columns][:LARGEST, :LARGEST])


def readable(folder: Path) -> list[Path]:
    """Return the image files of a folder, sorted.

    Raises
    ------
    SystemExit
        If there are none.
    """
    if not folder.is_dir():
        raise SystemExit(f"There is no folder {folder}; pairs are in DIR/low and DIR/high.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in READABLE_SUFFIXES)
    if not found:
        raise SystemExit(f"There are no images in {folder}.")
    return found


def spread(paths: list[Path], count: int | None) -> list[Path]:
    """Return at most `count` of the paths, at equal distances."""
    if count is None or len(paths) <= count:
        return paths
    return [paths[index] for index in np.linspace(0, len(paths) - 1, count).round().astype(int)]


def _pair(group: str, name: str, low: Path, high: Path) -> Frame:
    return Frame(group, name, read_frame(low), masks_of(read_frame(high), smoothing=SMOOTHING))
