"""How many pixels an inch or a centimetre has, or none that is known."""

from __future__ import annotations

import math
from typing import Any, Final

from napari_zerodce.imaging.files.tiff import tags
from napari_zerodce.imaging.files.tiff.directory import ByteOrder, Directory

_DPI: Final = {2: 1.0, 3: 2.54}  # inch, centimetre
_FRACTION = 5


def details_of(across: object, down: object, unit: object) -> dict[str, Any]:
    """Return the resolution for `ImageFile.details`, empty if it is invalid.

    Parameters
    ----------
    across, down : object
        Along rows and columns, upright: numerator and denominator.
    unit : object
        The number that TIFF gives to a unit; any other value counts as no unit.
    """
    values = [each for each in (across, down) if isinstance(each, tuple) and len(each) == 2]
    if len(values) < 2 or not all(map(all, values)):
        return {}
    known = unit if isinstance(unit, int) and unit in {1, 2, 3} else 1
    found: dict[str, Any] = {"resolution": tuple(values), "resolutionunit": known}
    dpi = tuple(number / parts * _DPI.get(known, 0) for number, parts in values)
    # Pixel sizes of microscopes are no densities for prints.
    usual = all(math.isfinite(number) and 1 <= number < 65536 for number in dpi)
    return found | ({"dpi": dpi} if usual else {})


def details_of_page(page: Directory, byteorder: ByteOrder) -> dict[str, Any]:
    """Return the resolution that a page has of its own.

    Parameters
    ----------
    page : Directory
    byteorder : {"<", ">"}
    """
    across, down = (
        tag.numbers(byteorder) if tag and tag.dtype == _FRACTION else None
        for tag in map(page.tags.get, (tags.ACROSS, tags.DOWN))
    )
    unit = page.tags.get(tags.UNIT)
    number = int.from_bytes(unit.value, "little" if byteorder == "<" else "big") if unit else 2
    return details_of(across, down, number)
