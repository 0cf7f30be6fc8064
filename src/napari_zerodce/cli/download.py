"""``napari-zerodce download``: the authors' weights, after a word on their licence."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial
from typing import Any

from napari_zerodce.checkpoints.download import download_published
from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED, RegistryEntry
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.errors import RequestError
from napari_zerodce.stopping import ShouldStop


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "download",
        help="fetch the authors' published weights",
        description="Fetch the authors' published weights, which are for non-commercial use.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="such as published-zero-dce")
    parser.add_argument(
        "--accept-licence", action="store_true", help="do not ask whether you accept the licence"
    )
    parser.set_defaults(command=download_weights)


def download_weights(options: Namespace) -> int:
    """Fetch published weights and print where they are."""
    entry = _entry(options.name)
    if entry.is_here:
        sys.stdout.write(f"{entry.name} is here already: {entry.path}\n")
        return 0
    sys.stdout.write(
        f"{entry.title}: made by the authors of the paper, licence {entry.licence}.\n"
        f"From {entry.url}\n"
    )
    if not options.accept_licence and not _ask():
        sys.stderr.write(f"napari-zerodce: {entry.name} was not downloaded.\n")
        return 1
    return run_interruptibly(
        partial(_download, entry),
        interrupted=lambda: f"interrupted: {entry.name} was not downloaded",
        clean_up=lambda: None,  # it is written after the last byte
    )


def _entry(name: str) -> RegistryEntry:
    for entry in BUNDLED + PUBLISHED:
        if entry.name == name:
            return entry
    names = " or ".join(entry.name for entry in PUBLISHED)
    raise RequestError(f"There are no published weights {name!r}; choose {names}.")


def _ask() -> bool:
    if not sys.stdin.isatty():
        raise RequestError(
            "Nobody can be asked for the licence here, because the input is no terminal; "
            "add --accept-licence if you accept it."
        )
    sys.stdout.write("Use them for non-commercial purposes only? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _download(entry: RegistryEntry, should_stop: ShouldStop) -> int:
    from tqdm import tqdm

    with tqdm(total=entry.size, unit="B", unit_scale=True, disable=None, desc=entry.name) as bar:
        path = download_published(
            entry,
            report=lambda done, _total: bar.update(done - bar.n) and None,
            should_stop=should_stop,
        )
    sys.stdout.write(f"{path}\n")
    return 0
