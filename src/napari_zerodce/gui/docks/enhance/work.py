"""The work of the Enhance dock's jobs in their worker threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_zerodce.checkpoints.registry import RegistryEntry
    from napari_zerodce.gui.layers.time_series import MeasuredSeries
    from napari_zerodce.gui.session.jobs import Work


def finding_devices() -> Work:
    """Return the work that lists all devices of this machine; it asks torch about GPUs, if any."""

    def work(_report: Report, _should_stop: ShouldStop) -> Any:
        from napari_zerodce.device import available_devices

        return available_devices()

    return work


def measuring_brightness(series: Sequence[MeasuredSeries]) -> Work:
    """Return the work that measures series; it gives numbers and brightness of frames of each."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        def told(done: int, total: int) -> None:
            report(Progress(done, total, f"Measuring frame {done + 1} of {total}"))

        return tuple(each.brightness(should_stop=should_stop, on_frame=told) for each in series)

    return work


def downloading(entries: tuple[RegistryEntry, ...]) -> Work:
    """Return the work that downloads checkpoints; its result is their names in the registry."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.checkpoints.download import download_published

        total = sum(entry.size or 0 for entry in entries)
        before = 0
        for entry in entries:
            done_before = before

            def show(done: int, _: int, title: str = entry.title, base: int = done_before) -> None:
                message = f"Downloading {title}: {done / 1024:.0f} KiB"
                report(Progress(base + done, total, message))

            download_published(entry, report=show, should_stop=should_stop)
            before += entry.size or 0
        return tuple(entry.name for entry in entries)

    return work
