"""A result whose tiles are computed where the user looks: its lazy levels, and their blocks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.utils.notifications import show_error

from napari_zerodce.engine.memory import room_for_blocks
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.lazy_array import BlockKey, Grid, LazyArray, urgency
from napari_zerodce.gui.layers.lazy_blocks import Block, LazyBlocks
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.session.session import Session
from napari_zerodce.imaging.blank_chunks import BlankChunks, with_blank_chunks
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.recent_chunks import tile_sides, with_recent_chunks
from napari_zerodce.imaging.reduced_level import ReducedLevel, draft_level, reduced_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_zerodce.engine.lazy import EnhancedLevel, LazyEnhancement
    from napari_zerodce.engine.requests import Report
    from napari_zerodce.gui.session.jobs import Work
    from napari_zerodce.stopping import ShouldStop

_PART_OF_MEMORY: Final = 0.25
"""Of the free memory, for the tiles of a layer."""

_MOST_NAMED: Final = 5


class LazyResult:
    """The lazy levels of a result; their blocks keep it alive.

    Parameters
    ----------
    session : Session
    source : Source
    request : EnhanceRequest
        A request for that source.

    Raises
    ------
    ImageError, RequestError
        If the source or its part is invalid.
    """

    def __init__(self, session: Session, source: Source, request: EnhanceRequest) -> None:
        self.images: list[Any] = []
        """The levels of the source that are read, the finest first, with any draft as the last."""
        self._readable: list[Any] = []
        """The same; chunks that cannot be read are blank: what is on screen has the others."""
        self._shown: LazyEnhancement | None = None
        self._name = source.shown_name
        self._told: set[str] = set()
        self.blocks = LazyBlocks(
            session,
            title=f"Zero-DCE: enhancing what is on screen of {source.name}",
            compute=partial(LazyResult._work, self),
            most_bytes=room_for_blocks(_PART_OF_MEMORY),
            urgency=urgency,
            held=True,
        )
        self.blocks.failed.connect(partial(LazyResult._on_failed, self))
        self.blocks.arrived.connect(partial(LazyResult._on_arrived, self))
        self.blocks.computing.connect(partial(LazyResult._on_computing, self))
        grids = self._found_grids(source, request)
        self._arrays = self._made_arrays(grids, source)
        self.levels = [array for array in self._arrays if not array.grid.is_draft]

    def _found_grids(self, source: Source, request: EnhanceRequest) -> list[Grid]:
        """Return the grids of the levels, and that of drafts if there is one level only."""
        layout, part = request.layout, request.part
        rows = len(layout.leading)
        finest = with_recent_chunks(source.data)

        def shape_of(level: Any) -> tuple[int, ...]:
            own = layout_of(level, channels=source.channels)
            return part.scaled(layout, own).shape_in(own)

        coarser: list[Any] = []
        grids = [_grid(source.data, part.shape_in(layout), rows)]
        for level in source.levels[1:] or reduced_levels(finest, rows, part.extent):
            shape = shape_of(level)
            if shape != grids[-1].shape:  # small parts have fewer levels than the source
                coarser.append(level)
                grids.append(_grid(level, shape, rows, len(grids)))
        draft = None if coarser else draft_level(finest, rows, part.extent)
        if draft is not None:
            shape = shape_of(draft)
            coarser.append(draft)
            grids.append(Grid(shape, (shape[rows], shape[rows + 1]), rows, level=1, is_draft=True))
        self._set_images(finest, coarser, rows)
        return grids

    def _set_images(self, finest: Any, coarser: Sequence[Any], rows: int) -> None:
        readable = with_blank_chunks(finest, rows)
        self.images, self._readable = [finest], [readable]
        for level in coarser:
            self.images.append(recent := with_recent_chunks(level))
            self._readable.append(
                with_recent_chunks(level.of(readable))
                if isinstance(level, ReducedLevel)
                else with_blank_chunks(recent, rows)
            )

    def _made_arrays(self, grids: list[Grid], source: Source) -> list[LazyArray]:
        blank, dtype = _lowest(source), source.data.dtype
        made: list[LazyArray] = []
        for grid in reversed(grids):
            coarser = made[0] if made else None
            made.insert(0, LazyArray(self.blocks, grid, dtype, blank=blank, coarser=coarser))
        return made

    def begin(self, enhancement: LazyEnhancement) -> None:
        """Compute what is wanted from now on.

        Parameters
        ----------
        enhancement : LazyEnhancement
            Of `images`.
        """
        self._shown = enhancement.reading(self._readable)
        for array, level in zip(self._arrays, enhancement.levels, strict=True):
            array.computed = level
        self.blocks.begin()

    def _work(self, key: BlockKey) -> Work:
        enhancement, grid = self._shown, self._arrays[key.level].grid
        assert enhancement is not None  # the blocks are held until then
        rows, columns = (
            slice(number * side, min((number + 1) * side, length))
            for number, side, length in zip(
                (key.row, key.column), grid.tile, grid.shape[grid.rows :], strict=False
            )
        )

        def work(_report: Report, should_stop: ShouldStop) -> Block:
            level = enhancement.levels[key.level]
            tile = level.block(key.plane, rows, columns, exact=key.exact, should_stop=should_stop)
            _put_blanks(tile, level, (*(slice(n, n + 1) for n in key.plane), rows, columns))
            return (tile,)

        return work

    def _on_arrived(self, key: BlockKey) -> None:
        if not key.exact:  # exact tiles come one by one
            self._tell_unread()

    def _on_computing(self, key: BlockKey | None) -> None:
        if key is None:
            self._tell_unread()

    def _tell_unread(self) -> None:
        """Name the chunks that could not be read since the last time."""
        images = [image for image in self._readable if isinstance(image, BlankChunks)]
        new = {
            sentence: place
            for image in images
            for sentence, place in image.unread_places()
            if sentence not in self._told
        }
        if new:
            self._told.update(new)
            show_error(f"{_describe_empty(list(new.values()), self._name)}: {next(iter(new))}")

    def _on_failed(self, error: Exception) -> None:
        """Tell an error once: the other tiles of the plane may have the same."""
        if isinstance(error, ZeroDCEError) and str(error) not in self._told:
            self._told.add(str(error))
            show_error(str(error))


def _describe_empty(places: list[str], name: str) -> str:
    if len(places) == 1:
        return f"1 part of '{name}' stays empty"
    named = "; ".join([*places[:_MOST_NAMED], *(["..."] if len(places) > _MOST_NAMED else [])])
    return f"{len(places)} parts of '{name}' stay empty ({named})"


def _put_blanks(tile: np.ndarray[Any, Any], level: EnhancedLevel, region: Sequence[slice]) -> None:
    """Make pixels of a tile blank that could not be read: enhanced, they would look like pixels."""
    image = level.resolved.image
    if isinstance(image, BlankChunks):
        offset = level.resolved.part.offset
        moved = [
            slice(side.start + start, side.stop + start)
            for side, start in zip(region, offset, strict=True)
        ]
        image.put_blanks(tile[(np.newaxis,) * (len(region) - 2)], moved)


def _grid(level: Any, shape: tuple[int, ...], leading: int, number: int = 0) -> Grid:
    sides = zip(tile_sides(level, leading), shape[leading : leading + 2], strict=True)
    down, across = (min(side, length) for side, length in sides)
    return Grid(shape, (down, across), leading, level=number)


def _lowest(source: Source) -> float:
    """Return the value that is shown as black; 0, which is transparent, for colours with alpha."""
    if source.channels != "mono":
        return 0
    dtype = np.dtype(source.data.dtype)
    low = source.contrast_limits[0]
    if dtype.kind == "f":
        return low
    limits = np.iinfo(dtype)
    return min(max(round(low), int(limits.min)), int(limits.max))
