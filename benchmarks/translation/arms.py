"""What is trained: each method, and each with one of its terms switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Term = Literal["gan", "l1", "cycle", "identity", "nce"]
MethodName = Literal["pix2pix", "cyclegan", "cut", "fastcut"]
TaskName = Literal["toy", "photos", "cells"]

STEPS: Final[Mapping[MethodName, int]] = {
    "pix2pix": 600,
    "cyclegan": 400,
    "cut": 400,
    "fastcut": 400,
}
REAL_STEPS: Final = 600
"""Real pictures have more to learn than a tone."""

PAIRS: Final = 8
"""Pairs of the toy that pix2pix learns by heart; of a real task it gets all."""


@dataclass(frozen=True)
class Arm:
    """A method, and the terms of its loss that are switched off."""

    method: MethodName
    off: frozenset[Term] = frozenset()

    @property
    def steps(self) -> int:
        """Steps of a training on the toy."""
        return STEPS[self.method]


@dataclass(frozen=True)
class Unit:
    """One training."""

    arm: str
    seed: int
    task: TaskName = "toy"

    @property
    def name(self) -> str:
        """For files and choices, such as "toy.cut-no-nce.0"."""
        arm = self.arm.lower().replace(", ", "-").replace(" ", "-")
        return f"{self.task}.{arm}.{self.seed}"

    @property
    def steps(self) -> int:
        """Steps of the training."""
        return ARMS[self.arm].steps if self.task == "toy" else REAL_STEPS


def _without(method: MethodName, *off: Term) -> Arm:
    return Arm(method, frozenset(off))


FULL: Final[Mapping[str, Arm]] = {
    "pix2pix": _without("pix2pix"),
    "CycleGAN": _without("cyclegan"),
    "CUT": _without("cut"),
    "FastCUT": _without("fastcut"),
}

CONTROLS: Final[Mapping[str, Arm]] = {
    "pix2pix, no GAN": _without("pix2pix", "gan"),
    "pix2pix, no L1": _without("pix2pix", "l1"),
    "CycleGAN, no identity": _without("cyclegan", "identity"),
    "CycleGAN, no identity, no GAN": _without("cyclegan", "identity", "gan"),
    "CycleGAN, no GAN": _without("cyclegan", "gan"),
    "CycleGAN, GAN alone": _without("cyclegan", "cycle", "identity"),
    "CUT, no GAN": _without("cut", "gan"),
    "CUT, no NCE": _without("cut", "nce"),
    "FastCUT, no GAN": _without("fastcut", "gan"),
    "FastCUT, no NCE": _without("fastcut", "nce"),
}
ARMS: Final[Mapping[str, Arm]] = {**FULL, **CONTROLS}

PAIR_OF_THE_GAN: Final = ("CycleGAN, no identity", "CycleGAN, no identity, no GAN")
"""Only these two tell whether the GAN works; they are compared with five seeds."""

REAL_TASKS: Final[tuple[TaskName, ...]] = ("photos", "cells")


def units() -> list[Unit]:
    """Return all trainings, the most telling ones first: a stopped study is a smaller one."""
    first = [Unit(arm, 0) for arm in ARMS]
    again = [Unit(arm, seed) for seed in (1, 2) for arm in (*FULL, *PAIR_OF_THE_GAN)]
    real = [Unit(arm, 0, task) for task in REAL_TASKS for arm in FULL]
    controls = [Unit(arm, seed) for seed in (1, 2) for arm in CONTROLS]
    more = [Unit(arm, seed) for seed in (3, 4) for arm in PAIR_OF_THE_GAN]
    return list(dict.fromkeys((*first, *again, *real, *controls, *more)))


def chosen(names: Iterable[str], every: Iterable[Unit]) -> list[Unit]:
    """Return the units whose name begins with one of the names; without names, all."""
    wanted = tuple(names)
    return [unit for unit in every if not wanted or unit.name.startswith(wanted)]
