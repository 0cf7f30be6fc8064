"""The networks that estimate curve parameter maps from an image, in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.core.architectures import (
    ARCHITECTURES,
    FEATURES,
    ITERATIONS,
    ZERO_DCE,
    ZERO_DCE_PP,
    Architecture,
)
from napari_zerodce.core.thumbnails import enlarge_to, thumbnail


class CurveNetwork(nn.Module):
    """A network that estimates curve parameter maps.

    Parameters
    ----------
    scale_factor : int
        How many times smaller the thumbnail is that the network gets; 1 for the image itself.
    """

    architecture: ClassVar[Architecture]

    def __init__(self, scale_factor: int = 1) -> None:
        super().__init__()
        self.scale_factor = scale_factor

    def estimate_maps(self, image: Tensor) -> Tensor:
        """Estimate maps at the resolution of the image, without the scale factor.

        Parameters
        ----------
        image : Tensor, shape (N, 3, h, w), values in [0, 1]

        Returns
        -------
        Tensor, shape (N, maps, 3, h, w), values in [-1, 1]
            In the paper's sign: positive values brighten. `maps` is 8, or 1 if one map serves all
            iterations.
        """
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        """Estimate the curves of a batch of images.

        Parameters
        ----------
        image : Tensor, shape (N, 3, H, W), values in [0, 1]

        Returns
        -------
        Tensor, shape (N, 8, 3, H, W), values in [-1, 1]
            The maps A_1 .. A_8 of CVPR 2020, equation 4; positive values brighten. One map that
            serves all iterations is expanded, not copied.
        """
        maps = self.estimate_maps(thumbnail(image, self.scale_factor))
        maps = enlarge_to(maps, self.scale_factor, image.shape)
        repeated: Tensor = maps.expand(-1, ITERATIONS, -1, -1, -1)
        return repeated


class SeparableConvolution(nn.Module):
    """Depthwise 3x3, then pointwise 1x1 convolution (Zero-DCE++, TPAMI 2021, section 3.4).

    Parameters
    ----------
    inputs, outputs : int
        Numbers of feature maps.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depth_conv = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)
        self.point_conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map features of shape (N, inputs, H, W) to (N, outputs, H, W)."""
        mapped: Tensor = self.point_conv(self.depth_conv(features))
        return mapped


class _SymmetricNetwork(CurveNetwork):
    """Seven convolutions with symmetric skip connections (CVPR 2020, figure 2).

    The attribute names are those of the published state dicts, so published files load strictly.
    """

    def __init__(self, convolution: type[nn.Module], *, scale_factor: int) -> None:
        super().__init__(scale_factor)
        self.maps = ARCHITECTURES[self.architecture].maps
        arguments = {"kernel_size": 3, "padding": 1} if convolution is nn.Conv2d else {}
        self.e_conv1 = convolution(3, FEATURES, **arguments)
        self.e_conv2 = convolution(FEATURES, FEATURES, **arguments)
        self.e_conv3 = convolution(FEATURES, FEATURES, **arguments)
        self.e_conv4 = convolution(FEATURES, FEATURES, **arguments)
        self.e_conv5 = convolution(2 * FEATURES, FEATURES, **arguments)
        self.e_conv6 = convolution(2 * FEATURES, FEATURES, **arguments)
        self.e_conv7 = convolution(2 * FEATURES, 3 * self.maps, **arguments)

    def estimate_maps(self, image: Tensor) -> Tensor:
        """Estimate maps, shape (N, maps, 3, h, w), of images, shape (N, 3, h, w)."""
        first = functional.relu(self.e_conv1(image), inplace=True)
        second = functional.relu(self.e_conv2(first), inplace=True)
        third = functional.relu(self.e_conv3(second), inplace=True)
        features = functional.relu(self.e_conv4(third), inplace=True)
        for convolution, mirrored in ((self.e_conv5, third), (self.e_conv6, second)):
            both = torch.cat((mirrored, features), 1)
            features = functional.relu(convolution(both), inplace=True)
        # Published weights were trained for x + r (x^2 - x), so r = -A; A has the paper's sign.
        maps = torch.tanh(self.e_conv7(torch.cat((first, features), 1))).neg()
        return maps.reshape(-1, self.maps, 3, *maps.shape[-2:])


class ZeroDCE(_SymmetricNetwork):
    """DCE-Net, the network of Zero-DCE (CVPR 2020, section 3.2): 79,416 parameters.

    Seven 3x3 convolutions, 32 features each, and one map for each iteration and colour channel.
    """

    architecture = ZERO_DCE

    def __init__(self) -> None:
        super().__init__(nn.Conv2d, scale_factor=1)


class ZeroDCEPlusPlus(_SymmetricNetwork):
    """The network of Zero-DCE++ (TPAMI 2021, section 3.4): 10,561 parameters.

    Depthwise separable convolutions work on a thumbnail, and one map for each colour channel serves
    all iterations.

    Parameters
    ----------
    scale_factor : int
        How many times smaller the thumbnail is than the image; 1 means no thumbnail. The published
        weights were trained at 1 and tested at 12.
    """

    architecture = ZERO_DCE_PP

    def __init__(self, scale_factor: int = ARCHITECTURES[ZERO_DCE_PP].default_scale_factor) -> None:
        super().__init__(SeparableConvolution, scale_factor=scale_factor)


NETWORKS: Final[Mapping[Architecture, type[CurveNetwork]]] = {
    network.architecture: network for network in (ZeroDCE, ZeroDCEPlusPlus)
}


def make_network(architecture: Architecture, scale_factor: int) -> CurveNetwork:
    """Return a network with random weights.

    Parameters
    ----------
    architecture : Architecture
    scale_factor : int
        1 if the architecture has no scale factor.
    """
    network = NETWORKS[architecture]()
    network.scale_factor = scale_factor
    return network


def forget_subnormal_weights(network: nn.Module) -> None:
    """Set subnormal weights, those below the normal numbers of float32, to 0.

    CPUs multiply subnormal numbers many times slower. A fifth of the weights of the published
    Zero-DCE are subnormal and make it 40 times slower; they change no bit of a result.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    """
    smallest = torch.finfo(torch.float32).tiny
    with torch.no_grad():
        for weights in network.parameters():
            weights[weights.abs() < smallest] = 0
