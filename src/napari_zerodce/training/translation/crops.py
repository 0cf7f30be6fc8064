"""The data of a translator's training: crops of the sources and of the targets."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.counting import there_are
from napari_zerodce.errors import RequestError, TrainingError
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.config import TranslationConfig

Pixels = NDArray[np.uint16]
_SETS: Final = ("sources", "targets", "held_sources", "held_targets")


@dataclass(frozen=True)
class TranslationCrops:
    """Square crops for training, and crops that are held aside for the preview.

    Parameters
    ----------
    sources, targets : ndarray, shape (N, C, side, side), uint16
        65535 stands for 1. Of pairs, the same number in both is the same place.
    held_sources, held_targets : ndarray, shape (M, C, side, side), uint16
        Not in the training; they may be empty.
    notices : tuple of str
        Sentences for the user.
    """

    sources: Pixels
    targets: Pixels
    held_sources: Pixels
    held_targets: Pixels
    notices: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        sources: NDArray[np.floating],
        targets: NDArray[np.floating],
        *,
        held_sources: NDArray[np.floating] | None = None,
        held_targets: NDArray[np.floating] | None = None,
    ) -> Self:
        """Return the crops in arrays of floats.

        Parameters
        ----------
        sources, targets, held_sources, held_targets : ndarray, shape (N, C, side, side)
            Values in [0, 1].
        """
        return cls(
            _as_integers(sources),
            _as_integers(targets),
            _as_integers(sources[:0] if held_sources is None else held_sources),
            _as_integers(targets[:0] if held_targets is None else held_targets),
        )

    @property
    def side(self) -> int:
        """Side of a crop in pixels."""
        return int(self.sources.shape[-1])

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of the sources and of the targets."""
        return self.sources.shape[1], self.targets.shape[1]

    def packed(self) -> bytes:
        """Return the content of a run folder's ``crops.npz``."""
        buffer = io.BytesIO()
        np.savez(buffer, **{name: getattr(self, name) for name in _SETS})
        return buffer.getvalue()


def _as_integers(values: NDArray[np.floating]) -> Pixels:
    integers: Pixels = np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16)
    return integers


def read_crops(folder: RunFolder) -> TranslationCrops:
    """Read the crops of a run.

    Parameters
    ----------
    folder : RunFolder

    Raises
    ------
    TrainingError
        If the file is damaged.
    """
    try:
        with np.load(folder.packed_crops, allow_pickle=False) as content:
            return TranslationCrops(*(content[name] for name in _SETS))
    except Exception as err:
        raise TrainingError(
            f"The crops of the run {folder.path} cannot be read: the file is damaged; start a new "
            "run."
        ) from err


def check_crops(crops: TranslationCrops, config: TranslationConfig) -> None:
    """Check that crops fit the settings of a training.

    Parameters
    ----------
    crops : TranslationCrops
    config : TranslationConfig

    Raises
    ------
    RequestError
        If their shapes are not those that the settings say, or sources and targets are no pairs.
    """
    wanted = {"sources": config.inputs, "targets": config.outputs}
    for name, channels in wanted.items():
        for key in (name, f"held_{name}"):
            _check_set(key, getattr(crops, key), (channels, config.crop, config.crop))
    for name in wanted:
        if not len(getattr(crops, name)):
            raise RequestError(f"The {name} are empty; give one or more crops.")
    numbers = len(crops.sources), len(crops.targets)
    if config.is_paired and numbers[0] != numbers[1]:
        counts = zip(numbers, ("source", "target"), strict=True)
        raise RequestError(
            f"{there_are(*counts)}, and pix2pix needs pairs; give as many of both, or choose "
            "another method."
        )


def _check_set(key: str, values: Pixels, wanted: tuple[int, int, int]) -> None:
    if values.shape[1:] != wanted:
        raise RequestError(
            f"The {key} have shape {values.shape}, and the settings say (number, "
            f"{', '.join(map(str, wanted))}) for channels, rows and columns; give such arrays, or "
            "settings with other inputs, outputs or crop."
        )
