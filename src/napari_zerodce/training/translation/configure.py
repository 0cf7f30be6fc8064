"""How a method, the size of its networks and a loaded generator decide the settings of a training.

What they do not allow is refused in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.counting import counted
from napari_zerodce.errors import RequestError
from napari_zerodce.training.config import mistake_of_user
from napari_zerodce.training.translation.config import (
    CROP_MULTIPLE,
    METHODS,
    SHALLOWEST,
    SIZES,
    SMALLEST_CROP,
    TRAINING_TITLES,
    NetworkSize,
    TrainingMethod,
    TranslationConfig,
)

_OF_THE_NETWORK: Final[Mapping[str, str]] = {
    "inputs": "input channel",
    "outputs": "output channel",
    "features": "feature",
    "blocks": "residual block",
}
"""The settings that a loaded generator decides, and what they count."""


def configure(
    method: TrainingMethod,
    size: NetworkSize = "full",
    *,
    loaded: GeneratorDesign | None = None,
    **changes: Any,
) -> TranslationConfig:
    """Return the configuration of a method.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    size : {"small", "full"}
        The network and its crops; see `SIZES`.
    loaded : GeneratorDesign, optional
        Of a generator to start from, which decides its own network.
    **changes
        Fields of `TranslationConfig` that replace those of the size and of the generator.

    Raises
    ------
    RequestError
        If there is no such method or field, a value is invalid, or the loaded generator has
        another network or cannot take crops of this size.
    """
    if method not in METHODS:
        raise RequestError(f"There is no method {method!r}; choose {', '.join(METHODS)}.")
    if loaded is not None:
        _check_network(loaded, changes)
    values = {"method": method, **SIZES[size], **_values_of(loaded), **changes}
    try:
        config = TranslationConfig.model_validate(values)
    except ValidationError as err:
        raise RequestError(mistake_of_user(err, {(): TranslationConfig})) from err
    check_crop(config, loaded)
    return config


def _check_network(loaded: GeneratorDesign, changes: Mapping[str, Any]) -> None:
    """Refuse settings of another network: its weights would be random, or its provenance false."""
    own = _values_of(loaded)
    for name, noun in _OF_THE_NETWORK.items():
        has = own.get(name, 0)
        if changes.get(name, has) != has:
            raise RequestError(
                f"The checkpoint ({loaded.title}) has {counted(has, noun)}, and {changes[name]} "
                f"{'was' if changes[name] == 1 else 'were'} asked for; leave this setting out, or "
                "start from random weights."
            )


def _values_of(loaded: GeneratorDesign | None) -> dict[str, int]:
    """Return the settings that a generator decides."""
    if loaded is None:
        return {}
    values = {"inputs": loaded.inputs, "outputs": loaded.outputs, "features": loaded.features}
    if loaded.family == "resnet":
        return {**values, "blocks": loaded.depth}
    return {**values, "crop": max(loaded.multiple, SMALLEST_CROP)}


def crop_multiple(method: TrainingMethod, loaded: GeneratorDesign | None) -> int:
    """Return the number of pixels of which the sides of crops are multiples.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    loaded : GeneratorDesign, optional
        Of a generator to start from; a new one is made for the crops.
    """
    if loaded is not None and loaded.family == "unet":
        return max(CROP_MULTIPLE, loaded.multiple)
    return 2**SHALLOWEST if loaded is None and method == "pix2pix" else CROP_MULTIPLE


def taker_of_crops(method: TrainingMethod, loaded: GeneratorDesign | None) -> str:
    """Return the name of the network that decides `crop_multiple`, or else of the training."""
    if loaded is not None and loaded.family == "unet":
        return loaded.title
    return TRAINING_TITLES[method]


def check_crop(config: TranslationConfig, loaded: GeneratorDesign | None) -> None:
    """Check that a generator can take crops.

    Parameters
    ----------
    config : TranslationConfig
    loaded : GeneratorDesign, optional
        Of a generator to start from; a new one is made for the crops.

    Raises
    ------
    RequestError
        If the side is not a multiple of what the generator takes.
    """
    crop, multiple = config.crop, crop_multiple(config.method, loaded)
    if crop % multiple == 0:
        return
    below = crop // multiple * multiple
    near = [str(side) for side in (below, below + multiple) if side >= SMALLEST_CROP]
    other = "" if loaded is None else " or another checkpoint"
    raise RequestError(
        f"The crop size is {crop} px, and {taker_of_crops(config.method, loaded)} takes multiples "
        f"of {multiple}; choose {' or '.join(near)} px{other}."
    )


def check_channels(config: TranslationConfig) -> None:
    """Refuse a training whose losses compare pictures with other numbers of channels.

    Parameters
    ----------
    config : TranslationConfig

    Raises
    ------
    RequestError
        If sources and targets have other numbers of channels, and the method compares them.
    """
    title = TRAINING_TITLES[config.method]
    if config.inputs == config.outputs or config.method == "pix2pix":
        return
    found = f"The sources have {counted(config.inputs, 'channel')} and the targets {config.outputs}"
    if config.method != "cyclegan":
        raise RequestError(
            f"{found}, and {title} compares them; choose images of one kind, or pix2pix with pairs."
        )
    if config.identity > 0:
        raise RequestError(
            f"{found}, so that {title} can have no identity loss; set the identity weight to 0, or "
            "choose images of one kind."
        )


def check_family(method: TrainingMethod, loaded: GeneratorDesign) -> None:
    """Refuse a generator of a family that a method cannot train.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    loaded : GeneratorDesign
        Of a generator to start from.

    Raises
    ------
    RequestError
        If the method compares features of a ResNet, and the generator is none.
    """
    if loaded.family == "unet" and method in {"cut", "fastcut"}:
        raise RequestError(
            f"{TRAINING_TITLES[method]} compares features of a ResNet, and the checkpoint is a "
            f"U-Net ({loaded.title}); choose pix2pix or CycleGAN, or another checkpoint."
        )


def check_networks(config: TranslationConfig, loaded: GeneratorDesign | None) -> None:
    """Check settings that may not come from `configure`: their channels, crops and networks.

    Parameters
    ----------
    config : TranslationConfig
    loaded : GeneratorDesign, optional
        Of a generator to start from.

    Raises
    ------
    RequestError
        If the method cannot train such networks, or the generator is another one.
    """
    check_channels(config)
    check_crop(config, loaded)
    if loaded is not None:
        check_family(config.method, loaded)
        own = _values_of(loaded).keys() & _OF_THE_NETWORK.keys()
        _check_network(loaded, {name: getattr(config, name) for name in sorted(own)})
