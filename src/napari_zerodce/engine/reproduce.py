"""The command line and the Python lines that make an enhanced image again from its provenance."""

from __future__ import annotations

import shlex
from pathlib import Path

from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.setting import command_words


def command_line(provenance: Provenance, source: str | Path, output: str | Path) -> str:
    """Return the command that makes the enhanced image again.

    Parameters
    ----------
    provenance : Provenance
    source, output : str or Path
        The file of the source image, and the file to write.
    """
    words = ["napari-zerodce", "enhance", str(source), "--output", str(output)]
    words += [
        "--checkpoint", str(provenance.checkpoint_source),
        "--checkpoint-sha256", provenance.checkpoint_sha256,
    ]  # fmt: skip
    if provenance.traits.has_scale_factor:
        words += ["--scale-factor", str(provenance.scale_factor)]
    words += [f"--window={_window(provenance)}"]
    words += ["--device", _kind(provenance.device), "--precision", provenance.precision]
    words += command_words(provenance.look, defaults=DEFAULT_LOOK)
    if provenance.part:
        words += ["--part", provenance.part]
    return shlex.join(words)


def python_lines(provenance: Provenance, source: str | Path | None) -> str:
    """Return the Python lines that make the enhanced image again.

    Parameters
    ----------
    provenance : Provenance
    source : str, Path or None
        The file of the source image; None if it has no file.
    """
    look = provenance.look
    names = ["enhance", "load_checkpoint", *(["Look"] if look != DEFAULT_LOOK else [])]
    lines = [f"from napari_zerodce import {', '.join(sorted(names, key=str.lower))}"]
    if source is None:
        image = "image = ...  # the array of the source layer"
    else:
        lines.append("from napari_zerodce.imaging.files import read_image")
        image = f"image = read_image({str(source)!r}).array"
    factor = provenance.scale_factor
    scale = f", scale_factor={factor}" if provenance.traits.has_scale_factor else ""
    sha256 = provenance.checkpoint_sha256
    lines += [
        "",
        f"checkpoint = load_checkpoint({str(provenance.checkpoint_source)!r}{scale})",
        f"assert checkpoint.info.sha256 == {sha256!r}",
        image,
        "enhanced = enhance(",
        "    image,",
        "    checkpoint,",
        f"    channels={provenance.channels!r},",
        f"    window={_window(provenance)!r},",
        f"    device={_kind(provenance.device)!r},",
        f"    precision={provenance.precision!r},",
    ]
    if look != DEFAULT_LOOK:
        lines.append(f"    look={look!r},")
    if provenance.part:
        lines.append(f"    part={provenance.part!r},")
    return "\n".join([*lines, ")"]) + "\n"


def _window(provenance: Provenance) -> str:
    return str(WindowChoice("range", *provenance.window))


def _kind(device: str) -> str:
    return device.partition(":")[0]
