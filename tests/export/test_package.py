"""Packages of bioimage.io: complete, described, valid, and able to repeat their own test."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from napari_zerodce.checkpoints.read import read_checkpoint
from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.errors import RequestError
from napari_zerodce.export.authors import package_authors
from napari_zerodce.export.description import licence_id
from napari_zerodce.export.onnx_file import OnnxFile, make_onnx, run_model
from napari_zerodce.export.package import make_package
from napari_zerodce.export.package_window import package_window
from napari_zerodce.export.pictures import in_unit_range
from napari_zerodce.export.subject import Subject
from napari_zerodce.imaging.windows import WindowChoice

# In a process of its own: bioimageio leaves files open and warns of it.
WITHOUT_NETWORK = """
import socket, sys
def refused(*_, **__):
    raise AssertionError("it reached for the network")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = refused
"""

VALIDATE = """
from bioimageio.spec import ValidationContext, load_model_description
def summary_of(path):
    with ValidationContext(perform_io_checks=True):
        return load_model_description(path).validation_summary
"""

RUN = """
from bioimageio.core import test_model as summary_of
"""

REPORT = """
for path in sys.argv[1:]:
    summary = summary_of(path)
    print(summary.status, *(each.msg for detail in summary.details for each in detail.errors))
"""


def packed(made: OnnxFile, window: str | None = None, *, authors: Sequence[str] = ()) -> bytes:
    choice = None if window is None else WindowChoice.parse(window)
    names = authors or package_authors(made.subject)
    return make_package(made, package_window(made.subject, choice), authors=names)


def unpacked(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as files:
        return {name: files.read(name) for name in files.namelist()}


@pytest.mark.parametrize("name", ["zero-dce-pp", "zero-dce-fluo"])
def test_a_package_is_complete_and_repeats_its_test(name: str, exported) -> None:
    content, made = exported(name)
    package = packed(made)
    assert package == packed(made)
    files = unpacked(package)
    described = yaml.safe_load(files["rdf.yaml"])
    onnx = described["weights"]["onnx"]
    assert hashlib.sha256(files[onnx["source"]]).hexdigest() == onnx["sha256"]
    tensors = [*described["inputs"], *described["outputs"]]
    arrays = {}
    for tensor in tensors:
        source = tensor["test_tensor"]
        assert hashlib.sha256(files[source["source"]]).hexdigest() == source["sha256"]
        arrays[tensor["id"]] = np.load(io.BytesIO(files[source["source"]]))
    assert arrays["image"].dtype == (np.uint8 if made.subject.channels == 3 else np.float32)
    again = run_model(files["weights.onnx"], in_unit_range(arrays.pop("image")))
    assert again.keys() == arrays.keys()
    for output, expected in arrays.items():
        np.testing.assert_array_equal(again[output], expected)
    with Image.open(io.BytesIO(files["cover.png"])) as cover:
        assert cover.size == (512, 256)
    assert described["license"] == "BSD-3-Clause"
    assert described["authors"] == [{"name": "napari-zerodce developers"}]
    assert described["config"]["napari-zerodce"]["sha256"] == content.info.sha256
    with zipfile.ZipFile(io.BytesIO(package)) as members:
        assert {each.external_attr >> 16 for each in members.infolist()} == {0o644}
    assert files["LICENSE"].startswith(b"BSD 3-Clause License")
    assert [each["source"] for each in described["attachments"]] == ["LICENSE"]
    readme = files["README.md"].decode()
    assert "## Validation" in readme
    assert "## Limits" in readme


def test_a_file_of_the_user(exported, translator) -> None:
    _, made = exported(translator)
    authors = package_authors(made.subject, ["Ada /\nLovelace", "Ada Lovelace "])
    files = unpacked(packed(made, authors=authors))
    described = yaml.safe_load(files["rdf.yaml"])
    assert described["name"] == "CycleGAN translation (day night)"
    assert described["authors"] == [{"name": "Ada Lovelace"}]
    assert "license" not in described
    assert "LICENSE" not in files
    sizes = [axis["size"] for axis in described["inputs"][0]["axes"] if axis["type"] == "space"]
    assert sizes == [{"min": 8, "step": 4}] * 2
    (output,) = described["outputs"]
    assert output["axes"][1]["channel_names"] == ["red", "green", "blue"]


def one_channel(name: str) -> OnnxFile:
    content = read_checkpoint(resolve(name))
    return make_onnx(content, Subject.of(content.info, 1))


def input_of(files: dict[str, bytes]) -> tuple[dict[str, Any], np.ndarray]:
    """The first step of the preprocessing, and the picture of the test."""
    described = yaml.safe_load(files["rdf.yaml"])
    return described["inputs"][0]["preprocessing"][0], np.load(io.BytesIO(files["test_image.npy"]))


def test_photos_of_one_channel_are_divided_by_255() -> None:
    files = unpacked(packed(one_channel("zero-dce-pp")))
    step, picture = input_of(files)
    assert step == {"id": "scale_linear", "kwargs": {"gain": 1 / 255, "offset": 0.0}}
    assert picture.dtype == np.uint8
    assert picture.shape == (1, 1, 101, 130)
    assert "8-bit photos are divided by 255" in files["README.md"].decode()[:600]


def check_summary(files: dict[str, bytes], told: str) -> None:
    description = yaml.safe_load(files["rdf.yaml"])["description"]
    for text in (description, files["README.md"].decode()[:700]):
        assert told in text
        assert "were measured with the window of the fact 'window'" in text
    assert description.endswith("not for measuring intensities.")  # it is not cut


@pytest.mark.parametrize("name", ["zero-dce-fluo", "zero-dce-pp-fluo"])
def test_a_package_with_percentiles_tells_what_becomes_of_the_background(name, exported) -> None:
    told = "0.1 and 99.9 of each image become 0 and 1, so that the background becomes brighter"
    check_summary(unpacked(packed(exported(name)[1])), told)


def test_the_window_of_one_camera_leaves_the_background_dark(exported) -> None:
    files = unpacked(packed(exported("zero-dce-fluo")[1], "1200,4000"))
    check_summary(
        files, "1200 and 4000 of one camera become 0 and 1; what is darker than 1200, such"
    )
    step, picture = input_of(files)
    ends = np.array([1200, 4000]) * step["kwargs"]["gain"] + step["kwargs"]["offset"]
    np.testing.assert_allclose(ends, [0, 1], atol=1e-12)
    enhanced = np.load(io.BytesIO(files["test_enhanced.npy"]))
    # The sample, 93 to 665 with a window from 123, is as if it came from that camera.
    dark = picture < 1200
    assert 0.1 < dark.mean() < 0.9
    np.testing.assert_array_equal(enhanced[dark], 0)
    assert enhanced[~dark].max() > 0.5


@pytest.mark.parametrize(
    ("name", "channels", "window", "told"),
    [
        ("zero-dce-pp-fluo", 3, None, "made for fluorescence in one channel"),
        ("zero-dce-pp", 3, "1,2", "leave --window out, or give --channels 1"),
        ("zero-dce-pp-fluo", 1, "dtype", "give numbers"),
        ("zero-dce-pp-fluo", 1, "1,2;3,4", "give numbers"),
        ("zero-dce-pp-fluo", 1, "1e9,1000000001", "cannot tell apart"),
    ],
)
def test_windows_that_a_package_cannot_have(name, channels, window, told) -> None:
    subject = Subject.of(read_checkpoint(resolve(name)).info, channels)
    with pytest.raises(RequestError, match=told):
        package_window(subject, window and WindowChoice.parse(window))


def test_authors_are_named_for_weights_of_the_user_only(exported, translator) -> None:
    with pytest.raises(RequestError, match="for weights of your own"):
        package_authors(exported("zero-dce-pp")[1].subject, ["Mallory"])
    with pytest.raises(RequestError, match="without a name"):
        package_authors(exported(translator)[1].subject, ["Ada", " \n"])


@pytest.mark.parametrize(
    ("licence", "identifier"),
    [
        ("BSD-3-Clause", "BSD-3-Clause"),
        ("CC BY-NC 4.0, academic use only", "CC-BY-NC-4.0"),
        ("mit", "MIT"),
        ("unknown", None),
        ("ask Ada", None),
    ],
)
def test_licences(licence: str, identifier: str | None) -> None:
    assert licence_id(licence) == identifier


@pytest.mark.parametrize(
    ("needed", "program", "status"),
    [
        ("bioimageio.spec", VALIDATE, "valid-format"),
        ("bioimageio.core", RUN, "passed"),
    ],
)
def test_bioimageio_takes_packages_without_a_network(
    needed: str, program: str, status: str, exported, translator, tmp_path
) -> None:
    try:
        version(needed)
    except PackageNotFoundError:
        pytest.skip(f"{needed} is not installed")
    paths = []
    cells, grey = exported("zero-dce-fluo")[1], one_channel("zero-dce-pp")
    for number, package in enumerate(
        [
            packed(exported("zero-dce-pp")[1]),
            packed(exported(translator)[1]),
            packed(cells),
            packed(cells, "1200,4000"),
            packed(grey),
        ]
    ):
        paths.append(tmp_path / f"{number}.zip")
        paths[-1].write_bytes(package)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_NETWORK + program + REPORT, *paths],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "BIOIMAGEIO_CACHE_PATH": str(tmp_path / "cache")},
    )
    assert done.stdout.splitlines() == [status] * len(paths), done.stdout + done.stderr
