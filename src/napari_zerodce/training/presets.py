"""Training settings for a kind of image, so that a user need not choose each one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal, get_args

from pydantic import ValidationError

from napari_zerodce.checkpoints.registry import ImageKind
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.errors import RequestError
from napari_zerodce.training.config import LossWeights, TrainingConfig, mistake_of_user

Preset = Literal["photo", "few-photos", "photo-without-facets", "fluorescence", "published"]

PRESETS: tuple[Preset, ...] = get_args(Preset)

PRESET_TITLES: dict[Preset, str] = {
    "photo": "Photo",
    "few-photos": "Few photos, hues stay",
    "photo-without-facets": "Photo, without facets",
    "fluorescence": "Fluorescence, black background",
    "published": "As published",
}

MANY_PHOTOS: Final = 20
"""From this number on, the average colour of photos is taken for grey.

Eight green photos are not enough: the results are cyan and blue (docs/fine-tune.md).
"""

# Trained on dark images alone, a network over-enhances bright regions (CVPR 2020, section 4.1).
_PHOTO: dict[str, Any] = {"exposure_stops": (-1.0, 3.0), "warm_up": 10}

_KINDS: dict[Preset, dict[str, Any]] = {
    "photo": _PHOTO,
    "few-photos": _PHOTO | {"weights": LossWeights(colour=0, channels=100)},
    # The kinks of Zero-DCE++'s enlarged maps show on even areas; 43 % fewer with as much detail
    # (docs/smoothness-study.md).
    "photo-without-facets": _PHOTO
    | {"smoothness": SmoothnessKind({2: 1.0}, normalisation="period", edge_aware=True)},
    "fluorescence": {
        "target": 0.4,
        "keep_background": True,
        "exposure_stops": (-1.0, 1.0),
        "encoding": "linear",
        "warm_up": 10,
    },
    "published": {"learning_rate": 1e-4, "final_learning_rate": 1e-4, "crop": 256, "batch": 8},
}
_FROM_SCRATCH: dict[str, Any] = {"learning_rate": 1e-3, "final_learning_rate": 1e-5}

_LEAST_THUMBNAIL = 16
"""Pixels. Zero-DCE++ has a receptive field of 15: on smaller thumbnails it sees mostly border."""


_PUBLISHED_SCALE = 4
"""A photo of 2,000 pixels is four times as large as a photo of the published training, 512."""


def preset_for(made_for: ImageKind, images: int) -> Preset:
    """Return the preset that suits images.

    Parameters
    ----------
    made_for : {"photo", "fluorescence"}
        The kind of image.
    images : int
        Number of images, from which crops are taken.
    """
    if made_for == "fluorescence":
        return "fluorescence"
    return "photo" if images >= MANY_PHOTOS else "few-photos"


def configure(
    preset: Preset,
    architecture: Architecture,
    *,
    scale_factor: int = 1,
    from_scratch: bool = False,
    **changes: Any,
) -> TrainingConfig:
    """Return the configuration of a preset, with changes.

    Parameters
    ----------
    preset : {"photo", "few-photos", "photo-without-facets", "fluorescence", "published"}
    architecture : Architecture
    scale_factor : int
        Scale factor of a Zero-DCE++ checkpoint. The training uses the same; see `at_crop`.
    from_scratch : bool
        Whether the training starts from random weights: the learning rate is then higher.
    **changes
        Fields of `TrainingConfig` that replace those of the preset. The weights and the smoothness
        may be mappings; what they do not hold stays as in the preset.

    Raises
    ------
    RequestError
        If there is no such preset or field, or a value is invalid.
    """
    if preset not in PRESETS:
        raise RequestError(f"There is no preset {preset!r}; choose {', '.join(PRESETS)}.")
    traits = ARCHITECTURES[architecture]
    settings = {**traits.short_run, **_KINDS[preset]}
    if from_scratch and preset != "published":
        settings |= _FROM_SCRATCH
    scale = scale_factor if traits.has_scale_factor and preset != "published" else 1
    settings |= {"architecture": architecture, "scale_factor": scale}
    try:
        config = TrainingConfig.model_validate(settings | _whole(changes, settings))
        return at_scale(config, config.scale_factor, before=1)
    except ValidationError as err:
        raise RequestError(mistake_of_user(err)) from err


def _whole(changes: Mapping[str, Any], preset: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes whose parts of weights and of the smoothness are completed by the preset."""
    whole = dict(changes)
    if isinstance(weights := whole.get("weights"), Mapping):
        whole["weights"] = preset.get("weights", LossWeights()).model_dump() | weights
    if isinstance(kind := whole.get("smoothness"), Mapping):
        whole["smoothness"] = replace(preset.get("smoothness", SmoothnessKind()), **kind)
    return whole


def at_crop(config: TrainingConfig, crop: int) -> TrainingConfig:
    """Return a configuration for crops of another size, with a scale factor that suits them.

    If the thumbnails of Zero-DCE++ would be too small, the training uses a smaller scale factor.
    The maps then have smaller pixels, and the smoothness is adapted to them.

    Parameters
    ----------
    config : TrainingConfig
    crop : int
        Side of a crop in pixels.
    """
    scale = max(1, min(config.scale_factor, crop // _LEAST_THUMBNAIL))
    config = at_scale(config, scale, before=config.scale_factor)
    return config.model_copy(update={"crop": crop})


def at_scale(config: TrainingConfig, scale_factor: int, *, before: int) -> TrainingConfig:
    """Return a configuration with another scale factor and an equally strong smoothness.

    The published loss weights hold for the pixels of photos that are shrunk to 512. The pixels of a
    thumbnail may be larger.

    Parameters
    ----------
    config : TrainingConfig
    scale_factor : int
        New scale factor.
    before : int
        Scale factor for which the pixel size in the configuration's smoothness holds.
    """
    factor = _pixel_size(scale_factor) / _pixel_size(before)
    smoothness = replace(config.smoothness, pixel_size=config.smoothness.pixel_size * factor)
    return config.model_copy(update={"scale_factor": scale_factor, "smoothness": smoothness})


def _pixel_size(scale_factor: int) -> float:
    return max(1.0, scale_factor / _PUBLISHED_SCALE)
