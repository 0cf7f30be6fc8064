"""What a package may hold: small archives and texts with one defect each."""

from __future__ import annotations

import io
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

from build_packages import (
    CLONE,
    differences,
    expected_in_sdist,
    expected_in_wheel,
    machine_paths,
    relative_links,
    sdist_files,
    wheel_files,
    wrong_version,
)

TRACKED = {"README.md", "src/napari_zerodce/api.py", "docs/images/a.png", ".github/workflows/t.yml"}


def test_a_wheel_has_the_package_and_its_pages_and_an_sdist_all_but_the_workflows() -> None:
    assert expected_in_wheel(TRACKED) == {
        "napari_zerodce/api.py",
        "napari_zerodce/docs/images/a.png",
    }
    assert expected_in_sdist(TRACKED) == TRACKED - {".github/workflows/t.yml"}


def test_archives_are_read_by_the_paths_in_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.writestr("napari_zerodce/api.py", b"1")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as sdist:
        folder = tarfile.TarInfo("a-1/src")
        folder.type = tarfile.DIRTYPE
        sdist.addfile(folder)
        member = tarfile.TarInfo("a-1/src/api.py")
        member.size = 2
        sdist.addfile(member, io.BytesIO(b"12"))
    assert wheel_files(tmp_path / "a.whl") == {"napari_zerodce/api.py": b"1"}
    assert sdist_files(tmp_path / "a.tar.gz") == {"src/api.py": b"12"}


def test_each_missing_and_each_foreign_file_is_named() -> None:
    assert differences("a.whl", {"x", "y"}, {"x", "y"}) == []
    assert differences("a.whl", {"x", "new"}, {"x", "old"}) == [
        "a.whl lacks old.",
        "a.whl holds new, which git does not know.",
    ]


def test_folders_of_this_machine_are_found() -> None:
    files = {"a": b"from " + str(CLONE / "src").encode(), "b": b"from /a/clone"}
    assert machine_paths(files) == ["a names a folder of this machine."]


def test_links_without_a_place_are_found() -> None:
    metadata = Message()
    metadata["Version"] = "1.0"
    metadata.set_payload("[a](https://a.org/b) [c](#d) [e](docs/e.md)")
    assert relative_links(metadata) == ["The long description has the link (docs/e.md)."]


def test_another_version_is_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.0"\n')
    metadata = Message()
    metadata["Version"] = "1.1"
    assert wrong_version(metadata, tmp_path / "pyproject.toml") == [
        "The wheel's version is not 1.0."
    ]
    metadata.replace_header("Version", "1.0")
    assert wrong_version(metadata, tmp_path / "pyproject.toml") == []
