"""How images of a file are enhanced in memory: alone, with one window, or as part of a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.beside import ReadAhead, WriteBehind
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.cli.file_series import FileSeries, Frame
    from napari_zerodce.cli.output_file import OutputFile
    from napari_zerodce.engine.automatic import AutomaticChoice
    from napari_zerodce.engine.provenance import Provenance
    from napari_zerodce.engine.requests import EnhanceResult
    from napari_zerodce.imaging.files.image_file import ImageFile
    from napari_zerodce.imaging.planes import Array

    Made = tuple[Provenance, AutomaticChoice | None, tuple[str, ...]]
    Enhanced = tuple[tuple[ImageFile, ...], list[Array], Made]

_FEW_COLOURS: Final = (
    "A GIF has at most 256 colours in a picture, so that colours become the nearest of these; "
    "a PNG keeps all."
)


@dataclass
class SharedRun:
    """What all files of a command share.

    Parameters
    ----------
    settings : CommandSettings
    checkpoint : Checkpoint, optional
        As for `CommandSettings.request`.
    bars : Bars
    should_stop : callable
    ahead : ReadAhead
    behind : WriteBehind
    frames : mapping of FileJob to Frame
        The files that are one of a series.
    told : dict of FileSeries to str
        The sentences about series of which a file is done, "" where there is nothing to tell.
    notes : set of str
        Sentences that are told once.
    """

    settings: CommandSettings
    checkpoint: Checkpoint | None
    bars: Bars
    should_stop: ShouldStop
    ahead: ReadAhead
    behind: WriteBehind
    frames: Mapping[FileJob, Frame] = field(default_factory=dict)
    told: dict[FileSeries, str] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)

    def note_once(self, text: str) -> None:
        """Print a note that holds for several files at the first of them.

        Parameters
        ----------
        text : str
        """
        if text not in self.notes:
            self.notes.add(text)
            self.bars.warn(f"note: {text}")


def enhance_in_memory(job: FileJob, output: OutputFile, run: SharedRun) -> Enhanced:
    """Enhance all images of a file, and return them with the results and how they were made.

    Parameters
    ----------
    job : FileJob
    output : OutputFile
    run : SharedRun

    Raises
    ------
    Cancelled, ZeroDCEError
        As `enhance` does, and if the file cannot be read or the output cannot hold its images.
    """
    images = run.ahead.take(job)
    raise_if_stopped(run.should_stop)
    output.rehearse(images)
    frame = _frame(job, run)
    arrays, made = _enhanced(images, run) if frame is None else _frame_enhanced(frame, run)
    return tuple(run.settings.part_of(image) for image in images), arrays, made


def write_enhanced(job: FileJob, output: OutputFile, enhanced: Enhanced, run: SharedRun) -> Made:
    """Write the images of a file, and return how they were made, and what the user should know.

    Parameters
    ----------
    job : FileJob
    output : OutputFile
    enhanced : Enhanced
        From `enhance_in_memory`.
    run : SharedRun

    Raises
    ------
    ZeroDCEError
        If the file cannot be written.
    """
    from napari_zerodce.imaging.files.images import has_fewer_colours

    images, arrays, (provenance, automatic, notices) = enhanced
    output.write(images, arrays)
    if has_fewer_colours(job.target.name, images):
        run.note_once(_FEW_COLOURS)
    results = [replace(image, array=array) for image, array in zip(images, arrays, strict=True)]
    left_out = output.left_out(results)
    return provenance, automatic, (*notices, *([left_out] if left_out else []))


def _frame(job: FileJob, run: SharedRun) -> Frame | None:
    frame = run.frames.get(job)
    if frame is None or not frame.series.holds(frame.number):
        return None
    return frame.series.frame(frame.number, run.should_stop)


def read_for(run: SharedRun, job: FileJob) -> tuple[ImageFile, ...]:
    """Return the images of a file, with the quality that the user wants.

    Parameters
    ----------
    run : SharedRun
    job : FileJob
    """
    from napari_zerodce.cli.growing_output import read_file
    from napari_zerodce.imaging.files.quality import with_quality

    frame, settings = run.frames.get(job), run.settings
    images = (
        read_file(job.source, settings.series)
        if frame is None
        else (frame.series.image(frame.number),)
    )
    return tuple(with_quality(image, settings.quality) for image in images)


def _enhanced(images: tuple[ImageFile, ...], run: SharedRun) -> tuple[list[Array], Made]:
    from napari_zerodce.engine.enhance import enhance
    from napari_zerodce.engine.shared_choices import SharedChoice, with_shared_choices

    follow, should_stop = run.bars.follow, run.should_stop
    requests = [run.settings.request(image, run.checkpoint) for image in images]
    choices = [SharedChoice(request) for request in requests]
    if len(images) > 1:
        choices = with_shared_choices(requests, report=follow, should_stop=should_stop)
    results = [enhance(each.request, report=follow, should_stop=should_stop) for each in choices]
    notices = [each.notices for each in choices] + [each.notices for each in results]
    notices.append(_about_others(results))
    automatic = choices[0].automatic or results[0].automatic
    made = results[0].provenance, automatic, tuple(dict.fromkeys(chain.from_iterable(notices)))
    return [result.image for result in results], made


def _about_others(results: Sequence[EnhanceResult]) -> tuple[str, ...]:
    """Return the choices of images of other kinds than the first; the file's line tells its."""
    counts = Counter((in_words(each.windows), each.checkpoint.name) for each in results)
    _, *others = counts.items()
    return tuple(
        f"The line tells of the first image; others ({count}) have the window {window} and "
        f"the weights {weights}."
        for (window, weights), count in others
    )


def _frame_enhanced(frame: Frame, run: SharedRun) -> tuple[list[Array], Made]:
    series = frame.series
    follow, should_stop = run.bars.follow, run.should_stop
    result = series.enhance(frame.number, run.checkpoint, follow, should_stop)
    if series not in run.told:
        told = series.told(series.resolved(run.checkpoint, follow, should_stop))
        run.told[series] = told
        if told:
            run.bars.warn(f"note: {told}")
    return [result.image], (result.provenance, result.automatic, result.notices)
