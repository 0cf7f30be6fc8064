"""``napari-zerodce enhance``: read, enhance and write image files, one after the other."""

from __future__ import annotations

import time
import traceback
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.engine_options import add_engine_options, why_automatic
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.setting import NO_VALUE, fields_at, setting_fields
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.cli.output_file import OutputFile
    from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
    from napari_zerodce.imaging.files.images import ImageFile

    _RequestFor = Callable[[ImageFile], EnhanceRequest]

_EXAMPLES = """\
examples:
  napari-zerodce enhance dark.jpg --output bright.jpg
  napari-zerodce enhance photos/ --output bright/
  napari-zerodce enhance stack.tif --output bright.tif --window percentile:0.1,99.9
  napari-zerodce enhance stack.tif --output bright.tif --part 10:20,:,:
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
        description="Enhance image files: PNG, JPEG, BMP, TIFF and .npy.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="An image file, or a folder of images.")
    add(
        "--output",
        required=True,
        metavar="PATH",
        help="A file for one image, or a folder for several. For one image, PATH is a folder if "
        "it exists as one or ends with /.",
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
    add(
        "--skip-unreadable",
        action="store_true",
        help="Leave out planes that cannot be read: they are 0 or NaN in the output, and a note "
        "names them. Without it, such a file fails.",
    )
    add("--overwrite", action="store_true", help="Replace outputs that exist.")
    parser.set_defaults(command=enhance_files)


@dataclass
class _Tally:
    """The number of finished files, for the last line and the line after an interruption."""

    planned: int
    enhanced: int = 0
    failed: int = 0
    output: OutputFile | None = field(default=None)

    def summary(self) -> str:
        return f"{self.enhanced} enhanced, {self.failed} failed"

    def interrupted(self) -> str:
        left = self.planned - self.enhanced - self.failed
        return f"interrupted: {self.summary()}, {left} not done"

    def clean_up(self) -> None:
        if self.output:
            self.output.discard()


def enhance_files(options: Namespace) -> int:
    """Enhance the files of the command line, and return the exit code."""
    from napari_zerodce.cli.file_plan import plan_files
    from napari_zerodce.imaging.files.images import READABLE_SUFFIXES

    look = Look(**{name: getattr(options, name) for name in setting_fields(Look)})
    settings = CommandSettings.of(options, look=look)
    jobs = plan_files(options.inputs, options.output, suffixes=READABLE_SUFFIXES)
    tally = _Tally(len(jobs))
    return run_interruptibly(
        partial(_enhance_all, jobs, settings, tally),
        interrupted=tally.interrupted,
        clean_up=tally.clean_up,
    )


def _enhance_all(
    jobs: Sequence[FileJob], settings: CommandSettings, tally: _Tally, should_stop: ShouldStop
) -> int:
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.output_file import OutputFile

    with Bars(len(jobs)) as bars:
        bars.begin_file(jobs[0].source.name)
        bars.say("Loading the checkpoint")
        raise_if_stopped(should_stop)
        request_for = partial(settings.request, checkpoint=settings.load())
        for job in jobs:
            raise_if_stopped(should_stop)
            tally.output = OutputFile(job.target, overwrite=settings.overwrite)
            if _enhance_or_report(job, tally.output, request_for, bars, should_stop):
                tally.enhanced += 1
            else:
                tally.failed += 1
            bars.end_file()
        if len(jobs) > 1:
            bars.print(tally.summary())
    return 1 if tally.failed else 0


def _enhance_or_report(
    job: FileJob, output: OutputFile, request_for: _RequestFor, bars: Bars, should_stop: ShouldStop
) -> bool:
    bars.begin_file(job.source.name)
    try:
        with output:
            _enhance_file(job, output, request_for, bars, should_stop)
    except Cancelled:
        raise
    except ZeroDCEError as err:
        bars.warn(f"failed: {job.source}: {err}")
    except MemoryError:
        bars.warn(f"failed: {job.source}: The image is too large for this machine's memory.")
    except Exception:  # noqa: BLE001  a bug in one file must not stop the others
        bars.warn(f"failed: {job.source}: This is a bug in napari-zerodce; please report it:")
        bars.warn(traceback.format_exc())
    else:
        return True
    return False


def _enhance_file(
    job: FileJob, output: OutputFile, request_for: _RequestFor, bars: Bars, should_stop: ShouldStop
) -> None:
    from napari_zerodce.engine.enhance import enhance
    from napari_zerodce.imaging.files.images import read_image

    started = time.perf_counter()
    bars.say("Reading")
    image = read_image(job.source)
    raise_if_stopped(should_stop)
    output.rehearse(image)
    result = enhance(request_for(image), report=bars.follow, should_stop=should_stop)
    bars.say("Writing")
    output.write(image, result.image)
    seconds = time.perf_counter() - started
    facts = f"{', '.join(_facts(result))}, {seconds:.2f} s{why_automatic(result.automatic)}"
    bars.print(f"{job.source} -> {job.target} ({facts})")
    for notice in result.notices:
        bars.warn(f"note: {job.source}: {notice}")


def _facts(result: EnhanceResult) -> list[str]:
    """Return how an image was enhanced: device, precision, window, look and global curve."""
    window = f"window {in_words(result.windows)}"
    facts = [result.device, result.precision, window]
    if look := result.look.describe():
        facts.append(look)
    if result.global_curve:
        facts.append(f"A = {' '.join(f'{value:g}' for value in result.global_curve)}")
    return facts
