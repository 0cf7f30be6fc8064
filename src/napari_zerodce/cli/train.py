"""``napari-zerodce train``: begin or continue the training of a translator."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.setting_options import add_options, typed_values
from napari_zerodce.cli.training_run import (
    add_folder_options,
    new_folder,
    run_command,
    to_resume,
)
from napari_zerodce.device import resolve_device
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.setting import setting_fields
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.cli.training_run import Begin
    from napari_zerodce.training.crops import TrainingImage
    from napari_zerodce.training.run_folder import RunFolder
    from napari_zerodce.training.translation.new_run import TranslationRequest

_EXAMPLES = """\
examples:
  napari-zerodce train cut dark/ bright/ --output run
  napari-zerodce train pix2pix brightfield/ fluorescence/ --output run --minutes 5
  napari-zerodce train cyclegan day/ night/ --output run --size full --device cuda
  napari-zerodce train cut a/ b/ --output run --checkpoint latest_net_G.pth
  napari-zerodce train --resume run

pix2pix needs pairs: files of the same name (in subfolders, of the same path) in both folders, or
else in the same order. The others
need no pairs. 'napari-zerodce enhance --checkpoint run/last.safetensors' uses the result. Ctrl-C
stops after the present step and saves.
"""

_INPUTS: Final = {"method": "a method", "source": "an image", "target": "an image"}


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "train",
        help="train a translator: pix2pix, CycleGAN or CUT",
        description="Train a network that turns pictures like SOURCE into pictures like TARGET, or "
        "continue a run.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_options=_add_options,
        intermixed=True,
    )
    parser.set_defaults(command=train)


def _add_options(parser: ArgumentParser) -> None:
    from napari_zerodce.training.translation.config import (
        METHODS,
        SIZES,
        TranslationConfig,
        TranslationRunConfig,
    )

    add = parser.add_argument
    add("method", nargs="?", choices=METHODS, metavar="METHOD", help=f"{', '.join(METHODS)}.")
    add("source", nargs="?", metavar="SOURCE", help="The images to translate, or one image.")
    add("target", nargs="?", metavar="TARGET", help="Images that show what results look like.")
    add_folder_options(add)
    add(
        "--checkpoint",
        metavar="FILE",
        help="A generator to start from, such as latest_net_G.pth. (default: random weights)",
    )
    add(
        "--size",
        choices=tuple(SIZES),
        help="small: networks for a minute on a CPU; full: the published ones, for a GPU. "
        "(default: small on a CPU, full on a GPU)",
    )
    of_run = setting_fields(TranslationRunConfig)
    window = setting_fields(EnhanceSettings)["window"]
    described = setting_fields(TranslationConfig)
    defaults = {
        name: f"{SIZES['small'][name]:g} small, {value:g} full"
        for name, value in SIZES["full"].items()
    }
    fields = of_run["name"], of_run["minutes"], window, *described.values()
    add_options(add, fields, untyped_is_none=True, defaults=defaults)
    add("--crops", type=int, metavar="N", help="Number of crops of each set to train on.")


def train(options: Namespace) -> int:
    """Begin or continue a run, and return the exit code."""
    resumes = options.resume is not None
    return run_command(*to_resume(options, _INPUTS) if resumes else _to_begin(options))


def _to_begin(options: Namespace) -> tuple[RunFolder, Begin]:
    """Check the options before any image is read; return the folder and what fills it."""
    from napari_zerodce.cli.file_plan import image_files
    from napari_zerodce.imaging.files.images import READABLE_SUFFIXES
    from napari_zerodce.training.translation.new_run import settle_translation

    missing = [name.upper() for name in _INPUTS if not getattr(options, name)]
    if missing:
        raise RequestError(
            f"{missing[0]} is missing; give a method, the images to translate and images that show "
            "what results look like, such as 'cut dark/ bright/'."
        )
    folder = new_folder(options)
    window = WindowChoice.parse(options.window or "auto")
    request = _request(options)
    settle_translation(request)
    paths = [
        (Path(each), image_files([each], options.output, suffixes=READABLE_SUFFIXES))
        for each in (options.source, options.target)
    ]
    return folder, partial(_prepare, request, folder, paths, window)


def _request(options: Namespace) -> TranslationRequest:
    """Return the training that was typed, still without images."""
    from napari_zerodce.training.translation.config import TranslationConfig, TranslationRunConfig
    from napari_zerodce.training.translation.forecast import size_for
    from napari_zerodce.training.translation.new_run import TranslationRequest

    minutes = setting_fields(TranslationRunConfig)["minutes"]
    device = options.device or "auto"
    return TranslationRequest(
        method=options.method,
        sources=(),
        targets=(),
        size=options.size or size_for(resolve_device(device)),
        checkpoint=options.checkpoint,
        name=options.name or "",
        minutes=minutes.checked(options.minutes),
        device=device,
        crops=options.crops,
        changes=typed_values(options, setting_fields(TranslationConfig).values()),
    )


def _prepare(
    request: TranslationRequest,
    folder: RunFolder,
    paths: list[tuple[Path, tuple[Path, ...]]],
    window: WindowChoice,
    should_stop: ShouldStop,
) -> None:
    from napari_zerodce.training.images import read_images
    from napari_zerodce.training.translation.new_run import (
        create_translation_run,
        crops_for,
        settle_translation,
    )
    from napari_zerodce.training.translation.pairs import in_pairs

    config, _ = settle_translation(request)
    most = request.crops or crops_for(config)
    sets: list[list[TrainingImage]] = []
    notices: list[str] = []
    for place, files in paths:
        images, left_out = read_images(
            files, window, most=most, seed=config.seed, below=place, should_stop=should_stop
        )
        sets.append(images)
        notices += left_out
    sources, targets = sets
    if config.is_paired:
        targets, how = in_pairs(sources, targets, is_complete=not notices)
        notices.append(how)
    whole = replace(request, sources=sources, targets=targets, notices=notices)
    create_translation_run(whole, folder.path, should_stop=should_stop)
    for notice in (*folder.history().notices, *_forecast(folder)):
        sys.stderr.write(f"{notice}\n")


def _forecast(folder: RunFolder) -> list[str]:
    """Return a sentence about how long a run takes, unless it is given in minutes."""
    from napari_zerodce.checkpoints.read import read_info
    from napari_zerodce.training.translation.config import TranslationRunConfig
    from napari_zerodce.training.translation.forecast import forecast

    config = folder.config_as(TranslationRunConfig)
    if config.minutes is not None:
        return []
    design = read_info(folder.start).design if folder.start.exists() else None
    device = resolve_device(config.device)
    return [forecast(config.training, device, design=design).sentence]
