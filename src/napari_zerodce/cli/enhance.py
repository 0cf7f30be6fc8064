"""``napari-zerodce enhance``: read, enhance and write image files, one after the other."""

from __future__ import annotations

import time
import traceback
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.engine_options import (
    add_engine_options,
    add_quality_option,
    add_series_options,
    add_skip_option,
    why_automatic,
)
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.setting import NO_VALUE, fields_at, setting_fields
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.cli.beside import WriteBehind
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.cli.growing_output import GrowingOutput
    from napari_zerodce.cli.in_memory import Made, SharedRun
    from napari_zerodce.cli.output_file import OutputFile
    from napari_zerodce.cli.video_output import VideoOutput
    from napari_zerodce.engine.provenance import Provenance

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


@dataclass
class _Tally:
    """The number of finished files, for the last line and the line after an interruption."""

    planned: int
    left_out: Mapping[str, int]
    enhanced: int = 0
    finished: list[FileJob] = field(default_factory=list)
    failed: int = 0
    outputs: list[_Output] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        return len(self.finished)

    def counts(self) -> str:
        skipped = f", {self.skipped} skipped (done before)" if self.skipped else ""
        return f"{self.enhanced} enhanced{skipped}, {self.failed} failed"

    def summary(self) -> str:
        from napari_zerodce.cli.left_out import in_words

        left_out = in_words(self.left_out)
        return f"{self.counts()}{f'; left out: {left_out}' if left_out else ''}"

    def interrupted(self) -> str:
        left = self.planned - self.enhanced - self.skipped - self.failed
        kept = "".join(output.kept for output in self.outputs)
        return f"interrupted: {self.counts()}, {left} not done{kept}"

    def clean_up(self) -> None:
        for output in tuple(self.outputs):
            output.discard()


def enhance_files(options: Namespace) -> int:
    """Enhance the files of the command line, and return the exit code."""
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
    tally = _Tally(len(jobs), count_left_out(options.inputs, options.output, suffixes=read))
    return run_interruptibly(
        partial(_enhance_all, jobs, settings, tally),
        interrupted=tally.interrupted,
        clean_up=tally.clean_up,
    )


def _enhance_all(
    jobs: Sequence[FileJob], settings: CommandSettings, tally: _Tally, should_stop: ShouldStop
) -> int:
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.beside import ReadAhead, writing_behind
    from napari_zerodce.cli.grown_series import notes_about_growth
    from napari_zerodce.cli.in_memory import SharedRun, read_for
    from napari_zerodce.cli.series_search import find_series

    with Bars(len(jobs)) as bars:
        bars.begin_file(jobs[0].source.name)
        bars.say("Loading the checkpoint")
        raise_if_stopped(should_stop)
        checkpoint = settings.load()
        frames = find_series(jobs, settings, report=bars.follow, should_stop=should_stop)
        with writing_behind() as behind:
            ahead = ReadAhead(
                jobs,
                lambda job: read_for(run, job),
                lambda job: job not in frames and _will_be_made(job, settings),
            )
            run = SharedRun(settings, checkpoint, bars, should_stop, ahead, behind, frames)
            for job in jobs:
                raise_if_stopped(should_stop)
                _do(job, run, tally)
        for note in notes_about_growth(run, tally.finished):
            bars.warn(f"note: {note}")
        if len(jobs) > 1 or tally.skipped or tally.left_out:
            bars.print(tally.summary())
    return 1 if tally.failed else 0


def _do(job: FileJob, run: SharedRun, tally: _Tally) -> None:
    from napari_zerodce.cli.finished_before import is_finished, is_there

    settings = run.settings
    if settings.skip_existing:
        if is_finished(job, settings):
            tally.finished.append(job)
            run.bars.end_file()
            return
        settings = replace(settings, overwrite=is_there(job.target))
    output = _output_of(job, settings)
    tally.outputs.append(output)
    run.bars.begin_file(job.source.name)
    failure_told = partial(_failure_told, job, output, run, tally)

    def finish(write: Callable[[], None], opened: ExitStack) -> None:
        with suppress(Cancelled), failure_told(), opened:
            write()
            tally.enhanced += 1
            tally.outputs.remove(output)
            run.bars.end_file()

    with failure_told(after=run.behind), ExitStack() as opened:
        opened.enter_context(output)
        write, size = _begin(job, output, run)
        run.behind.finish(partial(finish, write, opened.pop_all()), size)


