"""What 'enhance' and 'maps' share: the options of the engine, and how its choice is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_zerodce.cli.setting_options import AddArgument, add_options
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import setting_fields

if TYPE_CHECKING:
    from napari_zerodce.engine.automatic import AutomaticChoice


def add_engine_options(add: AddArgument) -> None:
    """Add an option for each field of `EnhanceSettings` except the look, and the SHA-256."""
    described = dict(setting_fields(EnhanceSettings))
    add_options(add, [described.pop("checkpoint")])
    add(
        "--checkpoint-sha256",
        metavar="HEX",
        help="Stop unless the weights have this SHA-256, which 'napari-zerodce info' prints.",
    )
    defaults = {"scale_factor": "the checkpoint's", "tile": "one that suits the device"}
    add_options(add, described.values(), defaults=defaults)


def why_automatic(choice: AutomaticChoice | None) -> str:
    """Return the end of a file's line: "; photo weights, because the image is in colour", or ""."""
    return "" if choice is None else f"; {choice}"
