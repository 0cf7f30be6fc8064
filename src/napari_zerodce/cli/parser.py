"""What can be typed after ``napari-zerodce``; nothing heavy is imported before a command runs."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from napari_zerodce import __version__
from napari_zerodce.cli.finetune_options import add_finetune
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import setting_fields

_ENHANCE_EXAMPLES = """\
examples:
  napari-zerodce enhance dark.jpg --output bright.jpg
  napari-zerodce enhance photos/ --output bright/
  napari-zerodce enhance stack.tif --output bright.tif --window percentile:0.1,99.9
  napari-zerodce enhance *.png --output bright/ --checkpoint zero-dce-pp --device cpu
  napari-zerodce enhance dark.jpg --output bright.jpg --strength 1.5 --detail-gain-limit 2
  napari-zerodce enhance frames/ --output bright/ --global-curve --exposure -0.5

Folders are searched with their subfolders, and outputs keep the relative names. The result is for
looking at: do not measure intensities in it.
"""

_MAPS_EXAMPLES = """\
examples:
  napari-zerodce maps dark.png --output curves.tif
  napari-zerodce maps stack.tif --output curves.npy --window 90,800
  napari-zerodce maps dark.png --output noise.ome.zarr --kind noise-gain

The output has the axes (iteration, channel, y, x), those of a stack before them, in float32. Where
A is positive the image becomes brighter.
"""

_MAP_KINDS = ("alphas", "steps", "gain", "noise-gain")

_NUMBER_OPTIONS = {
    "--window",
    "--strength",
    "--iterations",
    "--exposure",
    "--detail-gain-limit",
    "--scale-factor",
    "--tile",
    "--exposure-stops",
}
_NEGATIVE_NUMBER = re.compile(r"-[0-9.]")


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
    _add_enhance(commands)
    _add_maps(commands)
    add_finetune(commands)
    _add_info(commands)
    _add_download(commands)
    return parser


def with_negative_numbers(words: Sequence[str]) -> list[str]:
    """Join ``--window -5,100`` to ``--window=-5,100``: argparse takes ``-5,100`` for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _NUMBER_OPTIONS and _NEGATIVE_NUMBER.match(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _add_enhance(commands: Any) -> None:
    parser = commands.add_parser(
        "enhance",
        help="enhance image files",
        description="Enhance image files: PNG, JPEG, BMP, TIFF and .npy.",
        epilog=_ENHANCE_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="an image, or a folder of images")
    add(
        "--output",
        required=True,
        metavar="PATH",
        help="a file for one image; a folder for several, or if it exists as one or ends with /",
    )
    _add_settings(add)
    _add_look(add)
    add("--overwrite", action="store_true", help="replace outputs that exist")
    parser.set_defaults(command=_enhance)


def _add_maps(commands: Any) -> None:
    parser = commands.add_parser(
        "maps",
        help="write the curve maps of an image, or what follows from them",
        description="Write the curve maps of one image, or what follows from them, as .npy, TIFF "
        "or OME-Zarr.",
        epilog=_MAPS_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("input", metavar="INPUT", help="an image file")
    add("--output", required=True, metavar="PATH", help="a .npy, .tif, .tiff or .zarr to write")
    add(
        "--kind",
        default="alphas",
        choices=_MAP_KINDS,
        help="alphas: A of each iteration; steps: the image after it, in [0, 1]; gain: how many "
        "times brighter that is; noise-gain: how many times stronger its noise (default: "
        "%(default)s)",
    )
    _add_settings(add)
    add("--overwrite", action="store_true", help="replace an output that exists")
    parser.set_defaults(command=_maps)


def _add_settings(add: Callable[..., Any]) -> None:
    described = setting_fields(EnhanceSettings)
    add_options(add, [described["checkpoint"]])
    add(
        "--checkpoint-sha256",
        metavar="HEX",
        help="Do nothing unless the weights have this SHA-256, which 'napari-zerodce info' prints.",
    )
    add_options(
        add,
        [field for name, field in described.items() if name != "checkpoint"],
        scale_factor="the checkpoint's",
        tile="as suits the device",
    )


def _add_look(add: Callable[..., Any]) -> None:
    add_options(add, setting_fields(Look).values(), detail_gain_limit="no limit")


def _add_info(commands: Any) -> None:
    parser = commands.add_parser(
        "info",
        help="say what a checkpoint is, or list those that have a name",
        description="Say what a checkpoint is; without one, list those that have a name.",
        allow_abbrev=False,
    )
    parser.add_argument("checkpoint", nargs="?", metavar="CHECKPOINT", help="a name or a file")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_info)


def _add_download(commands: Any) -> None:
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
    parser.set_defaults(command=_download)


def _enhance(options: Namespace) -> int:
    from napari_zerodce.cli.enhance import run

    return run(options)


def _maps(options: Namespace) -> int:
    from napari_zerodce.cli.maps import run

    return run(options)


def _info(options: Namespace) -> int:
    from napari_zerodce.cli.info import run

    return run(options.checkpoint, as_json=options.json)


def _download(options: Namespace) -> int:
    from napari_zerodce.cli.download import run

    return run(options.name, licence_accepted=options.accept_licence)
