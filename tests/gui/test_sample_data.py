"""The samples: two dark images, of the shapes and types that are promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.gui.sample_data import dim_cells, night_photo


@pytest.mark.parametrize(
    ("sample", "name", "shape", "dtype", "rgb"),
    [
        (night_photo, "night", (480, 640, 3), np.uint8, True),
        (dim_cells, "cells", (512, 512), np.uint16, False),
    ],
)
def test_samples_are_dark_images(
    sample: Any, name: str, shape: tuple[int, ...], dtype: Any, rgb: bool
) -> None:
    ((data, options, kind),) = sample()
    assert (kind, options) == ("image", {"name": name, "rgb": rgb})
    assert data.shape == shape
    assert data.dtype == dtype
    span = np.percentile(data, 99.9) - data.min()
    assert np.median(data) - data.min() < 0.25 * max(span, 100 if rgb else 0)
