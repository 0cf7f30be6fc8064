"""The form follows the active checkpoint and the images, until the user chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.gui.docks.finetune import form_follower
from napari_zerodce.gui.docks.finetune.dark_images import DARK_IMAGES
from napari_zerodce.gui.docks.finetune.form import TrainingForm
from napari_zerodce.gui.docks.finetune.form_follower import FormFollower
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.training.image_chooser import ImageChooser
from napari_zerodce.imaging.files.images import ImageFile, write_image


def cells() -> np.ndarray:
    """Bright squares on a noisy black background: shape (96, 96), uint16."""
    image = np.random.default_rng(0).normal(100, 3, (96, 96))
    image[20:35, 20:35] += 500
    return image.astype(np.uint16)


def night() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60, (48, 48, 3), np.uint8)


class Followed:
    """A form that follows a session and the images of a viewer."""

    def __init__(self, model: ViewerModel, qtbot: Any) -> None:
        self.session, self.pictures, self.form = (
            Session(),
            ImageChooser(model, DARK_IMAGES),
            TrainingForm(),
        )
        for widget in (self.pictures, self.form):
            qtbot.addWidget(widget)
        self.follower = FormFollower(self.session, self.pictures, self.form)
        self._qtbot = qtbot

    def settle(self) -> tuple[str | None, str]:
        self._qtbot.waitUntil(lambda: not Job._alive)
        return self.form.checkpoint(), self.form.chosen_preset()

    def release(self) -> None:
        self.follower.release()
        self.pictures.release()


@pytest.fixture
def follow(model: ViewerModel, qtbot: Any) -> Iterator[Callable[[], Followed]]:
    made: list[Followed] = []

    def begin() -> Followed:
        made.append(Followed(model, qtbot))
        return made[-1]

    yield begin
    for each in made:
        each.release()


def choose(combo: Any, data: str) -> None:
    row = combo.findData(data)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def test_cells_propose_fluorescence_and_say_so(model: ViewerModel, follow: Any) -> None:
    model.add_image(cells(), name="cells")
    followed = follow()
    assert followed.settle() == ("zero-dce-fluo", "fluorescence")
    assert followed.form.reason.text().startswith("Weights and preset for fluorescence, because ")
    assert followed.form.fields["keep_background"].value is True


def test_few_photos_keep_their_hues_until_there_are_many(
    model: ViewerModel, follow: Any, tmp_path: Path
) -> None:
    model.add_image(night(), name="night")
    followed = follow()
    assert followed.settle() == ("zero-dce", "few-photos")
    assert "less than 20 photos" in followed.form.reason.text()
    assert followed.form.fields["channel_weight"].value == 100
    for number in range(19):
        write_image(tmp_path / f"{number}.png", ImageFile(night(), "rgb"))
    followed.pictures.choose_folder(tmp_path)
    assert followed.settle() == ("zero-dce", "photo")
    assert followed.form.reason.text() == ""
    assert followed.form.fields["colour_weight"].value == 5


def test_the_images_of_a_folder_alone_are_looked_at(follow: Any, tmp_path: Path) -> None:
    write_image(tmp_path / "cells.tif", ImageFile(cells(), "mono"))
    followed = follow()
    followed.pictures.choose_folder(tmp_path)
    assert followed.settle() == ("zero-dce-fluo", "fluorescence")


def test_other_images_change_the_proposal(model: ViewerModel, follow: Any) -> None:
    layer = model.add_image(cells(), name="cells")
    followed = follow()
    followed.settle()
    night_layer = model.add_image(night(), name="night")
    followed.pictures.tick(layer, on=False)
    followed.pictures.tick(night_layer)
    assert followed.settle() == ("zero-dce", "few-photos")


def test_the_explicit_choice_stays(model: ViewerModel, follow: Any) -> None:
    followed = follow()
    choose(followed.form.preset, "published")
    choose(followed.form.start, "zero-dce-pp")
    model.add_image(cells(), name="cells")
    assert followed.settle() == ("zero-dce-pp", "published")
    assert followed.form.reason.text().startswith(
        "The preset 'Fluorescence, black background' suits the images better, because "
    )


def test_an_active_checkpoint_of_the_user_stays_the_start(model: ViewerModel, follow: Any) -> None:
    followed = follow()
    followed.session.change(checkpoint="zero-dce-pp", scale_factor=12)
    model.add_image(cells(), name="cells")
    assert followed.settle() == ("zero-dce-pp", "fluorescence")
    assert followed.form.reason.text().startswith("Preset for fluorescence, because ")
    followed.session.change(checkpoint="auto", scale_factor=None)
    assert followed.settle() == ("zero-dce-fluo", "fluorescence")


def test_the_start_is_the_active_checkpoint_though_another_one_is_read_later(
    follow: Any, hold_jobs: Any
) -> None:
    jobs = hold_jobs(form_follower)
    followed = follow()
    followed.session.change(checkpoint="zero-dce-pp", scale_factor=12)
    first, second = jobs
    second.finish()
    first.finish()
    assert followed.settle()[0] == "zero-dce-pp"


def test_what_the_user_has_changed_stays_when_the_preset_is_proposed(
    model: ViewerModel, follow: Any
) -> None:
    followed = follow()
    followed.form.fields["target"].value = 0.33
    model.add_image(cells(), name="cells")
    followed.settle()
    assert followed.form.fields["target"].value == 0.33


def test_an_invalid_image_proposes_nothing(model: ViewerModel, follow: Any) -> None:
    model.add_image(np.zeros((8, 8), bool), name="mask")
    assert follow().settle() == ("zero-dce", "photo")


def test_nothing_follows_after_the_release(model: ViewerModel, follow: Any) -> None:
    followed = follow()
    followed.settle()
    followed.follower.release()
    model.add_image(cells(), name="cells")
    followed.session.change(checkpoint="zero-dce-pp")
    assert followed.settle() == ("zero-dce", "photo")
    assert len(followed.session.events.settings) == len(followed.session.events.job) == 0
    followed.follower.release = lambda: None  # the fixture releases the others
