"""``napari-zerodce maps``: write the curve maps of one image, tile by tile."""

from __future__ import annotations

import time
from argparse import Namespace, RawDescriptionHelpFormatter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.engine_options import (
    add_engine_options,
    add_series_number,
    why_automatic,
)
from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.device import BACKEND_TITLES
from napari_zerodce.engine.map_kinds import MAP_KIND, MapKind
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.setting import SettingField
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from pathlib import Path

    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.engine.resolved import ResolvedRequest

_EXAMPLES = """\
examples:
  napari-zerodce maps dark.png --output curves.tif
  napari-zerodce maps stack.tif --output curves.npy --window 90,800
  napari-zerodce maps dark.png --output noise.ome.zarr --kind noise-gain

The output is float32 and has the axes (iteration, channel, y, x), after the axes of a stack. A > 0
brightens.
"""

_KIND: Final = SettingField("kind", MAP_KIND, str, optional=False, default="alphas")

_NOT_OF_MAPS = {"display_only", "look", "global_curve", "tile", "seconds"}


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "maps",
        help="write the curve maps of an image, or the steps and gains computed from them",
        description="Write the curve maps of one image, or the steps and gains computed from them, "
        "as .npy, TIFF or OME-Zarr.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("input", metavar="INPUT", help="An image file.")
    add(
        "--output",
        required=True,
        metavar="PATH",
        help="A .npy, .tif or .tiff file, or a .zarr folder.",
    )
    add_options(add, [_KIND])
    add_engine_options(add)
    add_series_number(add, others="A file with several needs it.")
    add("--overwrite", action="store_true", help="Replace an output that exists.")
    parser.set_defaults(command=write_maps)


def write_maps(options: Namespace) -> int:
    """Write the maps of the image of the command line, and return the exit code."""
    from napari_zerodce.cli.maps_file import plan_maps

    settings = CommandSettings.of(options)
    source, target = plan_maps(options.input, options.output)
    output = HiddenOutput(target, overwrite=settings.overwrite)
    return run_interruptibly(
        partial(_write, source, target, output, settings, options.kind),
        interrupted=lambda: f"interrupted: {target} was not written",
        clean_up=output.discard,
    )


def _write(
    source: Path,
    target: Path,
    output: HiddenOutput,
    settings: CommandSettings,
    kind: MapKind,
    should_stop: ShouldStop,
) -> int:
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.engine.maps import resolve_for_maps
    from napari_zerodce.imaging.files.maps import map_format_of, stack_axes
    from napari_zerodce.imaging.files.one_of_several import read_one
    from napari_zerodce.stopping import raise_if_stopped

    started = time.perf_counter()
    with Bars(1) as bars, output:
        bars.begin_file(source.name)
        bars.say("Loading the checkpoint")
        raise_if_stopped(should_stop)
        checkpoint = settings.load()
        bars.say("Reading")
        image = read_one(source, settings.series)
        stack = stack_axes(image)
        map_format_of(target).check_stack_axes(target, stack)
        request = settings.request(image, checkpoint)
        resolved = resolve_for_maps(request, should_stop=should_stop)
        maps = _MapsJob(target, kind, stack, resolved)
        try:
            shape = _fill(output, maps, bars, should_stop)
        except MemoryError as err:
            raise ImageError(f"{source} is too large for this machine's memory.") from err
        window = f"window {in_words(resolved.windows)}"
        bars.print(
            f"{source} -> {target} ({kind}, {'x'.join(map(str, shape))}, "
            f"{resolved.device.name}, {BACKEND_TITLES[resolved.backend]}, {resolved.precision}, "
            f"{window}, "
            f"{time.perf_counter() - started:.2f} s{why_automatic(resolved.automatic)})"
        )
    return 0


@dataclass(frozen=True)
class _MapsJob:
    """One output of maps, and everything that decides its values."""

    target: Path
    kind: MapKind
    stack: str
    resolved: ResolvedRequest

    def facts(self) -> dict[str, Any]:
        """Return the provenance that the output stores."""
        made = self.resolved.provenance().as_dict()
        return {"kind": self.kind, **{key: made[key] for key in made if key not in _NOT_OF_MAPS}}


def _fill(
    output: HiddenOutput, job: _MapsJob, bars: Bars, should_stop: ShouldStop
) -> tuple[int, ...]:
    """Write the maps, and return their shape."""
    from napari_zerodce.cli.maps_file import check_room
    from napari_zerodce.engine.maps import fill_maps, maps_shape
    from napari_zerodce.imaging.files.map_format import size_of
    from napari_zerodce.imaging.files.maps import open_maps

    shape = maps_shape(job.resolved.layout)
    with output.failures_told():
        check_room(job.target, size_of(shape))
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
