"""``napari-zerodce batch``: enhance many or huge images on many workers, and go on after losses."""

from __future__ import annotations

import secrets
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
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
from napari_zerodce.device import BACKEND_TITLES
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.setting import NO_VALUE, fields_at, setting_fields
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.batch.images import BatchImage, SharedByFiles
    from napari_zerodce.batch.schedule import Ending
    from napari_zerodce.batch.tasks import BatchSettings, Finished
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.batch_plan import BatchPlan
    from napari_zerodce.cli.file_series import FileSeries
    from napari_zerodce.cli.json_lines import JsonLines
    from napari_zerodce.engine.requests import Report

_EXAMPLES = """\
examples:
  napari-zerodce batch plate.ome.zarr --output bright/
  napari-zerodce batch s3://bucket/embryo.ome.zarr --output s3://bucket/bright
  napari-zerodce batch *.tif --output bright/ --workers 4 --device cpu
  napari-zerodce batch plate/ --output bright/ --scheduler tcp://10.0.0.5:8786

The same command again goes on where the last one was stopped, and does again what was made with
other settings or is damaged. Inputs and outputs must have the same paths on all workers.
"""

_ALONE = (
    "note: In a batch, files of a series share their window and weights only; 'napari-zerodce "
    "enhance' finds one curve, or a steady exposure, for all of them."
)

_GRACE_SECONDS = 10.0
"""For a region or an image file in work, and for the workers to leave."""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "batch",
        help="enhance many or huge images on many workers",
        description="Enhance many or huge images on all cores or GPUs of this computer, or on the "
        "workers of a scheduler of dask.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="An image file, an OME-Zarr (an image or a plate, also by URL), or a folder of both.",
    )
    add(
        "--output",
        required=True,
        metavar="DIR",
        help="The folder of the results; a URL if all inputs are OME-Zarrs.",
    )
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="The address of a scheduler, such as tcp://10.0.0.5:8786. By default, processes of "
        "this computer do the work.",
    )
    add(
        "--workers",
        metavar="N",
        type=_count,
        help="Number of processes of this computer. By default one for each GPU, or, without a "
        "GPU, one for four cores and at least two.",
    )
    add(
        "--task-pixels",
        metavar="N",
        type=_count,
        help="Most pixels of a task: larger images are cut. A fast GPU may need more, so that it "
        "does not wait for tasks. By default some 8 million.",
    )
    add_engine_options(add)
    limit = f"{DEFAULT_LOOK.detail_gain_limit:g}; {NO_VALUE}: no limit"
    add_options(add, fields_at(DEFAULT_LOOK), defaults={"detail_gain_limit": limit})
    add_skip_option(add)
    add_quality_option(add)
    add_series_options(add, others="A file with several needs it.")
    add(
        "--overwrite",
        action="store_true",
        help="Replace outputs that no batch has made, and make again those with gaps.",
    )
    add("--json", action="store_true", help="Write progress and results to stdout as JSON lines.")
    parser.set_defaults(command=enhance_batch)


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a number; give 1 or more")


@dataclass
class _Tally:
    """The number of finished images, for the last line and the line after an interruption."""

    planned: int
    enhanced: int = 0
    were_there: int = 0
    failed: int = 0
    incomplete: set[str] = field(default_factory=set)

    def tell(self, show: Callable[[Ending], None], ending: Ending) -> None:
        show(ending)
        if ending.finished is None:
            self.failed += 1
            self.incomplete.add(ending.image.target)
        elif ending.finished.was_there:
            self.were_there += 1
        else:
            self.enhanced += 1

    def summary(self) -> str:
        there = f", {self.were_there} done before" if self.were_there else ""
        return f"{self.enhanced} enhanced{there}, {self.failed} failed"

    def interrupted(self) -> str:
        left = self.planned - self.enhanced - self.were_there - self.failed
        return (
            f"interrupted: {self.summary()}, {left} not done; the same command goes on with what "
            "is missing"
        )


def enhance_batch(options: Namespace) -> int:
    """Enhance the images of the command line on workers, and return the exit code."""
    from napari_zerodce.batch.cluster import distributed
    from napari_zerodce.cli.batch_plan import plan_batch
    from napari_zerodce.imaging.files.quality import check_quality

    distributed()  # if it is missing, nothing needs to be searched
    look = Look(**{name: getattr(options, name) for name in setting_fields(Look)})
    settings = CommandSettings.of(options, look=look)
    plan = plan_batch(options.inputs, options.output)
    check_quality(settings.quality, (each.target for each in plan.images))
    tally = _Tally(len(plan.images))
    work = partial(_enhance_all, plan, settings, tally, options)
    return run_interruptibly(
        work, interrupted=tally.interrupted, clean_up=lambda: None, grace=_GRACE_SECONDS
    )


def _enhance_all(
    plan: BatchPlan,
    settings: CommandSettings,
    tally: _Tally,
    options: Namespace,
    should_stop: ShouldStop,
) -> int:
    from napari_zerodce.batch.agreement import check_workers
    from napari_zerodce.batch.cluster import connected
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.json_lines import JsonLines

    with JsonLines() if options.json else Bars(len(plan.images)) as bars:
        bars.begin_file("batch")
        bars.say("Loading the checkpoint")
        scheduler, device = options.scheduler, settings.enhance.device
        plan = _with_series(plan, settings, bars, should_stop)
        shared = _shared(settings, options.task_pixels, elsewhere=scheduler is not None)
        bars.say("Starting")
        with connected(scheduler, workers=options.workers, device=device) as client:
            check_workers(
                client, shared.facts, report=bars.follow, should_stop=should_stop, warn=bars.warn
            )
            if client.dashboard_link and (scheduler or _has_dashboard()):
                bars.print(f"dashboard: {client.dashboard_link}")
            _run(client, plan, shared, tally, bars, should_stop)
        _write_plates(plan, tally, bars)
        bars.print(tally.summary())
    return 1 if tally.failed else 0


