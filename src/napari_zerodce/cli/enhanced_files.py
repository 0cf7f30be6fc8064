"""The files of ``napari-zerodce enhance``: each is enhanced and written, counted and told of."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from napari_zerodce.cli.engine_options import why_automatic
from napari_zerodce.device import BACKEND_TITLES
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.cli.beside import WriteBehind
    from napari_zerodce.cli.command_settings import CommandSettings
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.cli.growing_output import GrowingOutput
    from napari_zerodce.cli.in_memory import Made, SharedRun
    from napari_zerodce.cli.output_file import OutputFile
    from napari_zerodce.cli.video_output import VideoOutput
    from napari_zerodce.device import Backend
    from napari_zerodce.engine.provenance import Provenance

    _Output = OutputFile | GrowingOutput | VideoOutput


@dataclass
class Tally:
    """The number of finished files, for the last line and the line after an interruption.

    Parameters
    ----------
    planned : int
        Number of files.
    left_out : mapping of str to int
        How many files of each suffix are no images.
    enhanced, failed : int
    finished : list of FileJob
        Those that were done before.
    outputs : list
        Those that are not finished: one is made, and the one before it may still be written.
    """

    planned: int
    left_out: Mapping[str, int]
    enhanced: int = 0
    finished: list[FileJob] = field(default_factory=list)
    failed: int = 0
    outputs: list[_Output] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """Number of files that were done before."""
        return len(self.finished)

    def counts(self) -> str:
        """Return how many files were enhanced, were done before and failed."""
        skipped = f", {self.skipped} skipped (done before)" if self.skipped else ""
        return f"{self.enhanced} enhanced{skipped}, {self.failed} failed"

    def summary(self) -> str:
        """Return the last line of a command."""
        from napari_zerodce.cli.left_out import in_words

        left_out = in_words(self.left_out)
        return f"{self.counts()}{f'; left out: {left_out}' if left_out else ''}"

    def interrupted(self) -> str:
        """Return the line after an interruption."""
        left = self.planned - self.enhanced - self.skipped - self.failed
        kept = "".join(output.kept for output in self.outputs)
        return f"interrupted: {self.counts()}, {left} not done{kept}"

    def clean_up(self) -> None:
        """Remove what is unfinished. Any thread may call this."""
        for output in tuple(self.outputs):
            output.discard()


def enhance_all(
    jobs: Sequence[FileJob], settings: CommandSettings, tally: Tally, should_stop: ShouldStop
) -> int:
    """Enhance files, each beside the reading of the next one and the writing of the last one.

    Parameters
    ----------
    jobs : sequence of FileJob
    settings : CommandSettings
    tally : Tally
        It counts them.
    should_stop : callable

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    RequestError
        As `CommandSettings.load` does.
    """
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


def _do(job: FileJob, run: SharedRun, tally: Tally) -> None:
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
    tally: Tally,
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
    """Return how an image was enhanced: translator, what ran it, window and look."""
    network = [made.design] if made.design else []
    ran = [made.device, BACKEND_TITLES[cast("Backend", made.backend)], made.precision]
    facts = [*network, *ran, f"window {in_words(made.windows)}"]
    if look := made.look.describe():
        facts.append(look)
    if made.global_curve:
        facts.append(f"A = {' '.join(f'{value:g}' for value in made.global_curve)}")
    return facts
