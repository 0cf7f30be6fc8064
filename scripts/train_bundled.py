"""Train the two bundled checkpoints on images with free licences.

    python scripts/train_bundled.py --data DATA --work runs --architecture zero-dce-pp

If --minutes or Ctrl-C stops it, the next start continues from the last saved step.

DATA holds ``hdr/polyhaven/*.hdr`` (CC0), ``hdr/openexr/*.exr`` (BSD-3-Clause) and
``photos/kodak/*.png`` (released for unrestricted use); photos from scikit-image are added. Needs
``pip install OpenEXR scikit-image`` besides the package. docs/training.md describes the results.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from panoramas import read_radiance, rectilinear_view
from simulated_photos import SensorNoise, meter, photograph

from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.exposures import decode_srgb
from napari_zerodce.training.loop import StepReport, TrainingState, resume, save_state, train

ALL_STOPS = (-6.0, 2.0)
"""Over-exposed images are needed: trained on dark ones only, it over-enhances bright regions."""

COMMON_STOPS = (-4.5, 2.5)
"""The darkest images have the largest losses; without them, bright ones count enough."""


@dataclass(frozen=True)
class Stage:
    """A part of a recipe; each starts with the last weights of the stage before.

    Attributes
    ----------
    config : TrainingConfig
    until : int
        Steps to take, at most those of the configuration.
    whole_share : float
        Share of crops from a picture's smallest size, which show most of a scene. In use,
        Zero-DCE++ gets thumbnails, Zero-DCE every pixel.
    stops : tuple of float
        The range of exposures, relative to that of a light meter.
    """

    config: TrainingConfig
    until: int
    whole_share: float
    stops: tuple[float, float] = ALL_STOPS


def _stage(
    architecture: Architecture, weights: tuple[float, float], settings: dict[str, Any], **how: Any
) -> Stage:
    spatial, smoothness = weights
    # docs/training.md explains why these weights are not the published ones.
    balance = LossWeights(spatial=spatial, exposure=10, colour=1, smoothness=smoothness)
    config = TrainingConfig(architecture=architecture, crop=64, weights=balance, **settings)
    return Stage(config, **how)


_DCE: dict[str, Any] = {"batch": 6}
_DCE_LATE: dict[str, Any] = {"whole_share": 0.2, "stops": COMMON_STOPS}
_PP: dict[str, Any] = {"batch": 8, "learning_rate": 3e-3}

RECIPES: dict[str, tuple[Stage, ...]] = {
    "zero-dce": (
        _stage("zero-dce", (5, 200), _DCE | {"steps": 1200}, until=450, whole_share=0.6),
        _stage("zero-dce", (5, 100), _DCE | {"steps": 900}, until=550, whole_share=0.2),
        _stage("zero-dce", (5, 60), _DCE | {"steps": 500}, until=500, **_DCE_LATE),
        _stage(
            "zero-dce",
            (10, 120),
            _DCE | {"steps": 400, "learning_rate": 7e-4},
            until=400,
            **_DCE_LATE,
        ),
    ),
    "zero-dce-pp": (
        _stage("zero-dce-pp", (5, 1600), _PP | {"steps": 2400}, until=1000, whole_share=0.6),
        _stage("zero-dce-pp", (5, 600), _PP | {"steps": 1800}, until=950, whole_share=0.6),
        _stage(
            "zero-dce-pp",
            (5, 400),
            _PP | {"steps": 1000, "learning_rate": 2e-3},
            until=1000,
            whole_share=0.6,
            stops=COMMON_STOPS,
        ),
    ),
}
"""The stages that were run. If one stops early, a person viewed results and changed the balance."""

HELD_OUT = (
    "kodim19", "kodim23", "venice_sunset_1k", "st_fagans_interior_1k", "MtTamWest", "GoldenGate"
)  # fmt: skip
"""Kept for validation and, in the case of the Golden Gate, for the sample image."""

DEEP_OR_SUBSAMPLED = ("Leaves", "Trunks", "CrissyField", "Flowers", "MtTamNorth")
"""Deep pixels, or chroma at half size: five pictures do not justify a reader for them."""

LAT_LONG = ("KernerEnvLatLong", "StageEnvLatLong")
CLEAN_SKIMAGE = ("astronaut", "coffee", "chelsea", "rocket")
VIEWS_PER_PANORAMA = 8
SHOT = (-4.5, -2.5)
READ = (-4.0, -2.7)
"""Powers of ten of the noise: from a large sensor in daylight to a phone at ISO 3200."""

GREY_SHARE = 0.05
SOURCES = (
    "Poly Haven HDRIs (CC0); OpenEXR test images (BSD-3-Clause); Kodak photos (unrestricted use); "
    "scikit-image astronaut, coffee, chelsea, rocket (public domain or CC0)"
)

TrainingImage = NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """Linear pictures at several sizes, photographed again at each step: a `BatchSource`."""

    pictures: list[list[TrainingImage]]
    whole_share: float
    stops: tuple[float, float]

    def __call__(self, generator: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return `count` square photographs of random exposure."""
        shots = [self._photograph_one(generator, side) for _ in range(count)]
        return Batch(np.ascontiguousarray(np.stack(shots).transpose(0, 3, 1, 2)))

    def _photograph_one(self, generator: np.random.Generator, side: int) -> TrainingImage:
        sizes = self.pictures[generator.integers(len(self.pictures))]
        sizes = [picture for picture in sizes if min(picture.shape[:2]) >= side]
        whole = generator.random() < self.whole_share
        picture = sizes[-1] if whole else sizes[generator.integers(len(sizes))]
        row = generator.integers(picture.shape[0] - side + 1)
        column = generator.integers(picture.shape[1] - side + 1)
        crop = picture[row : row + side, column : column + side]
        if generator.random() < 0.5:
            crop = crop[:, ::-1]
        if generator.random() < GREY_SHARE:
            crop = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2)
        noise = SensorNoise(10 ** generator.uniform(*SHOT), 10 ** generator.uniform(*READ))
        stops = generator.uniform(*self.stops)
        return photograph(crop, stops, noise=noise, generator=generator)


