"""``napari-zerodce download``: fetch the authors' weights after the licence is accepted."""

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
        help="download the authors' published weights",
        description="Download the authors' published weights, for non-commercial use only.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", metavar="NAME", help="Name of the weights, such as published-zero-dce."
    )
    parser.add_argument(
        "--accept-licence",
        action="store_true",
        help="Accept the licence without being asked.",
    )
    parser.set_defaults(command=download_weights)


def download_weights(options: Namespace) -> int:
    """Download published weights, print their path, and return the exit code."""
    entry = _entry(options.name)
    if entry.is_here:
        sys.stdout.write(f"{entry.name} is already on this machine: {entry.path}\n")
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
        clean_up=lambda: None,  # the file is written after the last byte
    )


def _entry(name: str) -> RegistryEntry:
    for entry in BUNDLED + PUBLISHED:
        if entry.name == name:
            return entry
    names = " or ".join(entry.name for entry in PUBLISHED)
    raise RequestError(f"There are no published weights named {name!r}; choose {names}.")


def _ask() -> bool:
    if not sys.stdin.isatty():
        raise RequestError(
            "The licence must be accepted, and the input is not a terminal; add --accept-licence "
            "if you accept it."
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
