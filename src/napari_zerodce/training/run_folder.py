"""A run's folder and its files, written so that they stay whole if the process is killed."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from napari_zerodce.checkpoints.names import CHECKPOINTS_FOLDER, as_file_name
from napari_zerodce.errors import RequestError, TrainingError
from napari_zerodce.training.config import RunConfig, read_model
from napari_zerodce.training.crops import Crops, CropSet
from napari_zerodce.training.events import History, read_history
from napari_zerodce.training.owned_folder import OwnedFolder, unwritable, written_or_told
from napari_zerodce.training.run_config import AnyRunConfig, RunKind
from napari_zerodce.whole_file import write_whole

RUNS_VARIABLE: Final = "NAPARI_ZERODCE_RUNS"

STATE_FILE: Final = "state.pt"

_CONFIG: Final = "config.json"
_CROPS: Final = "crops.npz"
_START: Final = "start.weights"
_SETS: Final = ("training", "validation")
_TRAINED: Final[Mapping[RunKind, str]] = {
    "curves": "a network that gives curves",
    "translation": "a translator",
}
_ROOM: Final = 2**25
"""Bytes for checkpoints, preview images and events."""

Preview = NDArray[np.uint16]
_Config = TypeVar("_Config", bound=AnyRunConfig)


def runs_folder(preferred: Path | None = None) -> Path:
    """Return the folder for the folders of new runs, which may not exist yet.

    By default it is in the user's data folder. The environment variable ``NAPARI_ZERODCE_RUNS``
    sets another folder, also than the preferred one.

    Parameters
    ----------
    preferred : Path, optional
        Instead of the default.
    """
    if chosen := os.environ.get(RUNS_VARIABLE):
        return Path(chosen).expanduser()
    return preferred or user_data_path("napari-zerodce", appauthor=False) / "runs"


class RunFolder(OwnedFolder):
    """The files of one run.

    ======================================  ======================================================
    ``config.json``                         a `RunConfig` or a `TranslationRunConfig`
    ``crops.npz``                           the sampled crops, and the preview crop
    ``start.weights``                       the checkpoint from which the run starts, if any
    ``events.jsonl``                        the events of the run, one per line
    ``state.pt``                            weights and optimiser, to continue the run
    ``checkpoints/step-000120.safetensors``  weights after a step, and how they were made
    ``named/NAME step-000120.safetensors``  the same under a name that was given later
    ``best.safetensors``                    the weights with the lowest validation loss
    ``last.safetensors``                    the weights of the last saved step
    ``last_B.safetensors``                  those of CycleGAN's way back
    ``official/latest_net_G.pth``           a translator's last weights, for the official programs
    ``previews/step-000120.png``            the preview crop, enhanced with the weights of a step
    ``previews/target.png``                 what the result should look like, if it is known
    ``log.txt``                             the output of the process, if a dock started it
    ``running.json``, ``stop``              the process that works on the run; a request to stop
    ======================================  ======================================================

    Parameters
    ----------
    path : str or Path
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self.events = self.path / "events.jsonl"
        self.best = self.path / "best.safetensors"
        self.last = self.path / "last.safetensors"
        self.start = self.path / _START
        self.log = self.path / "log.txt"
        self.state = self.path / STATE_FILE
        self.original = self.path / "previews" / "original.png"
        self.target = self.path / "previews" / "target.png"

    def checkpoint(self, step: int) -> Path:
        """Return the path of the checkpoint of a step."""
        return self.path / CHECKPOINTS_FOLDER / f"step-{step:06d}.safetensors"

    def named(self, checkpoint: Path, name: str) -> Path:
        """Return the path of a copy of a checkpoint with another name than the run's.

        Parameters
        ----------
        checkpoint : Path
        name : str
            Free text.
        """
        return self.path / "named" / f"{as_file_name(name, otherwise='unnamed')} {checkpoint.name}"

    def preview(self, step: int) -> Path:
        """Return the path of the preview image of a step."""
        return self.path / "previews" / f"step-{step:06d}.png"

    # ---- created once

    def create(
        self, config: RunConfig, crops: Crops, preview: Preview, *, start: bytes | None
    ) -> None:
        """Create the folder of a new run that trains a network of curves.

        Parameters
        ----------
        config : RunConfig
        crops : Crops
        preview : ndarray, shape (3 or 1, h, w), uint16
            The crop that is enhanced with each checkpoint.
        start : bytes, optional
            Content of the checkpoint file from which the run starts.

        Raises
        ------
        ZeroDCEError
            As `create_with` does.
        """
        self.create_with(config, _packed(crops, preview), start=start)

    def create_with(self, config: AnyRunConfig, crops: bytes, *, start: bytes | None) -> None:
        """Create the folder of a new run; ``config.json`` is written last.

        Parameters
        ----------
        config : AnyRunConfig
        crops : bytes
            Content of ``crops.npz``.
        start : bytes, optional
            Content of the checkpoint file from which the run starts.

        Raises
        ------
        RequestError
            If the folder is not empty.
        TrainingError
            If the folder cannot be written.
        """
        self.check_free()
        with written_or_told(self.path):
            existed = self.path.exists()
            try:
                self._fill(config, crops, start)
            except BaseException:
                for part in self.path.iterdir() if existed else [self.path]:
                    shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
                raise

    def _fill(self, config: AnyRunConfig, crops: bytes, start: bytes | None) -> None:
        (self.path / CHECKPOINTS_FOLDER).mkdir(parents=True, exist_ok=True)
        self.original.parent.mkdir(exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < len(crops) + _ROOM:
            raise OSError(
                errno.ENOSPC,
                f"{(len(crops) + _ROOM) >> 20} MiB are needed, but {free >> 20} MiB are free",
            )
        if start is not None:
            write_whole(self.start, start)
        write_whole(self.path / _CROPS, crops)
        self.write_config(config)

    def check_free(self) -> None:
        """Check that the folder is empty or does not exist yet.

        Raises
        ------
        RequestError
            If the path is a file, or the folder is not empty.
        TrainingError
            If the folder cannot be read.
        """
        try:
            taken = self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir()))
        except OSError as err:
            raise TrainingError(unwritable(self.path, err)) from err
        if taken and self.is_run:
            raise RequestError(
                f"{self.path} already holds a run; resume it, or choose another folder for a new "
                "run."
            )
        if taken:
            found = "is not empty" if self.path.is_dir() else "is a file"
            raise RequestError(f"{self.path} {found}; choose another folder for the run.")

    def write_config(self, config: AnyRunConfig) -> None:
        """Write the configuration, whole or not at all."""
        write_whole(self.path / _CONFIG, config.model_dump_json(indent=2).encode() + b"\n")

    # ---- read

    @property
    def is_run(self) -> bool:
        """Whether the folder holds a run."""
        try:
            return (self.path / _CONFIG).is_file() and (self.path / _CROPS).is_file()
        except OSError:  # a name that is too long, or a forbidden folder
            return False

    def check_run(self) -> None:
        """Raise a `TrainingError` if the folder does not hold a run."""
        if not self.is_run:
            raise TrainingError(
                f"{self.path} is not the folder of a run: it has no config.json and crops.npz; "
                "choose a folder that a training run has created."
            )

    def config(self) -> RunConfig:
        """Read the configuration; raise a `RequestError` if it is missing or invalid."""
        return self.config_as(RunConfig)

    def config_as(self, kind: type[_Config]) -> _Config:
        """Read the configuration of a run of any kind.

        Parameters
        ----------
        kind : type
            The class of the configuration.

        Raises
        ------
        RequestError
            If the file is missing or invalid, or the run trains something else.
        """
        expected = kind.model_fields["kind"].default
        if self.kind != expected:
            raise RequestError(
                f"The run {self.path} trains {_TRAINED[self.kind]}, and a run that trains "
                f"{_TRAINED[expected]} was expected; choose another folder."
            )
        return read_model(kind, self.path / _CONFIG)

    @property
    def kind(self) -> RunKind:
        """What the run trains; older runs, which do not say it, train curves."""
        try:
            found = json.loads((self.path / _CONFIG).read_bytes()).get("kind", "curves")
        except (OSError, ValueError, AttributeError):
            return "curves"  # whoever reads the file as a whole says what is wrong
        return found if found in _TRAINED else "curves"

    @property
    def packed_crops(self) -> Path:
        """The path of the file with the crops."""
        return self.path / _CROPS

    def crops(self) -> tuple[Crops, Preview]:
        """Read the crops and the preview crop; raise a `TrainingError` if the file is damaged."""
        try:
            path = self.path / _CROPS
            with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
                training, validation = (
                    CropSet(content[name], content[f"{name}_background"]) for name in _SETS
                )
                return Crops(training, validation), content["preview"]
        except Exception as err:
            raise TrainingError(
                f"The crops of the run {self.path} cannot be read: the file is damaged; start a "
                "new run."
            ) from err

    def history(self) -> History:
        """Return the history of the run, read from its events."""
        return read_history(self.events)


def _packed(crops: Crops, preview: Preview) -> bytes:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        training=crops.training.values,
        training_background=crops.training.background,
        validation=crops.validation.values,
        validation_background=crops.validation.background,
        preview=preview,
    )
    return buffer.getvalue()
