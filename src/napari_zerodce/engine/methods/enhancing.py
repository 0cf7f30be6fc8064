"""Which method makes enhanced samples of a tile: the table of all methods, and the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from napari_zerodce.core.architectures import MethodName
from napari_zerodce.engine.apply_look import base_for, halo_of, tone
from napari_zerodce.engine.brightness import Brightness
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.methods.curves import CurveMethod, CurveTile
from napari_zerodce.engine.methods.method import TileMethod
from napari_zerodce.engine.methods.translation import Normalisation, TranslationMethod

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Enhancement:
    """What a method has to know to make enhanced samples.

    Parameters
    ----------
    runner : CurveEstimator or Translator
    look : Look
    global_curve : tuple of float
        A_1 .. A_8 for all pixels; empty if each pixel has its own curves.
    scale_factor : int, optional
        Replaces that of the estimator.
    brightness : Brightness, optional
        For a coarser level: what its enhanced pixels become.
    normalisation : Normalisation, optional
        For a translator: which pixels decide its statistics.
    """

    runner: CurveEstimator | Translator
    look: Look
    global_curve: tuple[float, ...] = ()
    scale_factor: int | None = None
    brightness: Brightness | None = None
    normalisation: Normalisation | None = None


def _by_curves(enhancement: Enhancement) -> TileMethod[Array]:
    look, runner = enhancement.look, enhancement.runner
    assert not isinstance(runner, Translator)
    finish = partial(_toned, look=look, brightness=enhancement.brightness)
    return CurveMethod(
        runner,
        finish,
        halo=halo_of(look),
        scale_factor=enhancement.scale_factor,
        global_curve=enhancement.global_curve,
    )


def _toned(tile: CurveTile, *, look: Look, brightness: Brightness | None) -> Array:
    if look.changes_nothing:  # on the way to [0, 1] and back, floats are rounded
        return tile.steady
    base = base_for(tile.outer, tile.inner, look)
    enhanced = tone(tile.unit, tile.alphas, look, base=base)
    restored = tile.restored(enhanced)
    return restored if brightness is None else brightness.apply(restored, tile.plane.window)


def _by_translation(enhancement: Enhancement) -> TileMethod[Array]:
    runner, normalisation = enhancement.runner, enhancement.normalisation
    assert isinstance(runner, Translator)
    assert normalisation is not None
    return TranslationMethod(runner, normalisation)


METHODS: Final[Mapping[MethodName, Callable[[Enhancement], TileMethod[Array]]]] = {
    "curves": _by_curves,
    "translation": _by_translation,
}
"""By the name in the table of architectures. To add a method, write one module and add it here."""


def enhancing_method(name: MethodName, enhancement: Enhancement) -> TileMethod[Array]:
    """Return the method that makes the samples of enhanced tiles, shape (C, h, w).

    Parameters
    ----------
    name : {"curves", "translation"}
        The method of the architecture.
    enhancement : Enhancement
    """
    return METHODS[name](enhancement)
