"""The plan of a comparison: which images, candidates and references, and where the report goes."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Final

from napari_zerodce.checkpoints.registry import AUTOMATIC
from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.file_plan import image_files, is_folder
from napari_zerodce.compare.candidates import (
    BaselineCandidate,
    Candidate,
    CheckpointCandidate,
    needs_reference,
)
from napari_zerodce.compare.plane import middle_plane
from napari_zerodce.compare.report.place import ReportPlace
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.folders import identity_of, images_below
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES
from napari_zerodce.imaging.files.ome_zarr import SUFFIX, is_ome_zarr, read_ome_zarr
from napari_zerodce.imaging.files.one_of_several import read_one
from napari_zerodce.imaging.files.urls import Named, Url, named
from napari_zerodce.imaging.scope import Scope

NO_BASELINES: Final = "none"
_SUFFIXES: Final = (*READABLE_SUFFIXES, SUFFIX)


@dataclass(frozen=True)
class ComparisonPlan:
    """All that a command compares.

    Parameters
    ----------
    images : tuple of Path or Url
    candidates : tuple of Candidate
    references : References
    plane : tuple of int, optional
        Of stacks; None for the middle one.
    settings : CommandSettings
    place : ReportPlace
    """

    images: tuple[Named, ...]
    candidates: tuple[Candidate, ...]
    references: References
    plane: tuple[int, ...] | None
    settings: CommandSettings
    place: ReportPlace

    @classmethod
    def of(cls, options: Namespace, settings: CommandSettings) -> ComparisonPlan:
        """Return the plan of a command line.

        Parameters
        ----------
        options : Namespace
        settings : CommandSettings

        Raises
        ------
        RequestError
            If an option is invalid, there is no image, or the report would replace other files.
        """
        place = ReportPlace.of(Path(options.output), overwrite=settings.overwrite)
        return cls(
            images_of(options.inputs, options.output),
            candidates_of(options),
            References.of(options.reference),
            plane_of(options.plane),
            settings,
            place,
        )

    def read(self, image: Named) -> tuple[EnhanceRequest, EnhanceRequest | None, str]:
        """Read an image and its reference.

        Returns
        -------
        request : EnhanceRequest
        reference : EnhanceRequest, optional
        notice : str
            A sentence if a reference is missing, else empty.

        Raises
        ------
        ImageError, RequestError
            If one of them is invalid or cannot be read.
        """
        request = read_request(image, self.settings, self.plane)
        path = self.references.reference_of(image)
        reference = path and read_reference(path, self.settings, request)
        return request, reference or None, self.references.notice(image)

    def candidates_with(self, reference: EnhanceRequest | None) -> tuple[Candidate, ...]:
        """Return the candidates that are possible with a reference, or without one."""
        return tuple(each for each in self.candidates if reference or not needs_reference(each))

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user about the whole comparison."""
        left_out = [each.title for each in self.candidates if needs_reference(each)]
        if not left_out or self.references.exist:
            return ()
        are = "is" if len(left_out) == 1 else "are"
        return (f"{' and '.join(left_out)} {are} left out without --reference.",)


def images_of(inputs: Sequence[str], output: str) -> tuple[Named, ...]:
    """Return all images, each once; raises a RequestError as `image_files` does.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders, and URLs of OME-Zarr.
    output : str
        A folder that is not searched.
    """
    found = {identity_of(each): each for each in _images(inputs, output)}
    return tuple(found.values())


def _images(inputs: Sequence[str], output: str) -> Iterator[Named]:
    for text in inputs:
        if isinstance(url := named(text), Url):
            yield url
        else:
            yield from image_files([text], output, suffixes=_SUFFIXES)


def candidates_of(options: Namespace) -> tuple[Candidate, ...]:
    """Return the candidates that were typed, each once, the checkpoints first.

    Raises
    ------
    RequestError
        If there is no such baseline.
    """
    checkpoints = [CheckpointCandidate(each) for each in options.checkpoint or (AUTOMATIC,)]
    words = [] if options.baseline == NO_BASELINES else options.baseline.split(",")
    return tuple(dict.fromkeys([*checkpoints, *(_baseline(word.strip()) for word in words)]))


def _baseline(word: str) -> BaselineCandidate:
    name, _, number = word.partition("=")
    try:
        exponent = float(number) if number else None
    except ValueError as err:
        raise RequestError(
            f"The baseline {word!r} has no number behind '='; write gamma=0.5, for instance."
        ) from err
    return BaselineCandidate(name, exponent)  # type: ignore[arg-type]  # it checks the name


