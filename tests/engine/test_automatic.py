"""Which weights suit an image, and the few words that say why."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.engine.automatic import WEIGHTS_FOR, choose_weights, weights_for
from napari_zerodce.imaging.background import Background


def background(share=0.82, *, is_dark=True):
    return Background(level=100.0, spread=3.0, share=share, is_dark=is_dark)


@pytest.mark.parametrize(
    ("channels", "known", "text"),
    [
        ("rgb", None, "photo weights, because the image is in colour"),
        ("rgba", background(), "fluorescence weights, because 82 % of the image is background"),
        ("mono", None, "photo weights, because the image has no finite sample"),
        (
            "mono",
            background(is_dark=False),
            "photo weights, because the image has no dark background",
        ),
        ("mono", background(), "fluorescence weights, because 82 % of the image is background"),
        (
            "mono",
            background(0.9951),
            "fluorescence weights, because over 99 % of the image is background",
        ),
    ],
)
def test_choice_follows_from_channels_and_background(channels, known, text):
    assert str(choose_weights(channels, known)) == text


def test_choice_names_its_checkpoint_and_the_other_kind():
    choice = choose_weights("mono", background())
    assert (choice.checkpoint, choice.other) == ("zero-dce-fluo", "photo")
    choice = choose_weights("rgb", None)
    assert (choice.checkpoint, choice.other) == ("zero-dce", "fluorescence")
    assert choice == choose_weights("rgba", None)


def test_all_that_may_be_chosen_is_bundled_and_of_one_network():
    known = {entry.name: entry for entry in BUNDLED}
    assert set(WEIGHTS_FOR) == {"photo", "fluorescence"}
    assert all(known[name].made_for == kind for kind, name in WEIGHTS_FOR.items())
    assert len({known[name].architecture for name in WEIGHTS_FOR.values()}) == 1


def test_colours_decide_alone_and_grey_in_colours_is_judged_as_mono():
    cells = np.full((30, 30, 3), 10, np.uint8)
    cells[:5] = np.arange(90, 240).reshape(5, 30, 1)
    assert weights_for(cells, channels="rgb").made_for == "fluorescence"
    cells[3, 4] = 1, 2, 3
    assert str(weights_for(cells, channels="rgb")) == str(choose_weights("rgb", None))


def test_channels_as_layers_are_chosen_for_one_by_one():
    cells = np.full((30, 30), 10, np.uint8)
    cells[:5] = np.arange(90, 240).reshape(5, 30)
    phase = np.random.default_rng(0).normal(128, 20, (30, 30)).astype(np.uint8)
    assert weights_for(cells, channels="mono").made_for == "fluorescence"
    assert weights_for(phase, channels="mono").made_for == "photo"
