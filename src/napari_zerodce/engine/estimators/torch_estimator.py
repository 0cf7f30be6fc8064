"""A checkpoint's network on its device, asked block by block for curves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.core.networks import FEATURES, ZeroDCEPlusPlus
from napari_zerodce.device import Device, Precision


class Estimator:
    """The network of a checkpoint, placed on a device at a precision.

    Only the network runs at the precision; curves are always applied in float32.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its own network is left as it is.
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    check : callable
        Called before each convolution; raises `Cancelled` to stop. On a slow or busy machine a tile
        takes a second, one convolution of it never does.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: Device,
        precision: Precision,
        *,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.device = torch.device(device.name)
        self.dtype: torch.dtype = getattr(torch, precision)
        network = copy.deepcopy(checkpoint.estimator)
        # Channels-last is 1.4 times faster than torch's default layout on CPUs.
        self.network = network.to(self.device, self.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in self.network.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.register_forward_pre_hook(lambda *_: check())

    @property
    def scale_factor(self) -> int:
        """How many times smaller the thumbnail is on which maps are estimated; 1 means none."""
        return self.network.scale_factor if isinstance(self.network, ZeroDCEPlusPlus) else 1

    def upload(self, block: np.ndarray[Any, Any]) -> Tensor:
        """Return a (C, h, w) float32 block as a (1, C, h, w) tensor on the device."""
        return torch.from_numpy(block).unsqueeze(0).to(self.device)

    def estimate(self, image: Tensor) -> Tensor:
        """Estimate maps at the resolution of `image`, whatever the scale factor.

        Parameters
        ----------
        image : Tensor, shape (1, 1 or 3, h, w), values in [0, 1]
            One channel stands for three equal ones.

        Returns
        -------
        Tensor, shape (1, maps, 1 or 3, h, w), float32, values in [-1, 1], contiguous
            maps is 8 for Zero-DCE and 1, to be used in all iterations, for Zero-DCE++. One channel
            gets one map, the mean of the three, so that grey stays exactly grey.
        """
        colours = image.expand(self._batch(image), 3, -1, -1).to(self.dtype)
        colours = colours.contiguous(memory_format=torch.channels_last)
        with self._honest_float32():
            if isinstance(self.network, ZeroDCEPlusPlus):
                alphas = self.network.estimate_thumbnail_maps(colours).unsqueeze(1)
            else:
                alphas = self.network(colours)
        alphas = alphas[:1].float().contiguous()
        return alphas.mean(2, keepdim=True) if image.shape[1] == 1 else alphas

    def _batch(self, image: Tensor) -> int:
        """Return how often the network gets the image: once, but a tiny one twice.

        On CPUs torch computes layers of up to 20,480 numbers by other means than larger ones, and
        the last bit differs: a seam, where tiles are tiny and the whole is not. Batches of two are
        always computed like large layers.
        """
        tiny = image.shape[-2] * image.shape[-1] * FEATURES <= 20_480
        return 2 if tiny and self.device.type == "cpu" else 1

    @contextmanager
    def _honest_float32(self) -> Iterator[None]:
        # cuDNN computes float32 convolutions with 10-bit mantissas (TF32) unless it is told not to:
        # that is not the float32 the user chose.
        if self.device.type != "cuda":
            yield
            return
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield
