"""The command line, ``napari-zerodce``: enhance files, write maps, compare, fine-tune, ...

Exit codes: 0 for success, 1 if a file or a download failed, 2 for a mistake in the command line,
and 130 after Ctrl-C (128 plus the signal's number after another signal).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from napari_zerodce.errors import RequestError, ZeroDCEError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default the arguments of the program.

    Returns
    -------
    int
        The exit code.
    """
    _print_any_name()
    try:
        exit_code = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except RequestError as err:
        return _fail(str(err), 2)
    except ZeroDCEError as err:
        return _fail(str(err), 1)
    except KeyboardInterrupt:
        return _fail("Interrupted.", 130)
    except BrokenPipeError:
        # The reader of the output, such as `head`, has ended. Without this, Python would report it
        # once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return exit_code


def _run(arguments: Sequence[str]) -> int:
    # The commands take a third of a second to import, in which Ctrl-C is a user's wish, too.
    from napari_zerodce.cli.parser import build_parser, with_negative_numbers

    words = with_negative_numbers(arguments)
    options = build_parser().parse_args(words)
    options.words = words
    exit_code: int = options.command(options)
    return exit_code


def _fail(message: str, exit_code: int) -> int:
    sys.stderr.write(f"napari-zerodce: {message}\n")
    return exit_code


def _print_any_name() -> None:
    """Print characters that the terminal's encoding lacks as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
