"""The format of a checkpoint file, recognised by its content, because file names can be wrong."""

from __future__ import annotations

from typing import Final, Protocol

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats import safetensors, torch_legacy, torch_zip
from napari_zerodce.checkpoints.formats.stored_tensor import TensorFile
from napari_zerodce.checkpoints.other_files import other_file


class CheckpointFormat(Protocol):
    """What each module that reads a format has."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802  a constant of the module
        """Usual suffixes of its files, lower-case and with the dot, for file dialogs."""
        ...

    def begins(self, content: bytes) -> bool:
        """Return whether a file begins like a file of this format."""
        ...

    def read(self, content: bytes) -> TensorFile:
        """Return the tensors in a file; raise `Defect` if it is damaged or of another format."""
        ...


FORMATS: Final[tuple[CheckpointFormat, ...]] = (torch_zip, safetensors, torch_legacy)
"""To add a format, write one module and add it here."""

CHECKPOINT_SUFFIXES: Final = tuple(suffix for form in FORMATS for suffix in form.SUFFIXES)


def format_of(content: bytes) -> CheckpointFormat:
    """Return the format of a file.

    Raises
    ------
    Defect
        If the file is empty, or of a well-known kind that holds no checkpoint.
    """
    if not content:
        raise Defect("is empty; download or save it again")
    for each in FORMATS:
        if each.begins(content):
            return each
    if found := other_file(content):
        raise Defect(f"is not a checkpoint but {found}")
    # A pickle of another protocol may start with any byte, so its reader decides.
    return torch_legacy
