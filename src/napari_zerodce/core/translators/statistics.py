"""Normalisation by the statistics of the picture itself, or by those of another picture."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from napari_zerodce.core.translators.generators import Generator

_CHANNELS_AT_ONCE: Final = 16
"""Torch measures and normalises in one step; of so many channels, the copy is small."""


@dataclass(frozen=True)
class Statistics:
    """The statistics that a generator normalises with.

    Parameters
    ----------
    layers : tuple of (Tensor, Tensor)
        For each normalisation the means of its channels, and 1 / sqrt(variance + eps); shape
        (channels,).
    """

    layers: tuple[tuple[Tensor, Tensor], ...]


class MeasuredGenerator(nn.Module):
    """A generator that tells its statistics, and may take those of another picture.

    Batch normalisation becomes instance normalisation, as pix2pix is tested: with the statistics of
    the picture (CVPR 2017, section 3.4). It needs less memory than the generator, because nothing
    is kept for gradients. Several threads may use it.

    Parameters
    ----------
    generator : Generator
        It stays unchanged.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.design = generator.design
        self._current = _Current()
        self._generator = copy.deepcopy(generator).eval().requires_grad_(requires_grad=False)
        norms = [
            name
            for name, module in self._generator.named_modules()
            if isinstance(module, nn.InstanceNorm2d | nn.BatchNorm2d)
        ]
        for number, name in enumerate(norms):
            norm = self._generator.get_submodule(name)
            self._generator.set_submodule(name, _MeasuredNorm(norm, number, self._current))
        for module in self._generator.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = True  # all of them follow a layer whose output nothing else needs

    @torch.inference_mode()
    def forward(
        self, pictures: Tensor, statistics: Statistics | None = None
    ) -> tuple[Tensor, Statistics]:
        """Translate a batch of pictures.

        Parameters
        ----------
        pictures : Tensor, shape (N, inputs, H, W), values in [-1, 1]
        statistics : Statistics, optional
            By default those of all pictures of the batch together.

        Returns
        -------
        Tensor, shape (N, outputs, H, W), values in [-1, 1]
        Statistics
            The ones that were used.
        """
        self._current.given, self._current.used = statistics, {}
        translated = self._generator(pictures)
        used = self._current.used
        self._current.given, self._current.used = None, {}
        return translated, Statistics(tuple(used[number] for number in sorted(used)))


class _Current(threading.local):
    """The statistics of the pass of this thread."""

    def __init__(self) -> None:
        self.given: Statistics | None = None
        self.used: dict[int, tuple[Tensor, Tensor]] = {}

    def __deepcopy__(self, memo: object) -> _Current:
        return self


class _MeasuredNorm(nn.Module):
    """A normalisation that changes its input in place.

    Parameters
    ----------
    norm : InstanceNorm2d or BatchNorm2d
    number : int
        Its place in `Statistics`.
    current : _Current
    """

    def __init__(self, norm: nn.Module, number: int, current: _Current) -> None:
        super().__init__()
        assert isinstance(norm, nn.InstanceNorm2d | nn.BatchNorm2d)
        self._number, self._current, self._eps = number, current, norm.eps
        self._weight: Tensor | None = norm.weight
        self._bias: Tensor | None = norm.bias

    def forward(self, features: Tensor) -> Tensor:
        given = self._current.given
        found = measured(features, self._eps) if given is None else given.layers[self._number]
        self._current.used[self._number] = found
        mean, scale = found
        if self._weight is None or self._bias is None:
            shift = -mean * scale
        else:
            scale = scale * self._weight
            shift = _subtracted(self._bias, mean, scale)
        return torch.addcmul(shift[:, None, None], features, scale[:, None, None], out=features)


def measured(features: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Return the means of channels, and 1 / sqrt(variance + eps), exactly as torch computes them.

    Parameters
    ----------
    features : Tensor, shape (N, C, H, W)
    eps : float
    """
    parts = [
        torch.native_batch_norm(part, None, None, None, None, True, 0.0, eps)[1:]
        for part in torch.split(features, _CHANNELS_AT_ONCE, dim=1)
    ]
    means, scales = zip(*parts, strict=True)
    return torch.cat(means), torch.cat(scales)


def _subtracted(bias: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """Return bias - mean * scale, rounded once, as in torch; Apple's GPUs have no float64."""
    exact = bias.cpu().double() - mean.cpu().double() * scale.cpu().double()
    return exact.to(mean)
