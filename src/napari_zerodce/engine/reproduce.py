"""The command line and the Python lines that make an enhanced image again from its provenance."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import command_words

PROGRAM: Final = ("napari-zerodce",)


@dataclass(frozen=True)
class ArrayCode:
    """Python that gives the array of the source image.

    Parameters
    ----------
    expression : str
    setup : tuple of str
        Lines before it.
    imports : tuple of str
    """

    expression: str
    setup: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


def code_of_file(path: str | Path) -> ArrayCode:
    """Return the code that reads a file as the command line does.

    Parameters
    ----------
    path : str or Path
    """
    reading = "from napari_zerodce.imaging.files import read_image"
    return ArrayCode(f"read_image({str(path)!r}).array", imports=(reading,))


def code_of_plugin(path: str, plugin: str, *, item: int = 0, multiscale: bool = False) -> ArrayCode:
    """Return the code that reads a file as napari does, with one of its plugins.

    Parameters
    ----------
    path : str
    plugin : str
    item : int
        Which of the layers that the plugin reads.
    multiscale : bool
        Whether it is a list of levels, of which the first is the image.
    """
    level = "[0]" if multiscale else ""
    return ArrayCode(
        f"npe2.read([{path!r}], stack=False, plugin_name={plugin!r})[{item}][0]{level}",
        setup=("npe2.PluginManager.instance().discover()",),
        imports=("import npe2",),
    )


def code_of_layer(name: str, *, multiscale: bool = False) -> ArrayCode:
    """Return the code that takes the array from a layer, such as in napari's console.

    Parameters
    ----------
    name : str
    multiscale : bool
    """
    return ArrayCode(f"viewer.layers[{name!r}].data{'[0]' if multiscale else ''}")


def code_to_complete(name: str) -> ArrayCode:
    """Return the place where somebody must fill in the array.

    Parameters
    ----------
    name : str
        Of the source layer.
    """
    return ArrayCode(f"...  # the array of the source layer, {name!r}")


def command_line(
    provenance: Provenance,
    source: str | Path,
    output: str | Path,
    *,
    program: Sequence[str] = PROGRAM,
) -> str:
    """Return the command that makes the enhanced image again.

    Parameters
    ----------
    provenance : Provenance
    source, output : str or Path
        The file of the source image, and the file to write.
    program : sequence of str
        The words that start the program.
    """
    words = [*program, "enhance", str(source), "--output", str(output)]
    words += [
        "--checkpoint", str(provenance.checkpoint_source),
        "--checkpoint-sha256", provenance.checkpoint_sha256,
    ]  # fmt: skip
    if provenance.traits.has_scale_factor:
        words += ["--scale-factor", str(provenance.scale_factor)]
    words += [f"--window={_window(provenance)}"]
    words += ["--device", _kind(provenance.device), "--precision", provenance.precision]
    words += ["--backend", provenance.backend]
    words += command_words(_look(provenance), defaults=DEFAULT_LOOK)
    if provenance.channel_axis is not None:
        words += ["--channel-axis", str(provenance.channel_axis)]
    if provenance.time_axis is not None:
        words += ["--time-axis", str(provenance.time_axis)]
    for name, value in _shared(provenance).items():
        option = f"--{name.replace('_', '-')}"
        words += [option] if value is True else [option, str(value)]
    if provenance.image_axes:
        words += ["--axes", provenance.image_axes]
    if provenance.part:
        words += ["--part", provenance.part]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def python_lines(provenance: Provenance, image: ArrayCode) -> str:
    """Return the Python lines that make the enhanced image again.

    Parameters
    ----------
    provenance : Provenance
    image : ArrayCode
        Gives the array of the source image.
    """
    look = _look(provenance)
    names = ["enhance", "load_checkpoint", *(["Look"] if look != DEFAULT_LOOK else [])]
    own = f"from napari_zerodce import {', '.join(sorted(names, key=str.lower))}"
    lines = sorted((own, *image.imports), key=lambda line: not line.startswith("import "))
    factor = provenance.scale_factor
    scale = f", scale_factor={factor}" if provenance.traits.has_scale_factor else ""
    sha256 = provenance.checkpoint_sha256
    lines += [
        "",
        f"checkpoint = load_checkpoint({str(provenance.checkpoint_source)!r}{scale})",
        f"assert checkpoint.info.sha256 == {sha256!r}",
        *image.setup,
        f"image = {image.expression}",
        "enhanced = enhance(",
        "    image,",
        "    checkpoint,",
        f"    channels={provenance.channels!r},",
        f"    window={_window(provenance)!r},",
        f"    device={_kind(provenance.device)!r},",
        f"    precision={provenance.precision!r},",
        f"    backend={provenance.backend!r},",
    ]
    if look != DEFAULT_LOOK:
        lines.append(f"    look={look!r},")
    if provenance.channel_axis is not None:
        lines.append(f"    channel_axis={provenance.channel_axis},")
    if provenance.time_axis is not None:
        lines.append(f"    time_axis={provenance.time_axis},")
    lines += [f"    {name}={value!r}," for name, value in _shared(provenance).items()]
    if provenance.image_axes:
        lines.append(f"    axes={provenance.image_axes!r},")
    if provenance.part:
        lines.append(f"    part={provenance.part!r},")
    return "\n".join([*lines, ")"]) + "\n"


def _look(provenance: Provenance) -> Look:
    """Return the look, or the default one for a translator: it has none."""
    return DEFAULT_LOOK if provenance.traits.method == "translation" else provenance.look


def _shared(provenance: Provenance) -> dict[str, Any]:
    """Return what frames, channels and planes share, by name, unless it is the default."""
    plain = EnhanceSettings()
    given = provenance.sharing()
    return {name: value for name, value in given.items() if value != getattr(plain, name)}


def _window(provenance: Provenance) -> str:
    return str(provenance.window_choice)


def _kind(device: str) -> str:
    return device.partition(":")[0]
