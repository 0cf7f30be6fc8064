"""A checkpoint as an ONNX model, checked against the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import CheckpointContent
from napari_zerodce.core.onnx_curves import enhancing_model
from napari_zerodce.device import Backend
from napari_zerodce.engine.estimators.onnx_estimator import import_onnxruntime
from napari_zerodce.errors import ExportError
from napari_zerodce.export.engine_pixels import engine_pixels, reference_backend
from napari_zerodce.export.facts import facts_of
from napari_zerodce.export.pictures import in_unit_range, trial_picture
from napari_zerodce.export.subject import Subject

Array = NDArray[Any]

_LARGEST_OF_CURVES: Final = 1e-5
_LARGEST_OF_TRANSLATORS: Final = 1e-4
"""Between a model in ONNX Runtime and the engine: 3e-7 and 3e-6 were measured after training.

Rounding errors of a translator grow in each of its 20 normalisations, and with its contrast: those
of full size, untrained, had up to 9e-6, and with weights five times as large up to 4e-5.
"""


def allowed_deviation(info: CheckpointInfo) -> float:
    """Return how far a model may be from the engine, in pictures with values in [0, 1].

    Parameters
    ----------
    info : CheckpointInfo
    """
    return _LARGEST_OF_TRANSLATORS if info.is_translator else _LARGEST_OF_CURVES


@dataclass(frozen=True)
class OnnxFile:
    """A model that equals the engine.

    Attributes
    ----------
    model : bytes
        The content of the file.
    subject : Subject
    deviation : float
        The largest one from the engine, in a test picture with values in [0, 1].
    reference : {"onnxruntime", "torch"}
        What ran the network in the engine.
    """

    model: bytes
    subject: Subject
    deviation: float
    reference: Backend


def make_onnx(content: CheckpointContent, subject: Subject | None = None) -> OnnxFile:
    """Return a checkpoint as an ONNX model, after a check.

    Parameters
    ----------
    content : CheckpointContent
    subject : Subject, optional
        What is known of it, and the channels; by default those that suit the checkpoint.

    Raises
    ------
    CheckpointError
        If a translator is for pictures that are neither grey nor in colours.
    DeviceError
        If ONNX Runtime does not load, or torch for a translator.
    ExportError
        If its result is not that of the engine, or not finite.
    """
    import_onnxruntime()
    info, subject = content.info, subject or Subject.of(content.info)
    reference = reference_backend(info)
    model = _model(content, subject)
    picture = in_unit_range(trial_picture(subject))
    deviation = _largest(run_model(model, picture), engine_pixels(info, picture, reference))
    _check(info, deviation)
    return OnnxFile(model, subject, deviation, reference)


def _check(info: CheckpointInfo, deviation: float) -> None:
    if not isfinite(deviation):
        raise ExportError(
            f"{info.label} makes NaN or infinite pixels of a dark picture: its weights are too "
            "large for float32, as after a diverged training; no file was written, and an earlier "
            "checkpoint may help."
        )
    if deviation > (allowed := allowed_deviation(info)):
        raise ExportError(
            f"{info.label} gives other pixels in ONNX Runtime than here: they differ by up to "
            f"{deviation:.1e}, and {allowed:g} was expected at most; no file was written, and "
            "another version of onnxruntime may help."
        )


def _model(content: CheckpointContent, subject: Subject) -> bytes:
    info = content.info
    facts = facts_of(subject)
    if info.design is None:
        return enhancing_model(
            info.curve_architecture,
            content.weights,
            scale_factor=info.scale_factor,
            channels=subject.channels,
            facts=facts,
        )
    # Only translators need torch.
    from napari_zerodce.checkpoints.load import load_checkpoint
    from napari_zerodce.core.translators.onnx_generators import translating_model

    return translating_model(load_checkpoint(info.path).generator, facts=facts)


def run_model(model: bytes, picture: Array) -> dict[str, Array]:
    """Run a model in ONNX Runtime on the CPU.

    Parameters
    ----------
    model : bytes
    picture : ndarray, shape (N, C, H, W), float32, values in [0, 1]

    Returns
    -------
    dict of str to ndarray
        Its outputs.

    Raises
    ------
    DeviceError
        If ONNX Runtime does not load.
    """
    session = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": picture}), strict=True))


def _largest(found: Mapping[str, Array], expected: Mapping[str, Array]) -> float:
    with np.errstate(invalid="ignore"):  # of two infinities
        largest = [np.abs(found[name] - each).max() for name, each in expected.items()]
    return float(np.max(largest))  # NaN if one is
