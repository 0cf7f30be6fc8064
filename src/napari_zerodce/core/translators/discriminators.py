"""The discriminator of pix2pix, CycleGAN and CUT: it judges patches of a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from torch import Tensor, nn

from napari_zerodce.core.translators.blur import BlurredHalving
from napari_zerodce.core.translators.design import Norm
from napari_zerodce.core.translators.generators import SLOPE, normalisation

_LAYERS: Final = 3
_KERNEL: Final = 4


class PatchDiscriminator(nn.Module):
    """Judges each patch of a picture: real or made (pix2pix, CVPR 2017, section 3.2.2).

    A patch has 70 x 70 pixels, or 84 x 84 with blurs against aliasing, as in CUT.

    Parameters
    ----------
    inputs : int
        Channels of the picture; of pix2pix, those of the source and of its translation.
    features : int
        Feature maps of the first layer.
    norm : {"instance", "batch", "none"}
    antialias : bool
    """

    def __init__(
        self,
        inputs: int = 3,
        *,
        features: int = 64,
        norm: Norm = "instance",
        antialias: bool = False,
    ) -> None:
        super().__init__()
        self.model = nn.Sequential(*_layers(inputs, features, norm, antialias=antialias))

    def forward(self, picture: Tensor) -> Tensor:
        """Judge a batch of pictures.

        Parameters
        ----------
        picture : Tensor, shape (N, inputs, H, W), values in [-1, 1]

        Returns
        -------
        Tensor, shape (N, 1, h, w)
            A number for each patch: large if it looks real.
        """
        judged: Tensor = self.model(picture)
        return judged


def _layers(inputs: int, features: int, norm: Norm, *, antialias: bool) -> Iterator[nn.Module]:
    known = inputs
    for layer in range(_LAYERS + 1):
        wide = features * 2**layer
        halves = layer < _LAYERS
        stride = 2 if halves and not antialias else 1
        bias = layer == 0 or norm == "instance"
        yield nn.Conv2d(known, wide, _KERNEL, stride=stride, padding=1, bias=bias)
        if layer:
            yield normalisation(norm, wide)
        yield nn.LeakyReLU(SLOPE)
        if halves and antialias:
            yield BlurredHalving(wide)
        known = wide
    yield nn.Conv2d(known, 1, _KERNEL, padding=1)
