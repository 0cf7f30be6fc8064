"""Compare checkpoints with other methods, on pictures that they are not trained on.

    python benchmarks/quality.py photos --data DATA [--pairs LOL] [--published DIR]
    python benchmarks/quality.py fluorescence --data DATA [--frames W2S] [--published DIR]
    python benchmarks/quality.py cards --data DATA --published DIR [--pairs LOL] [--frames W2S]

`cards` measures all bundled checkpoints, each on the pictures that it is for, writes the figures
into their model cards, and writes docs/model-cards.md. Without pictures it writes the page only.

DATA has photos/, hdr/ and microscopy/ as docs/training.md describes; parts that it lacks are left
out. `--pairs` and `--frames` take any folder with low/NAME and high/NAME, such as LOL and W2S.
`--pictures DIR` keeps what was measured as PNG files: look at them, too.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from comparison import fluorescence_tables, frames, photo_tables
from comparison.card_figures import figures_of, write_figures
from comparison.card_page import card_page
from comparison.fluorescence import unit, window_of
from comparison.fluorescence_tables import Keep
from comparison.methods import Method, checkpoint_methods, published_methods, simple_methods
from comparison.tables import Table
from PIL import Image

from napari_zerodce.checkpoints.cards import Family, ModelCard, card_path, read_card
from napari_zerodce.checkpoints.registry import BUNDLED, RegistryEntry
from napari_zerodce.engine.look import DEFAULT_LOOK

PAGE = Path(__file__).parents[1] / "docs" / "model-cards.md"


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


COMPARISONS: dict[Family, Callable[[argparse.Namespace, list[Method], Keep], list[Table]]] = {
    "photos": photo_comparison,
    "fluorescence": fluorescence_comparison,
}


def methods_of(options: argparse.Namespace) -> list[Method]:
    """Return the methods that the options ask for; by default all bundled checkpoints."""
    ours = checkpoint_methods(
        options.checkpoint or [entry.name for entry in BUNDLED],
        window=options.window,
        detail_gain_limit=options.detail_gain_limit,
    )
    simple = simple_methods(fitting=not options.no_fitting)
    return [*simple, *published_methods(options.published), *ours]


def cards_of(family: Family) -> list[tuple[RegistryEntry, ModelCard]]:
    """Return the bundled checkpoints of a family with their cards."""
    found = [(entry, read_card(card_path(entry))) for entry in BUNDLED]
    return [(entry, card) for entry, card in found if card.family == family]


def compare(options: argparse.Namespace, family: Family) -> list[Table]:
    """Return the tables of one family of pictures."""
    keep = kept_in(options.pictures)
    tables = COMPARISONS[family](options, methods_of(options), keep)
    if not tables:
        sys.exit("There is nothing to compare: give --data, or a folder of pairs.")
    return tables


def write_cards(options: argparse.Namespace) -> None:
    """Measure all bundled checkpoints and write the figures of their cards, and the page."""
    pictures = options.data or options.pairs or options.frames
    for family in COMPARISONS if pictures else ():
        cards = cards_of(family)
        options.checkpoint = [entry.name for entry, _ in cards]
        tables = compare(options, family) if cards else []
        for entry, _ in cards:
            sha256 = hashlib.sha256(entry.path.read_bytes()).hexdigest()
            write_figures(card_path(entry), sha256, figures_of(entry, tables))
    page = card_page({entry.name: read_card(card_path(entry)) for entry in BUNDLED})
    options.page.write_text(page, encoding="utf-8")


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
    commands = found.add_subparsers(dest="command", required=True)
    for name in (*COMPARISONS, "cards"):
        _add_options(commands.add_parser(name), name)
    return found


def _add_options(command: argparse.ArgumentParser, name: str) -> None:
    add = command.add_argument
    add("--data", type=Path, help="folder with photos/, hdr/ and microscopy/")
    add("--published", type=Path, help="folder with the published weights, .pth files")
    add("--count", type=int, help="most pictures of each part")
    add("--no-fitting", action="store_true", help="leave out the network fitted to each image")
    add("--pictures", type=Path, help="folder to keep all results in, as PNG files")
    if name != "fluorescence":
        add("--pairs", action="append", default=[], type=Path, help="photos in low/ and high/")
    if name != "photos":
        add("--frames", action="append", default=[], type=Path, help="frames in low/ and high/")
    if name == "cards":
        add("--page", type=Path, default=PAGE, help="page to write (default: docs/model-cards.md)")
        command.set_defaults(window="auto", detail_gain_limit=DEFAULT_LOOK.detail_gain_limit)
    else:
        add("--checkpoint", action="append", help="name or file; may be repeated")
        add("--window", default="auto", help="window of the checkpoints (default: auto)")
        add("--detail-gain-limit", type=float, help="limit to detail of the checkpoints")


def main() -> None:
    """Print the tables, or write the cards."""
    options = parser().parse_args()
    if options.command == "cards":
        write_cards(options)
    else:
        for table in compare(options, options.command):
            print(table.markdown(), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
