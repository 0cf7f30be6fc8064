"""Files that may be checkpoints: in dialogs, and dropped on a dock."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import QMimeData, QUrl

from napari_zerodce.gui.widgets.checkpoint_files import checkpoint_filter, dropped_checkpoint


def test_dialogs_show_checkpoints_first_and_let_users_see_all() -> None:
    shown, everything = checkpoint_filter().split(";;")
    assert {"*.pth", "*.safetensors"} <= set(shown.removeprefix("Checkpoints (").strip(")").split())
    assert everything == "All files (*)"


def _dropped(*urls: str) -> Path | None:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return dropped_checkpoint(data)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".safetensors", ".PTH"])
def test_one_file_that_may_be_a_checkpoint_is_taken(suffix: str) -> None:
    assert _dropped(f"file:///data/my%20own{suffix}") == Path(f"/data/my own{suffix}")


@pytest.mark.parametrize(
    "urls",
    [
        (),
        ("file:///data/photo.png",),
        ("file:///data/pth",),
        ("file:///data/a.pth", "file:///data/b.pth"),
        ("https://example.org/a.pth",),
    ],
)
def test_anything_else_goes_on_to_napari(urls: tuple[str, ...]) -> None:
    assert _dropped(*urls) is None
    assert dropped_checkpoint(None) is None
