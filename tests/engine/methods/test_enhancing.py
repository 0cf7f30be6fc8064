"""A model that gives images, not curves, is a method with a row: `enhance` follows the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_zerodce.core.network_kinds import NETWORKS
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.methods import enhancing
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings

IMAGE = np.random.default_rng(0).integers(0, 200, (3, 40, 33)).astype(np.uint8)


class Negative:
    """Gives the negative of a tile, and wants to see two pixels around it."""

    halo = 2
    has_flat_tiles = True
    work = 0

    def on_plane(self, plane, *, tile_size, region, meter):
        return self

    def prepare(self, crew):
        pass

    def apply(self, tile, block):
        return 255 - block[..., tile.inner_rows, tile.inner_columns]


def test_each_architecture_has_its_method():
    for traits in NETWORKS.values():
        assert traits.method in enhancing.METHODS


def test_another_method_makes_the_result(monkeypatch):
    negative = {**NETWORKS, "zero-dce-pp": replace(NETWORKS["zero-dce-pp"], method="negative")}
    monkeypatch.setattr("napari_zerodce.checkpoints.info.NETWORKS", negative)
    monkeypatch.setitem(enhancing.METHODS, "negative", lambda _: Negative())
    settings = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu", tile=16)
    result = enhance(EnhanceRequest(IMAGE, "mono", settings))
    np.testing.assert_array_equal(result.image, 255 - IMAGE)
