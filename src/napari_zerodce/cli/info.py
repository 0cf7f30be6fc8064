"""``napari-zerodce info``: describe one checkpoint, or list the checkpoints that have a name."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_zerodce.checkpoints.cards import card_of
from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED, RegistryEntry, entry_of
from napari_zerodce.cli.card_text import card_lines

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo
    from napari_zerodce.core.translators.design import GeneratorDesign


_LONGEST = 300
"""Longest value of a fact, in characters, except with --json."""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "info",
        help="describe a checkpoint, or list those that have a name",
        description="Describe a checkpoint, or list the checkpoints that have a name.",
        allow_abbrev=False,
    )
    parser.add_argument("checkpoint", nargs="?", metavar="CHECKPOINT", help="A name or a file.")
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")
    parser.set_defaults(command=show_info)


def show_info(options: Namespace) -> int:
    """Describe one checkpoint, or list those that have a name; return the exit code."""
    from napari_zerodce.checkpoints.read import read_info

    if options.checkpoint is None:
        entries = BUNDLED + PUBLISHED
        if options.json:
            _print_json([_facts_of_entry(entry) for entry in entries])
        else:
            _print_lines(_list(entries))
    else:
        info = read_info(options.checkpoint)
        card = card_of(entry_of(info.path, info.sha256))
        if options.json:
            _print_json(_facts(info) | {"card": card and asdict(card)})
        else:
            _print_lines([info.describe(), *_details(info), *(card_lines(card) if card else ())])
    return 0


def _list(entries: tuple[RegistryEntry, ...]) -> list[str]:
    rows = [(entry.name, _state(entry), f"{entry.title} · {entry.licence}") for entry in entries]
    names, states = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"{name:{names}}  {state:{states}}  {words}" for name, state, words in rows]
    return lines + _how_to_get(entries)


def _state(entry: RegistryEntry) -> str:
    if entry.kind == "bundled":
        return "bundled"
    return "downloaded" if entry.is_here else "not downloaded"


def _how_to_get(entries: tuple[RegistryEntry, ...]) -> list[str]:
    missing = [entry.name for entry in entries if entry.kind == "published" and not entry.is_here]
    return [f"Get {name} with: napari-zerodce download {name}" for name in missing]


def _facts_of_entry(entry: RegistryEntry) -> dict[str, Any]:
    more = {"scale_factor": entry.scale_factor, "state": _state(entry), "path": str(entry.path)}
    return asdict(entry) | more


def _facts(info: CheckpointInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "label": info.label,
        "title": info.title,
        "architecture": info.architecture,
        "design": info.design and asdict(info.design),
        "scale_factor": info.scale_factor,
        "parameters": info.parameters,
        "licence": info.licence,
        "sha256": info.sha256,
        "path": str(info.path),
        "provenance": dict(info.provenance),
        "description": info.describe(),
    }


def _details(info: CheckpointInfo) -> list[str]:
    facts = {
        "name": info.name,
        "architecture": info.architecture,
        **({"scale factor": info.scale_factor} if info.design is None else _built(info.design)),
        "parameters": f"{info.parameters:,}",
        "licence": info.licence,
        "sha256": info.sha256,
        "file": info.path,
    } | {key.replace("_", " "): words for key, words in sorted(info.provenance.items())}
    width = max(map(len, facts)) + 1
    return [f"  {f'{key}:'.ljust(width)} {_shortened(value)}" for key, value in facts.items()]


def _built(design: GeneratorDesign) -> dict[str, object]:
    """Return how a translator is built, and what follows from it for its pictures."""
    blurred = {"down": design.antialias_down, "up": design.antialias_up}
    depth = "halvings" if design.family == "unet" else "blocks"
    return {
        "channels": f"{design.inputs} -> {design.outputs}",
        "features": design.features,
        depth: design.depth,
        "normalisation": design.norm,
        "dropout": "in training" if design.dropout else "none that the file shows",
        "antialiasing": " and ".join(way for way, is_so in blurred.items() if is_so) or "none",
        "picture sides": f"multiples of {design.multiple} pixels; others are padded and cropped",
        "results": "for looking at, not for measuring: a translator can invent what it shows",
    }


def _shortened(value: object) -> str:
    """Return a value as text; all settings of a training in one line would fill the screen."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… (whole with --json)"


def _print_json(facts: Any) -> None:
    _print_lines([json.dumps(facts, indent=2, ensure_ascii=False)])


def _print_lines(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
