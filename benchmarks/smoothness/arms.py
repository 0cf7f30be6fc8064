"""The compared arms: smoothness losses of trained networks, and changes without training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE, ZERO_DCE_PP, Architecture
from napari_zerodce.core.smoothness_kind import PUBLISHED_SMOOTHNESS, SmoothnessKind
from napari_zerodce.training.config import LossWeights, TrainingConfig

NETWORKS: Final[tuple[Architecture, ...]] = (ZERO_DCE, ZERO_DCE_PP)


@dataclass(frozen=True)
class Arm:
    """A smoothness loss: its kind, and its weight relative to the paper's."""

    kind: SmoothnessKind = PUBLISHED_SMOOTHNESS
    strength: float = 1.0


def _order(order: int, normalisation: str) -> Arm:
    return Arm(SmoothnessKind({order: 1.0}, normalisation=normalisation))  # type: ignore[arg-type]


ORDER_1: Final = "order-1"
CONTROLS: Final = (ORDER_1, "order-1-tenth", "order-1-ten-times")
"""An arm must be better than each of them."""

ARMS: Final[Mapping[str, Arm]] = {
    "none": Arm(strength=0),
    ORDER_1: Arm(),
    "order-1-tenth": Arm(strength=0.1),
    "order-1-ten-times": Arm(strength=10),
    "order-2-noise": _order(2, "noise"),
    "order-3-noise": _order(3, "noise"),
    "order-2-period": _order(2, "period"),
    "order-3-period": _order(3, "period"),
    "mixed": Arm(SmoothnessKind({1: 0.5, 2: 0.5}, normalisation="period")),
    "edge-aware": Arm(SmoothnessKind({2: 1.0}, normalisation="period", edge_aware=True)),
    "charbonnier": Arm(SmoothnessKind(penalty="charbonnier")),
}

THE_IDEA: Final = ("order-2-noise", "order-3-noise", "order-2-period", "order-3-period", "mixed")
JUDGED: Final = (*THE_IDEA, "edge-aware", "charbonnier")

WITHOUT_TRAINING: Final = ("maps-smoothed", "constant-maps", "detail-limit-2", "non-local-means")
"""Changes of what the networks of order 1 give."""


@dataclass(frozen=True)
class Effort:
    """How much is trained and measured.

    Attributes
    ----------
    steps, crop, batch : int
        Of each training.
    seeds : int
        Number of seeds, from 0.
    pictures : int
        Number of held-out pictures that are measured.
    """

    steps: int
    crop: int
    batch: int
    seeds: int
    pictures: int


FULL: Final = Effort(steps=1200, crop=96, batch=8, seeds=3, pictures=18)
QUICK: Final = Effort(steps=150, crop=64, batch=4, seeds=1, pictures=6)
"""Training, measurement and report in ten minutes on two cores: a trial of the pipeline."""

_LEARNING_RATES: Final[Mapping[str, float]] = {ZERO_DCE: 1e-3, ZERO_DCE_PP: 3e-3}


@dataclass(frozen=True)
class Unit:
    """One training, or one measurement: an arm, a network and a seed."""

    arm: str
    network: Architecture
    seed: int

    @property
    def name(self) -> str:
        """Its name in files."""
        return f"{self.network}.{self.arm}.{self.seed}"

    @property
    def trained(self) -> Unit:
        """The unit whose weights it uses."""
        arm = ORDER_1 if self.arm in WITHOUT_TRAINING else self.arm
        return Unit(arm, self.network, self.seed)


def units(effort: Effort, arms: tuple[str, ...]) -> list[Unit]:
    """Return all units of some arms, seed by seed, so that an early stop leaves whole seeds."""
    return [
        Unit(arm, network, seed)
        for seed in range(effort.seeds)
        for network in NETWORKS
        for arm in arms
    ]


def config_for(unit: Unit, effort: Effort) -> TrainingConfig:
    """Return how to train a unit: only the smoothness loss depends on the arm."""
    arm = ARMS[unit.arm]
    paper = ARCHITECTURES[unit.network].smoothness_weight
    return TrainingConfig(
        architecture=unit.network,
        seed=unit.seed,
        steps=effort.steps,
        crop=effort.crop,
        batch=effort.batch,
        learning_rate=_LEARNING_RATES[unit.network],
        weights=LossWeights(spatial=5, exposure=10, colour=1, smoothness=arm.strength * paper),
        smoothness=arm.kind,
        # bfloat16 rounds a map to steps of 0.002: third derivatives would be mostly rounding.
        precision="float32",
    )
