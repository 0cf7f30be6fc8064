"""How a package of bioimage.io maps intensities to 0 and 1, and how it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.errors import RequestError
from napari_zerodce.export.pictures import in_unit_range, in_window
from napari_zerodce.export.subject import Subject
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES, Window, WindowChoice

Array = NDArray[Any]

_FINEST: Final = 1e-4
"""Of its largest end, a window is at least so wide: float32 holds seven digits."""

_LARGEST: Final = 1e30
"""Intensity in a package, whose numbers are float32."""


_FOR_ONE_CAMERA: Final = (
    "Where all images have one camera and one background, a package with the window of "
    "napari-zerodce comes closer: `napari-zerodce enhance` prints the window of an image, such as "
    "`window 123 to 594`, and `napari-zerodce export CHECKPOINT --output model.zip --window "
    "123,594` writes such a package."
)


@dataclass(frozen=True)
class PackageWindow:
    """What becomes 0 and 1.

    Attributes
    ----------
    told : str
        It in words: the end of a sentence.
    preprocessing : Mapping
        The step in ``rdf.yaml``.
    ends : Window, optional
        Two intensities of one camera; by default the window is that of `in_unit_range`.
    is_measured : bool
        Whether the figures of model cards were measured with it.
    advice : str
        What else there is.
    """

    told: str
    preprocessing: Mapping[str, Any]
    ends: Window | None = None
    is_measured: bool = False
    advice: str = ""

    def as_taken(self, picture: Array) -> Array:
        """Return a test picture in the units that the package takes.

        Parameters
        ----------
        picture : ndarray, shape (1, 1 or 3, H, W)
            As from `trial_picture`.

        Returns
        -------
        ndarray, shape of `picture`
        """
        if self.ends is None:
            return picture
        taken: Array = self.ends.low + in_window(picture) * (self.ends.high - self.ends.low)
        return taken.astype(np.float32)

    def in_unit_range(self, picture: Array) -> Array:
        """Return a picture that the package takes in [0, 1], as its preprocessing does it.

        Parameters
        ----------
        picture : ndarray, shape (1, 1 or 3, H, W)

        Returns
        -------
        ndarray, shape of `picture`, float32
        """
        if self.ends is None:
            return in_unit_range(picture)
        line = self.preprocessing["kwargs"]
        unit: Array = picture * np.float32(line["gain"]) + np.float32(line["offset"])
        return unit.clip(0, 1)


def _eight_bits() -> PackageWindow:
    return PackageWindow("8-bit photos are divided by 255", _linear(1 / 255, 0.0), is_measured=True)


def _percentiles(*, has_background: bool) -> PackageWindow:
    low, high = DEFAULT_PERCENTILES
    kwargs = {"axes": ["channel", "y", "x"], "min_percentile": low, "max_percentile": high}
    told = f"the percentiles {low} and {high} of each image become 0 and 1"
    if has_background:
        told += ", so that the background becomes brighter, too, and its noise shows"
    advice = _FOR_ONE_CAMERA if has_background else ""
    return PackageWindow(told, {"id": "scale_range", "kwargs": kwargs}, advice=advice)


def _one_camera(ends: Window, *, has_background: bool) -> PackageWindow:
    gain = 1 / (ends.high - ends.low)
    told = f"the intensities {ends.low} and {ends.high} of one camera become 0 and 1"
    if has_background:
        told += f"; what is darker than {ends.low}, such as the background, becomes 0"
    return PackageWindow(told, _linear(gain, 0.0 - ends.low * gain), ends)


def _linear(gain: float, offset: float) -> Mapping[str, Any]:
    return {"id": "scale_linear", "kwargs": {"gain": gain, "offset": offset}}


def package_window(subject: Subject, asked: WindowChoice | None = None) -> PackageWindow:
    """Return the window of a package.

    Parameters
    ----------
    subject : Subject
    asked : WindowChoice, optional
        Two intensities. By default 0 and 255 for photos, and percentiles for all others.

    Raises
    ------
    RequestError
        If the weights do not suit photos in colours, or the window does not suit the package.
    """
    if subject.channels == 3:
        _check_colours(subject, asked)
        return _eight_bits()
    has_background = subject.made_for == "fluorescence"
    if asked is not None:
        return _one_camera(_intensities(asked), has_background=has_background)
    if subject.takes_photos:
        return _eight_bits()
    return _percentiles(has_background=has_background)


def _check_colours(subject: Subject, asked: WindowChoice | None) -> None:
    label = subject.info.label
    if subject.made_for == "fluorescence":
        raise RequestError(
            f"{label} is made for fluorescence in one channel, and a package of 3 channels, which "
            "takes 8-bit photos, was asked for; leave --channels out, or choose weights for photos."
        )
    if asked is not None:
        raise RequestError(
            f"The package of {label} takes 8-bit photos in colours, and the window {asked} was "
            "given; leave --window out, or give --channels 1 for mono images."
        )


def _intensities(asked: WindowChoice) -> Window:
    if asked.kind != "range" or asked.low is None or asked.high is None:
        raise RequestError(
            f"The window of a package is two intensities, such as 120,4000, and {asked} was given; "
            "give numbers, or leave --window out."
        )
    low, high = asked.low, asked.high
    largest = max(abs(low), abs(high))
    if largest > _LARGEST or high - low < _FINEST * largest:
        raise RequestError(
            f"The window goes from {low} to {high}, and float32, in which a package computes, "
            "cannot tell apart what lies between; subtract an offset from the images, and choose "
            "another window."
        )
    return Window(low, high)
