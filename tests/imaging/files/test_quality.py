"""A quality is for lossy files, and says so if there are none."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import write_image
from napari_zerodce.imaging.files.quality import check_quality, with_quality


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".jp2", ".jxl", ".heic"])
def test_a_lower_quality_gives_a_smaller_file(tmp_path, suffix):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    array = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    image = ImageFile(array, "rgb")
    sizes = [
        write_image(tmp_path / f"{quality}{suffix}", with_quality(image, quality)).stat().st_size
        for quality in (10, 50, 90)
    ]
    assert sizes == sorted(set(sizes))


def test_without_a_quality_the_image_is_the_same():
    image = ImageFile(np.zeros((2, 2)), "mono")
    assert with_quality(image, None) is image


def test_a_quality_without_effect_is_refused():
    check_quality(None, ["a.png"])
    check_quality(80, ["a.png", "b.JPG"])
    with pytest.raises(RequestError, match=r"--quality 80 .* a\.png is of a lossless kind"):
        check_quality(80, ["a.png", "b.ome.zarr"])
