"""The record of a finished image file: a later run sees from it whether the file is still valid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from napari_zerodce.whole_file import write_whole

FOLDER: Final = ".napari-zerodce"
"""The hidden folder beside outputs, with their records and their finished parts."""


@dataclass(frozen=True)
class Record:
    """What is known of a finished file.

    Parameters
    ----------
    key : str
        Of its source and its settings.
    size : int
        Bytes.
    modified : int
        When it was written, in nanoseconds.
    sha256 : str
        Of its content, which is read only if the file was touched later.
    provenance : mapping
        How it was made, as `Provenance.as_dict` gives it.
    has_gaps : bool
        Whether pixels are missing, as they could not be read.
    """

    key: str
    size: int
    modified: int
    sha256: str
    provenance: Mapping[str, Any]
    has_gaps: bool = False

    @classmethod
    def of(
        cls, target: Path, *, key: str, provenance: Mapping[str, Any], has_gaps: bool = False
    ) -> Record:
        """Return the record of a file that has just been written."""
        status = target.stat()
        known = status.st_size, status.st_mtime_ns, _digest(target)
        return cls(key, *known, provenance, has_gaps)

    def describes(self, target: Path) -> bool:
        """Return whether the file is still the one that was written."""
        try:
            status = target.stat()
        except OSError:
            return False
        if self.size != status.st_size:
            return False
        return self.modified == status.st_mtime_ns or self.sha256 == _digest(target)

    def write(self, target: Path) -> None:
        """Write the record of a file; raises an OSError."""
        path = _path_of(target)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, json.dumps(asdict(self), indent=1).encode())


def read_record(target: Path) -> Record | None:
    """Return the record of a file, None if there is no valid one.

    Parameters
    ----------
    target : Path
    """
    with suppress(OSError, ValueError, TypeError):
        return Record(**json.loads(_path_of(target).read_bytes()))
    return None


def _path_of(target: Path) -> Path:
    return target.parent / FOLDER / f"{target.name}.json"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
