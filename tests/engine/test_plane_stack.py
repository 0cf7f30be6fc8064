"""Planes that are processed as one: each gets its own samples back, once, and can fail alone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.device import Device, OutOfDeviceMemory
from napari_zerodce.engine.image_plane import ImagePlane
from napari_zerodce.engine.plane import Plane, Shared
from napari_zerodce.engine.plane_stack import PlaneStack, in_stacks
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.exposure import Correction
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import Window

IMAGE = np.arange(5 * 6 * 7 * 3, dtype=np.uint16).reshape(5, 6, 7, 3)
LAYOUT = layout_of(IMAGE, channels="rgb")
HERE = slice(1, 4), slice(2, 7)


def plane_of(index: int, *, window: Window | None = None) -> Plane:
    return ImagePlane(IMAGE, (index,), layout=LAYOUT, window=window or Window(0, 99))


class Doubling:
    """A method that doubles blocks of any shape, and notes them."""

    halo = work = 0
    has_flat_tiles = False

    def __init__(self, *, room: int = 99, unreadable: int | None = None) -> None:
        self.room, self.unreadable, self.shapes = room, unreadable, []

    def on_plane(self, plane, **_):
        return self

    def prepare(self, crew) -> None:
        pass

    def apply(self, tile, block):
        self.shapes.append(block.shape)
        if block.ndim == 4 and len(block) > self.room:
            raise OutOfDeviceMemory
        if self.unreadable is not None and (block == IMAGE[self.unreadable, 0, 0, 0]).any():
            raise UnreadableError("broken")
        return 2 * block


def doubled(method: Doubling, *, stack: int, **options):
    """Return what a loop makes of the image, the loop, and how much it reports as done."""
    told = []
    output = np.zeros_like(IMAGE)
    meter = Meter(len(IMAGE), report=told.append, should_stop=lambda: False)
    loop = TileLoop(TileSize(Device("cpu", ""), 100, stack=stack), meter, **options)
    part = Scope.whole(LAYOUT)
    loop.run(
        method,
        map(plane_of, range(5)),
        lambda plane, tile, block: plane.write(output, tile, block, part),
    )
    return output, loop, told[-1].done


@pytest.mark.parametrize("stack", [1, 2, 5, 9])
def test_each_plane_gets_its_own_samples_back(stack):
    method = Doubling()
    output, loop, done = doubled(method, stack=stack)
    np.testing.assert_array_equal(output, 2 * IMAGE)
    assert len(method.shapes) == -(-5 // stack)
    assert done == loop.meter.finished() == 5


def test_without_memory_for_a_stack_later_ones_are_smaller():
    method = Doubling(room=2)
    output, loop, _ = doubled(method, stack=4)
    np.testing.assert_array_equal(output, 2 * IMAGE)
    assert [len(shape) for shape in method.shapes] == [4, 3, 3, 3, 3, 3]  # four as one, then alone
    assert loop.sizes.stack == 2
    assert loop.sizes.side == 100


def test_a_plane_that_cannot_be_read_is_left_out_alone():
    left_out = []
    output, _, done = doubled(
        Doubling(unreadable=3), stack=5, on_unreadable=lambda plane, _: left_out.append(plane.index)
    )
    assert left_out == [(3,)]
    assert not output[3].any()
    np.testing.assert_array_equal(output[[0, 1, 2, 4]], 2 * IMAGE[[0, 1, 2, 4]])
    assert done == 5


def test_a_stack_reads_the_blocks_of_its_planes_in_their_memory_order():
    stack = PlaneStack((plane_of(1), plane_of(4)))
    block = stack.read(*HERE)
    np.testing.assert_array_equal(block, IMAGE[[1, 4], 1:4, 2:7].transpose(0, 3, 1, 2))
    assert block.transpose(0, 2, 3, 1).flags.c_contiguous == (
        not plane_of(1).read(*HERE).flags.c_contiguous
    )
    small = stack.thumbnail(slice(0, 6), slice(0, 6), 3)
    np.testing.assert_array_equal(small[1], plane_of(4).thumbnail(slice(0, 6), slice(0, 6), 3))


def test_what_only_one_plane_has_is_not_that_of_the_stack():
    first = plane_of(1)
    first.note = "its own"
    stack = PlaneStack((first, plane_of(4)))
    assert not hasattr(stack, "note")
    assert (stack.shape, stack.colours, stack.window) == ((6, 7), 3, first.window)
    block = stack.read(*HERE)
    np.testing.assert_array_equal(stack.normalised(block)[0], first.normalised(first.read(*HERE)))


def test_planes_with_other_windows_wait_for_their_like():
    windows = [Window(0, 9), Window(0, 99)]
    planes = [(n, plane_of(n % 5, window=windows[n % 2])) for n in range(7)]
    found = [numbers for numbers, _ in in_stacks(planes, lambda: 2)]
    assert found == [(0, 2), (1, 3), (4, 6), (5,)]


def test_a_grey_plane_of_colours_stays_alone():
    grey = plane_of(1)
    grey.is_grey = True
    planes = list(enumerate([plane_of(0), grey, plane_of(2)]))
    assert [numbers for numbers, _ in in_stacks(planes, lambda: 9)] == [(1,), (0, 2)]


def taken_before_each_stack(planes, most: int) -> list[int]:
    """Return how many planes were taken, and so read, before each stack came."""
    taken = []
    numbered = ((taken.append(n), (n, plane))[1] for n, plane in enumerate(planes))
    return [len(taken) for _ in in_stacks(numbered, lambda: most)]


def test_frames_of_a_steady_series_do_not_wait_for_their_like():
    shared = [Shared(Correction(gain, 0.0)) for gain in (1.5, 1.25, 1.125)]
    frames = [ImagePlane(IMAGE, (0,), layout=LAYOUT, window=Window(0, 9), shared=s) for s in shared]
    assert taken_before_each_stack(frames, 9) == [1, 2, 3]


def test_few_planes_wait_however_many_windows_there_are():
    planes = [plane_of(0, window=Window(0, 9 + n)) for n in range(30)]
    counts = taken_before_each_stack(planes, 2)
    waiting = [count - gone for gone, count in enumerate(counts)]
    assert max(waiting) == 8
    assert len(counts) == 30
