"""What the names of files tell: their natural order, and the channel that they show."""

from __future__ import annotations

import re
from typing import Any, Final

_CHANNEL: Final = re.compile(
    r"(?:^|[^A-Za-z0-9])((?i:channel|chan|ch)|(?<=[^A-Za-z0-9])[cw])[-_ ]?(\d+)"
)
"""As cameras and programs write it: img_channel000, A01_s2_w1, r01c02f03-ch1sk1, t001_c0002; not
the well C02."""

_DYES: Final = frozenset(
    {
        "dapi",
        "hoechst",
        "gfp",
        "egfp",
        "yfp",
        "cfp",
        "rfp",
        "mcherry",
        "tomato",
        "cy3",
        "cy5",
        "cy7",
    }
    | {"fitc", "tritc", "txred", "texasred", "draq5", "bf", "brightfield", "phase", "dic", "pol"}
)


def channel_in(name: str) -> str:
    """Return what the name of a file says about its channel, such as "w1" or "dapi", or "".

    A bright and a dim channel in files of their own are two series.

    Parameters
    ----------
    name : str
        Without suffix.
    """
    numbers = (f"{marker}{int(number)}" for marker, number in _CHANNEL.findall(name))
    words = (word for word in re.split(r"[^a-z0-9]+|(?<=\d)(?=[a-z])", name.lower()))
    return " ".join([*numbers, *(word for word in words if word in _DYES)]).lower()


def natural_order(name: str) -> list[Any]:
    """Return a key that sorts frame2 before frame10.

    Parameters
    ----------
    name : str
    """
    parts = re.split(r"(\d+)", name)
    return [int(part) if place % 2 else part.casefold() for place, part in enumerate(parts)]
