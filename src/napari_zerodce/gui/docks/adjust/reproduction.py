"""How a result can be made again: which command or Python lines read its source as napari did."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.reproduce import (
    PROGRAM,
    ArrayCode,
    code_of_file,
    code_of_layer,
    code_of_plugin,
    code_to_complete,
    command_line,
    python_lines,
)
from napari_zerodce.errors import CheckpointError, ImageError, RequestError
from napari_zerodce.gui.docks.adjust.rounding import samples_off_by_rounding
from napari_zerodce.gui.layers.lazy_array import finest_data_of
from napari_zerodce.gui.layers.provenance import LayerProvenance
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.imaging.files.image_file import ImageFile, upright
from napari_zerodce.imaging.permuted import planes_last
from napari_zerodce.imaging.planes import Channels, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import enclosing
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_zerodce.device import BackendChoice, PrecisionChoice

_PLUGIN = "napari"  # its readers, if the layer does not say which one read its file


@dataclass(frozen=True)
class Subject:
    """What must be known of a result layer, read at once: layers may change during the job.

    Parameters
    ----------
    made : Provenance
    known : LayerProvenance
    result : array-like
        The finest level of the result layer.
    source : array-like, optional
        The finest level of the source layer; None if that is not in the viewer.
    source_code : ArrayCode, optional
        Takes it from the viewer.
    """

    made: Provenance
    known: LayerProvenance
    result: Any
    source: Any = None
    source_code: ArrayCode | None = None

    @property
    def file(self) -> str:
        """The name of the source file."""
        return Path(self.known.source_path or "").name


@dataclass(frozen=True)
class Reproduction:
    """What makes a result again.

    Parameters
    ----------
    lines : str
        Python lines.
    command : str
        Empty if no command makes the same pixels.
    output : str
        Name of the file that the command writes.
    problem : str
        Why there is no command: a part of a sentence.
    place : {"anywhere", "viewer", "nowhere"}
        Where the Python lines find the source: in its file, in a layer, or it must be filled in.
    planes : int
        So many planes were enhanced again to check it; 0 if the source itself was compared.
    rounded : int
        So many samples of these planes differ by rounding.
    """

    lines: str
    command: str = ""
    output: str = ""
    problem: str = ""
    place: str = "anywhere"
    planes: int = 0
    rounded: int = 0


def subject_of(
    result: Layer, known: LayerProvenance, made: Provenance, source: Layer | None
) -> Subject:
    """Return what must be known of a result layer and of its source layer, if there is one."""
    data = finest_data_of(result)
    if source is None:
        return Subject(made, known, data)
    code = code_of_layer(source.name, multiscale=source.multiscale)
    return Subject(made, known, data, read_source(source).data, code)


def find_reproduction(subject: Subject, should_stop: ShouldStop) -> Reproduction:
    """Return how a result can be made again, after a check that its pixels come back.

    The check compares what is read with the source layer. If that is not in the viewer, for example
    because the result was saved and opened again, or if only that layer holds the source, the check
    enhances the source again and compares it with the result: up to three planes, or all of them if
    one curve serves all.

    Parameters
    ----------
    subject : Subject
    should_stop : callable

    Raises
    ------
    ZeroDCEError
        If the weights or the device that the result was made with are not there.
    Cancelled
        If `should_stop` returns True.
    """
    check = _Check(subject, should_stop)
    image, problem = _image_of_command(subject)
    if image is not None:
        problem = check.problem(image.array, image.channels)
        if not problem:
            return _by_command(subject, image, check)
    code, data = _read_by_plugin(subject, check)
    if code is not None:
        if image is not None:
            problem = _how_napari_differs(subject, image, data)
        return Reproduction(python_lines(subject.made, code), problem=problem, **check.found)
    if subject.source_code is not None and check.is_still_the_source(subject.source):
        lines = python_lines(subject.made, subject.source_code)
        return Reproduction(lines, problem=problem, place="viewer", **check.found)
    lines = python_lines(subject.made, code_to_complete(subject.known.source))
    return Reproduction(lines, problem=problem, place="nowhere")


def _by_command(subject: Subject, image: ImageFile, check: _Check) -> Reproduction:
    from napari_zerodce.imaging.files.images import lossless_suffix

    source = Path(subject.known.source_path or "")
    output = _free_path(source, lossless_suffix(source, image))
    return Reproduction(
        python_lines(subject.made, code_of_file(source)),
        command=command_line(subject.made, source, output, program=_program()),
        output=output.name,
        **check.found,
    )


def _program() -> tuple[str, ...]:
    """Return the words that start this installation of the command line in a terminal."""
    found = shutil.which(PROGRAM[0])
    ours = found is not None and Path(found).parent == Path(sys.executable).parent
    return PROGRAM if ours else (sys.executable, "-m", "napari_zerodce")


def _free_path(source: Path, suffix: str) -> Path:
    """Return a path that no file has, beside the source or, if that is read-only, where one is."""
    folder = source.parent if os.access(source.parent, os.W_OK) else Path()
    stem, number = f"{source.stem}-enhanced", 1
    path = folder / f"{stem}{suffix}"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def _image_of_command(subject: Subject) -> tuple[ImageFile | None, str]:
    """Return the image as the command line reads it, or else why it cannot."""
    from napari_zerodce.imaging.files.images import read_image

    path = subject.known.source_path
    if path is None:
        return None, f"'{subject.known.source}' was not opened from a file"
    try:
        return read_image(path), ""
    except ImageError as err:
        reason, _, _advice = str(err).partition(";")
        return None, f"the command line cannot read the source: {reason.rstrip('.')}"


def _how_napari_differs(subject: Subject, image: ImageFile, data: Any) -> str:
    command, napari = _kind(image.array, image.channels), _kind(data, subject.made.channels)
    rows = len(layout_of(image.array, channels=image.channels).leading)
    if any(_same(upright(np.asarray(data), n, rows=rows), image.array) for n in range(2, 9)):
        return f"the command line turns {subject.file} upright and napari does not"
    if command != napari:
        return f"the command line reads {subject.file} as {command}, but napari as {napari}"
    return f"the command line reads {subject.file} in another way than napari"


def _read_by_plugin(subject: Subject, check: _Check) -> tuple[ArrayCode | None, Any]:
    """Return code that reads the source as napari does, and its data; None if those differ."""
    path, plugin = subject.known.source_path, subject.known.source_reader or _PLUGIN
    for item, (data, multiscale) in enumerate(_layers_in(path, plugin)):
        if not check.problem(data, subject.made.channels):
            return code_of_plugin(str(path), plugin, item=item, multiscale=multiscale), data
    return None, None


def _layers_in(path: str | None, plugin: str) -> Iterator[tuple[Any, bool]]:
    """Yield the finest level of each layer that a plugin reads from a file, and if it has more."""
    import npe2

    if path is None:
        return
    try:
        layers = npe2.read([path], stack=False, plugin_name=plugin)
    except Exception:  # noqa: BLE001  a plugin may raise anything, for example about a lost file
        return
    for layer in layers:
        data: Any = layer[0]
        multiscale = isinstance(data, list | tuple)
        yield (data[0] if multiscale else data), multiscale


class _Check:
    """The check whether an array is the source of a result.

    Parameters
    ----------
    subject : Subject
    should_stop : callable

    Raises
    ------
    CheckpointError
        If the weights that made the result are not there.
    """

    def __init__(self, subject: Subject, should_stop: ShouldStop) -> None:
        self._subject = subject
        self._should_stop = should_stop
        self._checkpoint = _weights_of(subject.made)
        self._planes = self._rounded = 0

    @property
    def found(self) -> dict[str, Any]:
        """What enhancing again has shown, as fields of `Reproduction`."""
        return {"planes": self._planes, "rounded": self._rounded}

    def problem(self, array: Any, channels: Channels) -> str:
        """Return how an array differs from the source: a part of a sentence, "" if it does not.

        Parameters
        ----------
        array : array-like
        channels : {"mono", "rgb", "rgba"}
        """
        file, made = self._subject.file, self._subject.made
        compared = self._subject.source
        if compared is None:
            return self._problem_of_result(array, channels)
        if _kind(array, channels) != _kind(compared, made.channels):
            return (
                f"{file} holds {_kind(array, channels)}, but the layer "
                f"{_kind(compared, made.channels)}"
            )
        return "" if self._equal(array, compared) else f"{file} has other pixels than the layer"

    def is_still_the_source(self, data: Any) -> bool:
        """Return whether the data of the source layer, enhanced again, give the result.

        Parameters
        ----------
        data : array-like
            The user may have changed them since.
        """
        return not self._problem_of_result(data, self._subject.made.channels)

    def _problem_of_result(self, array: Any, channels: Channels) -> str:
        """Return how an array differs from the source of the result, which is not there."""
        subject = self._subject
        part, axes, result = subject.made.part, subject.made.image_axes, subject.result
        if len(array.shape) == len(result.shape):
            array, result = planes_last(array, axes), planes_last(result, axes)
        layout = layout_of(array, channels=channels)
        try:
            scope = Scope.written(part, layout)
        except RequestError:
            return f"{subject.file} holds {_kind(array, channels)}, without the part {part}"
        shape = scope.shape_in(layout)
        if (shape, array.dtype, channels) != (result.shape, result.dtype, subject.made.channels):
            return (
                f"{subject.file} holds {_kind(array, channels)}, but the layer "
                f"{_kind(result, subject.made.channels)}"
            )
        same = self._gives_the_result(array, result, scope)
        return "" if same else f"{subject.file}, enhanced again, gives other pixels than the layer"

    def _equal(self, array: Any, other: Any) -> bool:
        for index in layout_of(array, channels=self._subject.made.channels).indices():
            raise_if_stopped(self._should_stop)
            if not _same(array[index], other[index]):
                return False
        return True

    def _gives_the_result(self, array: Any, result: Any, scope: Scope) -> bool:
        planes, last = list(scope.indices()), scope.count - 1
        parts = [scope.at(planes[number]) for number in sorted({0, last // 2, last})]
        if self._subject.made.look.global_curve:
            parts = [scope]
        self._planes, self._rounded = sum(part.count for part in parts), 0
        window = enclosing(self._subject.made.windows)
        for part in parts:
            made = self._enhanced(array, part)
            off = samples_off_by_rounding(made, result[part.planes_in(scope)], window)
            if off is None:
                return False
            self._rounded += off
        return True

    def _enhanced(self, image: Any, scope: Scope) -> Any:
        from napari_zerodce.engine.enhance import enhance
        from napari_zerodce.engine.requests import EnhanceRequest
        from napari_zerodce.engine.settings import EnhanceSettings

        made = self._subject.made
        settings = EnhanceSettings(
            self._checkpoint,
            window=made.window_choice,
            device=made.device.partition(":")[0],
            precision=cast("PrecisionChoice", made.precision),
            backend=cast("BackendChoice", made.backend),
            look=made.look,
            **made.sharing(),
        )
        request = EnhanceRequest(
            image, made.channels, settings, scope, made.channel_axis, made.time_axis
        )
        return enhance(request, should_stop=self._should_stop).image


def _weights_of(made: Provenance) -> Any:
    from napari_zerodce.checkpoints.load import load_checkpoint

    factor = made.scale_factor if made.traits.has_scale_factor else None
    checkpoint = load_checkpoint(made.checkpoint_source, scale_factor=factor)
    if checkpoint.info.sha256 != made.checkpoint_sha256:
        raise CheckpointError(
            f"The weights '{made.checkpoint_source}' are others than those that made the layer; "
            "put the former file back, or enhance the source again."
        )
    return checkpoint


def _same(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _kind(array: Any, channels: Channels) -> str:
    return f"{'x'.join(map(str, array.shape))} {np.dtype(array.dtype).name} ({channels})"
