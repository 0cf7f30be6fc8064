"""``napari-zerodce finetune``: begin or continue a run, and show its progress."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import replace
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.device import resolve_device
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.setting import setting_fields
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


_GRACE: Final = 60.0
"""In seconds: after Ctrl-C, the run finishes the present step, validates and saves."""

_OF_ALL_RUNS: Final = {"command_name", "command", "inputs", "resume", "device"}


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
    add("--output", metavar="RUN", help="The folder of the new run. It must be new or empty.")
    add("--resume", metavar="RUN", help="Continue the run in this folder, with its own settings.")
    device = setting_fields(EnhanceSettings)["device"]
    add_options(add, [device], untyped_is_none=True, defaults={"device": "auto, or the run's"})
    add_training_options(parser)


def train(options: Namespace) -> int:
    """Begin or continue a run, and return the exit code."""
    if options.resume is not None:
        folder = _to_resume(options)
        begin = partial(_continue, folder, options.device)
    else:
        folder, begin = _to_begin(options)
    return run_interruptibly(
        partial(_begin_and_train, folder, begin),
        interrupted=lambda: _after_interruption(folder),
        clean_up=lambda: None,
        grace=_GRACE,
    )


def _to_resume(options: Namespace) -> RunFolder:
    from napari_zerodce.training.run_folder import RunFolder

    values = vars(options).items()
    given = [name for name, value in values if value is not None and name not in _OF_ALL_RUNS]
    if options.inputs or given:
        what = "an image" if options.inputs else f"--{given[0].replace('_', '-')}"
        raise RequestError(
            f"--resume continues with the run's own settings, and {what} is given, too; leave it "
            "out, or start a new run with --output."
        )
    if not options.resume:
        raise RequestError("--resume is empty; give the folder of a run.")
    folder = RunFolder(options.resume)
    folder.check_run()
    return folder


def _continue(folder: RunFolder, device: str | None, _should_stop: ShouldStop) -> None:
    from napari_zerodce.training.run_folder import written_or_told

    if device is not None:
        resolve_device(device)
        with written_or_told(folder.path):
            folder.write_config(folder.config().model_copy(update={"device": device}))


def _to_begin(options: Namespace) -> tuple[RunFolder, Any]:
    """Check the options before any image is read; return the folder and a function to fill it."""
    from napari_zerodce.cli.file_plan import image_files
    from napari_zerodce.cli.training_options import training_request
    from napari_zerodce.imaging.files.images import READABLE_SUFFIXES
    from napari_zerodce.training.new_run import settle
    from napari_zerodce.training.presets import PRESETS
    from napari_zerodce.training.run_folder import RunFolder

    if not options.inputs:
        raise RequestError(
            "There is no image to train on; give dark images, or a folder of dark images."
        )
    if not options.output:
        raise RequestError("--output is missing; give a new folder for the run.")
    window = WindowChoice.parse(options.window or "auto")
    folder = RunFolder(options.output)
    folder.check_free()
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


def _begin_and_train(folder: RunFolder, begin: Any, should_stop: ShouldStop) -> int:
    from napari_zerodce.cli.training_bar import TrainingBar

    begin(should_stop)
    from napari_zerodce.training.finetune import finetune

    with TrainingBar() as bar:
        ending = finetune(folder, should_stop=should_stop, tell=bar.follow)
    if ending == "diverged":
        return 1
    if folder.best.exists():
        sys.stdout.write(f"{folder.best}\n")
    return 0


def _after_interruption(folder: RunFolder) -> str:
    if not folder.is_run:
        return "interrupted: nothing was written"
    return f"interrupted; continue with: napari-zerodce finetune --resume {quote(str(folder.path))}"