def _run(
    client: Any,
    plan: BatchPlan,
    shared: BatchSettings,
    tally: _Tally,
    bars: Bars | JsonLines,
    should_stop: ShouldStop,
) -> None:
    from napari_zerodce.batch.run import run_batch
    from napari_zerodce.cli.json_lines import JsonLines

    show = bars.tell if isinstance(bars, JsonLines) else partial(_show, bars)
    tell = partial(tally.tell, show)
    run_batch(
        client,
        plan.images,
        shared,
        tell=tell,
        report=bars.follow,
        should_stop=should_stop,
        warn=bars.warn,
    )


def _has_dashboard() -> bool:
    from importlib.util import find_spec

    return find_spec("bokeh") is not None


def _shared(settings: CommandSettings, pixels: int | None, *, elsewhere: bool) -> BatchSettings:
    """Return what all tasks share; the weights are read here, too, to compare them."""
    from napari_zerodce.batch.facts import facts_here
    from napari_zerodce.batch.key import choices_of
    from napari_zerodce.batch.parts import PIXELS_OF_A_TASK
    from napari_zerodce.batch.tasks import BatchSettings
    from napari_zerodce.engine.automatic import WEIGHTS_FOR

    wanted = settings.enhance
    # The device may be one that only the workers have.
    here = replace(wanted, device="auto") if elsewhere else wanted
    replace(settings, enhance=here).load()
    names = WEIGHTS_FOR.values() if wanted.is_automatic else (str(wanted.checkpoint),)
    return BatchSettings(
        batch=secrets.token_hex(4),
        request_for=partial(settings.request, checkpoint=None),
        choices=choices_of(settings),
        facts=facts_here(names),
        overwrite=settings.overwrite,
        pixels=pixels or PIXELS_OF_A_TASK,
        accepts_gaps=settings.skip_unreadable and not settings.overwrite,
        quality=settings.quality,
        series=settings.series,
    )


def _with_series(
    plan: BatchPlan, settings: CommandSettings, bars: Bars | JsonLines, should_stop: ShouldStop
) -> BatchPlan:
    """Return the plan with the windows and weights that files of a series share."""
    from napari_zerodce.cli.file_plan import FileJob
    from napari_zerodce.cli.series_search import find_series

    jobs = {
        FileJob(Path(image.source), Path(image.target)): image
        for image in plan.images
        if image.kind == "file"
    }
    follow = bars.follow
    frames = find_series([*jobs], settings, report=follow, should_stop=should_stop)
    photos = {
        series
        for series in dict.fromkeys(frame.series for frame in frames.values())
        if series.are_photos(should_stop)
    }
    shared: dict[FileSeries, SharedByFiles | None] = {}
    of_images: dict[BatchImage, SharedByFiles | None] = {}
    for job, frame in frames.items():
        if frame.series in photos:
            continue
        own = frame.series.frame(frame.number, should_stop)
        if own is not None:
            of_images[jobs[job]] = _found_once(own.series, shared, follow, should_stop)
    if frames and (settings.enhance.look.global_curve or settings.enhance.time != "frames"):
        bars.warn(_ALONE)
    images = tuple(replace(image, shared=of_images.get(image)) for image in plan.images)
    return replace(plan, images=images)


def _found_once(
    series: FileSeries,
    known: dict[FileSeries, SharedByFiles | None],
    report: Report,
    should_stop: ShouldStop,
) -> SharedByFiles | None:
    """Return what the files of a series share, found once; None if it cannot be found."""
    if series not in known:
        known[series] = None
        with suppress(ZeroDCEError):  # the task of each file tells it
            known[series] = series.choices(report, should_stop)
    return known[series]


def _show(bars: Bars, ending: Ending) -> None:
    bars.end_file()
    image, finished = ending.image, ending.finished
    for failure in ending.failures:
        bars.warn(f"failed: {image.source}: {failure}")
    if finished is not None and not finished.was_there:
        bars.print(f"{image.source} -> {image.target} ({_facts(finished)})")
        for notice in finished.notices:
            bars.warn(f"note: {image.source}: {notice}")


def _write_plates(plan: BatchPlan, tally: _Tally, bars: Bars | JsonLines) -> None:
    """Make plates of those whose images are all complete."""
    from napari_zerodce.cli.batch_plan import images_of_plate
    from napari_zerodce.imaging.files.plates import write_plate
    from napari_zerodce.imaging.files.urls import named

    for target, plate in plan.plates.items():
        if tally.incomplete.isdisjoint(images_of_plate(plan, target)):
            write_plate(named(target), plate)
            bars.print(f"plate: {target}")


def _facts(finished: Finished) -> str:
    ran = f"{finished.device}, {BACKEND_TITLES[finished.backend]}, {finished.precision}"
    return f"{ran}, window {in_words(finished.windows)}"
