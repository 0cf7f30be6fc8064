"""What jobs do in their threads; torch is imported there and not before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.checkpoints.download import download_published
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.engine.forecast import forecast
from napari_zerodce.engine.messages import (
    EnhanceRequest,
    MapKind,
    Progress,
    Report,
    ShouldStop,
)
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.files import READABLE_SUFFIXES, read_image
from napari_zerodce.imaging.image_folder import images_below
from napari_zerodce.imaging.intensity import WindowChoice, resolve_window
from napari_zerodce.imaging.planes import SelectedPlane
from napari_zerodce.training.pictures import read_pictures
from napari_zerodce.training.prepare import TrainingWish, prepare

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.registry import RegistryEntry
    from napari_zerodce.engine.look import Look
    from napari_zerodce.engine.view import View
    from napari_zerodce.gui.jobs import Work
    from napari_zerodce.gui.on_screen import OnScreen


def enhancing(request: EnhanceRequest) -> Work:
    """Return the work that gives an `EnhanceResult`."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.enhance import enhance

        return enhance(request, report=report, should_stop=should_stop)

    return work


class ViewWish:
    """The curves of what is on screen, wished for; two wishes with the same key are the same.

    Parameters
    ----------
    request : EnhanceRequest
        Of the whole layer: one window serves all its planes.
    screen : OnScreen
    """

    def __init__(self, request: EnhanceRequest, screen: OnScreen) -> None:
        self.request = request
        self.screen = screen
        part = screen.part
        self.key = (
            id(request.image),
            screen.index,
            (part.rows.start, part.rows.stop, part.columns.start, part.columns.stop, part.step),
            str(request.checkpoint),
            request.window,
            request.device,
            request.precision,
            request.scale_factor,
        )


def viewing(wish: ViewWish) -> Work:
    """Return the work that gives the `View` of what is on screen; the last ones are remembered."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.view import estimate_view

        request = with_known_window(wish.request, should_stop)

        def estimate() -> Any:
            plane, part = wish.screen.plane()
            view = estimate_view(
                replace(request, image=plane), part, report=report, should_stop=should_stop
            )
            return replace(view, part=wish.screen.part)

        # A fine-tuned checkpoint may be written to the same file again.
        written = resolve(str(request.checkpoint)).stat().st_mtime_ns
        return _views.get((wish.key, written), request.image, estimate)

    return work


def with_known_window(request: EnhanceRequest, should_stop: ShouldStop) -> EnhanceRequest:
    """Return a request whose window is two numbers: that of the whole layer, for all its planes."""
    window = _windows.get(
        (id(request.image), request.window),
        request.image,
        lambda: resolve_window(
            request.image, request.window, channels=request.channels, should_stop=should_stop
        ),
    )
    return replace(request, window=WindowChoice("range", window.low, window.high))


def comparing(view: View, look: Look) -> Work:
    """Return the work that gives the `Trust` of a look."""

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.trust import measure_trust

        return measure_trust(view, look, view.render(look))

    return work


def comparing_file(path: Path, data: Any) -> Work:
    """Return the work that says what is wrong with a file as the source of a layer, "" if nothing.

    `data` are the layer's pixels; None if they are gone.
    """

    def work(_report: Report, _should_stop: ShouldStop) -> str:
        if data is None:
            return "the source layer is gone: whether its file has changed cannot be checked."
        try:
            array = read_image(path).array
        except ImageError as err:
            return f"the command cannot read the source: {err}"
        if array.shape != data.shape or array.dtype != data.dtype:
            return (
                f"{path.name} holds {_kind(array)}, and the layer {_kind(data)}: napari opened it "
                "in another way; save the layer as a TIFF and enhance that."
            )
        # Plane by plane, so that a stack on a disk is never in memory.
        planes = zip(array, data, strict=True) if array.ndim > 3 else [(array, data)]
        kind = array.dtype.kind == "f"
        same = all(
            np.array_equal(np.asarray(one), np.asarray(other), equal_nan=kind)
            for one, other in planes
        )
        return "" if same else f"{path.name} holds other pixels than the layer; it has changed."

    return work


def _kind(array: Any) -> str:
    return f"{'x'.join(map(str, array.shape))} {np.dtype(array.dtype).name}"


def mapping(request: EnhanceRequest, index: tuple[int, ...], kind: MapKind, *, step: int) -> Work:
    """Return the work that gives a `MappedPlane`, of every few pixels of a plane of an image."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.maps import fill_maps, in_memory

        known = with_known_window(request, should_stop)
        plane = replace(known, image=SelectedPlane(request.image, index))
        maps = fill_maps(plane, kind, in_memory, step=step, report=report, should_stop=should_stop)
        info = read_info(str(request.checkpoint), scale_factor=request.scale_factor)
        return MappedPlane(known, index, info, maps)

    return work


