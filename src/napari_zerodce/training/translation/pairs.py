"""Which source belongs to which target: by their names, or else in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Literal

from napari_zerodce.counting import counted, there_are
from napari_zerodce.errors import RequestError
from napari_zerodce.training.crops import TrainingImage

_SOME: Final = "Some files cannot be read"


@dataclass(frozen=True)
class Pairing:
    """Pairs of sources and targets.

    Parameters
    ----------
    targets : tuple of int
        The number of the target of each source.
    by : {"name", "order"}
        How they were found.
    """

    targets: tuple[int, ...]
    by: Literal["name", "order"]

    def sentence(self, sources: Sequence[str], targets: Sequence[str]) -> str:
        """Return how images are paired, with the first pair as an example."""
        how = {"name": "by their names", "order": "in the order of the lists"}[self.by]
        count = len(self.targets)
        example = f"'{sources[0]}' with '{targets[self.targets[0]]}'"
        return f"{counted(count, 'pair')} {how}, such as {example}."


def paired(sources: Sequence[str], targets: Sequence[str]) -> Pairing:
    """Return the pairs of images with these names.

    Images with the same name apart from the ending belong together; if names occur again in other
    subfolders, those with the same path do. If no name is in both sets, the first source belongs to
    the first target, and so on.

    Parameters
    ----------
    sources, targets : sequence of str
        Names of layers and files; those of files in subfolders are paths.

    Raises
    ------
    RequestError
        If the numbers differ, or only some names are in both sets.
    """
    stems, of_targets = _stems(sources, targets)
    if len(stems) != len(of_targets):
        raise RequestError(
            f"{there_are((len(sources), 'source'), (len(targets), 'target'))}, and pix2pix needs "
            "pairs; choose a target for each source, or another method."
        )
    common = set(stems) & set(of_targets)
    if not common:
        return Pairing(tuple(range(len(stems))), "order")
    alone = next((n for n, stem in enumerate(stems) if stem not in common), None)
    if alone is not None:
        raise RequestError(
            f"The source '{sources[alone]}' has no target of the same name; give both the same "
            "name, or choose another method."
        )
    if len(set(stems)) < len(stems) or len(set(of_targets)) < len(of_targets):
        raise RequestError(
            "Some images have the same name, so that pairs are not clear; give each pair a name "
            "of its own."
        )
    return Pairing(tuple(of_targets.index(stem) for stem in stems), "name")


def in_pairs(
    sources: Sequence[TrainingImage], targets: Sequence[TrainingImage], *, is_complete: bool
) -> tuple[list[TrainingImage], str]:
    """Return the target of each source, and a sentence about how they were found.

    Parameters
    ----------
    sources, targets : sequence of TrainingImage
    is_complete : bool
        Whether all files could be read. If not, an order says nothing about pairs.

    Raises
    ------
    RequestError
        If the pairs are not clear.
    """
    names = [[image.name for image in images] for images in (sources, targets)]
    if not is_complete and len(sources) != len(targets):
        raise RequestError(
            f"{_SOME}: {counted(len(sources), 'source')} and {counted(len(targets), 'target')} are "
            "left, and pix2pix needs pairs; remove or mend those files and their partners."
        )
    pairing = paired(*names)
    if pairing.by == "order" and not is_complete:
        raise RequestError(
            f"{_SOME}, and the others have no names in common, so that pairs are not clear; give "
            "each pair a name of its own, or remove those files."
        )
    return [targets[number] for number in pairing.targets], pairing.sentence(*names)


def _stems(*sets: Sequence[str]) -> list[list[str]]:
    """Return what is compared of the names of each set: as little as tells them apart."""
    short = [[PurePath(stem).name for stem in map(_stem, names)] for names in sets]
    if all(len(set(stems)) == len(stems) for stems in short):
        return short
    return [[_stem(name) for name in names] for names in sets]


def _stem(name: str) -> str:
    from napari_zerodce.imaging.files import READABLE_SUFFIXES

    path = PurePath(name)
    is_file = path.suffix.lower() in READABLE_SUFFIXES
    return (path.with_suffix("").as_posix() if is_file else name).casefold()
