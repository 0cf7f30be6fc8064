"""``napari-zerodce enhance``: read, enhance and write files, one after the other."""

from __future__ import annotations

import time
import traceback
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from napari_zerodce.cli.bars import Bars
from napari_zerodce.cli.file_plan import FileJob, plan_files
from napari_zerodce.cli.interruption import ShouldStop, run_interruptibly
from napari_zerodce.cli.output_file import OutputFile
from napari_zerodce.device import PrecisionChoice
from napari_zerodce.engine.messages import EnhanceRequest, EnhanceResult
from napari_zerodce.errors import (
    Cancelled,
    CheckpointError,
    DeviceError,
    RequestError,
    ZeroDCEError,
)
from napari_zerodce.imaging.files import READABLE_SUFFIXES, ImageFile, read_image
from napari_zerodce.imaging.intensity import WindowChoice


@dataclass(frozen=True)
class Settings:
    """How all files of one command are enhanced."""

    checkpoint: str
    scale_factor: int | None
    device: str
    precision: PrecisionChoice
    window: WindowChoice
    tile: int | None
    overwrite: bool


@dataclass
class _Tally:
    """What became of the files so far, also for the line after an interruption."""

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


def run(options: Namespace) -> int:
    """Enhance the files that were named on the command line, and return the exit code."""
    settings = Settings(
        checkpoint=options.checkpoint,
        scale_factor=options.scale_factor,
        device=options.device,
        precision=options.precision,
        window=WindowChoice.parse(options.window),
        tile=options.tile,
        overwrite=options.overwrite,
    )
    if settings.tile is not None and settings.tile < 1:
        raise RequestError(f"The tile is {settings.tile} pixels; give 1 or more, such as 512.")
    jobs = plan_files(options.inputs, options.output, suffixes=READABLE_SUFFIXES)
    tally = _Tally(len(jobs))
    return run_interruptibly(
        partial(_enhance_all, jobs, settings, tally),
        interrupted=tally.interrupted,
        clean_up=tally.clean_up,
    )


def _enhance_all(
    jobs: Sequence[FileJob], settings: Settings, tally: _Tally, should_stop: ShouldStop
) -> int:
    with Bars(len(jobs)) as bars:
        bars.begin_file(jobs[0].source.name)
        bars.say("Loading the checkpoint")
        _check(settings, should_stop)
        for job in jobs:
            _stop_if_asked(should_stop)
            tally.output = OutputFile(job.target, overwrite=settings.overwrite)
            if _enhance_or_report(job, tally.output, settings, bars, should_stop):
                tally.enhanced += 1
            else:
                tally.failed += 1
            bars.end_file()
        if len(jobs) > 1:
            bars.print(tally.summary())
    return 1 if tally.failed else 0


def _check(settings: Settings, should_stop: ShouldStop) -> None:
    """Refuse once, before the first file, what would fail for each of them."""
    from napari_zerodce.checkpoints.load import load_checkpoint
    from napari_zerodce.device import resolve_device, resolve_precision

    _stop_if_asked(should_stop)
    try:
        load_checkpoint(settings.checkpoint, scale_factor=settings.scale_factor)
        resolve_precision(settings.precision, resolve_device(settings.device))
    except (CheckpointError, DeviceError) as err:
        raise RequestError(str(err)) from err


def _enhance_or_report(
    job: FileJob, output: OutputFile, settings: Settings, bars: Bars, should_stop: ShouldStop
) -> bool:
    bars.begin_file(job.source.name)
    try:
        with output:
            _enhance_file(job, output, settings, bars, should_stop)
    except Cancelled:
        raise
    except ZeroDCEError as err:
        bars.warn(f"failed: {job.source}: {err}")
    except MemoryError:
        bars.warn(f"failed: {job.source}: The image is too large for this machine's memory.")
    except Exception:  # noqa: BLE001  a bug met at night must not cost the other thousand files
        bars.warn(f"failed: {job.source}: This is a bug of napari-zerodce; please report it:")
        bars.warn(traceback.format_exc())
    else:
        return True
    return False


def _enhance_file(
    job: FileJob, output: OutputFile, settings: Settings, bars: Bars, should_stop: ShouldStop
) -> None:
    started = time.perf_counter()
    bars.say("Reading")
    image = read_image(job.source)
    _stop_if_asked(should_stop)
    output.rehearse(image)
    result = _enhance_array(image, settings, bars, should_stop)
    bars.say("Writing")
    output.write(image, result.image)
    window = f"{result.window.low:g} to {result.window.high:g}"
    seconds = time.perf_counter() - started
    bars.print(
        f"{job.source} -> {job.target} ({result.device}, {result.precision}, window {window}, "
        f"{seconds:.2f} s)"
    )
    for notice in result.notices:
        bars.warn(f"note: {job.source}: {notice}")


def _enhance_array(
    image: ImageFile, settings: Settings, bars: Bars, should_stop: ShouldStop
) -> EnhanceResult:
    from napari_zerodce.engine.enhance import enhance

    request = EnhanceRequest(
        image=image.array,
        channels=image.channels,
        checkpoint=settings.checkpoint,
        scale_factor=settings.scale_factor,
        device=settings.device,
        precision=settings.precision,
        window=settings.window,
        tile=settings.tile,
    )
    return enhance(request, report=bars.follow, should_stop=should_stop)


def _stop_if_asked(should_stop: ShouldStop) -> None:
    if should_stop():
        raise Cancelled
