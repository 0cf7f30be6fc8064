"""The backend that estimates curves with PyTorch, on all devices and at all precisions."""

from __future__ import annotations

import copy
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.core.architectures import FEATURES
from napari_zerodce.core.arrays import to_numpy
from napari_zerodce.device import Backend, Device, Precision, import_torch
from napari_zerodce.engine.estimators.cuda_transfer import transfer_for
from napari_zerodce.engine.estimators.estimator import Check, Pixels, no_check
from napari_zerodce.engine.estimators.honest_float32 import honest_float32
from napari_zerodce.engine.estimators.weights_hash import weights_hash
from napari_zerodce.recent_results import RecentResults

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from napari_zerodce.core.networks import CurveNetwork


class TorchEstimator:
    """The network of a checkpoint, placed on a device at a precision.

    Only the network runs at this precision; curves are always applied in float32.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its network stays unchanged.
    device : Device
    precision : {"float32", "bfloat16", "float16"}

    Raises
    ------
    CheckpointError
        If it is a translator.
    DeviceError
        If torch does not load.
    """

    backend: Backend = "torch"

    def __init__(self, checkpoint: Checkpoint, device: Device, precision: Precision) -> None:
        torch = import_torch()
        checkpoint.check_curves()
        self.scale_factor = checkpoint.info.scale_factor
        self.device = torch.device(device.name)
        self.dtype = getattr(torch, precision)
        # To make it takes longer than a GPU needs for a photo.
        key = (checkpoint.info.curve_architecture, weights_hash(checkpoint.weights))
        self.network: CurveNetwork = _networks.get(
            (*key, self.scale_factor, device.name, precision),
            partial(_placed, checkpoint, self.device, self.dtype),
        )
        on_cuda = device.kind == "cuda"
        self._transfer = transfer_for(self.device) if on_cuda else None
        self.takes_samples = on_cuda

    @staticmethod
    def can_run(info: CheckpointInfo, device: Device, precision: Precision) -> bool:  # noqa: ARG004
        """Return that it can run all networks, on all devices at all precisions; it loads no torch.

        Parameters
        ----------
        info : CheckpointInfo
        device : Device
        precision : {"float32", "bfloat16", "float16"}
        """
        return True

    def upload(self, block: np.ndarray[Any, Any]) -> Pixels:
        """Return a block of shape (C, h, w) or (N, C, h, w) on the device, with the first axis.

        Parameters
        ----------
        block : ndarray
            On the CPU, the result is a view of it.
        """
        blocks = block if block.ndim == 4 else block[None]
        if self.device.type == "cpu":
            return blocks
        if self._transfer is not None:
            return self._transfer.upload(blocks)
        return import_torch().from_numpy(blocks).to(self.device)

    def download(self, values: Pixels) -> np.ndarray[Any, Any]:
        """Return values in the memory of the CPU, as `CurveEstimator.download` does."""
        if self._transfer is None:
            return to_numpy(values)
        return self._transfer.download(values)

    def estimate(self, image: Pixels, *, check: Check = no_check) -> Pixels:
        """Estimate maps, as `CurveEstimator.estimate` describes.

        Parameters
        ----------
        image : ndarray or Tensor, shape (N, 1 or 3, h, w), float32, values in [0, 1]
            As `upload` returns it.
        check : callable, optional
            Called before each convolution; raises `Cancelled` to stop.
        """
        torch = import_torch()
        _thread.check = check
        with torch.no_grad():
            if not isinstance(image, np.ndarray):
                return self._estimate(image)
            # From an array that cannot be written, torch makes a tensor, too, but warns.
            writable = image if image.flags.writeable else image.copy()
            return self._estimate(torch.from_numpy(writable)).numpy()

    def _estimate(self, image: Tensor) -> Tensor:
        colours = image.expand(self._batch(image), 3, -1, -1).to(self.dtype)
        colours = colours.contiguous(memory_format=import_torch().channels_last)
        with honest_float32(self.device):
            maps = self.network.estimate_maps(colours)
        maps = maps[: len(image)].float().contiguous()
        return maps.mean(2, keepdim=True) if image.shape[1] == 1 else maps

    def _batch(self, image: Tensor) -> int:
        """Return how many images the network gets: a tiny one twice.

        On CPUs torch computes layers of up to 20,480 numbers in another way than larger ones, and
        the last bit differs: tiny tiles of a larger image would show seams. Batches of two are
        always computed like large layers.
        """
        tiny = image.shape[-2] * image.shape[-1] * FEATURES <= 20_480
        return 2 if tiny and self.device.type == "cpu" and len(image) == 1 else len(image)


_MOST_NETWORKS: Final = 8
_networks: RecentResults[CurveNetwork] = RecentResults(_MOST_NETWORKS)
_thread: Final = threading.local()


def _placed(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> CurveNetwork:
    """Return a network for a device, which all threads share and nobody changes."""
    torch = import_torch()
    from napari_zerodce.core.networks import forget_subnormal_weights

    network = copy.deepcopy(checkpoint.curve_network)
    forget_subnormal_weights(network)
    # Channels-last is 1.4 times faster than torch's default layout on CPUs.
    network.to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    # Before each convolution: on a slow or busy machine a tile takes a second, but one convolution
    # of it never does.
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_pre_hook(_before_convolution)
    return network


def _before_convolution(*_: object) -> None:
    check: Check = getattr(_thread, "check", no_check)
    check()
