"""A translator's generator on its device: pictures in, pictures and their statistics out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.device import Backend, Device, Precision, import_torch
from napari_zerodce.engine.estimators.estimator import Check, no_check
from napari_zerodce.engine.estimators.honest_float32 import honest_float32
from napari_zerodce.errors import DeviceError
from napari_zerodce.recent_results import RecentResults

if TYPE_CHECKING:
    from napari_zerodce.core.translators.statistics import Statistics

Array = np.ndarray[Any, Any]

_MOST_STATISTICS: Final = 256
"""Of planes; each needs 50 KB for a network of full size."""

_MOST_PLANES: Final = 2
"""Translated planes that are kept while parts of them are asked for."""


class Translator:
    """The generator of a checkpoint, placed on a device; several threads may use it.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its network stays unchanged.
    device : Device
    precision : {"float32", "bfloat16", "float16"}

    Raises
    ------
    DeviceError
        If the precision is not float32: the errors of half precision grow in each normalisation.
    """

    backend: Backend = "torch"
    scale_factor = 1
    """It sees every pixel, and no thumbnail."""

    def __init__(self, checkpoint: Checkpoint, device: Device, precision: Precision) -> None:
        if precision != "float32":
            raise DeviceError(
                f"{checkpoint.info.label} ({checkpoint.info.title}) runs in float32 only, and not "
                f"in {precision}; choose the precision 'auto'."
            )
        torch = import_torch()
        from napari_zerodce.core.networks import forget_subnormal_weights
        from napari_zerodce.core.translators.statistics import MeasuredGenerator

        self.design = checkpoint.generator.design
        self._device = torch.device(device.name)
        self._network = MeasuredGenerator(checkpoint.generator).to(self._device)
        forget_subnormal_weights(self._network)
        self._thread = threading.local()
        layers = [
            layer
            for layer in self._network.modules()
            if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d)
        ]
        # Before each convolution: a large plane takes minutes, but one convolution of it never.
        for layer in layers:
            layer.register_forward_pre_hook(self._before_convolution)
        self.convolutions = len(layers)
        """How often `check` is called for a picture."""
        self.statistics: RecentResults[Statistics] = RecentResults(_MOST_STATISTICS)
        self.planes: RecentResults[Array] = RecentResults(_MOST_PLANES)
        self.measuring = threading.Lock()
        """So that the planes of a stack do not measure the same at the same time."""

    def _before_convolution(self, *_: object) -> None:
        check: Check = getattr(self._thread, "check", no_check)
        check()

    def translate(
        self, pictures: Array, statistics: Statistics | None = None, *, check: Check = no_check
    ) -> tuple[Array, Statistics]:
        """Translate pictures.

        Parameters
        ----------
        pictures : ndarray, shape (N, inputs, H, W), float32, values in [0, 1]
            H and W are multiples of `design.multiple`.
        statistics : Statistics, optional
            By default those of all pictures together.
        check : callable, optional
            Called before each convolution; raises `Cancelled` to stop.

        Returns
        -------
        ndarray, shape (N, outputs, H, W), float32, values in [0, 1]
        Statistics
            The ones that were used.
        """
        torch = import_torch()
        self._thread.check = check
        # In [-1, 1], as the official networks are trained.
        centred = torch.from_numpy(pictures).to(self._device) * 2 - 1
        try:
            with honest_float32(self._device):
                made, used = self._network(centred, statistics)
        finally:
            # It may refer to this translator, which the thread would keep until it ends. Qt's
            # threads then crash: torch frees weights that were read from a file in a thread whose
            # state Python is deleting.
            del self._thread.check
        return ((made + 1) / 2).cpu().numpy(), used
