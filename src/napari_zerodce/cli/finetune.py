"""``napari-zerodce finetune``: begin or continue a run, and show its progress."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.training_run import add_folder_options, new_folder, run_command, to_resume
from napari_zerodce.device import resolve_device
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from pathlib import Path

    from napari_zerodce.training.new_run import TrainingRequest
    from napari_zerodce.training.run_folder import RunFolder

_EXAMPLES = """\
examples:
  napari-zerodce finetune photos/ --output run
  napari-zerodce finetune photos/ --output run --name "evenings in town"
  napari-zerodce finetune *.tif --output run --preset fluorescence --window percentile:0.1,99.9
  napari-zerodce finetune photos/ --output run --minutes 5 --exposure-target 0.5
  napari-zerodce finetune photos/ --output run --smoothness-order 1:0.5,2:0.5
  napari-zerodce finetune --resume run

No reference images are needed. 'napari-zerodce enhance --checkpoint run/best.safetensors' uses the
best checkpoint of the run. Ctrl-C stops after the present step and saves.
"""


_INPUTS: Final = {"inputs": "an image"}


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "finetune",
        help="fine-tune a checkpoint on your own images",
        description="Fine-tune a checkpoint on your own images, or continue a run.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_options=_add_options,
    )
    parser.set_defaults(command=train)


def _add_options(parser: ArgumentParser) -> None:
    from napari_zerodce.cli.training_options import add_training_options

    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="A dark image, or a folder of dark images.")
    add_folder_options(add)
    add_training_options(parser)


def train(options: Namespace) -> int:
    """Begin or continue a run, and return the exit code."""
    resumes = options.resume is not None
    return run_command(*to_resume(options, _INPUTS) if resumes else _to_begin(options))


def _to_begin(options: Namespace) -> tuple[RunFolder, Any]:
    """Check the options before any image is read; return the folder and a function to fill it."""
    from napari_zerodce.cli.file_plan import image_files
    from napari_zerodce.cli.training_options import training_request
    from napari_zerodce.imaging.files.images import READABLE_SUFFIXES
    from napari_zerodce.training.new_run import settle
    from napari_zerodce.training.presets import PRESETS

    if not options.inputs:
        raise RequestError(
            "There is no image to train on; give dark images, or a folder of dark images."
        )
    folder = new_folder(options)
    window = WindowChoice.parse(options.window or "auto")
    settle(training_request(options, images=0))
    paths = image_files(options.inputs, options.output, suffixes=READABLE_SUFFIXES)
    request = training_request(options, images=len(paths))
    if options.preset is None and request.preset != PRESETS[0]:
        request = replace(request, notices=[_preset_chosen(request)])
    return folder, partial(_prepare, request, folder, paths, window)


def _preset_chosen(request: TrainingRequest) -> str:
    from napari_zerodce.training.presets import MANY_PHOTOS

    return (
        f"The preset is {request.preset}, because there are less than {MANY_PHOTOS} images: hues "
        "stay as they are."
    )


def _prepare(
    request: TrainingRequest,
    folder: RunFolder,
    paths: tuple[Path, ...],
    window: WindowChoice,
    should_stop: ShouldStop,
) -> None:
    from napari_zerodce.training.images import read_images
    from napari_zerodce.training.new_run import create_run

    resolve_device(request.device)
    seed = int(request.changes.get("seed", 0))
    images, notices = read_images(paths, window, seed=seed, should_stop=should_stop)
    whole = replace(request, images=images, notices=[*request.notices, *notices])
    create_run(whole, folder.path, should_stop=should_stop)
    for notice in whole.notices:
        sys.stderr.write(f"{notice}\n")
