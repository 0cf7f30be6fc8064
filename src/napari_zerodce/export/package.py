"""A checkpoint as a package of bioimage.io: a zip file with a description, weights and tests."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.export.description import describe
from napari_zerodce.export.documentation import readme
from napari_zerodce.export.onnx_file import OnnxFile, run_model
from napari_zerodce.export.package_window import PackageWindow
from napari_zerodce.export.pictures import cover_picture, trial_picture

Array = NDArray[Any]

_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Of all files, so that the same checkpoint gives the same bytes."""

_MODE: Final = 0o644
"""Of all files, under Unix: their user may write them, and all may read them."""


def make_package(
    exported: OnnxFile, window: PackageWindow, *, authors: Sequence[str] = ()
) -> bytes:
    """Return a package: ``rdf.yaml``, ONNX weights, tensors to test them, cover and README.

    It needs no package of bioimage.io: its releases do not get on with all releases of pydantic,
    and each writes its own newest format, but all of them read this one.

    Parameters
    ----------
    exported : OnnxFile
    window : PackageWindow
    authors : sequence of str, optional
        Their names, as from `package_authors`.

    Raises
    ------
    DeviceError
        If ONNX Runtime does not load.
    """
    import yaml

    tensors = _tensors(exported, window)
    files = {
        "weights.onnx": exported.model,
        "README.md": readme(exported, window).encode(),
        **(_licence() if exported.subject.card else {}),
        "cover.png": _cover(exported, window),
        **{f"test_{name}.npy": _npy(each) for name, each in tensors.items()},
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    described = describe(exported.subject, window, tensors, hashes, authors)
    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100)
    return _zipped({"rdf.yaml": text.encode(), **files})


def _licence() -> dict[str, bytes]:
    """Return the file of the licence of the bundled weights, which is that of this software."""
    text = distribution("napari-zerodce").read_text("licenses/LICENSE")
    return {"LICENSE": text.encode()} if text else {}


def _tensors(exported: OnnxFile, window: PackageWindow) -> dict[str, Array]:
    """Return the input of the test and its outputs."""
    picture = window.as_taken(trial_picture(exported.subject))
    return {"image": picture, **run_model(exported.model, window.in_unit_range(picture))}


def _cover(exported: OnnxFile, window: PackageWindow) -> bytes:
    """Return a PNG of a picture beside its result: twice as wide as high, as it should be."""
    from PIL import Image

    picture = window.in_unit_range(window.as_taken(cover_picture(exported.subject)))
    made = next(iter(run_model(exported.model, picture).values()))
    both = [np.broadcast_to(each[0], (3, *each.shape[-2:])) for each in (picture, made)]
    pixels = np.concatenate(both, axis=-1).transpose(1, 2, 0) * 255
    content = io.BytesIO()
    Image.fromarray(pixels.round().astype(np.uint8)).save(content, "PNG", optimize=True)
    return content.getvalue()


def _npy(array: Array) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, each in files.items():
            member = zipfile.ZipInfo(name, _DATE)
            member.external_attr = _MODE << 16
            package.writestr(member, each, zipfile.ZIP_DEFLATED)
    return content.getvalue()
