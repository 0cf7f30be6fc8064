"""The description of a package of bioimage.io: the content of its ``rdf.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from numpy.typing import NDArray

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.core.onnx_graph import OPSET
from napari_zerodce.export.documentation import summary
from napari_zerodce.export.facts import facts_of
from napari_zerodce.export.package_window import PackageWindow
from napari_zerodce.export.papers import PAPERS
from napari_zerodce.export.subject import Subject

FORMAT: Final = "0.5.4"
"""Of 2025: all that is said here is in it, and newer readers know it."""

Array = NDArray[Any]
Entry = dict[str, Any]

_LONGEST_NAME: Final = 64
_LONGEST_DESCRIPTION: Final = 512

_COLOURS: Final = {1: ("intensity",), 3: ("red", "green", "blue")}

_ANY_SIZE: Final = {"min": 1, "step": 1}

_AS_FLOAT32: Final = {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}

_LICENCES: Final = {
    each.lower(): each
    for each in (
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-SA-4.0",
        "CC-BY-NC-SA-4.0", "CC0-1.0", "GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later",
        "LGPL-3.0-only", "MIT", "MPL-2.0", "Unlicense",
    )
}  # fmt: skip
"""Identifiers of SPDX that weights usually have."""


def describe(
    subject: Subject,
    window: PackageWindow,
    tensors: Mapping[str, Array],
    hashes: Mapping[str, str],
    authors: Sequence[str] = (),
) -> Entry:
    """Return the description of a model.

    Parameters
    ----------
    subject : Subject
    window : PackageWindow
    tensors : Mapping of str to ndarray
        The tensor "image" of the test, and the outputs by their names.
    hashes : Mapping of str to str
        SHA-256 of the files of the package.
    authors : sequence of str, optional
        Their names, as from `package_authors`.
    """
    info, facts = subject.info, facts_of(subject)
    paper, licence = PAPERS[info.architecture], licence_id(info.licence)
    return {
        "format_version": FORMAT,
        "type": "model",
        "name": _name(info),
        "description": _description(subject, window, facts["use"]),
        **({"authors": [{"name": name} for name in authors]} if authors else {}),
        "cite": [{"text": paper.citation, "doi": paper.doi}],
        **({"license": licence} if licence else {}),
        "documentation": "README.md",
        "covers": ["cover.png"],
        **({"attachments": [_file("LICENSE", hashes)]} if "LICENSE" in hashes else {}),
        "tags": _tags(subject),
        "version": version("napari-zerodce"),
        "inputs": [_input(info, window, tensors["image"], hashes)],
        "outputs": [
            _output(name, each, hashes) for name, each in tensors.items() if name != "image"
        ],
        "weights": {
            "onnx": {
                "source": "weights.onnx",
                "sha256": hashes["weights.onnx"],
                "opset_version": OPSET,
            }
        },
        "config": {"napari-zerodce": facts},
    }


def _name(info: CheckpointInfo) -> str:
    doing = "translation" if info.is_translator else "low-light enhancement"
    label = re.sub(r"[^A-Za-z0-9_+\-()]+", " ", info.label).strip()
    text = f"{info.traits.title} {doing} ({label})"
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1].rstrip()})"


def _description(subject: Subject, window: PackageWindow, use: str) -> str:
    text = summary(subject, window)
    longer = f"{text} The result is {use}."
    return (longer if len(longer) <= _LONGEST_DESCRIPTION else text)[:_LONGEST_DESCRIPTION]


def licence_id(licence: str) -> str | None:
    """Return the identifier of SPDX of a licence, None if it is not known.

    Parameters
    ----------
    licence : str
        Such as "CC BY-NC 4.0, academic use only".
    """
    return _LICENCES.get(licence.partition(",")[0].strip().replace(" ", "-").lower())


def _tags(subject: Subject) -> list[str]:
    info = subject.info
    if info.is_translator:
        return ["image-to-image", info.architecture, "2d", "napari-zerodce"]
    kind = "fluorescence-light-microscopy" if subject.made_for == "fluorescence" else "photography"
    return ["low-light", "image-enhancement", info.architecture, kind, "2d", "napari-zerodce"]


def _input(
    info: CheckpointInfo, window: PackageWindow, image: Array, hashes: Mapping[str, str]
) -> Entry:
    design = info.design
    size = {"min": design.smallest_side, "step": design.multiple} if design else _ANY_SIZE
    has_range = image.dtype.name == "uint8"
    values: Entry = {"type": image.dtype.name, **({"range": [0, 255]} if has_range else {})}
    return {
        "id": "image",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": list(_COLOURS[image.shape[1]])},
            *({"type": "space", "id": axis, "size": size.copy()} for axis in "yx"),
        ],
        "test_tensor": _file("test_image.npy", hashes),
        "data": values,
        "preprocessing": [dict(window.preprocessing), _AS_FLOAT32.copy()],
    }


def _output(name: str, made: Array, hashes: Mapping[str, str]) -> Entry:
    is_curves = name == "curves"
    iterations = {"type": "index", "id": "iteration", "size": made.shape[1]}
    return {
        "id": name,
        "axes": [
            {"type": "batch"},
            *([iterations] if is_curves else []),
            {"type": "channel", "channel_names": list(_COLOURS[made.shape[-3]])},
            *(
                {"type": "space", "id": axis, "size": {"tensor_id": "image", "axis_id": axis}}
                for axis in "yx"
            ),
        ],
        "test_tensor": _file(f"test_{name}.npy", hashes),
        "data": {"type": "float32", "range": [-1 if is_curves else 0, 1]},
    }


def _file(name: str, hashes: Mapping[str, str]) -> Entry:
    return {"source": name, "sha256": hashes[name]}
