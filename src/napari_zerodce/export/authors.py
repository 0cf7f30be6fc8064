"""The authors that a package of bioimage.io names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from napari_zerodce.errors import RequestError
from napari_zerodce.export.papers import PAPERS
from napari_zerodce.export.subject import Subject

_OURS: Final = ("napari-zerodce developers",)


def package_authors(subject: Subject, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the authors of weights, each once.

    Parameters
    ----------
    subject : Subject
    asked : sequence of str, optional
        For weights of the user. Those of bundled and published weights are known.

    Raises
    ------
    RequestError
        If names are given for weights of others, or a name is empty.
    """
    if known := _known(subject):
        if asked:
            raise RequestError(
                f"The authors of {subject.info.label} are {', '.join(known)}, and --author is for "
                "weights of your own; leave it out."
            )
        return known
    # Names of bioimage.io are one line without slashes.
    names = tuple(dict.fromkeys(" ".join(each.replace("/", " ").split()) for each in asked))
    if "" in names:
        raise RequestError(
            "An author without a name was given; write a name, as in --author 'Ada Lovelace'."
        )
    return names


def _known(subject: Subject) -> tuple[str, ...]:
    if subject.entry is None:
        return ()
    return _OURS if subject.entry.kind == "bundled" else PAPERS[subject.info.architecture].authors
