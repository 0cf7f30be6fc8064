"""The published arithmetic: the authors' own file if it is there, and the papers' equations."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.core.architectures import ITERATIONS

Array = np.ndarray[Any, Any]
Evaluate = Callable[[Tensor], Tensor]
"""Images of shape (N, 3, H, W) to enhanced ones."""

_PLACES = ("model.py", "Zero-DCE_code/model.py", "Zero-DCE++/model.py")


def plain(
    checkpoint: Checkpoint, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> Evaluate:
    """Return the papers' equations, written down as they are: one operation after the other."""
    weights = {
        name: values.to(device, dtype) for name, values in checkpoint.network.state_dict().items()
    }
    scale = checkpoint.info.scale_factor

    def convolution(number: int, image: Tensor) -> Tensor:
        name = f"e_conv{number}"
        if f"{name}.weight" in weights:
            return functional.conv2d(
                image, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1
            )
        depth, point = (
            (weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])
            for part in ("depth_conv", "point_conv")
        )
        return functional.conv2d(
            functional.conv2d(image, *depth, padding=1, groups=image.shape[1]), *point
        )

    def estimate(image: Tensor) -> Tensor:
        one = convolution(1, image).relu_()
        two = convolution(2, one).relu_()
        three = convolution(3, two).relu_()
        four = convolution(4, three).relu_()
        five = convolution(5, torch.cat((three, four), 1)).relu_()
        six = convolution(6, torch.cat((two, five), 1)).relu_()
        return -torch.tanh(convolution(7, torch.cat((one, six), 1)))

    def evaluate(image: Tensor) -> Tensor:
        small = image = image.to(dtype)
        if scale > 1:
            small = functional.interpolate(image, scale_factor=1 / scale, mode="bilinear")
        maps = estimate(small)
        if scale > 1:
            maps = functional.interpolate(
                maps, size=image.shape[-2:], mode="bilinear", align_corners=True
            )
        steps = maps.split(3, dim=1) if maps.shape[1] > 3 else (maps,) * ITERATIONS
        for alpha in steps:
            image = image + alpha * (image - image**2)
        return image

    return evaluate


def published(clone: Path, checkpoint: Checkpoint, device: str = "cpu") -> Evaluate:
    """Return the authors' network from their own file, with the checkpoint's weights.

    Parameters
    ----------
    clone : Path
        A clone of the authors' repository, or the model.py in it.
    checkpoint : Checkpoint
    device : str
    """
    network = _network_class(model_file(clone))
    takes_factor = "scale_factor" in inspect.signature(network).parameters
    module: nn.Module = network(*[checkpoint.info.scale_factor] if takes_factor else [])
    module.load_state_dict(checkpoint.network.state_dict())
    module.eval().requires_grad_(requires_grad=False).to(device)
    # Zero-DCE returns the image after four and after eight iterations, Zero-DCE++ the latter first.
    place = 0 if takes_factor else 1
    return lambda image: module(image)[place]


def model_file(clone: Path) -> Path:
    """Return the file of the authors' network in a clone.

    Raises
    ------
    SystemExit
        If there is none.
    """
    if clone.is_file():
        return clone
    for place in _PLACES:
        if (clone / place).is_file():
            return clone / place
    raise SystemExit(f"There is no model.py in {clone}; give a clone of the authors' repository.")


def _network_class(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"published_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.enhance_net_nopool


def from_8_to_8_bits(evaluate: Evaluate, images: Array, device: str = "cpu") -> Array:
    """Enhance photos as the published test script does: it reads 8 bits and saves 8 bits.

    Parameters
    ----------
    evaluate : callable
    images : ndarray of uint8, shape (N, H, W, 3)
    device : str
    """
    unit = torch.from_numpy(images / 255.0).float().permute(0, 3, 1, 2).to(device)
    made = evaluate(unit).float().mul(255).add_(0.5).clamp_(0, 255)
    return made.permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy()
