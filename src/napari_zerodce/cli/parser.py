"""What can be typed after ``napari-zerodce``; nothing heavy is imported before a command runs."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Final, NoReturn

from napari_zerodce import __version__
from napari_zerodce.cli import download, enhance, finetune, info, maps
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import LossWeights, RunConfig, TrainingConfig

_COMMANDS: Final = (enhance, maps, finetune, info, download)

_SETTINGS: Final = (EnhanceSettings, Look, TrainingConfig, LossWeights, SmoothnessKind, RunConfig)
_NEGATIVE_NUMBER: Final = re.compile(r"-[0-9.]")


class _Parser(ArgumentParser):
    """Tells a mistake in one sentence, without repeating all options before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> ArgumentParser:
    """Return the parser; what it returns has the command to run as ``command``."""
    parser = _Parser(
        prog="napari-zerodce",
        description="Low-light image enhancement with Zero-DCE and Zero-DCE++.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command_name")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def with_negative_numbers(words: Sequence[str]) -> list[str]:
    """Join ``--window -5,100`` to ``--window=-5,100``: argparse takes ``-5,100`` for an option."""
    takers = _takers_of_numbers()
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in takers and _NEGATIVE_NUMBER.match(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _takers_of_numbers() -> set[str]:
    """Return the options that numbers may follow."""
    fields = (field for owner in _SETTINGS for field in setting_fields(owner).values())
    return {field.option for field in fields if field.kind is not bool}
