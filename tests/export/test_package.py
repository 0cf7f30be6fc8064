"""Packages of bioimage.io: complete, described, valid, and able to repeat their own test."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest
import yaml
from PIL import Image

from napari_zerodce.export.description import licence_id
from napari_zerodce.export.onnx_file import run_model
from napari_zerodce.export.package import make_package
from napari_zerodce.export.pictures import in_unit_range

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


def unpacked(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as files:
        return {name: files.read(name) for name in files.namelist()}


@pytest.mark.parametrize("name", ["zero-dce-pp", "zero-dce-fluo"])
def test_a_package_is_complete_and_repeats_its_test(name: str, exported) -> None:
    content, made = exported(name)
    package = make_package(content.info, made)
    assert package == make_package(content.info, made)
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
    assert arrays["image"].dtype == (np.uint8 if made.channels == 3 else np.float32)
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
    content, made = exported(translator)
    files = unpacked(make_package(content.info, made, authors=["Ada / Lovelace"]))
    described = yaml.safe_load(files["rdf.yaml"])
    assert described["name"] == "CycleGAN translation (day night)"
    assert described["authors"] == [{"name": "Ada   Lovelace"}]
    assert "license" not in described
    assert "LICENSE" not in files
    sizes = [axis["size"] for axis in described["inputs"][0]["axes"] if axis["type"] == "space"]
    assert sizes == [{"min": 8, "step": 4}] * 2
    (output,) = described["outputs"]
    assert output["axes"][1]["channel_names"] == ["red", "green", "blue"]


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
    for source in ("zero-dce-pp", "zero-dce-fluo", translator):
        content, made = exported(source)
        paths.append(tmp_path / f"{content.info.path.stem}.zip")
        paths[-1].write_bytes(make_package(content.info, made))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_NETWORK + program + REPORT, *paths],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "BIOIMAGEIO_CACHE_PATH": str(tmp_path / "cache")},
    )
    assert done.stdout.splitlines() == [status] * len(paths), done.stdout + done.stderr
