"""The command line and the Python lines that make an enhanced image again from its provenance."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.imaging.windows import WindowChoice


def command_line(provenance: Mapping[str, Any], source: str | Path, output: str | Path) -> str:
    """Return the command that enhances a file into the pixels the provenance belongs to.

    Parameters
    ----------
    provenance : mapping
        As from `EnhanceResult.provenance`.
    source, output : str or Path
        The file the image is from, and the one to write.
    """
    words = ["napari-zerodce", "enhance", str(source), "--output", str(output)]
    words += [
        "--checkpoint", str(provenance["checkpoint_source"]),
        "--checkpoint-sha256", provenance["checkpoint_sha256"],
    ]  # fmt: skip
    if provenance["architecture"] == "zero-dce-pp":
        words += ["--scale-factor", str(provenance["scale_factor"])]
    words += [f"--window={_window(provenance)}"]
    words += ["--device", _kind(provenance["device"]), "--precision", provenance["precision"]]
    words += _look_options(_look(provenance))
    return shlex.join(words)


def python_lines(provenance: Mapping[str, Any], source: str | Path | None) -> str:
    """Return Python lines that do the same.

    Parameters
    ----------
    provenance : mapping
    source : str, Path or None
        None if the image is from no file.
    """
    look = _look(provenance)
    names = ["enhance", "load_checkpoint", *(["Look"] if look != AS_PUBLISHED else [])]
    lines = [f"from napari_zerodce import {', '.join(sorted(names, key=str.lower))}"]
    if source is None:
        image = "image = ...  # the array of the source layer"
    else:
        lines.append("from napari_zerodce.imaging.files import read_image")
        image = f"image = read_image({str(source)!r}).array"
    factor = provenance["scale_factor"]
    scale = f", scale_factor={factor}" if provenance["architecture"] == "zero-dce-pp" else ""
    sha256 = provenance["checkpoint_sha256"]
    lines += [
        "",
        f"checkpoint = load_checkpoint({str(provenance['checkpoint_source'])!r}{scale})",
        f"assert checkpoint.info.sha256 == {sha256!r}",
        image,
        "enhanced = enhance(",
        "    image,",
        "    checkpoint,",
        f"    channels={provenance['channels']!r},",
        f"    window={_window(provenance)!r},",
        f"    device={_kind(provenance['device'])!r},",
        f"    precision={provenance['precision']!r},",
    ]
    if look != AS_PUBLISHED:
        lines.append(f"    look={look!r},")
    return "\n".join([*lines, ")"]) + "\n"


def _look(provenance: Mapping[str, Any]) -> Look:
    return Look(**provenance["look"])


def _window(provenance: Mapping[str, Any]) -> str:
    return str(WindowChoice("range", *provenance["window"]))


def _kind(device: str) -> str:
    return device.partition(":")[0]


def _look_options(look: Look) -> list[str]:
    words = []
    if look.strength != AS_PUBLISHED.strength:
        words += ["--strength", repr(look.strength)]
    if look.iterations != AS_PUBLISHED.iterations:
        words += ["--iterations", str(look.iterations)]
    if look.exposure != AS_PUBLISHED.exposure:
        words += [f"--exposure={look.exposure!r}"]
    if look.global_curve:
        words += ["--global-curve"]
    if look.detail_gain_limit is not None:
        words += ["--detail-gain-limit", repr(look.detail_gain_limit)]
    return words
