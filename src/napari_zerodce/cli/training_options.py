"""The options of a training, and how they become a `TrainingRequest`."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.checkpoints.registry import DEFAULT_START
from napari_zerodce.cli.setting_options import add_options, typed_values
from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE_PP
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.setting import SettingField, setting_fields
from napari_zerodce.training.config import LossWeights, RunConfig, TrainingConfig
from napari_zerodce.training.presets import MANY_PHOTOS, PRESETS, preset_for

if TYPE_CHECKING:
    from napari_zerodce.training.new_run import TrainingRequest

DEFAULT_STEPS: Final = 500
_MOST_CROPS: Final = 10_000

_TRAINING: Final = setting_fields(TrainingConfig)
_WEIGHTS: Final = setting_fields(LossWeights)
_SMOOTHNESS: Final = setting_fields(SmoothnessKind)
_MINUTES: Final = setting_fields(RunConfig)["minutes"]
_NAME: Final = setting_fields(RunConfig)["name"]
_WINDOW: Final = setting_fields(EnhanceSettings)["window"]

_BY_PRESET: Final = tuple(
    _TRAINING[name] for name in ("crop", "batch", "learning_rate", "exposure_stops", "precision")
)
_DIRECT: Final = tuple(
    field for name, field in _TRAINING.items() if name not in {"steps", "exposure_stops"}
)
_SMOOTHNESS_AT_FIRST: Final = {"normalisation": "period"}
"""Defaults that differ from the published code; they matter for the orders 2 and 3."""


def add_training_options(parser: Any) -> None:
    """Add the options of a new run to a parser, in groups."""
    _add_run(parser.add_argument_group("run"))
    training = parser.add_argument_group("training (defaults: the preset's)").add_argument
    _add(training, *_BY_PRESET, defaults={field.name: "" for field in _BY_PRESET})
    training("--crops", type=int, metavar="N", help="Number of crops to train on. (default: 128)")
    _add_losses(parser.add_argument_group("losses (defaults: the published code's)"))


def _add(add: Any, *fields: SettingField, defaults: dict[str, str]) -> None:
    add_options(add, fields, untyped_is_none=True, defaults=defaults)


def _add_run(group: Any) -> None:
    add = group.add_argument
    add(
        "--checkpoint",
        metavar="NAME|FILE",
        help="Weights to start from: a name that 'napari-zerodce info' lists, or a file. "
        f"(default: {DEFAULT_START})",
    )
    add(
        "--from-scratch",
        choices=tuple(ARCHITECTURES),
        help="Start from random weights of this network instead.",
    )
    add(
        "--preset",
        choices=PRESETS,
        help=f"Settings for a kind of image. (default: {PRESETS[0]}; for less than {MANY_PHOTOS} "
        "images few-photos, in which hues stay)",
    )
    _add(add, _NAME, defaults={})
    _add(add, _TRAINING["steps"], defaults={"steps": str(DEFAULT_STEPS)})
    _add(add, _MINUTES, _TRAINING["seed"], _WINDOW, defaults={})


def _add_losses(group: Any) -> None:
    add = group.add_argument
    of_preset = _TRAINING["target"], _TRAINING["keep_background"]
    _add(add, *of_preset, defaults=dict.fromkeys(_TRAINING, "the preset's"))
    smoothness = (f"{each.smoothness_weight:g} for {each.title}" for each in ARCHITECTURES.values())
    _add(add, *_WEIGHTS.values(), defaults={"smoothness": ", ".join(smoothness)})
    add(
        "--smoothness-order",
        metavar="K",
        help="Order of the derivatives of the curve maps that the smoothness loss penalises: 1 (as "
        "published), 2, 3, or a mixture such as 1:0.5,2:0.5. The orders 2 and 3 leave slow changes "
        "of the light free.",
    )
    _add(add, *_SMOOTHNESS.values(), defaults=_SMOOTHNESS_AT_FIRST)


def training_request(options: Namespace, *, images: int) -> TrainingRequest:
    """Return the training that was typed, still without images.

    Parameters
    ----------
    options : Namespace
        The result of the parser.
    images : int
        Number of images, by which the preset is chosen if none was typed.

    Raises
    ------
    RequestError
        If options contradict each other, or a value is invalid.
    """
    from napari_zerodce.training.crops import CROPS
    from napari_zerodce.training.new_run import TrainingRequest

    if options.from_scratch is not None and options.checkpoint is not None:
        raise RequestError("Both --checkpoint and --from-scratch are given; give one of them.")
    scratch = options.from_scratch is not None
    if options.minutes is not None and not _MINUTES.setting.holds(options.minutes):
        raise RequestError(
            f"--minutes is {options.minutes}; give a number {_MINUTES.setting.range_in_words()}."
        )
    if options.crops is not None and not 0 < options.crops <= _MOST_CROPS:
        raise RequestError(
            f"--crops is {options.crops}; give a number above 0, up to {_MOST_CROPS}."
        )
    return TrainingRequest(
        images=(),
        checkpoint=None if scratch else options.checkpoint or DEFAULT_START,
        architecture=options.from_scratch or ZERO_DCE_PP,
        preset=options.preset or preset_for("photo", images),
        name=options.name or "",
        steps=DEFAULT_STEPS if options.steps is None and options.minutes is None else options.steps,
        minutes=options.minutes,
        device=options.device or "auto",
        crops=CROPS if options.crops is None else options.crops,
        changes=_changes(options),
    )


def _changes(options: Namespace) -> dict[str, Any]:
    """Return the fields of the configuration that were typed."""
    changes = typed_values(options, _DIRECT)
    if weights := typed_values(options, _WEIGHTS.values()):
        changes["weights"] = weights
    if options.exposure_stops is not None:
        changes["exposure_stops"] = _two_numbers(options.exposure_stops)
    if smoothness := _smoothness(options):
        changes["smoothness"] = _SMOOTHNESS_AT_FIRST | smoothness
    return changes


def _smoothness(options: Namespace) -> dict[str, Any]:
    """Return the fields of the `SmoothnessKind` that were typed; the preset has the others."""
    typed = typed_values(options, _SMOOTHNESS.values())
    for name, value in typed.items():
        _SMOOTHNESS[name].checked(value)  # its sentence is more exact than the one below
    try:
        if options.smoothness_order is not None:
            typed["orders"] = _orders(options.smoothness_order)
        SmoothnessKind(**typed)
        return typed
    except ValueError as err:
        raise RequestError(
            f"The smoothness is invalid: {err}; give an order such as 2, or a mixture such as "
            "1:0.5,2:0.5."
        ) from err


def _orders(text: str) -> dict[int, float]:
    """Return the weights of the orders in ``2`` or ``1:0.5,2:0.5``. Raises ValueError."""
    orders: dict[int, float] = {}
    for part in text.split(","):
        order, _, weight = part.strip().partition(":")
        if not order.isdecimal():
            raise ValueError(f"{part!r} is not an order")
        orders[int(order)] = float(weight) if weight else 1.0
    return orders


def _two_numbers(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as err:
        raise RequestError(
            f"The exposure stops {text!r} are not two numbers; write them as -1,3."
        ) from err
    return low, high
