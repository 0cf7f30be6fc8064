"""From a wish to a folder: settings fit the crops, the preview is where it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_zerodce.checkpoints.named_files import renamed
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.errors import Cancelled, CheckpointError, RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.events import EventReader
from napari_zerodce.training.new_run import TrainingRequest, create_run, preview_crop, settle
from napari_zerodce.training.run_folder import RunFolder

DTYPE = WindowChoice("dtype")


def places(*shape: int) -> TrainingImage:
    """Each 16-bit sample is its own number."""
    array = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    return TrainingImage("places.tif", array, "mono", DTYPE)


WISH = TrainingRequest(images=[places(200, 250)], steps=5, device="cpu", changes={"crop": 32})


def test_a_folder_that_can_be_trained(tmp_path: Path) -> None:
    folder = create_run(WISH, tmp_path / "run")
    folder.check_run()
    run = folder.config()
    assert (run.training.steps, run.training.crop, run.device) == (5, 32, "cpu")
    assert (run.images, run.preset) == (("places.tif",), "photo")
    assert run.software.startswith("napari-zerodce ")
    crops, preview = folder.crops()
    assert crops.side == 32
    assert len(crops.training) == WISH.crops == 128
    assert np.array_equal(preview, WISH.images[0].array[None]), "smaller than a preview: whole"
    assert list(EventReader(folder.events).new_events()) == []


def test_it_begins_with_the_checkpoint_that_was_named(tmp_path: Path) -> None:
    folder = create_run(WISH, tmp_path / "run")
    info, run = read_info("zero-dce-pp"), folder.config()
    assert folder.start.read_bytes() == info.path.read_bytes()
    assert (run.checkpoint, run.checkpoint_sha256) == ("zero-dce-pp", info.sha256)
    assert (run.licence, run.scale_factor) == (info.licence, info.scale_factor)
    assert run.training.architecture == "zero-dce-pp"


def test_the_name_is_one_line_and_a_start_is_called_by_its_own(tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    start.write_bytes(renamed(read_info("zero-dce-pp").path, "cells of October"))
    wish = replace(WISH, checkpoint=start, name="cells\nof November " + "x" * 300)
    run = create_run(wish, tmp_path / "run").config()
    assert run.name == ("cells of November " + "x" * 300)[:59] + "…"
    assert run.checkpoint == "cells of October"
    assert create_run(WISH, tmp_path / "other").config().name == ""


def test_the_checkpoint_decides_on_the_architecture(tmp_path: Path) -> None:
    wish = replace(WISH, checkpoint="zero-dce", architecture="zero-dce-pp")
    run = create_run(wish, tmp_path / "run").config()
    assert (run.training.architecture, run.training.scale_factor) == ("zero-dce", 1)
    assert run.scale_factor == 1


def test_from_scratch_the_licence_is_the_owners(tmp_path: Path) -> None:
    folder = create_run(replace(WISH, checkpoint=None), tmp_path / "run")
    run = folder.config()
    assert not folder.start.exists()
    assert (run.checkpoint, run.checkpoint_sha256) == (None, None)
    assert "owner" in run.licence
    assert run.scale_factor == 12, "of the checkpoints, as usual"
    assert run.training.scale_factor == 2, "crops of 32 pixels have thumbnails of 16"


def test_small_images_make_small_crops_and_a_notice(tmp_path: Path) -> None:
    wish = replace(WISH, images=[places(40, 100)], changes={"crop": 128})
    folder = create_run(wish, tmp_path / "run")
    assert folder.config().training.crop == folder.crops()[0].side == 32
    assert "crops have 32 pixels instead of 128" in folder.history().notices[0]


def test_minutes_are_kept_for_the_machine_that_trains(tmp_path: Path) -> None:
    run = create_run(replace(WISH, steps=None, minutes=2.5), tmp_path / "run").config()
    assert run.minutes == 2.5


def test_same_seed_same_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        create_run(WISH, tmp_path / name)
    one, two = tmp_path / "one", tmp_path / "two"
    for name in ("config.json", "crops.npz", "start.weights"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_steps_and_minutes_are_one_too_many() -> None:
    with pytest.raises(RequestError, match="Both steps and minutes"):
        settle(replace(WISH, minutes=1))


def test_refusals_leave_no_folder(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(RequestError, match="target"):
        create_run(replace(WISH, changes={"target": 3}), run)
    with pytest.raises(CheckpointError, match="does not exist"):
        create_run(replace(WISH, checkpoint=tmp_path / "none.pth"), run)
    with pytest.raises(RequestError, match="no image"):
        create_run(replace(WISH, images=[]), run)
    with pytest.raises(Cancelled):
        create_run(WISH, run, should_stop=lambda: True)
    assert not run.exists()


def test_a_taken_folder_is_refused_before_images_are_read(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RequestError, match="is not empty"):
        create_run(replace(WISH, images=[]), tmp_path)


def test_names_that_are_no_unicode_are_trained_on_all_the_same(tmp_path: Path) -> None:
    """On Linux a name is bytes; Python shows what is no UTF-8 as surrogates."""
    image = replace(WISH.images[0], name="caf\udce9.tif")
    folder = create_run(replace(WISH, images=[image]), tmp_path / "run")
    assert folder.config().images[0].startswith("caf")


# ---- the preview


@pytest.mark.parametrize(
    ("row", "column", "top", "left"),
    [(50, 60, 34, 44), (0, 0, 0, 0), (199, 249, 168, 218), (-5, 9999, 0, 218), (16, 100, 0, 84)],
)
def test_the_preview_is_around_its_place_and_inside_the_plane(
    row: int, column: int, top: int, left: int
) -> None:
    image = places(200, 250)
    crop = preview_crop(image, row, column, side=32)
    assert np.array_equal(crop, image.array[None, top : top + 32, left : left + 32])


def test_the_preview_of_a_stack_is_its_middle_plane_or_the_chosen_one() -> None:
    stack = places(5, 40, 50)
    assert np.array_equal(preview_crop(stack, 20, 25), stack.array[2:3])
    chosen = replace(stack, index=(4,))
    assert np.array_equal(preview_crop(chosen, 20, 25), stack.array[4:5])


def test_the_preview_has_the_images_window() -> None:
    array = np.full((20, 20), 150, np.float32)
    array[5] = 300
    array[6] = 50
    window = WindowChoice("range", 100, 200)
    crop = preview_crop(TrainingImage("a", array, "mono", window), 10, 10)
    assert set(np.unique(crop)) == {0, 32768, 65535}


def test_the_middle_of_the_first_image_is_shown_unless_a_place_is_wished(tmp_path: Path) -> None:
    large = places(250, 250)
    wide = replace(large, array=np.tile(large.array, (2, 2)))
    folder = create_run(replace(WISH, images=[wide, large]), tmp_path / "middle")
    assert np.array_equal(folder.crops()[1][0], wide.array[58:442, 58:442])
    wish = replace(WISH, images=[wide, large], preview=(wide, 0, 499))
    folder = create_run(wish, tmp_path / "corner")
    assert np.array_equal(folder.crops()[1][0], wide.array[:384, 116:])


def test_a_preview_in_colour(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 4), np.uint8)
    crop = preview_crop(TrainingImage("a", pixels, "rgba", DTYPE), 20, 25)
    assert np.array_equal(crop, pixels[..., :3].transpose(2, 0, 1).astype(np.uint16) * 257)
    assert RunFolder(tmp_path).original.name == "original.png"
