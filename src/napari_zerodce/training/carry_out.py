"""Which trainer carries out a run: its ``config.json`` says what it trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.training.config import RunConfig
from napari_zerodce.training.events import Ending
from napari_zerodce.training.run_config import AnyRunConfig, RunKind
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.run_process import Told, untold
from napari_zerodce.training.translation.config import TranslationRunConfig

_CONFIGS: Final[Mapping[RunKind, type[AnyRunConfig]]] = {
    "curves": RunConfig,
    "translation": TranslationRunConfig,
}


def config_of(folder: RunFolder) -> AnyRunConfig:
    """Return the configuration of a run of any kind.

    Parameters
    ----------
    folder : RunFolder

    Raises
    ------
    RequestError
        If it is missing or invalid.
    """
    return folder.config_as(_CONFIGS[folder.kind])


def carry_out(folder: RunFolder, *, should_stop: ShouldStop = never, tell: Told = untold) -> Ending:
    """Start or continue the run of a folder, whatever it trains.

    Parameters
    ----------
    folder : RunFolder
    should_stop, tell : callable, optional
        As in `training.finetune.finetune`.

    Returns
    -------
    {"done", "stopped", "diverged"}

    Raises
    ------
    ZeroDCEError
        If the run cannot start or continue.
    """
    folder.check_run()
    if folder.kind == "translation":
        from napari_zerodce.training.translation.train import train_run

        return train_run(folder, should_stop=should_stop, tell=tell)
    from napari_zerodce.training.finetune import finetune

    return finetune(folder, should_stop=should_stop, tell=tell)