@dataclass(frozen=True)
class References:
    """The references of the images.

    Parameters
    ----------
    single : Path or Url, optional
        One for all images.
    by_stem : mapping of str to Path
        One for the image of the same name, without suffix.
    folder : str
        Where they are, for sentences.
    """

    single: Named | None
    by_stem: dict[str, Path]
    folder: str = ""

    @property
    def exist(self) -> bool:
        """Whether any were typed."""
        return bool(self.single or self.folder)

    @classmethod
    def of(cls, text: str | None) -> References:
        """Return the references that were typed.

        Parameters
        ----------
        text : str, optional
            A file, the URL of an OME-Zarr, or a folder.

        Raises
        ------
        RequestError
            If there is no such file, or two files of the folder have the same name without suffix.
        """
        path = named(text) if text else None
        if isinstance(path, Path) and not os.path.lexists(path):
            raise RequestError(f"There is no reference {text!r}; give a file or a folder.")
        if path is None or isinstance(path, Url) or not is_folder(path):
            return cls(path, {})
        by_stem: dict[str, Path] = {}
        for found in images_below(path, _SUFFIXES):
            other = by_stem.setdefault(_stem(found), found)
            if other != found:
                raise RequestError(
                    f"The references {str(other)!r} and {str(found)!r} have the same name; keep "
                    "one of them in the folder."
                )
        return cls(None, by_stem, str(text))

    def reference_of(self, image: Named) -> Named | None:
        """Return the reference of an image, None if it has none."""
        return self.single or self.by_stem.get(_stem(image))

    def notice(self, image: Named) -> str:
        """Return a sentence if there are references, but none for this image, else ""."""
        if not self.folder or self.reference_of(image):
            return ""
        return (
            f"There is no reference {_stem(image)!r} with any suffix in {self.folder}: the image "
            "is compared without one."
        )


def _stem(path: Named) -> str:
    stem = path.name.removesuffix(path.suffix)
    return stem.removesuffix(".ome")


def plane_of(text: str | None) -> tuple[int, ...] | None:
    """Return the index of a plane that was typed, None for the middle one.

    Parameters
    ----------
    text : str, optional
        Numbers from 0 with commas between them.

    Raises
    ------
    RequestError
        If it is something else.
    """
    if text is None:
        return None
    numbers = [part.strip() for part in text.split(",")]
    if not all(number.isdecimal() for number in numbers):
        raise RequestError(
            f"The plane {text!r} is no number from 0; write one for each axis before rows and "
            "columns, such as 4 or 2,0."
        )
    return tuple(map(int, numbers))


def read_request(
    path: Named, settings: CommandSettings, index: tuple[int, ...] | None
) -> EnhanceRequest:
    """Read an image, and return the request for one plane of it.

    Parameters
    ----------
    path : Path or Url
        An OME-Zarr is read only where needed.
    settings : CommandSettings
    index : tuple of int, optional
        Of the plane in the leading axes, by default the middle one. A single plane needs none.

    Raises
    ------
    ImageError
        If it cannot be read.
    RequestError
        If it has no such plane.
    """
    if is_ome_zarr(path):
        request = settings.lazy_request(read_ome_zarr(path), None)
    else:
        request = settings.request(read_one(Path(path), settings.series), None)
    layout = request.layout
    if index is None or prod(layout.leading) == 1:
        return replace(request, scope=middle_plane(layout))
    inside = len(index) == len(layout.leading) and all(
        place < length for place, length in zip(index, layout.leading, strict=True)
    )
    if not inside:
        raise RequestError(
            f"There is no plane {_listed(index)}: the axes before rows and columns have the "
            f"lengths {_listed(layout.leading)}; choose numbers below them, one for each."
        )
    return replace(request, scope=Scope.plane(layout, index))


def read_reference(path: Named, settings: CommandSettings, like: EnhanceRequest) -> EnhanceRequest:
    """Read a reference, and return the request for its plane that belongs to that of an image.

    Parameters
    ----------
    path : Path or Url
    settings : CommandSettings
    like : EnhanceRequest
        Of the image: a reference with the same planes shows the same one, others their middle one.

    Raises
    ------
    ImageError, RequestError
        As `read_request` does.
    """
    own = replace(settings.enhance, time="frames", channel_curves="own")
    own_settings = replace(
        settings, enhance=own, channel_axis="auto", time_axis="auto", series=None
    )
    reference = read_request(path, own_settings, None)
    if reference.layout.leading == like.layout.leading:
        (index,) = like.part.indices()
        scope = Scope.plane(reference.layout, index)
        return replace(reference, scope=scope, channel_axis=like.channel_axis)
    return reference


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
