"""The options that 'enhance' and 'maps' share: how the engine works on an image."""

from __future__ import annotations

from napari_zerodce.cli.setting_options import AddArgument, add_options
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import setting_fields


def add_engine_options(add: AddArgument) -> None:
    """Add all of `EnhanceSettings` but the look, and what belongs to them."""
    described = dict(setting_fields(EnhanceSettings))
    add_options(add, [described.pop("checkpoint")])
    add(
        "--checkpoint-sha256",
        metavar="HEX",
        help="Do nothing unless the weights have this SHA-256, which 'napari-zerodce info' prints.",
    )
    defaults = {"scale_factor": "the checkpoint's", "tile": "as suits the device"}
    add_options(add, described.values(), defaults=defaults)
