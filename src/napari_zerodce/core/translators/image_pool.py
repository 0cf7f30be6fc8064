"""The pictures that a discriminator of CycleGAN sees again, so that it does not forget them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

POOL_SIZE = 50
"""Pictures (CycleGAN, ICCV 2017, section 4)."""


class ImagePool:
    """Memory of made pictures.

    Parameters
    ----------
    size : int
        Number of pictures.
    """

    def __init__(self, size: int = POOL_SIZE) -> None:
        self._size = size
        self.pictures: list[Tensor] = []

    def exchange(self, made: Tensor, generator: np.random.Generator) -> Tensor:
        """Return the pictures, half of them exchanged for earlier ones when the pool is full.

        Parameters
        ----------
        made : Tensor, shape (N, C, H, W)
        generator : numpy.random.Generator

        Returns
        -------
        Tensor, shape (N, C, H, W)
            Without gradients.
        """
        return torch.stack([self._one(picture, generator) for picture in made.detach()])

    def _one(self, picture: Tensor, generator: np.random.Generator) -> Tensor:
        if len(self.pictures) < self._size:
            self.pictures.append(picture)
            return picture
        if generator.random() < 0.5:
            return picture
        place = int(generator.integers(self._size))
        earlier, self.pictures[place] = self.pictures[place], picture
        return earlier
