"""``napari-zerodce export``: write a checkpoint for other programs."""

from __future__ import annotations

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from napari_zerodce.device import Backend
    from napari_zerodce.export.onnx_file import OnnxFile
    from napari_zerodce.export.subject import Subject

_SUFFIXES: Final = {"onnx": ".onnx", "bioimageio": ".zip"}

_REFERENCES: Final[Mapping[Backend, str]] = {
    "torch": "PyTorch",
    "onnxruntime": "ONNX Runtime and NumPy",
}

_EXAMPLES = """\
examples:
  napari-zerodce export zero-dce-pp --output zero-dce-pp.onnx
  napari-zerodce export zero-dce-fluo --format bioimageio --output zero-dce-fluo.zip
  napari-zerodce export zero-dce-fluo --window 123,594 --output my-camera.zip
  napari-zerodce export mine.safetensors --channels 1 --output mine.onnx

The model takes images of any size, with values from 0 to 1, and applies the curves as published.
Its pixels are compared with those of the engine before the file is kept.
"""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "export",
        help="write a checkpoint for other programs: as ONNX, or for bioimage.io",
        description="Write a checkpoint as a model that other programs run: an ONNX file, or a "
        "package of bioimage.io.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("checkpoint", metavar="CHECKPOINT", help="A name or a file.")
    add("--output", required=True, metavar="PATH", type=Path, help="A .onnx or .zip file.")
    add(
        "--format",
        choices=tuple(_SUFFIXES),
        help="By default what the suffix of the output says: .onnx, or .zip for bioimageio.",
    )
    add(
        "--channels",
        type=int,
        choices=(1, 3),
        help="Of the images that the model takes; by default 1 for fluorescence, 3 for photos.",
    )
    add(
        "--scale-factor",
        type=int,
        metavar="N",
        help="Zero-DCE++ only: how many times smaller the thumbnail is; by default as the "
        "checkpoint says.",
    )
    add(
        "--author",
        action="append",
        default=[],
        metavar="NAME",
        help="bioimageio only: an author of your weights. It may be given several times.",
    )
    add(
        "--window",
        metavar="LOW,HIGH",
        help="bioimageio only, with one channel: the intensities of one camera that become 0 and "
        "1, such as 120,4000. By default the percentiles 0.1 and 99.9 of each image, and 0 and 255 "
        "for weights for photos.",
    )
    add("--overwrite", action="store_true", help="Replace an output that exists.")
    parser.set_defaults(command=export)


def export(options: Namespace) -> int:
    """Write a checkpoint for other programs, and return the exit code."""
    file_format = _format(options.output, options.format)
    if file_format == "onnx":
        _check_onnx(options)
    window = None if options.window is None else WindowChoice.parse(options.window)
    output = HiddenOutput(options.output, overwrite=options.overwrite)
    return run_interruptibly(
        partial(_write, options, file_format, window, output),
        interrupted=lambda: f"interrupted: {options.output} was not written",
        clean_up=output.discard,
    )


def _check_onnx(options: Namespace) -> None:
    """Refuse what only packages have."""
    for option, value, has in (
        ("--author", options.author or None, "has authors"),
        ("--window", options.window, "maps intensities"),
    ):
        if value is not None:
            raise RequestError(
                f"The output is {options.output}, and only a package of bioimage.io, a .zip file, "
                f"{has}; choose such an output, or leave {option} out."
            )


def _format(target: Path, asked: str | None) -> str:
    """Return the format of the output, which its suffix must have."""
    suffix = target.suffix.lower()
    told = next((name for name, each in _SUFFIXES.items() if each == suffix), None)
    if told is None or asked not in {None, told}:
        expected = _SUFFIXES[asked] if asked else " or ".join(_SUFFIXES.values())
        raise RequestError(
            f"The output is {target}, and the name of a file that ends in {expected} was expected; "
            "choose another output or another --format."
        )
    return told


def _write(
    options: Namespace,
    file_format: str,
    window: WindowChoice | None,
    output: HiddenOutput,
    should_stop: ShouldStop,
) -> int:
    from napari_zerodce.checkpoints.read import read_checkpoint
    from napari_zerodce.checkpoints.registry import resolve
    from napari_zerodce.export.onnx_file import make_onnx
    from napari_zerodce.export.subject import Subject

    content = read_checkpoint(resolve(options.checkpoint), scale_factor=options.scale_factor)
    subject = Subject.of(content.info, options.channels)
    content_of = (
        attrgetter("model")
        if file_format == "onnx"
        else _package_maker(subject, window, options.author)
    )
    with output:
        exported = make_onnx(content, subject)
        raise_if_stopped(should_stop)
        made = content_of(exported)
        with output.failures_told():
            output.part.write_bytes(made)
        output.publish()
    sys.stdout.write(
        f"{content.info.label} -> {options.output} ({_in_words(exported, file_format, len(made))}; "
        f"its pixels differ from ours in {_REFERENCES[exported.reference]} by at most "
        f"{exported.deviation:.1e})\n"
    )
    return 0


def _package_maker(
    subject: Subject, window: WindowChoice | None, authors: list[str]
) -> Callable[[OnnxFile], bytes]:
    """Return what makes a package of a model, after a check of its options."""
    from napari_zerodce.export.authors import package_authors
    from napari_zerodce.export.package import make_package
    from napari_zerodce.export.package_window import package_window

    return partial(
        make_package,
        window=package_window(subject, window),
        authors=package_authors(subject, authors),
    )


def _in_words(exported: OnnxFile, file_format: str, size: int) -> str:
    from napari_zerodce.checkpoints.defects import readable_size
    from napari_zerodce.core.onnx_graph import OPSET

    channels = "1 channel" if exported.subject.channels == 1 else "3 channels"
    kind = f"ONNX, opset {OPSET}" if file_format == "onnx" else "a package of bioimage.io"
    return f"{kind}, {channels}, {readable_size(size)}"
