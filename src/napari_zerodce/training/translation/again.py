"""How a run of a translator starts again: with its own crops and settings, and another seed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from napari_zerodce.errors import TrainingError
from napari_zerodce.training.new_run import software, write_notices
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.config import TranslationConfig, TranslationRunConfig

_LARGEST_SEED: Final = 2**31 - 1


def with_next_seed(config: TranslationConfig) -> TranslationConfig:
    """Return the same settings with another seed.

    Parameters
    ----------
    config : TranslationConfig
    """
    return config.model_copy(update={"seed": (config.seed + 1) % _LARGEST_SEED})


def check_again(folder: RunFolder) -> TranslationRunConfig:
    """Check that a run can start again, and return its configuration.

    Parameters
    ----------
    folder : RunFolder
        Of a run in any state.

    Raises
    ------
    ZeroDCEError
        If the folder does not hold a run of a translator, or the generator that it starts from is
        missing.
    """
    folder.check_run()
    config = folder.config_as(TranslationRunConfig)
    if config.checkpoint is not None and not folder.start.is_file():
        raise TrainingError(
            f"{folder.start} with the generator from which the run starts is missing; start a new "
            "run."
        )
    return config


def create_again(folder: RunFolder, output: str | Path) -> RunFolder:
    """Create the folder of a run like another one, with other random numbers.

    The images are not needed: the crops are those of the run.

    Parameters
    ----------
    folder : RunFolder
        Of a run in any state.
    output : str or Path
        A folder that is empty or does not exist yet.

    Raises
    ------
    ZeroDCEError
        If the run cannot start again, or the new folder cannot be written.
    """
    config, again = check_again(folder), RunFolder(output)
    training = with_next_seed(config.training)
    config = config.model_copy(update={"training": training, "software": software()})
    start = folder.start.read_bytes() if config.checkpoint is not None else None
    try:
        crops = folder.packed_crops.read_bytes()
    except OSError as err:
        raise TrainingError(
            f"The crops of the run {folder.path} cannot be read: {err.strerror}; start a new run."
        ) from err
    again.create_with(config, crops, start=start)
    told = f"The same crops and settings as in '{folder.path.name}', with the seed {training.seed}."
    write_notices(again, [told])
    return again
