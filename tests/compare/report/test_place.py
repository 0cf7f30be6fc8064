"""A report takes no place of other files, not even of those that appear while it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.compare.report.place import ReportPlace
from napari_zerodce.errors import RequestError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "report"


def test_a_new_or_empty_folder_is_taken(target: Path) -> None:
    place = ReportPlace.of(target, overwrite=False)
    target.mkdir()
    assert place.now() == (target, "")


def test_what_came_meanwhile_stays_and_the_report_goes_beside_it(target: Path) -> None:
    place = ReportPlace.of(target, overwrite=True)
    target.touch()
    path, problem = place.now()
    assert path == target.with_name("report 2")
    assert problem.endswith(f"the report is in {path}.")


@pytest.mark.parametrize("where", ["here", "report"])
def test_a_link_is_followed_and_one_to_itself_is_refused(target: Path, where: str) -> None:
    target.symlink_to(target.with_name(where))
    if where == "here":  # which does not exist yet
        assert ReportPlace.of(target, overwrite=False).target == target.with_name("here").resolve()
    else:
        with pytest.raises(RequestError, match="is no report"):
            ReportPlace.of(target, overwrite=True)
