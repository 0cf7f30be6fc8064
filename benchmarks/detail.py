"""Measure how a limit to the gain of detail changes noise, and detail that is not noise.

    python benchmarks/detail.py PHOTO_OR_FOLDER... [--checkpoint NAME_OR_FILE]... [--stops -4]

Photos count as clean; Radiance panoramas (.hdr) give the view at their middle. Each is
photographed again too dark: exposed `--stops` under, with Poisson-Gaussian noise, as 8 bits. The
enhanced result is compared with the clean photo. The noise is simulated, without the processing of
a real camera as in the LOL pairs.

Per picture, then averaged:

gain      median slope of the curves, at most the limit
spots     pixels per 10,000 that are more than 0.05 from the median of the 5x5 around them, in the
          luminance of the half where the clean photo varies least; not where its standard
          deviation in 9x9 pixels is above 0.02 even there: half of some photos is not flat
SSIM      with the clean photo, in luminance, after scaling to its mean luminance
PSNR      the same, of the colours
edges     correlation of the gradients with those of the clean photo, on its steepest tenth: if
          this and the spots decrease together, the method blurs
texture   how strong the fine detail of the clean photo is in the result, in the same place,
          after the same scaling: 1 is as strong as in the clean photo; noise does not count
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from comparison.photos import edge_correlation
from scipy.ndimage import gaussian_filter, median_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from smoothness.measures import flat_places, texture

from napari_zerodce.engine.apply_look import noise_gain
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import View, estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, read_image
from napari_zerodce.training.exposures import decode_srgb

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from panoramas import read_radiance, rectilinear_view
from simulated_photos import SensorNoise, meter, photograph

NOISE = SensorNoise(shot=1e-4, read=3e-4)
"""A full well of 10,000 electrons and 3 electrons of read noise: a small sensor."""

CLEAN = SensorNoise()
VIEW = (512, 768)
SPOT = 0.05
SMOOTHING = 15.0

DIGITS = (2, 1, 3, 2, 3, 2)
"""Of gain, spots, SSIM, PSNR, edges and texture."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)

Measures = tuple[float, ...]


def clean_pictures(paths: list[Path]) -> Iterator[tuple[Path, np.ndarray]]:
    """Yield pictures in linear light, shape (H, W, 3), float32, well exposed."""
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.suffix.lower() == ".hdr":
                linear = rectilinear_view(
                    read_radiance(file), yaw=0, pitch=0, field_of_view=90, size=VIEW
                )
                yield file, linear * np.float32(meter(linear))
            elif file.suffix.lower() in READABLE_SUFFIXES:
                image = read_image(file)
                if image.channels == "rgb" and image.array.dtype == np.uint8:
                    yield file, decode_srgb(image.array / np.float32(255))


def smoothed(view: View) -> View:
    """Return the view with each map smoothed by a Gaussian."""
    soft = gaussian_filter(view.alphas, SMOOTHING, axes=(-2, -1), mode="nearest")
    return replace(view, alphas=soft)


def looks() -> dict[str, tuple[Callable[[View], View], Look]]:
    """Return the compared methods by name."""

    def as_it_is(view: View) -> View:
        return view

    found = {
        "as estimated": (as_it_is, Look()),
        f"maps smoothed, sigma {SMOOTHING:g} px": (smoothed, Look()),
        "global curve": (as_it_is, Look(global_curve=True)),
    }
    for limit in (4, 3, 2, 1.5, 1):
        found[f"detail limit {limit:g}"] = (as_it_is, Look(detail_gain_limit=limit))
    return found


def spots(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return spots per 10,000 pixels of a luminance where the clean one is flat."""
    spotted = np.abs(found - median_filter(found, 5)) > SPOT
    return float(1e4 * spotted[flat_places(wanted)].mean())


def measure(picture: np.ndarray, clean: np.ndarray) -> Measures:
    """Return spots, SSIM, PSNR, edges and texture of a picture in [0, 1] beside the clean one."""
    wanted = clean @ _LUMINANCE
    found = picture @ _LUMINANCE
    matched = (picture * (wanted.mean() / max(found.mean(), 1e-6))).clip(0, 1)
    luminance = matched @ _LUMINANCE
    return (
        spots(found, wanted),
        float(structural_similarity(luminance, wanted, data_range=1, gaussian_weights=True)),
        float(peak_signal_noise_ratio(clean, matched, data_range=1)),
        edge_correlation(luminance, wanted),
        texture(luminance, wanted, flat_places(wanted)),
    )


def rows(linear: np.ndarray, checkpoint: str, stops: float, seed: int) -> dict[str, Measures]:
    """Return the measures of every look of one picture, and of the clean one itself."""
    generator = np.random.default_rng(seed)
    clean = photograph(linear, 0, noise=CLEAN, generator=generator)
    dark = photograph(linear, stops, noise=NOISE, generator=generator)
    request = EnhanceRequest(
        image=np.round(dark * 255).astype(np.uint8),
        channels="rgb",
        settings=EnhanceSettings(checkpoint=checkpoint, device="cpu", precision="float32"),
    )
    view = estimate_view(request, Viewport(slice(0, dark.shape[0]), slice(0, dark.shape[1])))
    found = {}
    for name, (changed, look) in looks().items():
        changed_view = changed(view)
        gain = np.median(noise_gain(changed_view.unit, changed_view.alphas_for(look), look))
        picture = changed_view.render(look) / np.float32(255)
        found[name] = (gain, *measure(picture, clean))
    luminance = clean @ _LUMINANCE
    found["the clean photo"] = (np.nan, spots(luminance, luminance), *[np.nan] * 4)
    return found


def main() -> None:
    """Print a table for each checkpoint."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="PHOTO", help="files or folders")
    parser.add_argument("--checkpoint", action="append", help="name or file; may be repeated")
    parser.add_argument("--stops", type=float, default=-4, help="exposure (default: -4)")
    options = parser.parse_args()

    pictures = list(clean_pictures(options.paths))
    print(f"{len(pictures)} pictures, {options.stops:g} stops, {NOISE}\n")
    for checkpoint in options.checkpoint or ["zero-dce", "zero-dce-pp"]:
        measured = [
            rows(linear, checkpoint, options.stops, seed)
            for seed, (_, linear) in enumerate(pictures)
        ]
        print(f"| {checkpoint} | gain | spots | SSIM | PSNR | edges | texture |")
        print("|---|---|---|---|---|---|---|")
        for name in measured[0] if measured else ():
            values = np.mean([each[name] for each in measured], axis=0)
            cells = (
                "-" if np.isnan(value) else f"{value:.{digits}f}"
                for value, digits in zip(values, DIGITS, strict=True)
            )
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
        print()


if __name__ == "__main__":
    main()
