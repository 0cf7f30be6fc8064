"""What a file costs on disk, before it is written."""

from __future__ import annotations

import shutil

from napari_zerodce.engine.disk import describe_disk


def test_the_room_is_that_of_the_nearest_folder_that_exists(tmp_path, monkeypatch) -> None:
    asked = []

    def usage(path):
        asked.append(path)
        return shutil._ntuple_diskusage(100, 60, 3 * 2**30)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    told = describe_disk(5 * 2**20, tmp_path / "new" / "newer" / "result.zarr")
    assert told == "up to 5.0 MiB on disk, where 3.0 GiB are free"
    assert asked == [tmp_path]


def test_an_unknown_room_is_not_told(tmp_path, monkeypatch) -> None:
    def usage(_path):
        raise OSError("the server is gone")

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert describe_disk(10, tmp_path / "a.tif") == "up to 10 bytes on disk"