def load_pictures(data: Path) -> list[list[TrainingImage]]:
    """Read, meter and shrink all training pictures."""
    return [_sizes(picture) for picture in _pictures(data)]


def _pictures(data: Path) -> Iterator[TrainingImage]:
    import skimage.data

    for path in _training_files(data / "hdr/polyhaven", "*.hdr"):
        yield from _views(read_radiance(path))
    for path in _training_files(data / "hdr/openexr", "*.exr"):
        picture = read_openexr(path)
        yield from _views(picture) if path.stem in LAT_LONG else [picture]
    for path in _training_files(data / "photos/kodak", "*.png"):
        yield read_photo(path)
    for name in CLEAN_SKIMAGE:
        yield decode_srgb(
            getattr(skimage.data, name)()[..., :3].astype(np.float32) / np.float32(255)
        )


def _training_files(folder: Path, pattern: str) -> list[Path]:
    unused = (*HELD_OUT, *DEEP_OR_SUBSAMPLED)
    paths = sorted(path for path in folder.glob(pattern) if path.stem not in unused)
    if not paths:
        raise SystemExit(f"There are no {pattern} files in {folder}.")
    return paths


def _views(panorama: TrainingImage) -> Iterator[TrainingImage]:
    generator = np.random.default_rng(0)
    for index in range(VIEWS_PER_PANORAMA):
        yield rectilinear_view(
            panorama,
            yaw=360 * index / VIEWS_PER_PANORAMA + generator.uniform(0, 40),
            pitch=generator.uniform(-25, 25),
            field_of_view=generator.uniform(60, 100),
            size=(256, 256),
        )


