"""The checkpoints that have a name, and the places of their files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from platformdirs import user_data_path

from napari_zerodce.checkpoints import metadata
from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE, ZERO_DCE_PP, Architecture
from napari_zerodce.errors import CheckpointError

CACHE_VARIABLE: Final = "NAPARI_ZERODCE_CACHE"

AUTOMATIC: Final = "auto"
"""Stands for the bundled checkpoint that suits an image; the engine chooses it for each image."""

ImageKind = Literal["photo", "fluorescence"]
"""The kind of image that weights were trained on."""

_BUNDLED_FOLDER: Final = Path(__file__).parent / "bundled"
_NON_COMMERCIAL: Final = "CC BY-NC 4.0, academic use only"


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class RegistryEntry:
    """A checkpoint with a name.

    Attributes
    ----------
    name, title : str
        Name for the command line, and title for people.
    architecture : Architecture
    kind : {"bundled", "published"}
        Part of this package, or the authors' own weights, which the user must download.
    licence : str
        Licence of the weights.
    made_for : {"photo", "fluorescence"}
        The kind of image that the weights were trained on.
    sha256, url, size : optional
        Hash, address and number of bytes of a published file.
    """

    name: str
    title: str
    architecture: Architecture
    kind: Literal["bundled", "published"]
    licence: str
    made_for: ImageKind = "photo"
    sha256: str | None = None
    url: str | None = None
    size: int | None = None

    @property
    def path(self) -> Path:
        """Path of the file, which may not be downloaded yet."""
        if self.kind == "bundled":
            return _BUNDLED_FOLDER / f"{self.name}.safetensors"
        return cache_folder() / f"{self.name}.pth"

    @property
    def scale_factor(self) -> int:
        """Scale factor of the network; 1 if the architecture has none."""
        traits = ARCHITECTURES[self.architecture]
        if self.kind == "bundled" and traits.has_scale_factor:
            return _stated_scale_factor(self.path) or traits.default_scale_factor
        return traits.default_scale_factor

    @property
    def is_here(self) -> bool:
        """Whether the file exists and has the known hash, if there is one."""
        try:
            if self.sha256 is None:
                return self.path.is_file()
            # The size first, because a wrong file at this path may be large.
            return self.path.stat().st_size == self.size and self.sha256 == _hash_of(self.path)
        except OSError:
            return False


@cache
def _stated_scale_factor(path: Path) -> int | None:
    """Return the scale factor in a file of our own, None if it cannot be read."""
    # It imports NumPy, which the help of the command line does not need.
    from napari_zerodce.checkpoints.formats import safetensors

    try:
        described = metadata.decode(safetensors.read(path.read_bytes()).metadata)
    except (OSError, Defect):
        return None  # whoever loads the file learns why
    return described.scale_factor if described else None


_KINDS: Final[tuple[tuple[ImageKind, str, str], ...]] = (
    ("photo", "", ""),
    ("fluorescence", "-fluo", ", fluorescence"),
)

BUNDLED: Final = tuple(
    RegistryEntry(
        name=f"{architecture}{ending}",
        title=f"{traits.title}{words}",
        architecture=architecture,
        kind="bundled",
        licence="BSD-3-Clause",
        made_for=made_for,
    )
    for made_for, ending, words in _KINDS
    for architecture, traits in ARCHITECTURES.items()
    if traits.is_bundled
)

DEFAULT_CHECKPOINT: Final = BUNDLED[0].name
"""The checkpoint where there is no image to choose it by."""

DEFAULT_START: Final = next(
    entry.name for entry in BUNDLED if ARCHITECTURES[entry.architecture].learns_without_gpu
)
"""The checkpoint from which fine-tuning starts by default."""

# The addresses name a commit, so that the files behind them cannot change.
PUBLISHED: Final = (
    RegistryEntry(
        name="published-zero-dce",
        title="Zero-DCE, published weights",
        architecture=ZERO_DCE,
        kind="published",
        licence=_NON_COMMERCIAL,
        sha256="a4395acb874f320375d9704997cef874eaaaaa26a1777ceb29a92b70f74c3612",
        url="https://raw.githubusercontent.com/Li-Chongyi/Zero-DCE/"
        "43f9da935d55758d93b54a47ce5872c96b342668/Zero-DCE_code/snapshots/Epoch99.pth",
        size=320_017,
    ),
    RegistryEntry(
        name="published-zero-dce-pp",
        title="Zero-DCE++, published weights",
        architecture=ZERO_DCE_PP,
        kind="published",
        licence=_NON_COMMERCIAL,
        sha256="ca8855b90df9a80fa4195a831f33d3476b1964f787eb70602797c773067f3b84",
        url="https://raw.githubusercontent.com/Li-Chongyi/Zero-DCE_extension/"
        "99ab5265054f685c874da58033ece00579514425/"
        "Zero-DCE%2B%2B/snapshots_Zero_DCE%2B%2B/Epoch99.pth",
        size=52_395,
    ),
)

_ENTRIES: Final = {entry.name: entry for entry in BUNDLED + PUBLISHED}


def available() -> tuple[RegistryEntry, ...]:
    """Return the bundled checkpoints and the published ones that are downloaded."""
    return BUNDLED + tuple(entry for entry in PUBLISHED if entry.is_here)


def cache_folder() -> Path:
    """Return the folder of downloaded weights, which may not exist yet.

    By default it is in the user's data folder. The environment variable ``NAPARI_ZERODCE_CACHE``
    sets another folder.
    """
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    return user_data_path("napari-zerodce", appauthor=False) / "checkpoints"


def resolve(source: str | Path) -> Path:
    """Return the path of the checkpoint file that a name or a path stands for.

    Parameters
    ----------
    source : str or Path
        A name of the registry, or a path. Write ``./NAME`` for a file whose name is also a name of
        the registry.

    Raises
    ------
    CheckpointError
        If the registry has no such name, or the file of a name is missing, or the name is "auto",
        which stands for different files.
    """
    text = os.fspath(source)
    if text == AUTOMATIC:
        names = " or ".join(entry.name for entry in BUNDLED)
        raise CheckpointError(
            f"{AUTOMATIC!r} chooses the weights for an image, and there is no image here; give the "
            f"name of a checkpoint: {names}."
        )
    if entry := _ENTRIES.get(text):
        return _path_of(entry)
    path = _expanded(Path(text)) if text else Path()
    if text and (_exists(path) or path.suffix or path.name != text):
        # The code that opens the file checks whether the file is valid.
        return path.absolute()
    raise CheckpointError(
        f"There is no checkpoint {text!r}: choose {', '.join(_ENTRIES)} or the path of a .pth or "
        ".safetensors file."
    )


def is_name(source: str | Path) -> bool:
    """Return whether a text is a name of the registry, of bundled or of published weights."""
    return os.fspath(source) in _ENTRIES


def entry_of(path: Path, sha256: str) -> RegistryEntry | None:
    """Return the registry entry of a file, None if it has none.

    Parameters
    ----------
    path : Path
        Decides for bundled checkpoints.
    sha256 : str
        Hash of the file. It decides for published weights, which may be in any folder.
    """
    if path.parent == _BUNDLED_FOLDER:
        return next((entry for entry in BUNDLED if entry.path == path), None)
    return next((entry for entry in PUBLISHED if entry.sha256 == sha256), None)


def name_of(path: Path) -> str | None:
    """Return the registry name that loads the file at this path, None if there is none."""
    return next((name for name, entry in _ENTRIES.items() if entry.path == path), None)


def _path_of(entry: RegistryEntry) -> Path:
    if entry.is_here:
        return entry.path
    if entry.kind == "published":
        raise CheckpointError(
            f"{entry.name} is not downloaded yet: use 'Get published weights' in the Enhance dock, "
            f"run 'napari-zerodce download {entry.name}', or give the path of a copy."
        )
    raise CheckpointError(
        f"The bundled checkpoint {entry.name} is missing from {entry.path.parent}: "
        "install napari-zerodce again."
    )


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # no such user
        return path


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True
