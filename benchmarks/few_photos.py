"""Measure whether green photos stay green when a network is fine-tuned on few of them.

    python benchmarks/few_photos.py --data DATA [--checkpoint zero-dce-pp] [--steps 200]

DATA has photos/kodak, hdr/polyhaven and hdr/openexr as docs/training.md describes. The photos are
forests, meadows and leaves, taken three stops too dark; the training sees 1, 3 or 8 of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2lab

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.networks import CurveNetwork
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.checkpoint_saver import enhanced
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.exposures import decode_srgb, encode_srgb, expose
from napari_zerodce.training.finetune import finetune
from napari_zerodce.training.new_run import TrainingRequest, create_run
from napari_zerodce.training.presets import PRESET_TITLES, Preset

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from panoramas import read_radiance, rectilinear_view
from simulated_photos import meter
from train_bundled import read_openexr

Picture = NDArray[np.uint8]

SIDE = 320
STOPS = -3
COUNTS = {1: [0], 3: [0, 1, 5], 8: list(range(8))}
COMPARED: tuple[Preset, ...] = ("photo", "few-photos")


def green_scenes(data: Path) -> list[NDArray[np.float32]]:
    """Return eight green scenes, linear: four forests, three meadows, and large leaves."""
    tree = read_openexr(data / "hdr/openexr/Tree.exr")[280 : 280 + SIDE, :SIDE]
    return [
        _kodak(data, 13, 90, 0),
        _meadow(data, 60, -28),
        _kodak(data, 23, 0, 0),
        tree / meter(tree) * 0.18,
        _kodak(data, 13, 80, 448),
        _meadow(data, 240, -28),
        _meadow(data, 20, -40),
        _kodak(data, 13, 100, 230),
    ]


def unseen_scenes(data: Path) -> dict[str, list[NDArray[np.float32]]]:
    """Return scenes that no training sees, linear."""
    return {
        "unseen meadows": [_meadow(data, 150, -25), _meadow(data, 320, -30)],
        "a red parrot": [_kodak(data, 23, 0, 440)],
    }


def _kodak(data: Path, number: int, row: int, column: int) -> NDArray[np.float32]:
    pixels = np.asarray(Image.open(data / f"photos/kodak/kodim{number:02}.png").convert("RGB"))
    light = decode_srgb(pixels.astype(np.float32) / 255)
    return light[row : row + SIDE, column : column + SIDE]


def _meadow(data: Path, yaw: float, pitch: float) -> NDArray[np.float32]:
    panorama = read_radiance(data / "hdr/polyhaven/rooitou_park_1k.hdr")
    size = (SIDE, SIDE)
    view = rectilinear_view(panorama, yaw=yaw, pitch=pitch, field_of_view=70, size=size)
    return view / view.mean() * 0.14


def photograph(scene: NDArray[np.float32], stops: float) -> Picture:
    """Return a scene as an 8-bit photo, without noise."""
    light = encode_srgb(expose(scene.astype(np.float32), stops))
    return (light * 255).round().astype(np.uint8)


def result_of(network: CurveNetwork, photo: Picture) -> NDArray[np.float64]:
    """Return a photo enhanced with a network, values in [0, 1]."""
    pixels = enhanced(
        np.ascontiguousarray(photo.transpose(2, 0, 1).astype(np.uint16) * 257), network
    )
    assert pixels is not None
    return pixels.transpose(1, 2, 0) / 65535


def tuned(
    photos: Sequence[Picture], preset: Preset, *, checkpoint: str, steps: int
) -> CurveNetwork:
    """Return the network after a fine-tuning on photos."""
    images = [
        TrainingImage(f"photo {number}", photo, "rgb", WindowChoice("dtype"))
        for number, photo in enumerate(photos)
    ]
    with tempfile.TemporaryDirectory() as folder:
        request = TrainingRequest(images, checkpoint, preset=preset, steps=steps, device="cpu")
        run = create_run(request, Path(folder) / "run")
        finetune(run)
        return load_checkpoint(run.last).network


def row(name: str, photos: Sequence[Picture], results: Sequence[NDArray[np.float64]]) -> str:
    """Return a line of the table: brightness, mean a* and b*, and turn of the hue."""
    colours = [_colour(result) for result in results]
    turns = [
        abs((_hue(after) - _hue(_colour(photo / 255)) + 180) % 360 - 180)
        for photo, after in zip(photos, colours, strict=True)
    ]
    brightness = np.mean([result.mean() for result in results])
    _, a, b = np.mean(colours, 0)
    return f"| {name} | {brightness:.3f} | {a:.1f}, {b:.1f} | {np.mean(turns):.0f}° |"


def _colour(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    lab: NDArray[np.float64] = rgb2lab(picture).reshape(-1, 3).mean(0)
    return lab


def _hue(lab: NDArray[np.float64]) -> float:
    return float(np.degrees(np.arctan2(lab[2], lab[1])))


def main() -> None:
    """Print a table for each number of photos."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", default="zero-dce-pp")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--counts", type=int, nargs="*", default=list(COUNTS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    scenes, unseen = green_scenes(options.data), unseen_scenes(options.data)
    before = load_checkpoint(options.checkpoint).network
    for count in options.counts:
        chosen = [scenes[number] for number in COUNTS[count]]
        photos = [photograph(scene, STOPS) for scene in chosen]
        print(f"\n{count} photos\n\n| | brightness | a*, b* | turn of the hue |\n|---|---|---|---|")
        print(row("dark", photos, [photo / 255 for photo in photos]))
        print(row("well exposed", photos, [photograph(scene, 0) / 255 for scene in chosen]))
        networks = {"before tuning": before} | {
            PRESET_TITLES[preset]: tuned(
                photos, preset, checkpoint=options.checkpoint, steps=options.steps
            )
            for preset in COMPARED
        }
        for name, network in networks.items():
            print(row(name, photos, [result_of(network, photo) for photo in photos]))
            for what, others in unseen.items():
                dark = [photograph(scene, STOPS) for scene in others]
                results = [result_of(network, photo) for photo in dark]
                print(row(f"{name}: {what}", dark, results), flush=True)


if __name__ == "__main__":
    main()
