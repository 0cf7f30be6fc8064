"""Any method goes through the same loop: its halo, its work, its tiles, and smaller ones."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.device import Device, OutOfDeviceMemory
from napari_zerodce.engine.image_plane import ImagePlane
from napari_zerodce.engine.progress import TILE, Meter
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.windows import Window

IMAGE = np.arange(50 * 41, dtype=np.uint16).reshape(50, 41)


def plane_of(image=IMAGE):
    return ImagePlane(image, (), layout=layout_of(image), window=Window(0, 9))


class Mean3x3:
    """A method that is no curve: the mean of a pixel and its eight neighbours inside the plane."""

    halo = 1
    has_flat_tiles = False
    work = 3 * TILE

    def __init__(self, *, room=10_000):
        self.room = room
        self.prepared = 0
        self.sizes = []

    def on_plane(self, plane, *, tile_size, region, meter):
        self.meter = meter
        self.sizes.append(tile_size)
        return self

    def prepare(self, crew):
        self.prepared += 1
        self.meter.visit(self.work)

    def apply(self, tile, block):
        if block.shape[-2] > self.room:
            raise OutOfDeviceMemory
        padded = np.pad(block[0].astype(float), 1, constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
        return np.nanmean(windows, axis=(2, 3))[tile.inner_rows, tile.inner_columns]


def loop_of(size, *, told=None, should_stop=lambda: False, planes=1):
    report = (lambda _: None) if told is None else told.append
    meter = Meter(planes, report=report, should_stop=should_stop)
    return TileLoop(TileSize(Device("cpu", ""), size), meter)


def filled(method, size, *, image=IMAGE, **options):
    output = np.full(image.shape, -1.0)

    def put(plane, tile, made):
        output[tile.rows, tile.columns] = made

    loop = loop_of(size)
    loop.run(method, [plane_of(image)], put, **options)
    return output, loop


@pytest.mark.parametrize("size", [1, 7, 16, 49, 50, 1000])
def test_tiles_of_any_size_make_the_whole(size):
    whole, _ = filled(Mean3x3(), 1000)
    assert whole[1, 1] == IMAGE[:3, :3].mean()
    assert whole[0, 0] == IMAGE[:2, :2].mean()
    np.testing.assert_allclose(filled(Mean3x3(), size)[0], whole, rtol=1e-14)


def test_a_region_is_made_alone_and_sees_what_lies_around_it():
    whole, _ = filled(Mean3x3(), 1000)
    region = (slice(10, 21), slice(3, 40))
    part, _ = filled(Mean3x3(), 5, region=region)
    np.testing.assert_allclose(part[region], whole[region], rtol=1e-14)
    part[region] = -1
    assert (part == -1).all()


def test_smaller_tiles_begin_the_plane_again():
    image = np.arange(200 * 30, dtype=np.uint16).reshape(200, 30)
    begun = []
    method = Mean3x3(room=100)  # two tiles of 100 rows and a halo of 1 are too large
    output, loop = filled(method, 512, image=image, begin=begun.append)
    np.testing.assert_allclose(output, filled(Mean3x3(), 512, image=image)[0], rtol=1e-14)
    assert method.sizes == [512, 256, 128, 64]
    assert len(begun) == method.prepared == 4
    assert loop.sizes.side == 64
    assert len(loop.sizes.notices) == 3


def test_the_work_of_the_method_is_part_of_the_progress(monkeypatch):
    monkeypatch.setattr("napari_zerodce.engine.progress._SECONDS_BETWEEN_REPORTS", 0.0)
    told = []
    loop = loop_of(25, told=told)
    loop.run(Mean3x3(), [plane_of()], lambda *_: None)
    # Three tiles' work to prepare, then 2 x 2 tiles.
    assert [progress.done for progress in told] == pytest.approx([3 / 7, 4 / 7, 5 / 7, 6 / 7, 1])


def test_a_stop_ends_the_loop_after_the_tile():
    done = []
    loop = loop_of(10, should_stop=lambda: len(done) >= 2)
    with pytest.raises(Cancelled):
        loop.run(Mean3x3(), [plane_of()], lambda _, tile, __: done.append(tile))
    assert len(done) == 2


def test_a_plane_of_one_pixel():
    made = []
    image = np.full((1, 1), 7, np.uint8)
    loop_of(1).run(Mean3x3(), [plane_of(image)], lambda _, __, found: made.append(found))
    assert made == [[[7.0]]]
