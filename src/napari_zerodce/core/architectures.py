"""The table of network architectures: everything that depends on the architecture; no torch.

To add a network, add a class to `core.networks` and a row here; ONNX Runtime runs it, too, once
`core.onnx_networks` can write it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Architecture = Literal["zero-dce", "zero-dce-pp"]
"""The network that a checkpoint's weights belong to."""

MethodName = Literal["curves", "translation"]
"""How a network enhances a picture: by curves that it estimates, or by making another picture."""

Shapes = Mapping[str, tuple[int, ...]]

ZERO_DCE: Final[Architecture] = "zero-dce"
ZERO_DCE_PP: Final[Architecture] = "zero-dce-pp"

ITERATIONS: Final = 8
"""Number of times that the curve is applied (CVPR 2020, section 4.1: n = 8)."""

FEATURES: Final = 32
"""Feature maps of each hidden layer (CVPR 2020, section 3.2)."""

_INPUTS: Final = (3, *(FEATURES,) * 3, *(2 * FEATURES,) * 3)


@dataclass(frozen=True, kw_only=True)
class NetworkTraits:
    """The properties that networks of all kinds have.

    Parameters
    ----------
    title : str
        The name in texts for users.
    method : {"curves", "translation"}
        How the network enhances a picture; see `engine.methods.enhancing`.
    """

    title: str
    method: MethodName

    @property
    def has_scale_factor(self) -> bool:
        """Whether the network sees a thumbnail, whose size the user can choose."""
        return False


@dataclass(frozen=True, kw_only=True)
class ArchitectureTraits(NetworkTraits):
    """The properties of a network that estimates curves.

    Parameters
    ----------
    shapes : Mapping of str to tuple of int
        Names and shapes of the tensors of its state dict, by which a checkpoint is recognised.
    maps : int
        Number of maps for each colour channel: one for each iteration, or one for all.
    default_scale_factor : int
        How many times smaller the thumbnail is from which curves are estimated, if the checkpoint
        does not say; 1 if the network has no scale factor.
    smoothness_weight : float
        Weight of the smoothness loss in the published code.
    initial_deviation : float, optional
        Standard deviation of the random convolution weights at the start of a training from
        scratch; None for torch's own initialisation.
    learns_without_gpu : bool
        Whether a fine-tuning on a laptop takes only a minute or two.
    short_run : Mapping of str to object
        Fields of `TrainingConfig` that suit a short fine-tuning. Measured on two cores: 0.2 seconds
        a step for Zero-DCE++ and 0.5 for Zero-DCE.
    is_bundled : bool
        Whether the package contains weights under the name of the architecture.
    """

    shapes: Shapes
    maps: int
    default_scale_factor: int
    smoothness_weight: float
    initial_deviation: float | None
    learns_without_gpu: bool
    short_run: Mapping[str, Any] = field(default_factory=dict)
    method: MethodName = "curves"
    is_bundled: bool = True

    @property
    def has_scale_factor(self) -> bool:
        """Whether curves are estimated from a thumbnail."""
        return self.default_scale_factor > 1

    @property
    def shares_one_map(self) -> bool:
        """Whether one map serves all iterations."""
        return self.maps == 1

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(math.prod(shape) for shape in self.shapes.values())


def _convolution_shapes(outputs: int) -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {}
    for number, inputs in enumerate(_INPUTS, start=1):
        features = FEATURES if number < len(_INPUTS) else outputs
        shapes[f"e_conv{number}.weight"] = (features, inputs, 3, 3)
        shapes[f"e_conv{number}.bias"] = (features,)
    return shapes


def _separable_shapes(outputs: int) -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {}
    for number, inputs in enumerate(_INPUTS, start=1):
        features = FEATURES if number < len(_INPUTS) else outputs
        shapes[f"e_conv{number}.depth_conv.weight"] = (inputs, 1, 3, 3)
        shapes[f"e_conv{number}.depth_conv.bias"] = (inputs,)
        shapes[f"e_conv{number}.point_conv.weight"] = (features, inputs, 1, 1)
        shapes[f"e_conv{number}.point_conv.bias"] = (features,)
    return shapes


ARCHITECTURES: Final[Mapping[Architecture, ArchitectureTraits]] = {
    ZERO_DCE: ArchitectureTraits(
        title="Zero-DCE",
        shapes=_convolution_shapes(3 * ITERATIONS),
        maps=ITERATIONS,
        default_scale_factor=1,
        smoothness_weight=200.0,
        initial_deviation=0.02,  # CVPR 2020, section 4
        learns_without_gpu=False,
        short_run={
            "crop": 128, "batch": 4, "learning_rate": 1e-4, "final_learning_rate": 5e-6
        },
    ),
    ZERO_DCE_PP: ArchitectureTraits(
        title="Zero-DCE++",
        shapes=_separable_shapes(3),
        maps=1,
        default_scale_factor=12,  # the published weights were tested with this one
        smoothness_weight=1600.0,
        # As in the published code: two layers of 0.02 in a row would leave no signal.
        initial_deviation=None,
        learns_without_gpu=True,
        short_run={
            "crop": 256, "batch": 4, "learning_rate": 3e-4, "final_learning_rate": 1e-5
        },
    ),
}  # fmt: skip
