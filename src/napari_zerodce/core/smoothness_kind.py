"""The kinds of smoothness loss: orders of derivatives, their balance and penalty; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb, inf, pi, sin
from typing import Annotated, Final, Literal

from napari_zerodce.errors import RequestError
from napari_zerodce.setting import Choice, Setting, setting_fields

Normalisation = Literal["noise", "period"]
"""The signal to which orders of equal weight respond equally: white noise, or waves of a period."""

Penalty = Literal["squared", "charbonnier"]
"""How a derivative counts: by its square, or by nearly its absolute value if it is large."""

HIGHEST_ORDER: Final = 3

LONGEST_PERIOD: Final = 1000

PERIOD: Final = 16.0
"""The default period in pixels for the normalisation "period"."""


def noise_gain(order: int) -> int:
    """Return the sum of the mean squares of all derivatives of an order, for noise of variance 1.

    ``G_k = sum_i binom(k, i) C(2i, i) C(2(k - i), k - i)``: 4, 20, 112 for the orders 1, 2, 3. The
    coefficients of the i-th difference are binomial, and their squares add up to C(2i, i).

    Parameters
    ----------
    order : int, >= 1
    """
    return sum(
        comb(order, i) * comb(2 * i, i) * comb(2 * (order - i), order - i) for i in range(order + 1)
    )


def period_weight(order: int, period: float) -> float:
    """Return the factor that makes an order respond to waves of a period as order 1 does.

    A wave along one axis has the response ``(4 s)^k / G_k`` with ``s = sin^2(pi / period)``: at 16
    pixels 0.038, 0.0012 and 0.000032 for the orders 1, 2 and 3.

    Parameters
    ----------
    order : int, >= 1
    period : float
        In pixels, at least 2.

    Returns
    -------
    float
        1 for order 1; about 33 and 1200 for the orders 2 and 3 at 16 pixels.
    """
    response = 4 * sin(pi / period) ** 2
    return noise_gain(order) / noise_gain(1) / response ** (order - 1)


@dataclass(frozen=True)
class SmoothnessKind:
    """Which derivatives of the maps the smoothness loss penalises, and how much.

    Parameters
    ----------
    orders : Mapping of int to float
        The weight of each order of derivatives, 1 to 3; several orders are a mixture.
    normalisation : {"noise", "period"}
        Orders of equal weight respond equally to white noise (N1), or to waves of `period` pixels
        (N2). With N1, a higher order hardly responds to structures of many pixels.
    period : float
        Period of the waves in pixels of the maps, for the normalisation "period".
    penalty : {"squared", "charbonnier"}
        Charbonnier, ``2 e (sqrt(d^2 + e^2) - e)``, is the square for derivatives below `epsilon`
        and grows linearly above it, so that maps may have edges.
    epsilon : float
        The limit between square and linear, in units of the maps per pixel, for Charbonnier.
    edge_aware : bool
        Whether derivatives count less at edges of the image's smoothed luminance.
    edge : float
        The gradient of that luminance, per pixel, at which they count 1/e times.
    pixel_size : float
        Side of a pixel of the maps, relative to the pixels for which the weights were chosen. A
        derivative of order k is divided by ``pixel_size ** k``: a scene that is shrunk n times has
        pixels n times as large and the same loss.
    """

    orders: Mapping[int, float] = field(default_factory=lambda: {1: 1.0})
    normalisation: Annotated[
        Normalisation,
        Setting(
            label="Orders balanced",
            help="How the smoothness loss balances the orders 2 and 3 with order 1.",
            noun="smoothness normalisation",
            option="smoothness-normalisation",
            choices=(
                Choice("period", "at 16 px", "All orders respond equally to waves of one period."),
                Choice(
                    "noise",
                    "on noise",
                    "All orders respond equally to white noise. Higher orders then hardly respond "
                    "to structures of more than a few pixels.",
                ),
            ),
        ),
    ] = "noise"
    period: Annotated[
        float,
        Setting(
            label="Period",
            help="The period of the waves to which all orders respond equally, in pixels of the "
            "curve maps.",
            noun="smoothness period",
            option="smoothness-period",
            minimum=2,
            maximum=LONGEST_PERIOD,
            unit="pixels",
            metavar="PIXELS",
        ),
    ] = PERIOD
    penalty: Annotated[
        Penalty,
        Setting(
            label="Penalty",
            help="How the smoothness loss counts a difference between neighbouring curves.",
            noun="smoothness penalty",
            option="smoothness-penalty",
            choices=(
                Choice("squared", "squared", "The square of the difference counts, as published."),
                Choice(
                    "charbonnier",
                    "robust (Charbonnier)",
                    "Large differences count less than their square, so that maps may have edges.",
                ),
            ),
        ),
    ] = "squared"
    epsilon: float = 0.01
    edge_aware: Annotated[
        bool,
        Setting(
            label="Free at edges",
            help="Changes of the curve maps count less at edges of the smoothed image.",
        ),
    ] = False
    edge: float = 0.05
    pixel_size: float = 1.0

    # JSON of a training's configuration contains this class, and a misspelt name is an error.
    __pydantic_config__ = {"extra": "forbid", "allow_inf_nan": False}  # noqa: RUF012

    def __post_init__(self) -> None:
        known = set(range(1, HIGHEST_ORDER + 1))
        if not self.orders or not set(self.orders) <= known:
            raise ValueError(f"orders are 1 to {HIGHEST_ORDER}, not {[*self.orders]}")
        if not all(0 <= weight < inf for weight in self.orders.values()):  # nor NaN
            raise ValueError("the weights of the orders must be 0 or more, and finite")
        for name, setting in setting_fields(SmoothnessKind).items():
            try:
                setting.checked(getattr(self, name))
            except RequestError as err:  # pydantic reports a ValueError as a mistake in the file
                raise ValueError(str(err)) from err
        for name in ("epsilon", "edge", "pixel_size"):
            number = getattr(self, name)
            if not 0 < number < inf:
                raise ValueError(f"{name} must be above 0 and finite, not {number}")

    def weight(self, order: int) -> float:
        """Return the factor for the mean square of an order's derivatives."""
        balance = 1.0
        if self.normalisation == "period":
            # The period is in pixels of the map, independently of their size.
            balance = period_weight(order, self.period) * self.pixel_size ** (2 * (order - 1))
        return self.orders[order] * balance / noise_gain(order)


PUBLISHED_SMOOTHNESS: Final = SmoothnessKind()
"""First derivatives, squared: exactly `core.losses.illumination_smoothness`."""
