"""Pictures from files: in order, no more than are needed, and no more than memory holds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image

from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.images import read_images

AUTO = WindowChoice()


@pytest.fixture
def ten(tmp_path: Path) -> list[Path]:
    """Ten images whose grey says which one it is."""
    paths = [tmp_path / f"{number}.png" for number in range(10)]
    for number, path in enumerate(paths):
        Image.fromarray(np.full((20, 30), number, np.uint8)).save(path)
    return paths


def test_images_come_in_the_order_of_the_paths(ten: list[Path]) -> None:
    window = WindowChoice("range", 0, 50)
    images, notices = read_images(ten, window, below=ten[0].parent.parent)
    assert images[0].name == f"{ten[0].parent.name}/{ten[0].name}"
    images, notices = read_images(ten, window)
    assert notices == []
    assert [image.name for image in images] == [path.name for path in ten]
    assert [int(image.array[0, 0]) for image in images] == list(range(10))
    assert {image.window for image in images} == {window}
    assert {image.channels for image in images} == {"mono"}


def test_of_many_a_random_choice_is_read_that_the_seed_decides(ten: list[Path]) -> None:
    def names(seed: int) -> list[str]:
        return [image.name for image in read_images(ten, AUTO, most=4, seed=seed)[0]]

    assert len(names(1)) == 4
    assert names(1) == names(1) == sorted(names(1))
    assert len({tuple(names(seed)) for seed in range(5)}) > 1


def test_what_is_not_chosen_is_not_read(ten: list[Path]) -> None:
    chosen = {image.name for image in read_images(ten, AUTO, most=4)[0]}
    for path in ten:
        if path.name not in chosen:
            path.write_text("no image")
    assert len(read_images(ten, AUTO, most=4)[0]) == 4


def test_every_kind_of_file(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    stack = generator.integers(0, 4000, (3, 40, 50), np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    rgba = generator.integers(0, 255, (40, 50, 4), np.uint8)
    Image.fromarray(rgba).save(tmp_path / "alpha.png")
    np.save(tmp_path / "float.npy", stack[0].astype(np.float32))
    names = ("stack.tif", "alpha.png", "float.npy")
    images, _ = read_images([tmp_path / name for name in names], AUTO)
    assert [image.channels for image in images] == ["mono", "rgba", "mono"]
    assert [image.array.shape for image in images] == [(3, 40, 50), (40, 50, 4), (40, 50)]
    assert np.array_equal(images[0].array, stack)


def test_memory_is_not_filled(ten: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    # A machine with room for three such images, and of its memory half is taken.
    memory = SimpleNamespace(available=2 * 3 * 20 * 30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert len(read_images(ten, AUTO)[0]) == 3
    memory.available *= 2
    assert len(read_images(ten, AUTO)[0]) == 6


def test_a_broken_file_does_not_cost_the_others(ten: list[Path]) -> None:
    ten[3].write_text("hello")
    images, notices = read_images(ten, AUTO)
    assert len(images) == 9
    assert len(notices) == 1
    assert notices[0].startswith("1 of 10 files are left out: 3.png is a text, and no .png image")


def test_no_image_at_all_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere\.png"):
        read_images([tmp_path / "nowhere.png"], AUTO)


def test_stopping_is_cancelled(ten: list[Path]) -> None:
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        read_images(ten, AUTO, should_stop=lambda: next(answers))
