"""How a command begins or continues a run of any kind, shows it, and is interrupted."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import AddArgument, add_options
from napari_zerodce.device import import_torch, resolve_device
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.setting import setting_fields
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.training.run_folder import RunFolder

Begin = Callable[[ShouldStop], None]
"""Fills the folder of a new run, or prepares an old one to continue."""

_GRACE: Final = 60.0
"""In seconds: after Ctrl-C, the run finishes the present step, validates and saves."""

_OF_ALL_RUNS: Final = {"command_name", "command", "words", "resume", "device"}


def add_folder_options(add: AddArgument) -> None:
    """Add the options of a run: its folder, the folder to continue, and the device."""
    add("--output", metavar="RUN", help="The folder of the new run. It must be new or empty.")
    add("--resume", metavar="RUN", help="Continue the run in this folder, with its own settings.")
    device = setting_fields(EnhanceSettings)["device"]
    add_options(add, [device], untyped_is_none=True, defaults={"device": "auto, or the run's"})


def to_resume(options: Namespace, inputs: Mapping[str, str]) -> tuple[RunFolder, Begin]:
    """Return the folder of the run to continue, and what prepares it.

    Parameters
    ----------
    options : Namespace
    inputs : mapping of str to str
        What the arguments without dashes are for a user, by their names.

    Raises
    ------
    ZeroDCEError
        If something is given that a run has itself, or the folder holds no run.
    """
    from napari_zerodce.training.run_folder import RunFolder

    values = [(name, value) for name, value in vars(options).items() if name not in _OF_ALL_RUNS]
    given = [name for name, value in values if value not in (None, [])]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        what = inputs.get(given[0], option)
        raise RequestError(
            f"--resume continues with the run's own settings, and {what} is given, too; leave it "
            "out, or start a new run with --output."
        )
    if not options.resume:
        raise RequestError("--resume is empty; give the folder of a run.")
    folder = RunFolder(options.resume)
    folder.check_run()
    return folder, partial(_continue, folder, options.device)


def _continue(folder: RunFolder, device: str | None, _should_stop: ShouldStop) -> None:
    from napari_zerodce.training.carry_out import config_of
    from napari_zerodce.training.owned_folder import written_or_told

    if device is not None:
        resolve_device(device)
        with written_or_told(folder.path):
            folder.write_config(config_of(folder).model_copy(update={"device": device}))


def new_folder(options: Namespace) -> RunFolder:
    """Return the free folder of a new run; raise a `RequestError` if it is missing or taken."""
    from napari_zerodce.training.run_folder import RunFolder

    if not options.output:
        raise RequestError("--output is missing; give a new folder for the run.")
    folder = RunFolder(options.output)
    folder.check_free()
    return folder


def run_command(folder: RunFolder, begin: Begin) -> int:
    """Carry out a run in the terminal, and return the exit code."""
    import_torch()  # it tells in one sentence if there is none, before anything is written
    return run_interruptibly(
        partial(_begin_and_train, folder, begin),
        interrupted=lambda: _after_interruption(folder),
        clean_up=lambda: None,
        grace=_GRACE,
    )


def _begin_and_train(folder: RunFolder, begin: Any, should_stop: ShouldStop) -> int:
    from napari_zerodce.cli.training_bar import TrainingBar

    begin(should_stop)
    from napari_zerodce.training.carry_out import carry_out

    with TrainingBar() as bar:
        ending = carry_out(folder, should_stop=should_stop, tell=bar.follow)
    if ending == "diverged":
        return 1
    weights = next((path for path in (folder.best, folder.last) if path.exists()), None)
    if weights is not None:
        sys.stdout.write(f"{weights}\n")
    return 0


def _after_interruption(folder: RunFolder) -> str:
    if not folder.is_run:
        return "interrupted: nothing was written"
    command = "train" if folder.kind == "translation" else "finetune"
    path = quote(str(folder.path))
    return f"interrupted; continue with: napari-zerodce {command} --resume {path}"
