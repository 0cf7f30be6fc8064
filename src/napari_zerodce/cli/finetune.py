"""``napari-zerodce finetune``: sample crops, train, and say how it goes."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any, Final

from tqdm import tqdm

from napari_zerodce.checkpoints.registry import DEFAULT_START
from napari_zerodce.cli.file_plan import image_files
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.core.architectures import ZERO_DCE_PP
from napari_zerodce.core.smoothness_kind import PERIOD, SmoothnessKind
from napari_zerodce.device import resolve_device
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop
from napari_zerodce.training.config import LossWeights
from napari_zerodce.training.crops import CROPS
from napari_zerodce.training.images import read_images
from napari_zerodce.training.new_run import TrainingWish, prepare, settle
from napari_zerodce.training.run_folder import RunFolder, written_or_told

DEFAULT_STEPS: Final = 500
_GRACE: Final = 60.0
"""Seconds. After Ctrl-C, the present step is finished, validated and saved."""

_MOST_MINUTES: Final = 100_000
_MOST_CROPS: Final = 10_000

_DIRECT: Final = {
    "seed": "seed",
    "crop": "crop",
    "batch": "batch",
    "learning_rate": "learning_rate",
    "precision": "precision",
    "exposure_target": "target",
    "keep_background": "keep_background",
}
_OF_NEW_RUNS: Final = (
    *_DIRECT, "output", "checkpoint", "from_scratch", "preset", "steps", "minutes", "window",
    "crops", "exposure_stops", "spatial_weight", "exposure_weight", "colour_weight",
    "smoothness_weight", "smoothness_order", "smoothness_normalisation", "smoothness_period",
    "smoothness_penalty", "edge_aware",
)  # fmt: skip


def run(options: Namespace) -> int:
    """Begin a run or continue one; return the exit code."""
    if options.resume is not None:
        folder = _to_resume(options)
        begin = partial(_continue, folder, options.device)
    else:
        folder, begin = _to_begin(options)
    return run_interruptibly(
        partial(_train, folder, begin),
        interrupted=lambda: _after_interruption(folder),
        clean_up=lambda: None,
        grace=_GRACE,
    )


def _to_resume(options: Namespace) -> RunFolder:
    given = [name for name in _OF_NEW_RUNS if getattr(options, name) is not None]
    if options.inputs or given:
        what = "an image" if options.inputs else f"--{given[0].replace('_', '-')}"
        raise RequestError(
            f"--resume goes on with the run's own settings, and {what} is given, too; leave it "
            "out, or begin a new run with --output."
        )
    if not options.resume:
        raise RequestError("--resume has an empty name; give the folder of a run.")
    folder = RunFolder(options.resume)
    folder.check_run()
    return folder


def _continue(folder: RunFolder, device: str | None, _should_stop: ShouldStop) -> None:
    if device is not None:
        resolve_device(device)
        with written_or_told(folder.path):
            folder.write_config(folder.config().model_copy(update={"device": device}))


def _to_begin(options: Namespace) -> tuple[RunFolder, Any]:
    """Refuse what cannot be before anything is read; return the folder, and what makes it."""
    if not options.inputs:
        raise RequestError("There is no image to train on; name dark images, or a folder of them.")
    if not options.output:
        raise RequestError("There is no --output; name a new folder for the run.")
    wish = _wish(options)
    window = WindowChoice.parse(options.window or "auto")
    folder = RunFolder(options.output)
    folder.check_free()
    settle(wish)
    paths = image_files(options.inputs, options.output, suffixes=READABLE_SUFFIXES)
    return folder, partial(_prepare, wish, folder, paths, window)


def _wish(options: Namespace) -> TrainingWish:
    if options.from_scratch is not None and options.checkpoint is not None:
        raise RequestError("Both --checkpoint and --from-scratch are given; give one of them.")
    scratch = options.from_scratch is not None
    return TrainingWish(
        images=(),
        checkpoint=None if scratch else options.checkpoint or DEFAULT_START,
        architecture=options.from_scratch or ZERO_DCE_PP,
        preset=options.preset or "photo",
        steps=DEFAULT_STEPS if options.steps is None and options.minutes is None else options.steps,
        minutes=_within(options.minutes, "--minutes", _MOST_MINUTES),
        device=options.device or "auto",
        crops=CROPS if options.crops is None else _within(options.crops, "--crops", _MOST_CROPS),
        changes=_changes(options),
    )


def _changes(options: Namespace) -> dict[str, Any]:
    """Return the fields of the configuration that were typed."""
    changes: dict[str, Any] = {
        field: getattr(options, name)
        for name, field in _DIRECT.items()
        if getattr(options, name) is not None
    }
    weights = {
        name: getattr(options, f"{name}_weight")
        for name in LossWeights.model_fields
        if getattr(options, f"{name}_weight") is not None
    }
    if weights:
        changes["weights"] = weights
    if options.exposure_stops is not None:
        changes["exposure_stops"] = _two_numbers(options.exposure_stops)
    changes["smoothness"] = _smoothness(options)
    return changes


def _smoothness(options: Namespace) -> SmoothnessKind:
    try:
        return SmoothnessKind(
            orders=_orders(options.smoothness_order or "1"),
            normalisation=options.smoothness_normalisation or "period",
            period=PERIOD if options.smoothness_period is None else options.smoothness_period,
            penalty=options.smoothness_penalty or "squared",
            edge_aware=bool(options.edge_aware),
        )
    except ValueError as err:
        raise RequestError(
            f"The smoothness is not possible: {err}; give an order as 2, or a mixture as "
            "1:0.5,2:0.5."
        ) from err


def _orders(text: str) -> dict[int, float]:
    """Return the weights of the orders in ``2`` or ``1:0.5,2:0.5``. Raises ValueError."""
    orders: dict[int, float] = {}
    for part in text.split(","):
        order, _, weight = part.strip().partition(":")
        if not order.isdecimal():
            raise ValueError(f"{part!r} is no order")
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


def _within(number: Any, name: str, most: int) -> Any:
    if number is not None and not 0 < number <= most:
        raise RequestError(f"{name} is {number}; give a number above 0, up to {most}.")
    return number


def _prepare(
    wish: TrainingWish,
    folder: RunFolder,
    paths: tuple[Path, ...],
    window: WindowChoice,
    should_stop: ShouldStop,
) -> None:
    resolve_device(wish.device)
    seed = int(wish.changes.get("seed", 0))
    images, notices = read_images(paths, window, seed=seed, should_stop=should_stop)
    for notice in notices:
        sys.stderr.write(f"{notice}\n")
    whole = replace(wish, images=images, notices=notices)
    prepare(whole, folder.path, should_stop=should_stop)


def _train(folder: RunFolder, begin: Any, should_stop: ShouldStop) -> int:
    begin(should_stop)
    from napari_zerodce.training.finetune import finetune

    with tqdm(unit="step", disable=None, dynamic_ncols=True) as bar:
        ending = finetune(folder, should_stop=should_stop, tell=_Teller(bar))
    if ending == "diverged":
        return 1
    if folder.best.exists():
        sys.stdout.write(f"{folder.best}\n")
    return 0


class _Teller:
    """Tells of a run's events on a terminal."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "started":
                self._bar.total, self._bar.n = event["steps"], event["step"]
                self._line(f"{event['steps']} steps on {event['device']}")
            case "step":
                self._bar.update(event["step"] - self._bar.n)
                self._bar.set_postfix_str(f"loss {event['total']:.4g}", refresh=False)
            case "validation":
                best = ", the lowest so far" if event["best"] else ""
                self._line(f"step {event['step']}: validation loss {event['total']:.4g}{best}")
            case "notice":
                self._line(event["text"])
            case "ended" if event["ending"] != "failed":  # that is raised, too
                self._line(event["message"])

    @staticmethod
    def _line(text: str) -> None:
        tqdm.write(text, file=sys.stderr)


def _after_interruption(folder: RunFolder) -> str:
    if not folder.is_run:
        return "interrupted: nothing was written"
    return f"interrupted; continue with: napari-zerodce finetune --resume {quote(str(folder.path))}"
