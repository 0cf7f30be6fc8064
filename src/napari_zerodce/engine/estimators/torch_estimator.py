"""The backend that estimates curves with PyTorch."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.core.architectures import FEATURES
from napari_zerodce.core.networks import CurveNetwork, forget_subnormal_weights
from napari_zerodce.device import Device, Precision
from napari_zerodce.engine.estimators.estimator import Check, no_check
from napari_zerodce.engine.estimators.honest_float32 import honest_float32


class TorchEstimator:
    """The network of a checkpoint, placed on a device at a precision.

    Only the network runs at this precision; curves are always applied in float32.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its network stays unchanged.
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    """

    def __init__(self, checkpoint: Checkpoint, device: Device, precision: Precision) -> None:
        self.scale_factor = checkpoint.info.scale_factor
        self.device = torch.device(device.name)
        self.dtype: torch.dtype = getattr(torch, precision)
        self.network: CurveNetwork = copy.deepcopy(checkpoint.curve_network)
        forget_subnormal_weights(self.network)
        # Channels-last is 1.4 times faster than torch's default layout on CPUs.
        self.network.to(self.device, self.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._thread = threading.local()
        # Before each convolution: on a slow or busy machine a tile takes a second, but one
        # convolution of it never does.
        for layer in self.network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.register_forward_pre_hook(self._before_convolution)

    def _before_convolution(self, *_: object) -> None:
        check: Check = getattr(self._thread, "check", no_check)
        check()

    def upload(self, block: np.ndarray[Any, Any]) -> Tensor:
        """Return a (C, h, w) float32 block as a (1, C, h, w) tensor on the device."""
        return torch.from_numpy(block).unsqueeze(0).to(self.device)

    def estimate(self, image: Tensor, *, check: Check = no_check) -> Tensor:
        """Estimate maps, as `CurveEstimator.estimate` describes.

        Parameters
        ----------
        image : Tensor, shape (1, 1 or 3, h, w), values in [0, 1]
        check : callable, optional
            Called before each convolution; raises `Cancelled` to stop.
        """
        self._thread.check = check
        colours = image.expand(self._batch(image), 3, -1, -1).to(self.dtype)
        colours = colours.contiguous(memory_format=torch.channels_last)
        with honest_float32(self.device):
            maps = self.network.estimate_maps(colours)
        maps = maps[:1].float().contiguous()
        return maps.mean(2, keepdim=True) if image.shape[1] == 1 else maps

    def _batch(self, image: Tensor) -> int:
        """Return how many times the network gets the image: 2 if it is tiny, else 1.

        On CPUs torch computes layers of up to 20,480 numbers in another way than larger ones, and
        the last bit differs: tiny tiles of a larger image would show seams. Batches of two are
        always computed like large layers.
        """
        tiny = image.shape[-2] * image.shape[-1] * FEATURES <= 20_480
        return 2 if tiny and self.device.type == "cpu" else 1
