"""Folders made aside replace folders whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.errors import Cancelled, ImageError


def make_folder(path: Path, text: str) -> None:
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "file").write_text(text)


def test_folder_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new" / "maps.zarr"
    with HiddenOutput(target, overwrite=False) as output:
        make_folder(output.part, "new")
        assert not target.exists()
        output.publish()
    assert (target / "deep" / "file").read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_folder_replaces_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "maps.zarr"
    make_folder(target, "old")
    (target / "left over").touch()
    with HiddenOutput(target, overwrite=True) as output:
        make_folder(output.part, "new")
        assert (target / "deep" / "file").read_text() == "old"
        output.publish()
    assert [path.name for path in target.iterdir()] == ["deep"]
    assert (target / "deep" / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_folder_comes_back_if_it_cannot_be_replaced(tmp_path, monkeypatch) -> None:
    target = tmp_path / "maps.zarr"
    make_folder(target, "old")
    replace = Path.replace

    def fail_for_the_new(self: Path, to: Path) -> Path:
        if to == target and (self / "deep" / "file").read_text() == "new":
            raise OSError(5, "Input/output error")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", fail_for_the_new)
    with HiddenOutput(target, overwrite=True) as output:
        make_folder(output.part, "new")
        with pytest.raises(ImageError, match=r"maps\.zarr cannot be written: Input/output error"):
            output.publish()
    assert (target / "deep" / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_discarded_output_does_not_appear(tmp_path: Path) -> None:
    target = tmp_path / "maps.zarr"
    make_folder(target, "old")
    with HiddenOutput(target, overwrite=True) as output:
        make_folder(output.part, "new")
        output.discard()
        with pytest.raises(Cancelled):
            output.publish()
    assert (target / "deep" / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
