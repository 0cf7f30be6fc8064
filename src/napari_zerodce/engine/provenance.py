"""The provenance of a result: one typed value, written to metadata and read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from typing import Any, Final

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.core.architectures import NetworkTraits
from napari_zerodce.core.network_kinds import NETWORKS, NetworkKind
from napari_zerodce.core.translators.design import TRANSLATORS
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.settings import (
    USUAL_TIME_WINDOW,
    ChannelCurves,
    EnhanceSettings,
    TimeChoice,
)
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.planes import Channels
from napari_zerodce.imaging.windows import Window, WindowChoice, enclosing

_TEXTS: Final = (
    "software", "checkpoint", "checkpoint_label", "checkpoint_source", "checkpoint_sha256",
    "architecture", "channels", "device", "precision", "backend", "part", "image_axes", "design",
    "statistics",
)  # fmt: skip
_OF_CURVES: Final = frozenset(
    {"scale_factor", "look", "global_curve", "time_axis", "time", "time_window", "channel_curves"}
)
"""The facts that a translator does not have."""

_WARNING: Final = "Enhanced for looking at; do not measure intensities in it."
_WARNING_OF_TRANSLATOR: Final = (
    "Made by a generative network for looking at: it may show structures that are not there, and "
    "hide others; do not measure anything in it."
)


@dataclass(frozen=True)
class Provenance:
    """Everything that is needed to make an image or its maps again.

    Parameters
    ----------
    software : str
        Name and version of this package.
    checkpoint : str
        Name in the registry, or the file's name.
    checkpoint_label : str
        The same, or the name that a user gave to the weights; empty in earlier versions.
    checkpoint_source : str
        Loads the checkpoint: its name in the registry, or its file.
    checkpoint_sha256 : str
    architecture : NetworkKind
    scale_factor : int
    channels : {"mono", "rgb", "rgba"}
    window : tuple of float
        The intensities that were mapped to 0 and to 1; of several channels, the lowest and highest.
    channel_axis : int, optional
        The axis of the channels, if each has a window of its own.
    channel_windows : tuple of tuple of float
        The window of each channel; empty if one window serves all planes.
    time_axis : int, optional
        The axis of time.
    time : {"frames", "smoothed", "shared"}
    time_window : int
    channel_curves : {"own", "shared"}
    lock_normalisation : bool
        As in `EnhanceSettings`.
    design : str
        What a translator is, such as "CycleGAN, ResNet with 9 blocks, 3 -> 3 channels".
    statistics : str
        Which pixels decided how a translator normalised.
    look : Look
    global_curve : tuple of float
        A_1 .. A_8 if one curve serves the whole image, else empty.
    part : str
        The enhanced part of the image, as `Scope` writes it; empty if it is all of the image.
    image_axes : str
        The letters of the image's axes if rows and columns are not the last ones; else empty.
    missing : tuple of tuple of int
        Index of each plane that could not be read, and is 0 or NaN in the result.
    device, precision, backend : str
        The ones that were used; versions without a backend used torch.
    tile : int
        Side of the tiles in pixels.
    seconds : float
        Wall-clock time.
    """

    software: str
    checkpoint: str
    checkpoint_source: str
    checkpoint_sha256: str
    architecture: NetworkKind
    scale_factor: int
    channels: Channels
    window: tuple[float, float]
    channel_axis: int | None = None
    channel_windows: tuple[tuple[float, float], ...] = ()
    checkpoint_label: str = ""
    time_axis: int | None = None
    time: TimeChoice = "frames"
    time_window: int = USUAL_TIME_WINDOW
    channel_curves: ChannelCurves = "own"
    lock_normalisation: bool = False
    design: str = ""
    statistics: str = ""
    look: Look = AS_PUBLISHED
    global_curve: tuple[float, ...] = ()
    part: str = ""
    image_axes: str = ""
    missing: tuple[tuple[int, ...], ...] = ()
    device: str = "cpu"
    precision: str = "float32"
    backend: str = "torch"
    tile: int = 0
    seconds: float = 0.0

    @classmethod
    def of(
        cls,
        checkpoint: CheckpointInfo,
        *,
        channels: Channels,
        windows: Sequence[Window],
        **facts: Any,
    ) -> Provenance:
        """Return the provenance of a result that this version makes with a checkpoint.

        Parameters
        ----------
        checkpoint : CheckpointInfo
        channels : {"mono", "rgb", "rgba"}
        windows : sequence of Window
            One for all planes, or one for each channel.
        **facts
            The other fields; for a translator, those of curves are left out.
        """
        ends = [(window.low, window.high) for window in windows]
        whole = enclosing(windows)
        return cls(
            software=f"napari-zerodce {version('napari-zerodce')}",
            checkpoint=checkpoint.name,
            checkpoint_label=checkpoint.label,
            checkpoint_source=source_of(checkpoint),
            checkpoint_sha256=checkpoint.sha256,
            architecture=checkpoint.architecture,
            scale_factor=checkpoint.scale_factor,
            design="" if (own := checkpoint.design) is None else f"{own.title}, {own.channels}",
            channels=channels,
            window=(whole.low, whole.high),
            channel_windows=tuple(ends) if len(ends) > 1 else (),
            **_applying(checkpoint.traits, facts),
        )

    @property
    def window_choice(self) -> WindowChoice:
        """The choice of exactly these windows."""
        return WindowChoice.of_windows(self.windows)

    @property
    def windows(self) -> list[Window]:
        """The window of all planes, or that of each channel."""
        return [Window(*pair) for pair in self.channel_windows or (self.window,)]

    def sharing(self) -> dict[str, Any]:
        """Return what frames, channels and planes share, as fields of `EnhanceSettings`.

        Raises
        ------
        RequestError
            If a value is invalid.
        """
        names = ("time", "time_window", "channel_curves", "lock_normalisation")
        known = EnhanceSettings(**{name: getattr(self, name) for name in names})
        return {name: getattr(known, name) for name in names}

    @property
    def traits(self) -> NetworkTraits:
        """The properties of the architecture."""
        return NETWORKS[self.architecture]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for metadata; `from_dict` reads them."""
        warning = _WARNING_OF_TRANSLATOR if _translates(self.traits) else _WARNING
        return {"display_only": warning, **_applying(self.traits, asdict(self))}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Provenance:
        """Return the provenance from the values of `as_dict`, of this or an earlier version.

        Parameters
        ----------
        facts : mapping
            Other entries are ignored.

        Raises
        ------
        RequestError
            If an entry is missing or invalid.
        """
        try:
            known = {each.name: facts[each.name] for each in fields(cls) if each.name in facts}
            if known["architecture"] in TRANSLATORS:
                known.setdefault("scale_factor", 1)
            window = Window(*known["window"])
            known["window"] = (window.low, window.high)
            own = (Window(*pair) for pair in known.get("channel_windows", ()))
            known["channel_windows"] = tuple((each.low, each.high) for each in own)
            known["global_curve"] = tuple(known.get("global_curve", ()))
            known["missing"] = tuple(map(tuple, known.get("missing", ())))
            known["look"] = Look(**known.get("look", {}))
            made = cls(**known)
            made.sharing()
        except (KeyError, TypeError, ValueError, RequestError) as err:
            raise _invalid() from err
        if not all(isinstance(getattr(made, name), str) for name in _TEXTS):
            raise _invalid()
        needs_channels = bool(made.channel_windows) or made.channel_curves == "shared"
        if needs_channels and not isinstance(made.channel_axis, int):
            raise _invalid()
        if made.time != "frames" and not isinstance(made.time_axis, int):
            raise _invalid()
        if made.architecture not in NETWORKS:
            raise _invalid()
        return made


def _applying(traits: NetworkTraits, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that a network of such traits has."""
    without = _OF_CURVES if _translates(traits) else frozenset[str]()
    return {name: fact for name, fact in facts.items() if name not in without}


def _translates(traits: NetworkTraits) -> bool:
    return traits.method == "translation"


def source_of(checkpoint: CheckpointInfo) -> str:
    """Return the name of a checkpoint in the registry, or else its file."""
    return registry.name_of(checkpoint.path) or str(checkpoint.path.absolute())


def _invalid() -> RequestError:
    return RequestError(
        "The layer's metadata do not say completely how it was made; enhance its source again."
    )
