"""One curve for a whole image: the mean of the maps of all its pixels, channels and planes."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.engine.methods.curves import CurveMethod, CurveTile
from napari_zerodce.engine.resolve import ResolvedRequest
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.imaging.tiling import Tile

GLOBAL_CURVE_DECIMALS: Final = 6
"""Decimals of the curve for all pixels: it can be printed, and does not depend on the tile size."""


def estimate_global_curve(resolved: ResolvedRequest, loop: TileLoop) -> tuple[float, ...]:
    """Return the mean A_1 .. A_8 of all maps of all planes.

    Parameters
    ----------
    resolved : ResolvedRequest
    loop : TileLoop
    """
    method = CurveMethod(resolved.estimator, _sum)
    sums = []
    for number, index in enumerate(resolved.layout.indices()):
        total = _Total()
        loop.run(method, resolved.plane(index), total.add, number=number, begin=total.begin)
        sums.append(total.value)
    layout = resolved.layout
    pixels = layout.count * layout.height * layout.width * layout.colours
    return tuple(
        round(value / pixels, GLOBAL_CURVE_DECIMALS) for value in torch.stack(sums).sum(0).tolist()
    )


class _Total:
    """The sum of the maps of one plane so far."""

    def begin(self) -> None:
        self.value = torch.zeros(ITERATIONS, dtype=torch.float64)

    def add(self, _: Tile, found: Tensor) -> None:
        self.value += found


def _sum(tile: CurveTile) -> Tensor:
    # In float64, on the CPU because not every device has it: in float32 the sixth decimal would
    # depend on the tile size.
    return tile.alphas[0].cpu().double().sum((1, 2, 3))
