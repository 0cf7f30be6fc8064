"""``napari-zerodce maps``: the curve maps of one image, written tile by tile."""

from __future__ import annotations

import os
import shutil
import time
from argparse import Namespace
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_zerodce.cli.aside import Aside
from napari_zerodce.cli.bars import Bars
from napari_zerodce.cli.file_plan import FileJob, check_collisions, is_folder
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.settings import CommandSettings
from napari_zerodce.engine.map_kinds import MapKind
from napari_zerodce.engine.progress import raise_if_stopped
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.files.map_format import size_of
from napari_zerodce.imaging.files.maps import MAP_SUFFIXES, map_format_of, open_maps, stack_axes
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.engine.resolve import ResolvedRequest

_NOT_OF_MAPS = {"display_only", "look", "global_curve", "tile", "seconds"}


def run(options: Namespace) -> int:
    """Write the maps of the image that was named on the command line; return the exit code."""
    settings = CommandSettings.of(options)
    job = _plan(options.input, options.output)
    output = Aside(job.target, overwrite=settings.overwrite)
    return run_interruptibly(
        partial(_write, job, output, settings, options.kind),
        interrupted=lambda: f"interrupted: {job.target} was not written",
        clean_up=output.discard,
    )


def _plan(source: str, target: str) -> FileJob:
    """Refuse what cannot be, before anything is loaded."""
    job = FileJob(Path(source), Path(target))
    if is_folder(job.source):
        raise RequestError(
            f"The input {source!r} is a folder, and maps are made of one image; name a file."
        )
    if not os.path.lexists(job.source):
        raise RequestError(f"There is no file {source!r}; check the path.")
    suffix = job.target.suffix.lower()
    if suffix not in MAP_SUFFIXES:
        raise RequestError(
            f"The output {target!r} has the suffix {suffix!r}; maps are written as one of "
            f"{', '.join(MAP_SUFFIXES)}."
        )
    check_collisions([job])
    _refuse_other_kinds(job.target)
    return job


def _refuse_other_kinds(target: Path) -> None:
    """Refuse to replace a folder that is no Zarr, and a file by a folder, even if asked to."""
    form = map_format_of(target)
    if not os.path.lexists(target) or form.is_one(target):
        return
    if not form.IS_FOLDER:
        raise RequestError(f"The output {str(target)!r} is a folder; name a file.")
    raise RequestError(
        f"The output {str(target)!r} exists and is no Zarr folder; choose another name."
    )


def _write(
    job: FileJob, output: Aside, settings: CommandSettings, kind: MapKind, should_stop: ShouldStop
) -> int:
    from napari_zerodce.engine.maps import resolve_for_maps

    started = time.perf_counter()
    with Bars(1) as bars, output:
        bars.begin_file(job.source.name)
        bars.say("Loading the checkpoint")
        raise_if_stopped(should_stop)
        checkpoint = settings.load()
        bars.say("Reading")
        image = read_image(job.source)
        stack = stack_axes(image)
        map_format_of(job.target).check_stack_axes(job.target, stack)
        request = settings.request(image, checkpoint)
        resolved = resolve_for_maps(request, should_stop=should_stop)
        maps = _MapsJob(job.target, kind, stack, resolved)
        try:
            shape = _fill(output, maps, bars, should_stop)
        except MemoryError as err:
            raise ImageError(f"{job.source} is too large for this machine's memory.") from err
        window = f"window {resolved.window.low:g} to {resolved.window.high:g}"
        bars.print(
            f"{job.source} -> {job.target} ({kind}, {'x'.join(map(str, shape))}, "
            f"{resolved.device.name}, {resolved.precision}, {window}, "
            f"{time.perf_counter() - started:.2f} s)"
        )
    return 0


@dataclass(frozen=True)
class _MapsJob:
    """One file of maps, with all that decides what is in it."""

    target: Path
    kind: MapKind
    stack: str
    resolved: ResolvedRequest

    def facts(self) -> dict[str, Any]:
        """Return what the file says of its maps."""
        made = self.resolved.provenance().as_dict()
        return {"kind": self.kind, **{key: made[key] for key in made if key not in _NOT_OF_MAPS}}


def _fill(output: Aside, job: _MapsJob, bars: Bars, should_stop: ShouldStop) -> tuple[int, ...]:
    """Write the maps, and return their shape."""
    from napari_zerodce.engine.maps import fill_maps, maps_shape

    shape = maps_shape(job.resolved.layout)
    with output.failures_told():
        _check_room(job.target, size_of(shape))
        with open_maps(output.part, shape, stack=job.stack, facts=job.facts()) as maps:
            fill_maps(
                job.resolved,
                job.kind,
                lambda _: maps,
                report=bars.follow,
                should_stop=should_stop,
            )
    output.publish()
    return shape


def _check_room(target: Path, size: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if size > free:
        need = "may need" if map_format_of(target).IS_COMPRESSED else "need"
        raise ImageError(
            f"The maps {need} {size / 2**30:.3g} GiB of disk, and {free / 2**30:.3g} GiB are free "
            f"where {target} is to be; choose another disk, or take a crop."
        )
