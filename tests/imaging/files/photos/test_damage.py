"""Damaged facts never hinder a photo, and a damaged photo is refused in one sentence."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import read_image, write_image
from napari_zerodce.imaging.files.photos import KINDS

SUFFIXES = [kind.suffixes[0] for kind in KINDS if kind.is_written and kind.is_installed]


@pytest.fixture
def rich(colours, facts, profile):
    details = {
        "exif": facts.exif(orientation=1),
        "xmp": facts.xmp,
        "iptc": facts.iptc,
        "icc_profile": profile,
        "comment": "a comment",
        "text": {"Author": "Köhler", "Title": "明るい"},
    }
    return ImageFile(colours, "rgb", details)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".j2k"])
def test_any_damage_is_survived(tmp_path, rich, suffix, capfd):
    path = write_image(tmp_path / f"a{suffix}", rich)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(4)
    for _ in range(60):
        damaged = content.copy()
        places = random.integers(0, len(content), 3)
        damaged[places] = random.integers(0, 256, 3)
        cut = random.integers(len(content) // 2, 2 * len(content))
        path.write_bytes(damaged[:cut].tobytes())
        with suppress(ImageError):
            read = read_image(path)
            write_image(
                tmp_path / "again.png", ImageFile(rich.array, "rgb", read.details), overwrite=True
            )
            write_image(
                tmp_path / "again.jpg", ImageFile(rich.array, "rgb", read.details), overwrite=True
            )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".avif"])
def test_damaged_animations_are_survived(tmp_path, colours, suffix):
    image = ImageFile(np.stack([colours, colours[::-1]]), "rgb", {"axes": "TYXS"})
    path = write_image(tmp_path / f"a{suffix}", image)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(5)
    for _ in range(60):
        damaged = content.copy()
        places = random.integers(0, len(content), 3)
        damaged[places] = random.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        with suppress(ImageError):
            assert read_image(path).array.size
