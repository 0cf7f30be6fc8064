"""What the Adjust dock's jobs do in their threads; torch is imported there and not before."""

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
    """Return the work that gives the `Fidelity` of a look."""

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.fidelity import measure_fidelity

        return measure_fidelity(view, look, view.render(look))

    return work


def comparing_file(path: Path, data: Any) -> Work:
    """Return the work that says what is wrong with a file as the source of a layer, "" if nothing.

    `data` are the layer's pixels; None if they are gone.
    """

    def work(_report: Report, _should_stop: ShouldStop) -> str:
        if data is None:
            return "the source layer is gone: whether its file has changed cannot be checked."
        try:
            array = read_image(path).array
        except ImageError as err:
            return f"the command cannot read the source: {err}"
        if array.shape != data.shape or array.dtype != data.dtype:
            return (
                f"{path.name} holds {_kind(array)}, and the layer {_kind(data)}: napari opened it "
                "in another way; save the layer as a TIFF and enhance that."
            )
        # Plane by plane, so that a stack on a disk is never in memory.
        planes = zip(array, data, strict=True) if array.ndim > 3 else [(array, data)]
        kind = array.dtype.kind == "f"
        same = all(
            np.array_equal(np.asarray(one), np.asarray(other), equal_nan=kind)
            for one, other in planes
        )
        return "" if same else f"{path.name} holds other pixels than the layer; it has changed."

    return work


def _kind(array: Any) -> str:
    return f"{'x'.join(map(str, array.shape))} {np.dtype(array.dtype).name}"
