"""The look: how strongly curves are applied. It needs no new inference; no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.setting import Setting, check_settings

_DETAIL_GAIN_LIMIT: Final = 2.0


@dataclass(frozen=True)
class Look:
    """How an image's curves are applied. ``Look()`` is the published method.

    Without a look, `enhance` limits the gain of detail to 2: ``Look(detail_gain_limit=2)``.

    Parameters
    ----------
    strength : float
        0 to 2: 0 is the original, 1 the curves as estimated. Each map is multiplied by it and
        clamped to [-1, 1], so that every curve stays monotone.
    iterations : int
        Number of iterations to apply, 1 to 8.
    exposure : float
        Stops by which the result becomes brighter, -4 to 4.
    global_curve : bool
        Whether one curve, the mean of all maps, is applied to all pixels, planes and channels:
        without a limit to detail, it keeps the order of intensities exactly and can be inverted.
    detail_gain_limit : float, optional
        Largest gain of fine detail and of the noise with it; None for no limit.

    Raises
    ------
    RequestError
        If a number is out of its range.
    """

    strength: Annotated[
        float,
        Setting(
            label="Strength",
            help="0 is the original, 1 the curves as estimated, 2 the most. Every curve stays "
            "monotone at any strength.",
            expected="0 (the original) to 2, where 1 is the curves as estimated",
            minimum=0,
            maximum=2,
            step=0.05,
            slider=True,
        ),
    ] = 1.0
    iterations: Annotated[
        int,
        Setting(
            label="Iterations",
            help="How many of the eight iterations of the curve are applied, 1 to 8.",
            noun="number of iterations",
            expected="1 to 8, a whole number",
            minimum=1,
            maximum=ITERATIONS,
            slider=True,
            metavar="N",
        ),
    ] = ITERATIONS
    exposure: Annotated[
        float,
        Setting(
            label="Exposure",
            help="Make the result brighter or, below 0, darker, -4 to 4 stops. Black and white "
            "stay where they are.",
            minimum=-4,
            maximum=4,
            unit="stops",
            step=0.05,
            slider=True,
            metavar="STOPS",
        ),
    ] = 0.0
    global_curve: Annotated[
        bool,
        Setting(
            label="One curve for the whole image",
            help="Apply the mean of all curves to all pixels, channels and planes. Without a limit "
            "to detail, the order of intensities is kept exactly, and the result can be inverted.",
        ),
    ] = False
    detail_gain_limit: Annotated[
        float | None,
        Setting(
            label="Detail ≤",
            help="Amplify fine detail, and noise with it, at most this many times: curves "
            "brighten a smooth base.",
            expected="0 (no detail at all) or more, for instance 2, or none for no limit",
            minimum=0,
            offered=(0, 8),
            step=0.05,
            slider=True,
            suggested=_DETAIL_GAIN_LIMIT,
        ),
    ] = None

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def changes_nothing(self) -> bool:
        """Whether the result is the original for any curves."""
        limit = self.detail_gain_limit
        return self.strength == 0 and self.exposure == 0 and (limit is None or limit >= 1)

    def describe(self) -> str:
        """Return the settings that differ from the default look, or ""."""
        parts = []
        if self.strength != 1:
            parts.append(f"strength {self.strength:g}")
        if self.iterations != ITERATIONS:
            parts.append("1 iteration" if self.iterations == 1 else f"{self.iterations} iterations")
        if self.exposure:
            parts.append(f"{self.exposure:+g} EV")
        if self.global_curve:
            parts.append("global curve")
        if self.detail_gain_limit is None:
            parts.append("no detail limit")
        elif self.detail_gain_limit != _DETAIL_GAIN_LIMIT:
            parts.append(f"detail x{self.detail_gain_limit:g}")
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values for metadata; ``Look(**settings)`` reads them."""
        return asdict(self)


AS_PUBLISHED: Final = Look()
"""The published method: the curves as estimated, and nothing else."""

DEFAULT_LOOK: Final = Look(detail_gain_limit=_DETAIL_GAIN_LIMIT)
"""The look of the docks, the command line and `enhance` if the user chooses none.

The published method amplifies noise as much as it brightens. On photographed scenes that were held
out, a limit of 2 brings the result nearer to a well-exposed photo the darker the scene is, and
costs almost nothing elsewhere: at 5 stops too dark it gains 0.9 to 1.2 dB and 0.14 in SSIM, at 4
stops 0.1 to 0.2 dB and 0.07, at 3 stops 0.00 dB and 0.026, at 2 stops -0.006 dB and 0.006. On
fluorescence frames, contrast-to-noise ratio and rank correlation stay the same.
"""
