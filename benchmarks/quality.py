"""Compare checkpoints with other methods, on pictures that they are not trained on.

    python benchmarks/quality.py photos --data DATA [--pairs LOL] [--published DIR]
    python benchmarks/quality.py fluorescence --data DATA [--frames W2S] [--published DIR]

DATA has photos/, hdr/ and microscopy/ as docs/training.md describes; parts that it lacks are left
out. `--pairs` and `--frames` take any folder with low/NAME and high/NAME, such as LOL and W2S.
`--pictures DIR` keeps what was measured as PNG files: look at them, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from comparison import fluorescence_tables, frames, photo_tables
from comparison.fluorescence import unit, window_of
from comparison.fluorescence_tables import Keep
from comparison.methods import Method, checkpoint_methods, published_methods, simple_methods
from comparison.tables import Table
from PIL import Image

from napari_zerodce.checkpoints.registry import BUNDLED


def photo_comparison(options: argparse.Namespace, methods: list[Method], keep: Keep) -> list[Table]:
    """Return the tables of photos."""
    from comparison import scenes

    found: list[Table] = []
    if options.data:
        dark = list(scenes.dark_scenes(options.data, count=options.count))
        found += photo_tables.fidelity_tables(dark, methods, keep=keep)
        bright = list(scenes.well_exposed(options.data, count=options.count))
        found += [photo_tables.well_exposed_table(bright, methods, keep=keep)] if bright else []
        dicm = list(scenes.photos_of(options.data / "photos/dicm", count=options.count))
        found += [photo_tables.contrast_table(dicm, methods, keep=keep)] if dicm else []
    for folder in options.pairs:
        pairs = list(scenes.pairs_of(folder, count=options.count))
        found += photo_tables.fidelity_tables(pairs, methods, keep=keep)
    return found


def fluorescence_comparison(
    options: argparse.Namespace, methods: list[Method], keep: Keep
) -> list[Table]:
    """Return the tables of fluorescence."""
    found = [frame for folder in options.frames for frame in frames.pairs_of(folder)]
    if options.data:
        found = [*frames.frames_of(options.data, count=options.count), *found]
    tables = fluorescence_tables.tables(found, methods, keep=keep)
    return [fluorescence_tables.dim_cells_table(methods, keep=keep), *tables]


COMPARISONS: dict[str, Callable[[argparse.Namespace, list[Method], Keep], list[Table]]] = {
    "photos": photo_comparison,
    "fluorescence": fluorescence_comparison,
}


def methods_of(options: argparse.Namespace) -> list[Method]:
    """Return the methods that the options ask for."""
    ours = checkpoint_methods(
        options.checkpoint or [entry.name for entry in BUNDLED],
        window=options.window,
        detail_gain_limit=options.detail_gain_limit,
    )
    simple = simple_methods(fitting=not options.no_fitting)
    return [*simple, *published_methods(options.published), *ours]


def kept_in(folder: Path | None) -> Keep:
    """Return a function that writes results as PNG files, in the window of their source."""
    if folder is None:
        return fluorescence_tables.ignore
    folder.mkdir(parents=True, exist_ok=True)

    def keep(name: str, source: Any, result: Any) -> None:
        shown = result
        if source.ndim == 2:
            shown = np.round(unit(result, window_of(source)).clip(0, 1) * 255).astype(np.uint8)
        Image.fromarray(shown).save(folder / f"{name.replace('/', '_')}.png")

    return keep


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    found = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = found.add_subparsers(dest="comparison", required=True)
    for name in COMPARISONS:
        command = commands.add_parser(name)
        add = command.add_argument
        add("--data", type=Path, help="folder with photos/, hdr/ and microscopy/")
        add("--checkpoint", action="append", help="name or file; may be repeated")
        add("--window", default="auto", help="window of the checkpoints (default: auto)")
        add("--detail-gain-limit", type=float, help="limit to detail of the checkpoints")
        add("--published", type=Path, help="folder with the published weights, .pth files")
        add("--count", type=int, help="most pictures of each part")
        add("--no-fitting", action="store_true", help="leave out the network fitted to each image")
        add("--pictures", type=Path, help="folder to keep all results in, as PNG files")
        if name == "photos":
            add("--pairs", action="append", default=[], type=Path, help="folder as LOL")
        else:
            add("--frames", action="append", default=[], type=Path, help="folder of low/ and high/")
    return found


def main() -> None:
    """Print the tables."""
    options = parser().parse_args()
    tables = COMPARISONS[options.comparison](
        options, methods_of(options), kept_in(options.pictures)
    )
    if not tables:
        sys.exit("There is nothing to compare: give --data, or a folder of pairs.")
    for table in tables:
        print(table.markdown(), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