def _sizes(picture: TrainingImage) -> list[TrainingImage]:
    """Return a metered picture and its halves: crops see detail and whole scenes."""
    picture = (picture * np.float32(meter(picture))).astype(np.float32)
    sizes = [picture]
    while min(picture.shape[:2]) >= 128:
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        blocks = picture[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
        picture = blocks.mean(axis=(1, 3))
        sizes.append(picture)
    return sizes


def read_openexr(path: Path) -> TrainingImage:
    """Read a flat OpenEXR picture, colour or grey, as linear light of shape (H, W, 3)."""
    import OpenEXR

    with OpenEXR.File(str(path)) as file:
        channels = file.channels()
        name = next(name for name in ("RGB", "RGBA", "Y") if name in channels)
        pixels = np.asarray(channels[name].pixels, dtype=np.float32)
    pixels = pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    return np.nan_to_num(pixels, posinf=65504.0).clip(0, None)


def read_photo(path: Path) -> TrainingImage:
    """Read an 8-bit photo as linear light of shape (H, W, 3)."""
    from PIL import Image

    return decode_srgb(
        np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / np.float32(255)
    )


def run(
    stages: tuple[Stage, ...], pictures: list[list[TrainingImage]], work: Path, *, deadline: float
) -> None:
    """Train stage after stage until all are done or the time is over; save every 50 steps."""
    for number, stage in enumerate(stages):
        state = open_stage(stages, number, work)
        batches = Pictures(pictures, stage.whole_share, stage.stops)
        while state.step < stage.until:
            if time.monotonic() >= deadline:
                return
            reports: list[StepReport] = []
            until = min(state.step + 50, stage.until)
            train(state, batches, until=until, report=reports.append)
            save_state(state, folder_of(work, number))
            print(f"stage {number + 1}, {_line(reports)}", flush=True)


def open_stage(stages: tuple[Stage, ...], number: int, work: Path) -> TrainingState:
    """Return the present state of a stage; a new one has the weights of the stage before."""
    folder = folder_of(work, number)
    state = resume(stages[number].config, folder)
    if number > 0 and not state.step:
        before = resume(stages[number - 1].config, folder_of(work, number - 1))
        state.network.load_state_dict(before.network.state_dict())
    return state


def folder_of(work: Path, number: int) -> Path:
    """Return the folder of a stage's state."""
    return work / f"stage-{number + 1}"


def _line(reports: list[StepReport]) -> str:
    names = reports[0].terms
    means = {name: sum(report.terms[name] for report in reports) / len(reports) for name in names}
    terms = " ".join(f"{name} {value:.4f}" for name, value in means.items())
    return f"step {reports[-1].step}/{reports[-1].steps}: {terms}"


def provenance(stages: tuple[Stage, ...], step: int) -> dict[str, str]:
    """Return how the weights were made, for the checkpoint's metadata."""
    last = stages[-1].config
    weights = last.weights
    taken = [stage.until for stage in stages[:-1]] + [step]
    return {
        "trained_by": "napari-zerodce",
        "script": "scripts/train_bundled.py",
        "images": SOURCES,
        "held_out": ", ".join(HELD_OUT),
        "steps": " + ".join(map(str, taken)),
        "seed": str(last.seed),
        "exposure_target": str(last.target),
        "loss_weights": f"spatial {weights.spatial:g}, exposure {weights.exposure:g}, "
        f"colour {weights.colour:g}, smoothness {weights.smoothness_for(last.architecture):g}",
        "stages": json.dumps([stage.config.model_dump() for stage in stages]),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "torch": torch.__version__,
    }


def save(stages: tuple[Stage, ...], work: Path, output: Path) -> None:
    """Write the last stage's weights, finished or not, as a checkpoint."""
    state = open_stage(stages, len(stages) - 1, work)
    state.network.scale_factor = ARCHITECTURES[state.config.architecture].default_scale_factor
    facts = provenance(stages, state.step)
    save_checkpoint(output, state.network, licence="BSD-3-Clause", provenance=facts)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add: Callable[..., object] = parser.add_argument
    add("--data", type=Path, required=True, help="folder with hdr/ and photos/")
    add("--work", type=Path, required=True, help="folder for the run's state")
    add("--architecture", choices=sorted(RECIPES), default="zero-dce-pp")
    add("--output", type=Path, help="checkpoint to write, ending in .safetensors")
    add("--minutes", type=float, default=1e9, help="stop after this long")
    arguments = parser.parse_args()
    stages = RECIPES[arguments.architecture]
    deadline = time.monotonic() + 60 * arguments.minutes
    run(stages, load_pictures(arguments.data), arguments.work, deadline=deadline)
    if arguments.output:
        save(stages, arguments.work, arguments.output)


if __name__ == "__main__":
    main()