def _will_be_made(job: FileJob, settings: CommandSettings) -> bool:
    """Return whether a file will be read into memory, as far as that is known before its turn."""
    from napari_zerodce.cli.finished_before import is_there
    from napari_zerodce.cli.output_file import OutputFile

    is_in_memory = isinstance(_output_of(job, settings), OutputFile)
    return is_in_memory and (settings.overwrite or not is_there(job.target))


def _output_of(job: FileJob, settings: CommandSettings) -> _Output:
    from napari_zerodce.cli.growing_output import GrowingOutput
    from napari_zerodce.cli.output_file import OutputFile
    from napari_zerodce.cli.video_output import VideoOutput
    from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr
    from napari_zerodce.imaging.files.video import SUFFIXES as VIDEO_SUFFIXES

    if isinstance(job.target, Path) and job.target.suffix.lower() in VIDEO_SUFFIXES:
        return VideoOutput(job, settings)
    if isinstance(job.target, Path) and not is_ome_zarr(job.target):
        return OutputFile(job.target, overwrite=settings.overwrite)
    return GrowingOutput(job, settings)


@contextmanager
def _failure_told(
    job: FileJob,
    output: _Output,
    run: SharedRun,
    tally: _Tally,
    *,
    after: WriteBehind | None = None,
) -> Iterator[None]:
    """Tell why a file failed, after what is told of the files before it, and count it."""
    try:
        yield
    except Cancelled:
        raise
    except Exception as err:  # noqa: BLE001  a bug in one file must not stop the others
        if after is not None:
            after.wait()
        run.bars.warn(f"failed: {job.source}: {_reason(err)}")
        tally.failed += 1
        tally.outputs.remove(output)
        run.bars.end_file()


def _reason(err: Exception) -> str:
    if isinstance(err, ZeroDCEError):
        return str(err)
    if isinstance(err, MemoryError):
        return "The image is too large for this machine's memory."
    trace = "".join(traceback.format_exception(err))
    return f"This is a bug in napari-zerodce; please report it:\n{trace}"


def _begin(job: FileJob, output: _Output, run: SharedRun) -> tuple[Callable[[], None], int]:
    """Enhance a file, and return what writes it and tells how, and the bytes of the result."""
    from napari_zerodce.cli.in_memory import enhance_in_memory, write_enhanced
    from napari_zerodce.cli.output_file import OutputFile

    started = time.perf_counter()
    run.bars.say("Reading")
    if not isinstance(output, OutputFile):
        made = _by_regions(output, run)
        return partial(_tell, job, made, started, run), 0
    enhanced = enhance_in_memory(job, output, run)

    def write() -> None:
        _tell(job, write_enhanced(job, output, enhanced, run), started, run)

    return write, sum(array.nbytes for array in enhanced[1])


def _tell(job: FileJob, made_how: Made, started: float, run: SharedRun) -> None:
    made, automatic, notices = made_how
    seconds = time.perf_counter() - started
    facts = f"{', '.join(_facts(made))}, {seconds:.2f} s{why_automatic(automatic)}"
    run.bars.print(f"{job.source} -> {job.target} ({facts})")
    for notice in notices:
        run.bars.warn(f"note: {job.source}: {notice}")


def _by_regions(output: GrowingOutput | VideoOutput, run: SharedRun) -> Made:
    resolved, notices = output.enhance(run.checkpoint, run.bars, run.should_stop)
    made = resolved.provenance(global_curve=resolved.global_curve)
    return made, resolved.automatic, notices


def _facts(made: Provenance) -> list[str]:
    """Return how an image was enhanced: translator, device, precision, window and look."""
    network = [made.design] if made.design else []
    facts = [*network, made.device, made.precision, f"window {in_words(made.windows)}"]
    if look := made.look.describe():
        facts.append(look)
    if made.global_curve:
        facts.append(f"A = {' '.join(f'{value:g}' for value in made.global_curve)}")
    return facts
