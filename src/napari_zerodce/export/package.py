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

from napari_zerodce.checkpoints.cards import ModelCard, card_of
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.registry import entry_of
from napari_zerodce.export.description import describe
from napari_zerodce.export.documentation import readme
from napari_zerodce.export.onnx_file import OnnxFile, run_model
from napari_zerodce.export.pictures import cover_picture, in_unit_range, trial_picture

Array = NDArray[Any]

_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Of all files, so that the same checkpoint gives the same bytes."""

_MODE: Final = 0o644
"""Of all files, under Unix: their user may write them, and all may read them."""


def make_package(info: CheckpointInfo, exported: OnnxFile, *, authors: Sequence[str] = ()) -> bytes:
    """Return a package: ``rdf.yaml``, ONNX weights, tensors to test them, cover and README.

    It needs no package of bioimage.io: its releases do not get on with all releases of pydantic,
    and each writes its own newest format, but all of them read this one.

    Parameters
    ----------
    info : CheckpointInfo
    exported : OnnxFile
    authors : sequence of str, optional
        Names; by default those of the authors of bundled and published weights.

    Raises
    ------
    DeviceError
        If ONNX Runtime does not load.
    """
    import yaml

    tensors = _tensors(info, exported)
    card = _card(info)
    files = {
        "weights.onnx": exported.model,
        "README.md": readme(info, exported, card).encode(),
        **(_licence() if card else {}),
        "cover.png": _cover(info, exported),
        **{f"test_{name}.npy": _npy(each) for name, each in tensors.items()},
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    described = describe(info, exported.channels, tensors, hashes, authors)
    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100)
    return _zipped({"rdf.yaml": text.encode(), **files})


def _card(info: CheckpointInfo) -> ModelCard | None:
    entry = entry_of(info.path, info.sha256)
    return card_of(entry) if entry and entry.kind == "bundled" else None


def _licence() -> dict[str, bytes]:
    """Return the file of the licence of the bundled weights, which is that of this software."""
    text = distribution("napari-zerodce").read_text("licenses/LICENSE")
    return {"LICENSE": text.encode()} if text else {}


def _tensors(info: CheckpointInfo, exported: OnnxFile) -> dict[str, Array]:
    """Return the input of the test and its outputs."""
    picture = trial_picture(exported.channels, info.design)
    return {"image": picture, **run_model(exported.model, in_unit_range(picture))}


def _cover(info: CheckpointInfo, exported: OnnxFile) -> bytes:
    """Return a PNG of a picture beside its result: twice as wide as high, as it should be."""
    from PIL import Image

    picture = in_unit_range(cover_picture(exported.channels, info.design))
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
