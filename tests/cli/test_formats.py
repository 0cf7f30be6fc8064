"""All kinds of image files are listed, with what is missing here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from napari_zerodce.cli import formats, main
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, WRITABLE_SUFFIXES

KINDS = (
    FileKind("JPEG", (".jpg", ".jpeg"), is_lossy=True),
    FileKind("Rare", (".rar1",), is_written=False, modules=("no_such_module",), extra="rare"),
    FileKind("Many", tuple(f".suffix{number}" for number in range(20))),
)


def test_a_table_fits_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(formats, "all_kinds", lambda: KINDS)
    assert main(["formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "Kind  Here  Written         Suffixes",
        "JPEG  yes   yes, with loss  .jpg .jpeg",
        "Rare  no    as .tif         .rar1",
    ]
    assert lines[-1] == 'For Rare: pip install "napari-zerodce[rare]"'
    assert max(map(len, lines)) <= 100
    assert " ".join(" ".join(lines[3:-1]).split()).endswith(".suffix18 .suffix19")


def test_json_has_every_suffix(capsys):
    assert main(["formats", "--json"]) == 0
    kinds = json.loads(capsys.readouterr().out)
    suffixes = [suffix for kind in kinds for suffix in kind["suffixes"]]
    assert {*READABLE_SUFFIXES, ".zarr"} <= {*suffixes}
    assert len(suffixes) == len({*suffixes})
    (png,) = (kind for kind in kinds if kind["suffixes"] == [".png"])
    assert (png["written"], png["lossy"], png["installed"], png["install"]) == (
        True,
        False,
        True,
        None,
    )


@pytest.mark.parametrize("kind", formats.all_kinds(), ids=lambda kind: kind.title)
def test_results_are_of_a_kind_that_is_written(kind):
    assert kind.is_written or kind.result in WRITABLE_SUFFIXES
    assert kind.extra in {"formats", "czi", "heic", "bioformats", "video"}


def test_no_library_is_imported():
    code = (
        "import sys; from napari_zerodce.cli import main; main(['formats']); "
        "print({'h5py', 'rawpy', 'OpenEXR', 'pydicom', 'torch', 'dask'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
