"""What weights are called: the name that a user gave them, and the label that tells files apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from napari_zerodce.checkpoints.defects import shown

GIVEN_NAME: Final = "given_name"
STEP: Final = "step"
"""Entries of the provenance: the name from the user, and the step such as "120 of 500"."""

CHECKPOINTS_FOLDER: Final = "checkpoints"
"""The folder of a run that holds the checkpoints of its steps."""

LONGEST_NAME: Final = 60
_LONGEST_FILE_NAME: Final = 120
"""Bytes. Most file systems allow 255, and a suffix, a date or a step is added."""

_FORBIDDEN: Final = str.maketrans(dict.fromkeys('<>:"/\\|?*', "-"))
_OF_DEVICES: Final = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)
}


def as_name(text: str) -> str:
    """Return free text as a name: one line, printable, at most 60 characters; it may be empty."""
    return shown(text, longest=LONGEST_NAME)


def as_file_name(name: str, *, otherwise: str) -> str:
    """Return a name without what a file system forbids, and without a suffix.

    Parameters
    ----------
    name : str
        Free text.
    otherwise : str
        The file name if nothing of the name is left.
    """
    plain = as_name(name).translate(_FORBIDDEN).encode(errors="ignore")[:_LONGEST_FILE_NAME]
    words = plain.decode(errors="ignore").strip(" .-")
    # Windows takes these words for devices, whatever the suffix is.
    return f"{words}_" if words.partition(".")[0].lower() in _OF_DEVICES else words or otherwise


def label_from(path: Path, provenance: Mapping[str, str]) -> str:
    """Return what to call a checkpoint file in choosers and layers.

    It is the given name and the step. Without a name, a file in a run's folder has the name of that
    folder in its label, because the checkpoints of all runs have the same file names.

    Parameters
    ----------
    path : Path
    provenance : Mapping of str to str
        From the file's metadata.
    """
    step = provenance.get(STEP, "").partition(" ")[0]
    if name := as_name(provenance.get(GIVEN_NAME, "")):
        return f"{name}, step {step}" if step else name
    if step and path.parent.name == CHECKPOINTS_FOLDER:
        return f"step {step} of {shown(path.parent.parent.name)}"
    if step and path.stem in {"best", "last"}:
        return f"{path.stem} of {shown(path.parent.name)}"
    return path.name