def mapping_lazily(
    request: EnhanceRequest, index: tuple[int, ...], kind: MapKind, *, step: int
) -> Work:
    """Return the work that gives a `MappedPlane` whose maps are those of all planes, lazily."""

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.lazy_maps import lazy_maps

        known = with_known_window(request, should_stop)
        info = read_info(str(request.checkpoint), scale_factor=request.scale_factor)
        return MappedPlane(known, (0,) * len(index), info, lazy_maps(known, kind, step=step))

    return work


@dataclass(frozen=True)
class MappedPlane:
    """Maps of one plane.

    Parameters
    ----------
    request : EnhanceRequest
        Of the whole image, with its window as two numbers.
    index : tuple of int
        The plane, or the first one if the maps are those of all planes.
    checkpoint : CheckpointInfo
    maps : ndarray, shape (8, C, rows, columns), float32
        Or a dask array of shape (8, ..., C, rows, columns).
    """

    request: EnhanceRequest
    index: tuple[int, ...]
    checkpoint: CheckpointInfo
    maps: Any


def forget_views() -> None:
    """Estimate everything anew from now on."""
    _views.clear()
    _windows.clear()


class _Remembered:
    """The last few results, each with the array it was made from."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[Any, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any, image: Any, make: Callable[[], Any]) -> Any:
        """Return the result for a key; the key has the image's identity, which may be reused."""
        with self._lock:
            found = self._results.get(key)
        if found is not None and found[0] is image:
            return found[1]
        result = make()
        with self._lock:
            self._results[key] = (image, result)
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return result

    def clear(self) -> None:
        """Keep nothing, no image either."""
        with self._lock:
            self._results.clear()


_views = _Remembered(2)
_windows = _Remembered(4)


def checking(source: str | Path) -> Work:
    """Return the work that gives the `CheckpointInfo` of a checkpoint that can be loaded."""
    return lambda _report, _should_stop: read_info(source)


def forecasting(request: EnhanceRequest) -> Work:
    """Return the work that gives the `Forecast` for a request."""
    return lambda _report, should_stop: forecast(request, should_stop=should_stop)


def preparing(wish: TrainingWish, images: Path | None, output: Path) -> Work:
    """Return the work that samples crops and gives a run's `RunFolder`.

    `images` is a folder whose images are added to the wish's pictures, with the window of the first
    one, or the automatic one.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        pictures, notices = list(wish.pictures), list[str]()
        if images is not None:
            found = list(images_below(images, READABLE_SUFFIXES))
            if not found and not pictures:
                raise RequestError(f"There is no image in {images}; choose another folder.")
            window = pictures[0].window if pictures else WindowChoice("auto")
            shared = window if window.kind != "range" else WindowChoice("auto")
            seed = int(wish.changes.get("seed", 0))
            read, notices = read_pictures(found, shared, seed=seed, should_stop=should_stop)
            pictures += read
        whole = replace(wish, pictures=pictures, notices=notices)
        return prepare(whole, output, should_stop=should_stop)

    return work


def finding_devices() -> Work:
    """Return the work that gives all devices of this machine; it loads torch."""

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.device import available_devices

        return available_devices()

    return work


def downloading(entries: tuple[RegistryEntry, ...]) -> Work:
    """Return the work that fetches published checkpoints and gives their registry names."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        total = sum(entry.size or 0 for entry in entries)
        before = 0
        for entry in entries:
            done_before = before

            def tell(done: int, _: int, title: str = entry.title, base: int = done_before) -> None:
                message = f"Downloading {title}: {done / 1024:.0f} KiB"
                report(Progress(base + done, total, message))

            download_published(entry, report=tell, should_stop=should_stop)
            before += entry.size or 0
        return tuple(entry.name for entry in entries)

    return work
