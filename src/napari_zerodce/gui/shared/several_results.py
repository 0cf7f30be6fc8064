"""Add the results of a run over several layers, and say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari.utils.notifications import show_info

from napari_zerodce.engine.forecast import remember_speed
from napari_zerodce.engine.requests import EnhanceResult
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.widgets.labels import Tone

if TYPE_CHECKING:
    import napari


def add_all(
    viewer: napari.Viewer, wanted: Wanted, done: Sequence[EnhanceResult | ZeroDCEError]
) -> tuple[str, Tone]:
    """Add a layer for each result.

    Parameters
    ----------
    viewer : napari.Viewer
    wanted : Wanted
    done : sequence of EnhanceResult or ZeroDCEError
        For each source in its order; shorter if the run was cancelled.

    Returns
    -------
    text : str
        What came of the run, with the reason for each layer that is missing.
    tone : {"good", "bad"}
    """
    missing, seconds, added = list(wanted.left_out), 0.0, 0
    for source, request, each in zip(wanted.sources, wanted.requests, done, strict=False):
        if isinstance(each, ZeroDCEError):
            missing.append(f"'{source.shown_name}' is left out: {each}")
            continue
        add_result(viewer, source, each)
        remember_speed(request, each)
        added, seconds = added + 1, seconds + each.seconds
        for notice in each.notices:
            show_info(f"{source.shown_name}: {notice}")
    total = len(wanted.sources) + len(wanted.left_out)
    opening = "Cancelled; added" if len(done) < len(wanted.sources) else "Added"
    count = f"{added} layers" if added == total else f"{added} of {total} layers"
    text = f"{opening} {count} after {seconds:.1f} s. For viewing, not for measuring intensities."
    return " ".join((text, *missing)), "bad" if missing else "good"
