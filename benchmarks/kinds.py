"""Print which weights are chosen automatically for images of known kinds.

    python benchmarks/kinds.py DATA

DATA has the folders microscopy and photos. All images are read as mono: colour photos become grey.
The table in docs/fluorescence.md is from here.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from scipy.ndimage import gaussian_filter

from napari_zerodce.engine.automatic import weights_for
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, read_image

Array = np.ndarray[Any, Any]
Named = Iterator[tuple[str, Array]]

PHOTOS = (
    "astronaut", "brick", "camera", "cat", "clock", "coffee", "coins", "grass", "gravel",
    "hubble_deep_field", "logo", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
TRANSMITTED = ("cell", "immunohistochemistry")
FLUORESCENCE = ("cells3d", "human_mitosis")


def folder(path: Path) -> Named:
    """Yield the images of a folder as mono images."""
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in READABLE_SUFFIXES:
            image = read_image(file)
            yield file.stem, image.array if image.channels == "mono" else grey(image.array)


def grey(image: Array) -> Array:
    """Return the luma of a colour image, in its dtype."""
    return np.rint(image[..., :3] @ (0.299, 0.587, 0.114)).astype(image.dtype)


def from_skimage(names: tuple[str, ...]) -> Named:
    """Yield images of scikit-image that are on this machine."""
    for name in names:
        try:
            image = getattr(skimage.data, name)()
        except Exception:  # noqa: BLE001  it is not downloaded
            continue
        if name == "cells3d":
            yield "cells3d membranes", image[:, 0]
            yield "cells3d nuclei", image[:, 1]
        else:
            yield name, grey(image) if image.ndim == 3 and image.shape[-1] in {3, 4} else image


def cells(seed: int, side: int = 384) -> Array:
    """Return the shape of some cells, between 0 and 1 with soft edges: a ground truth."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    image = np.zeros((side, side))
    for _ in range(int(rng.integers(8, 30))):
        row, column = rng.uniform(0, side, 2)
        radius, stretch = rng.uniform(8, 22), rng.uniform(0.6, 1.6)
        distance = np.hypot((rows - row) * stretch, columns - column) / radius
        image = np.maximum(image, rng.uniform(0.3, 1) * (distance < 1))
    texture = gaussian_filter(rng.normal(size=image.shape), 2) * 3
    return np.clip(gaussian_filter(image, 1.5) * (1 + 0.2 * texture), 0, 1)


def transmitted(kind: str, shape: Array) -> Array:
    """Return cells in transmitted light with a grey background of 1."""
    if kind == "brightfield":  # absorption, and a brighter rim
        return 1 - 0.5 * shape + 0.6 * np.clip(gaussian_filter(shape, 4) - shape, 0, None)
    if kind == "phase contrast":  # dark cells in a bright halo
        return 1 - 0.6 * shape + 1.2 * np.clip(gaussian_filter(shape, 6) - shape, 0, None)
    return 1 + 4 * np.gradient(gaussian_filter(shape, 1), axis=1)  # DIC: bright and dark sides


def simulated_transmitted() -> Named:
    """Yield phase contrast, brightfield and DIC with a background between dark and bright grey."""
    for number, kind in enumerate(("brightfield", "phase contrast", "DIC") * 3):
        for flaw in ("clean", "noise", "hot pixel", "vignetting"):
            for bits in (8, 16):
                rng = np.random.default_rng(number)
                level = (0.25, 0.45, 0.6)[number // 3]
                image = level * transmitted(kind, cells(number))
                if flaw == "vignetting":
                    rows, columns = np.mgrid[
                        -1 : 1 : image.shape[0] * 1j, -1 : 1 : image.shape[1] * 1j
                    ]
                    image = image * (1 - 0.25 * (rows**2 + columns**2))
                if flaw != "clean":
                    image = image + rng.normal(0, 0.02, image.shape)
                if flaw == "hot pixel":
                    image[7, 7] = 1
                top = 2**bits - 1 if bits == 8 else 4095  # a camera with 12 bits
                yield (
                    f"{kind}, level {level}, {flaw}, {bits} bits",
                    np.rint(image.clip(0, 1) * top).astype(f"u{bits // 8}"),
                )


def low_photon(photons: float) -> Named:
    """Yield fluorescent cells: Poisson noise, a camera with an offset of 100 and noise of 2."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        signal = rng.poisson(photons * cells(seed) + 0.1)
        yield (
            f"seed {seed}",
            np.rint(100 + 2 * signal + rng.normal(0, 2, signal.shape)).astype("u2"),
        )


def groups(data: Path) -> Iterator[tuple[str, str, Named]]:
    """Yield the name, the expected weights and the images of each group."""
    micro, photos = data / "microscopy", data / "photos"
    for name in ("dsb2018", "human", "snr_pairs", "timelapse"):
        yield name, "fluorescence", folder(micro / name)
    yield "scikit-image, fluorescence", "fluorescence", from_skimage(FLUORESCENCE)
    for photons in (3, 5, 10, 30, 100):
        yield f"simulated, {photons} photons, offset 100", "fluorescence", low_photon(photons)
    yield "simulated phase contrast, brightfield, DIC", "photo", simulated_transmitted()
    yield "scikit-image, transmitted light", "photo", from_skimage(TRANSMITTED)
    yield "scikit-image, photos and textures", "photo", from_skimage(PHOTOS)
    yield "Kodak, grey", "photo", folder(photos / "kodak")
    yield "DICM (dark photos), grey", "photo", folder(photos / "dicm")


def main() -> None:
    """Print the table, and the images that are not judged as expected."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with microscopy and photos")
    data = parser.parse_args().data
    warnings.filterwarnings("ignore", module="skimage")
    print("| images | judged fluorescence | judged photo |\n|---|---|---|")
    wrong: list[str] = []
    for name, expected, images in groups(data):
        found = {"fluorescence": 0, "photo": 0}
        for title, image in images:
            choice = weights_for(image, channels="mono")
            found[choice.made_for] += 1
            if choice.made_for != expected:
                wrong.append(f"{name}: {title}: {choice}")
        cells_of_row = [
            f"**{n}**" if kind != expected and n else str(n) for kind, n in found.items()
        ]
        print(f"| {name} | {' | '.join(cells_of_row)} |", flush=True)
    print(f"\n{len(wrong)} are not judged as expected:")
    print("\n".join(wrong))


if __name__ == "__main__":
    main()
