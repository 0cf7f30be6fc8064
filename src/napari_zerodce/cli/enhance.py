"""``napari-zerodce enhance``: its options, and the plan of what becomes of the files."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.engine_options import (
    add_engine_options,
    add_quality_option,
    add_series_options,
    add_skip_option,
)
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.setting import NO_VALUE, fields_at, setting_fields

if TYPE_CHECKING:
    from napari_zerodce.cli.growing_output import GrowingOutput
    from napari_zerodce.cli.output_file import OutputFile
    from napari_zerodce.cli.video_output import VideoOutput

    _Output = OutputFile | GrowingOutput | VideoOutput

_FASTEST = 1000

_EXAMPLES = """\
examples:
  napari-zerodce enhance dark.jpg --output bright.jpg
  napari-zerodce enhance photos/ --output bright/
  napari-zerodce enhance stack.tif --output bright.tif --window percentile:0.1,99.9
  napari-zerodce enhance stack.tif --output bright.tif --part 10:20,:,:
  napari-zerodce enhance cells.ome.zarr --output s3://bucket/bright.ome.zarr --zarr-version 0.4
  napari-zerodce enhance night.mp4 --output bright.mp4
  napari-zerodce enhance *.png --output bright/ --checkpoint zero-dce-pp --device cpu
  napari-zerodce enhance dark.jpg --output bright.jpg --strength 1.5 --detail-gain-limit 1.5
  napari-zerodce enhance frames/ --output bright/ --global-curve --detail-gain-limit none

A folder is searched with its subfolders, and outputs keep the names relative to it. The result is
for looking at: do not measure intensities in it.
"""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "enhance",
        help="enhance image files",
        description="Enhance image files of the kinds that 'napari-zerodce formats' lists.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="An image file, a folder of images, or the folder or URL of an OME-Zarr.",
    )
    add(
        "--output",
        required=True,
        metavar="PATH",
        help="A file for one image, or a folder for several. For one image, PATH is a folder if "
        "it exists as one or ends with /. A path or URL that ends with .zarr becomes an OME-Zarr, "
        "which is written region by region and may be larger than the memory.",
    )
    add_engine_options(add)
    limit = f"{DEFAULT_LOOK.detail_gain_limit:g}; {NO_VALUE}: no limit"
    add_options(add, fields_at(DEFAULT_LOOK), defaults={"detail_gain_limit": limit})
    add(
        "--part",
        metavar="RANGES",
        help="Enhance and write a part of the image only: a range such as 3:7 for each axis, with "
        "commas between them, rows and columns last, and ':' for all. The window is that of the "
        "whole image.",
    )
    add(
        "--axes",
        metavar="LETTERS",
        help="A letter for each axis of the images, without that of colours, such as YXZ: Y and X "
        "are rows and columns, T, C and Z time, channels and depth, Q any other. Automatic is what "
        "the file says, with rows and columns last. --part and --channel-axis count the axes with "
        "rows and columns last.",
    )
    add_skip_option(add)
    add_quality_option(add)
    add(
        "--zarr-version",
        choices=("0.4", "0.5"),
        default="0.5",
        help="The version of OME-Zarr to write (default: 0.5).",
    )
    add(
        "--frame-rate",
        type=_frame_rate,
        metavar="N",
        help="Images in a second of a video that is made of them, such as 25 or 30000/1001. "
        "Automatic is what their file says. A video that is made of a video keeps its own.",
    )
    add_series_options(add, others="By default all, with one window.")
    existing = parser.add_mutually_exclusive_group().add_argument
    existing("--overwrite", action="store_true", help="Replace outputs that exist.")
    existing(
        "--skip-existing",
        action="store_true",
        help="Leave out files whose output exists and is valid: it can be read, has the size of "
        "its source, is not older, and is no copy of it. Others are made again.",
    )
    parser.set_defaults(command=enhance_files)


def _frame_rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= _FASTEST:
        raise ArgumentTypeError(f"{text!r} is no number of images in a second, such as 25")
    return rate


def enhance_files(options: Namespace) -> int:
    """Enhance the files of the command line, and return the exit code."""
    from napari_zerodce.cli.enhanced_files import Tally, enhance_all
    from napari_zerodce.cli.file_plan import plan_files
    from napari_zerodce.cli.left_out import count_left_out
    from napari_zerodce.imaging.files.formats import installed_suffixes
    from napari_zerodce.imaging.files.images import WRITABLE_SUFFIXES
    from napari_zerodce.imaging.files.ome_zarr import SUFFIX
    from napari_zerodce.imaging.files.quality import check_quality

    look = Look(**{name: getattr(options, name) for name in setting_fields(Look)})
    settings = CommandSettings.of(options, look=look)
    read, written = (*installed_suffixes(), SUFFIX), (*WRITABLE_SUFFIXES, SUFFIX)
    jobs = plan_files(options.inputs, options.output, suffixes=read, written=written)
    check_quality(settings.quality, (job.target.name for job in jobs))
    tally = Tally(len(jobs), count_left_out(options.inputs, options.output, suffixes=read))
    return run_interruptibly(
        partial(enhance_all, jobs, settings, tally),
        interrupted=tally.interrupted,
        clean_up=tally.clean_up,
    )
