"""The versions and weights of a process: results are equal only if those of all workers are."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True)
class Facts:
    """What must be the same in all processes of a batch.

    Parameters
    ----------
    versions : tuple of (str, str)
        Of napari-zerodce, torch, ONNX Runtime and Python, by their names.
    weights : tuple of (str, str)
        The SHA-256 of each checkpoint that the batch may use, by its name or file.
    """

    versions: tuple[tuple[str, str], ...]
    weights: tuple[tuple[str, str], ...]


def facts_here(checkpoints: Iterable[str]) -> Facts:
    """Return the facts of this process.

    Parameters
    ----------
    checkpoints : iterable of str
        Names in the registry, or files.

    Raises
    ------
    CheckpointError
        If a checkpoint cannot be loaded here.
    """
    # Slow to import, and a client asks for the versions of workers that may not have this package.
    from napari_zerodce.checkpoints.load import load_checkpoint

    weights = tuple((name, load_checkpoint(name).info.sha256) for name in checkpoints)
    return Facts(versions_here(), weights)


def versions_here() -> tuple[tuple[str, str], ...]:
    """Return the versions in this process; of Python, without the last number."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = ((name, _version(name)) for name in ("napari-zerodce", "torch", "onnxruntime"))
    return (*packages, ("Python", python))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def difference(ours: Facts, theirs: Facts, *, where: str) -> str:
    """Return a sentence that names what differs, or "" if all is equal.

    Parameters
    ----------
    ours, theirs : Facts
        Of this computer and of a worker.
    where : str
        The worker's address.
    """
    pairs = [
        *zip(ours.versions, theirs.versions, strict=True),
        *(
            ((f"the weights {name} with the SHA-256", mine[:12]), (name, other[:12]))
            for (name, mine), (_, other) in zip(ours.weights, theirs.weights, strict=True)
        ),
    ]
    found = [
        f"{name} {mine} here and {other} there"
        for (name, mine), (_, other) in pairs
        if mine != other
    ]
    if not found:
        return ""
    return (
        f"The worker {where} differs from this computer: {', '.join(found)}; install the same "
        "versions and weights in both."
    )
