"""The networks that estimate curve parameter maps from an image, and thumbnails for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

Span = tuple[float, float]
"""A part of an axis: its ends in units of the whole axis."""

WHOLE: Final = ((0.0, 1.0), (0.0, 1.0))

CONVOLUTIONS = 7
RECEPTIVE_RADIUS = CONVOLUTIONS
"""Seven 3x3 convolutions see 7 pixels to each side: with this halo, tiles are exact."""


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
        return maps.expand(-1, ITERATIONS, -1, -1, -1)


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


def middle_pixels(length: int, scale_factor: int) -> tuple[slice, slice]:
    """Return the two middle pixels of each block of an axis (the same one twice if blocks are odd).

    A bilinear thumbnail uses only these. Pixels at the end that do not fill a block are left out,
    as in the published code, which crops the image; an axis shorter than one block counts as
    one block.

    Parameters
    ----------
    length, scale_factor : int
        Of the axis and of a block, in pixels.

    Returns
    -------
    tuple of slice
        Each picks max(1, length // scale_factor) pixels.
    """
    block = min(length, scale_factor)
    end = max(1, length // scale_factor) * block
    return slice((block - 1) // 2, end, block), slice(block // 2, end, block)


def thumbnail(image: Tensor, scale_factor: int) -> Tensor:
    """Shrink images by bilinear sampling at the centre of each block of pixels.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W)
    scale_factor : int
        Side of a block in pixels; `middle_pixels` says which pixels count.

    Returns
    -------
    Tensor, shape (N, C, max(1, H // scale_factor), max(1, W // scale_factor))
    """
    if scale_factor == 1:
        return image
    rows, columns = (middle_pixels(length, scale_factor) for length in image.shape[-2:])
    upper, lower = (image[..., row, columns[0]] + image[..., row, columns[1]] for row in rows)
    return (upper + lower) / 4


def enlarge_to(maps: Tensor, scale_factor: int, shape: Sequence[int]) -> Tensor:
    """Enlarge the maps of a thumbnail to the size of its image.

    Parameters
    ----------
    maps : Tensor, shape (N, maps, C, h, w)
    scale_factor : int
        If it is 1, the maps are returned unchanged.
    shape : sequence of int
        Of the image; the last two are its height and width.

    Returns
    -------
    Tensor, shape (N, maps, C, H, W)
    """
    if scale_factor == 1:
        return maps
    height, width = shape[-2:]
    flat = enlarge_maps(maps.flatten(1, 2), scale_factor, rows=(0, height), columns=(0, width))
    return flat.reshape(*maps.shape[:3], height, width)


def enlarge_maps(
    maps: Tensor,
    scale_factor: int,
    *,
    rows: tuple[int, int],
    columns: tuple[int, int],
    part: tuple[slice, slice] | None = None,
    size: tuple[int, int] | None = None,
) -> Tensor:
    """Enlarge thumbnail maps bilinearly, corners aligned, for one region of the full image.

    Each pixel's place in the thumbnail is computed from its place in the whole image, so regions
    that are enlarged one by one equal the whole. Pixels beyond the last whole block take the value
    of its edge.

    Parameters
    ----------
    maps : Tensor, shape (N, C, h, w)
        Of the whole thumbnail, or of a part that holds all that `mapped_pixels` names.
    scale_factor : int
    rows, columns : tuple of int
        First pixel and the one after the last, in full-image coordinates.
    part : tuple of slice, optional
        Which rows and columns of the thumbnail the maps are, by default all.
    size : tuple of int, optional
        Rows and columns of the whole thumbnail; needed with `part`.

    Returns
    -------
    Tensor, shape (N, C, rows[1] - rows[0], columns[1] - columns[0])
    """
    height, width = size or maps.shape[-2:]
    top, left = (side.start for side in part) if part else (0, 0)
    row, row_weight = _places(height, scale_factor, *rows)
    column, column_weight = _places(width, scale_factor, *columns)
    # Columns first, on the few rows that are needed; rows are then enlarged as whole lines.
    first = int(row[0])
    maps = maps[..., first - top : int(row[-1]) + 2 - top, :]
    maps = _between(maps, column - left, column_weight, dim=-1)
    return _between(maps, row - first, row_weight.unsqueeze(-1), dim=-2)


def stretch_maps(
    maps: Tensor,
    shape: Sequence[int],
    *,
    rows: tuple[int, int],
    columns: tuple[int, int],
    spans: tuple[Span, Span] = WHOLE,
) -> Tensor:
    """Enlarge maps bilinearly to an image of any size, for one region of it.

    The middle of each pixel takes the value at its place in the maps, so that images of other sizes
    of the same scene get the same maps.

    Parameters
    ----------
    maps : Tensor, shape (N, C, h, w)
    shape : sequence of int
        Rows and columns of the image.
    rows, columns : tuple of int
        First pixel and the one after the last.
    spans : tuple of (float, float), optional
        The part of the maps' height and width that the image shows.

    Returns
    -------
    Tensor, shape (N, C, rows[1] - rows[0], columns[1] - columns[0])
    """
    row, row_weight = _middles(maps.shape[-2], shape[0], spans[0], *rows)
    column, column_weight = _middles(maps.shape[-1], shape[1], spans[1], *columns)
    maps = _between(maps, column, column_weight, dim=-1)
    return _between(maps, row, row_weight.unsqueeze(-1), dim=-2)


def _middles(size: int, length: int, span: Span, start: int, stop: int) -> tuple[Tensor, Tensor]:
    """Return, for the middle of each pixel, the map's pixel before it and the distance from it."""
    first, last = span
    place = (torch.arange(start, stop, dtype=torch.float64) + 0.5) / length
    place = ((first + place * (last - first)) * size - 0.5).clamp_(0, size - 1)
    lower = place.floor().long().clamp_(max=max(0, size - 2))
    return lower, place - lower


def mapped_pixels(side: slice, size: int, scale_factor: int) -> slice:
    """Return the pixels of a thumbnail's axis whose maps a part of the image's axis needs.

    Parameters
    ----------
    side : slice
        In pixels of the image, not empty.
    size : int
        Length of the thumbnail's axis.
    scale_factor : int
    """
    lower, _ = _places(size, scale_factor, side.start, side.stop)
    return slice(int(lower[0]), min(size, int(lower[-1]) + 2))


def _places(size: int, scale_factor: int, start: int, stop: int) -> tuple[Tensor, Tensor]:
    """Return, for each pixel of the image, the map's pixel before it and the distance from it."""
    # float64 keeps places exact for images of any size; in float32, pixel 12,000 is off by 1e-3.
    place = torch.arange(start, stop, dtype=torch.float64)
    place = (place * ((size - 1) / (size * scale_factor - 1))).clamp_(max=size - 1)
    lower = place.floor().long().clamp_(max=max(0, size - 2))
    return lower, place - lower


def _between(maps: Tensor, lower: Tensor, weight: Tensor, *, dim: int) -> Tensor:
    lower, weight = lower.to(maps.device), weight.to(maps.dtype).to(maps.device)
    upper = (lower + 1).clamp_(max=maps.shape[dim] - 1)
    return torch.lerp(maps.index_select(dim, lower), maps.index_select(dim, upper), weight)
