"""``napari-zerodce formats``: list the kinds of image files, and how to install what is missing."""

from __future__ import annotations

import json
import sys
import textwrap
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_zerodce.imaging.files.file_kind import FileKind

_HEADINGS: Final = ("Kind", "Here", "Written", "Suffixes")
_WIDTH: Final = 100


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "formats",
        help="list the kinds of image files",
        description="List the kinds of image files: whether this installation reads them, whether "
        "results are written as the same kind, and their suffixes.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")
    parser.set_defaults(command=list_formats)


def list_formats(options: Namespace) -> int:
    """Print all kinds of image files, and return the exit code."""
    kinds = all_kinds()
    lines = [_json(kinds)] if options.json else [*_table(kinds), *_how_to_install(kinds)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def all_kinds() -> tuple[FileKind, ...]:
    """Return the kinds of files that the command line reads."""
    from napari_zerodce.imaging.files import ome_zarr
    from napari_zerodce.imaging.files.formats import FORMATS

    return (*(kind for form in FORMATS for kind in form.KINDS), *ome_zarr.KINDS)


def _table(kinds: Sequence[FileKind]) -> list[str]:
    rows = [_HEADINGS, *(_row(kind) for kind in kinds)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = []
    for *cells, suffixes in rows:
        start = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        wrapped = textwrap.wrap(suffixes, _WIDTH - len(start) - 2)
        lines += [
            f"{start}  {wrapped[0]}",
            *(" " * (len(start) + 2) + line for line in wrapped[1:]),
        ]
    return lines


def _row(kind: FileKind) -> tuple[str, str, str, str]:
    here = "yes" if kind.is_installed else "no"
    same = "yes, with loss" if kind.is_lossy else "yes"
    return (
        kind.title,
        here,
        same if kind.is_written else f"as {kind.result}",
        " ".join(kind.suffixes),
    )


def _how_to_install(kinds: Sequence[FileKind]) -> list[str]:
    missing: dict[str, list[str]] = {}
    for kind in kinds:
        if not kind.is_installed:
            missing.setdefault(kind.install_line, []).append(kind.title)
    return [f"For {', '.join(dict.fromkeys(titles))}: {line}" for line, titles in missing.items()]


def _json(kinds: Sequence[FileKind]) -> str:
    return json.dumps([_facts(kind) for kind in kinds], indent=2, ensure_ascii=False)


def _facts(kind: FileKind) -> dict[str, Any]:
    return {
        "title": kind.title,
        "suffixes": list(kind.suffixes),
        "written": kind.is_written,
        "lossy": kind.is_lossy,
        "result": kind.suffixes[0] if kind.is_written else kind.result,
        "installed": kind.is_installed,
        "install": kind.install_line if kind.modules else None,
    }
