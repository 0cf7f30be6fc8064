"""Pairs by name or in order, and what is said if they are not clear."""

from __future__ import annotations

import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.training.translation.pairs import Pairing, paired


def test_names_decide_whatever_the_order_and_the_ending() -> None:
    pairing = paired(["b.tif", "A.png"], ["a.jpg", "B"])
    assert pairing == Pairing((1, 0), "name")
    sentence = pairing.sentence(["b.tif", "A.png"], ["a.jpg", "B"])
    assert sentence == "2 pairs by their names, such as 'b.tif' with 'B'."


def test_without_common_names_the_order_decides() -> None:
    pairing = paired(["dark 1", "dark 2"], ["bright 1", "bright 2"])
    assert pairing == Pairing((0, 1), "order")
    assert "in the order of the lists" in pairing.sentence(["dark 1", "dark 2"], ["x", "y"])
    assert paired(["x"], ["y"]).sentence(["x"], ["y"]).startswith("1 pair in")


def test_only_the_ending_of_an_image_file_is_no_part_of_the_name() -> None:
    assert paired(["day 1.5", "day 1.6"], ["day 1.6", "day 1.5"]) == Pairing((1, 0), "name")


def test_paths_decide_if_names_occur_again_in_other_subfolders() -> None:
    assert paired(["1/x.png", "2/x.png"], ["2/x.tif", "1/x.tif"]) == Pairing((1, 0), "name")
    assert paired(["1/x.png", "2/x.png"], ["1/y.png", "2/y.png"]) == Pairing((0, 1), "order")


def test_a_subfolder_is_no_part_of_a_name_that_occurs_once() -> None:
    assert paired(["1/x.png", "y.png"], ["new/y.png", "x.png"]) == Pairing((1, 0), "name")


@pytest.mark.parametrize(
    ("sources", "targets", "reason"),
    [
        (["a", "b"], ["a"], "There are 2 sources and 1 target"),
        (["a", "b"], ["a", "c"], "The source 'b' has no target of the same name"),
        (["1/x.png", "2/x.png"], ["1/x.png", "3/x.png"], "The source '2/x.png' has no target"),
        (["a.png", "a.tif"], ["a.png", "a.tif"], "Some images have the same name"),
    ],
)
def test_unclear_pairs_are_one_sentence(
    sources: list[str], targets: list[str], reason: str
) -> None:
    with pytest.raises(RequestError, match=reason):
        paired(sources, targets)
