"""What can be compared: the source as it is, a checkpoint, or a classical baseline; no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from napari_zerodce.checkpoints import registry
from napari_zerodce.engine.look import Look
from napari_zerodce.errors import RequestError

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.load import Checkpoint

BaselineName = Literal["gamma", "clahe", "histogram", "mean-std"]

BASELINE_NAMES: Final[tuple[BaselineName, ...]] = get_args(BaselineName)

BASELINE_TITLES: Final[dict[BaselineName, str]] = {
    "gamma": "gamma",
    "clahe": "CLAHE",
    "histogram": "histogram matching",
    "mean-std": "mean/std matching",
}


@dataclass(frozen=True)
class SourceCandidate:
    """The source as it is, with which each comparison begins."""

    @property
    def title(self) -> str:
        """What to call it."""
        return "source"


SOURCE: Final = SourceCandidate()


@dataclass(frozen=True)
class CheckpointCandidate:
    """The weights of a network: of curves, or of a translator.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        As in `EnhanceSettings`.
    look : Look, optional
        By default that of the request.
    """

    checkpoint: str | Path | Checkpoint
    look: Look | None = None

    @property
    def title(self) -> str:
        """What to call it; `titles_of` makes it differ from others."""
        look = self.look.describe() if self.look else ""
        return ", ".join(filter(None, (self._name, look)))

    @property
    def _name(self) -> str:
        if isinstance(self.checkpoint, str | Path):
            path = _path_of(self.checkpoint)
            return str(self.checkpoint) if path is None else path.name
        return self.checkpoint.info.label

    @property
    def long_title(self) -> str:
        """The title with the folder of the file, if it is a file."""
        path = _path_of(self.checkpoint)
        return self.title if path is None else f"{path.absolute().parent.name}/{self.title}"


@dataclass(frozen=True)
class BaselineCandidate:
    """A classical method.

    Parameters
    ----------
    name : {"gamma", "clahe", "histogram", "mean-std"}
        "histogram" and "mean-std" need a reference.
    exponent : float, optional
        Of "gamma", above 0; by default the one that gives the brightness
        `baselines.TARGET_BRIGHTNESS`.

    Raises
    ------
    RequestError
        If there is no such baseline, or the exponent is invalid.
    """

    name: BaselineName
    exponent: float | None = None

    def __post_init__(self) -> None:
        if self.name not in BASELINE_NAMES:
            raise RequestError(
                f"There is no baseline {self.name!r}; choose {', '.join(BASELINE_NAMES)}."
            )
        if self.exponent is not None and not (
            self.name == "gamma" and 0 < self.exponent < float("inf")
        ):
            raise RequestError(
                f"The baseline {self.name} has the exponent {self.exponent}; only gamma has one, "
                "above 0, such as 0.5."
            )

    @property
    def title(self) -> str:
        """What to call it."""
        number = "" if self.exponent is None else f" {self.exponent:g}"
        return f"{BASELINE_TITLES[self.name]}{number}"

    @property
    def needs_reference(self) -> bool:
        """Whether it makes the image like another one."""
        return self.name in {"histogram", "mean-std"}


Candidate = SourceCandidate | CheckpointCandidate | BaselineCandidate

ALL_BASELINES: Final = tuple(BaselineCandidate(name) for name in BASELINE_NAMES)


def needs_reference(candidate: Candidate) -> bool:
    """Return whether a candidate makes the image like another one."""
    return isinstance(candidate, BaselineCandidate) and candidate.needs_reference


def titles_of(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Return a title for each candidate, all different.

    Files of the same name, as official training writes them, get that of their folder, too.

    Parameters
    ----------
    candidates : sequence of Candidate
    """
    titles = [each.title for each in candidates]
    counts = Counter(titles)
    titles = [
        each.long_title if counts[title] > 1 and isinstance(each, CheckpointCandidate) else title
        for each, title in zip(candidates, titles, strict=True)
    ]
    return tuple(
        f"{title} ({titles[: place + 1].count(title)})" if titles.count(title) > 1 else title
        for place, title in enumerate(titles)
    )


def _path_of(checkpoint: str | Path | Checkpoint) -> Path | None:
    """Return the path of a checkpoint, None if it has a name in the registry."""
    if not isinstance(checkpoint, str | Path):
        path = checkpoint.info.path
        return path if registry.name_of(path) is None else None
    is_name = str(checkpoint) == registry.AUTOMATIC or registry.is_name(checkpoint)
    return None if is_name else Path(checkpoint)
