"""What the Enhance dock does in the background: devices, downloads."""

from __future__ import annotations

from typing import Any

import pytest

from napari_zerodce.checkpoints.registry import PUBLISHED, RegistryEntry
from napari_zerodce.engine.requests import Progress, ignore
from napari_zerodce.errors import Cancelled
from napari_zerodce.gui.docks.enhance import work
from napari_zerodce.stopping import never

SIZES = [entry.size or 0 for entry in PUBLISHED]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gives each file in two halves; returns what was fetched."""
    fetched: list[str] = []

    def download(entry: RegistryEntry, *, report: Any, should_stop: Any) -> None:
        if should_stop():
            raise Cancelled
        fetched.append(entry.name)
        size = entry.size or 0
        for done in (size // 2, size):
            report(done, size)

    monkeypatch.setattr("napari_zerodce.checkpoints.download.download_published", download)
    return fetched


def test_download_tells_how_much_of_all_files_is_there(server: list[str]) -> None:
    told: list[Progress] = []
    names = work.downloading(PUBLISHED)(told.append, never)
    assert names == ("published-zero-dce", "published-zero-dce-pp") == tuple(server)
    first, second = SIZES
    assert [progress.done for progress in told] == [
        first // 2, first, first + second // 2, first + second
    ]  # fmt: skip
    assert {progress.total for progress in told} == {first + second}
    assert told[0].message == (
        f"Downloading Zero-DCE, published weights: {first // 2 / 1024:.0f} KiB"
    )
    assert told[-1].message == (
        f"Downloading Zero-DCE++, published weights: {second / 1024:.0f} KiB"
    )


def test_nothing_to_download_is_nothing_to_do(server: list[str]) -> None:
    told: list[Progress] = []
    assert work.downloading(())(told.append, never) == ()
    assert told == []
    assert server == []


def test_download_can_be_stopped(server: list[str]) -> None:
    with pytest.raises(Cancelled):
        work.downloading(PUBLISHED)(ignore, lambda: True)
    assert server == []


def test_devices_have_the_processor_among_them() -> None:
    devices = work.finding_devices()(ignore, never)
    assert "cpu" in [device.name for device in devices]
