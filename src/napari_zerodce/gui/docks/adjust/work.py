"""The work of the Adjust dock's jobs; torch is imported in the worker threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.engine.requests import Report
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import read_image
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.engine.look import Look
    from napari_zerodce.engine.view import View
    from napari_zerodce.gui.session.jobs import Work


def comparing(view: View, look: Look) -> Work:
    """Return the work that measures a look; its result is a `Fidelity`.

    Parameters
    ----------
    view : View
    look : Look
    """

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.fidelity import measure_fidelity

        return measure_fidelity(view, look, view.render(look))

    return work


def comparing_file(path: Path, data: Any) -> Work:
    """Return the work that compares a file with a source layer; its result is the problem, or "".

    Parameters
    ----------
    path : Path
        The file from which the layer was opened.
    data : array-like, optional
        The data of the layer; None if it was deleted.
    """

    def work(_report: Report, _should_stop: ShouldStop) -> str:
        if data is None:
            return "the source layer was deleted, so a change of its file cannot be detected."
        try:
            array = read_image(path).array
        except ImageError as err:
            return f"the command cannot read the source file: {err}"
        if array.shape != data.shape or array.dtype != data.dtype:
            return (
                f"{path.name} holds {_kind(array)}, but the layer {_kind(data)}: napari read it "
                "in another way; save the layer as a TIFF file and enhance that."
            )
        # Plane by plane, so that a stack on disk is never completely in memory.
        planes = zip(array, data, strict=True) if array.ndim > 3 else [(array, data)]
        kind = array.dtype.kind == "f"
        same = all(
            np.array_equal(np.asarray(one), np.asarray(other), equal_nan=kind)
            for one, other in planes
        )
        return (
            "" if same else f"{path.name} has changed: its pixels differ from those of the layer."
        )

    return work


def _kind(array: Any) -> str:
    return f"{'x'.join(map(str, array.shape))} {np.dtype(array.dtype).name}"
