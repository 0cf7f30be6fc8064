"""The parser of ``napari-zerodce``. It imports nothing heavy before a command is typed."""

from __future__ import annotations

import re
import sys
from argparse import Action, ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from napari_zerodce.cli import (
    batch,
    compare,
    download,
    enhance,
    export,
    finetune,
    formats,
    info,
    maps,
    train,
)

_COMMANDS: Final = (enhance, batch, maps, compare, finetune, train, info, export, formats, download)

_NEGATIVE_NUMBER: Final = re.compile(r"-[0-9.]")


class _Parser(ArgumentParser):
    """A parser that reports a mistake in one sentence, without a list of all options before it.

    Parameters
    ----------
    add_options : callable, optional
        Adds the options when the command is typed. The options of some commands come from pydantic
        models, and no other command has to wait for the import of pydantic.
    intermixed : bool
        Whether options may stand between the arguments of a command that has several; argparse
        gives all of them to the arguments before the first option otherwise.
    **details
        The arguments of `ArgumentParser`.
    """

    def __init__(
        self,
        *,
        add_options: Callable[[ArgumentParser], None] | None = None,
        intermixed: bool = False,
        **details: Any,
    ) -> None:
        super().__init__(**details)
        self._add_options, self._intermixed = add_options, intermixed

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the options that are still missing, then parse as `ArgumentParser` does."""
        add_options, self._add_options = self._add_options, None
        if add_options:
            add_options(self)
        # The intermixed parser calls this method, too, in Python 3.11.
        intermixed, self._intermixed = self._intermixed, False
        parse = self.parse_known_intermixed_args if intermixed else super().parse_known_args
        return parse(args, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


class _PrintVersion(Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        from napari_zerodce import __version__

        sys.stdout.write(f"{parser.prog} {__version__}\n")
        parser.exit()


def build_parser() -> ArgumentParser:
    """Return the parser. The function of the typed command is ``command`` in its result."""
    parser = _Parser(
        prog="napari-zerodce",
        description="Low-light image enhancement with Zero-DCE and Zero-DCE++.",
        allow_abbrev=False,
    )
    told = "show program's version number and exit"
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help=told)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command_name")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def with_negative_numbers(words: Sequence[str]) -> list[str]:
    """Join ``--window -5,100`` to ``--window=-5,100``: argparse takes ``-5,100`` for an option."""
    joined: list[str] = []
    for word in words:
        if joined and _NEGATIVE_NUMBER.match(word) and joined[-1] in _options_with_numbers():
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _options_with_numbers() -> set[str]:
    """Return the options that a number may follow."""
    # Only negative numbers need this list: other commands must not wait for pydantic.
    from napari_zerodce.core.smoothness_kind import SmoothnessKind
    from napari_zerodce.engine.look import Look
    from napari_zerodce.engine.settings import EnhanceSettings
    from napari_zerodce.setting import setting_fields
    from napari_zerodce.training.config import LossWeights, RunConfig, TrainingConfig

    owners = (EnhanceSettings, Look, TrainingConfig, LossWeights, SmoothnessKind, RunConfig)
    fields = (field for owner in owners for field in setting_fields(owner).values())
    return {field.option for field in fields if field.kind is not bool}
