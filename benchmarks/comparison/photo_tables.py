"""The tables of photos: dark ones with a reference, well-exposed ones, others without."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from comparison.fluorescence import matching_gamma
from comparison.fluorescence_tables import Keep, ignore
from comparison.methods import PUBLISHED, SOURCE, Method
from comparison.photos import (
    fidelity,
    grey,
    local_contrast,
    local_contrast_at,
    luminance,
    tint,
)
from comparison.scenes import Photo, Scene, as_bytes
from comparison.tables import Column, Table

FIDELITY_COLUMNS = (
    Column("brightness", 3),
    Column("PSNR", 2),
    Column("SSIM", 3),
    Column("scaled PSNR", 2),
    Column("scaled SSIM", 3),
    Column("GT-mean PSNR", 2),
    Column("GT-mean SSIM", 3),
    Column("edges", 3),
    Column("tint", 4),
)
CONTRAST_COLUMNS = (
    Column("brightness before", 3),
    Column("brightness", 3),
    Column("contrast", 3),
    Column("matched, 15 px", 3),
    Column("matched, 31 px", 3),
    Column("tint", 4),
)
WELL_EXPOSED_COLUMNS = (
    Column("brightness before", 3),
    Column("mean", 3),
    Column("least", 3),
    Column("most", 3),
)
MATCHED_GAMMA = "gamma to the reference"
USUAL_BRIGHTNESS = 0.45
"""Where results are matched if there are no published weights: a well-exposed photo."""

Unit = NDArray[np.float32]


def fidelity_tables(
    scenes: Sequence[Scene], methods: Sequence[Method], *, keep: Keep = ignore
) -> list[Table]:
    """Return a table for each group of scenes: the means over them."""
    groups: dict[str, list[Scene]] = {}
    for scene in scenes:
        groups.setdefault(scene.group, []).append(scene)
    return [_fidelity_table(group, found, methods, keep) for group, found in groups.items()]


def contrast_table(
    photos: Sequence[tuple[str, Photo]], methods: Sequence[Method], *, keep: Keep = ignore
) -> Table:
    """Return local contrast at matched brightness, and the tint of the photos in grey.

    The brightness is that of the first published method's result, photo by photo.
    """
    reference = next((each for each in methods if each.name.startswith(PUBLISHED)), None)
    rows: dict[str, list[tuple[float, ...]]] = {method.name: [] for method in methods}
    for name, photo in photos:
        results = {method.name: unit(method.apply(photo)) for method in methods}
        wanted = _brightness(results[reference.name]) if reference else USUAL_BRIGHTNESS
        for method in methods:
            result = results[method.name]
            keep(f"{name} {method.name}", photo, as_bytes(result))
            rows[method.name].append(
                (
                    _brightness(unit(photo)),
                    _brightness(result),
                    local_contrast(result),
                    local_contrast_at(result, wanted, window=15),
                    local_contrast_at(result, wanted, window=31),
                    _tint_of_grey(method, photo),
                )
            )
    where = f"that of {reference.name}" if reference else f"{USUAL_BRIGHTNESS}"
    return Table(
        f"{len(photos)} dark photos without a reference, matched brightness: {where}",
        CONTRAST_COLUMNS,
        tuple((name, _means(found)) for name, found in rows.items()),
    )


def well_exposed_table(
    photos: Sequence[tuple[str, Photo]], methods: Sequence[Method], *, keep: Keep = ignore
) -> Table:
    """Return what happens to the brightness of well-exposed photos."""
    before = float(np.mean([_brightness(unit(photo)) for _, photo in photos]))
    rows = []
    for method in methods:
        after = []
        for name, photo in photos:
            result = method.apply(photo)
            keep(f"{name} {method.name}", photo, result)
            after.append(_brightness(unit(result)))
        rows.append((method.name, (before, float(np.mean(after)), min(after), max(after))))
    return Table(f"{len(photos)} well-exposed photos", WELL_EXPOSED_COLUMNS, tuple(rows))


def unit(photo: Photo) -> Unit:
    """Return an 8-bit photo in [0, 1]."""
    return photo.astype(np.float32) / np.float32(255)


def _fidelity_table(
    group: str, scenes: list[Scene], methods: Sequence[Method], keep: Keep
) -> Table:
    rows = []
    for method in methods:
        found = []
        for scene in scenes:
            result = method.apply(scene.dark)
            keep(f"{group} {scene.name} {method.name}", scene.dark, result)
            found.append(
                (*_fidelity(unit(result), scene.reference), _tint_of_grey(method, scene.dark))
            )
        rows.append((method.name, _means(found)))
        if method.name == SOURCE:
            matched = [_fidelity(_gamma_to_reference(scene), scene.reference) for scene in scenes]
            rows.append((MATCHED_GAMMA, (*_means(matched), np.nan)))
    title = f"{len(scenes)} dark photos with a reference: {group}"
    return Table(title, FIDELITY_COLUMNS, tuple(rows))


def _gamma_to_reference(scene: Scene) -> Unit:
    """Return the dark photo after the gamma that gives it the reference's mean luminance."""
    dark = unit(scene.dark)
    plane = luminance(dark).astype(np.float64)
    everywhere = np.ones(plane.shape, bool)
    gamma = matching_gamma(plane, everywhere, _brightness(scene.reference))
    return np.asarray(dark ** np.float32(gamma))


def _fidelity(result: Unit, reference: Unit) -> tuple[float, ...]:
    found = fidelity(result, reference)
    return (
        found.brightness,
        found.psnr,
        found.ssim,
        found.scaled_psnr,
        found.scaled_ssim,
        found.gt_mean_psnr,
        found.gt_mean_ssim,
        found.edges,
    )


def _tint_of_grey(method: Method, photo: Photo) -> float:
    return tint(unit(method.apply(as_bytes(grey(unit(photo))))))


def _brightness(picture: Unit) -> float:
    return float(luminance(picture).mean())


def _means(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(float(number) for number in np.mean(rows, axis=0))
