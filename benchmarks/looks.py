"""Time how long a new look of the part on screen takes.

    python benchmarks/looks.py [--side 1024] [--threads 2] [--rounds 15]

The curves of a view are estimated once; after that, every look is one `View.render`. Looks take
turns, so that a busy machine slows all of them down equally; medians count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from napari_zerodce.engine.fidelity import measure_fidelity
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import View, estimate_view
from napari_zerodce.engine.viewport import Viewport

LOOKS = {
    "as estimated": Look(),
    "strength 0": Look(strength=0),
    "strength 1.5": Look(strength=1.5),
    "4 iterations": Look(iterations=4),
    "+1 EV": Look(exposure=1),
    "global curve": Look(global_curve=True),
    "detail x2": Look(detail_gain_limit=2),
    "strength 1.5, +1 EV, detail x2": Look(strength=1.5, exposure=1, detail_gain_limit=2),
}


def images(side: int) -> dict[str, EnhanceRequest]:
    """Return the views on screen by name."""
    values = np.random.default_rng(0).random((side, side, 3)) ** 3
    rgb, mono = (values * 255).astype(np.uint8), (values[..., 0] * 65_535).astype(np.uint16)
    return {
        f"{name}, {checkpoint}": EnhanceRequest(
            image=image,
            channels="mono" if image.ndim == 2 else "rgb",
            settings=EnhanceSettings(checkpoint=checkpoint, device="cpu", precision="float32"),
        )
        for checkpoint in ("zero-dce", "zero-dce-pp")
        for name, image in (("rgb uint8", rgb), ("mono uint16", mono))
    }


def medians(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run all in turns and return their median milliseconds."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(rounds):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            found[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(times) for name, times in found.items()}


def jobs_of(request: EnhanceRequest) -> dict[str, Callable[[], object]]:
    """Return the timed work for an image: its looks, and the numbers for a mono image."""
    height, width = request.image.shape[:2]
    view = estimate_view(request, Viewport(slice(0, height), slice(0, width)))

    def render(look: Look) -> Callable[[], object]:
        return lambda: view.render(look)

    jobs = {name: render(look) for name, look in LOOKS.items()}
    if request.channels == "mono":
        jobs["(trust numbers)"] = _trust_job(view)
    return jobs


def _trust_job(view: View) -> Callable[[], object]:
    rendered = view.render(Look())
    return lambda: measure_fidelity(view, Look(), rendered)


def main() -> None:
    """Print a table: looks down, images across."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--side", type=int, default=1024, help="of the image (default: 1024)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each (default: 15)")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    print(f"{options.side}x{options.side}, {options.threads} threads, medians in ms\n")
    columns = {}
    for name, request in images(options.side).items():
        part = Viewport(slice(0, options.side), slice(0, options.side))

        def estimate(request: EnhanceRequest = request, part: Viewport = part) -> object:
            return estimate_view(request, part)

        columns[name] = {
            **medians({"(curves estimated, once)": estimate}, max(3, options.rounds // 5)),
            **medians(jobs_of(request), options.rounds),
        }
    print(f"| look | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for look in max(columns.values(), key=len):
        cells = (f"{times[look]:.0f}" if look in times else "-" for times in columns.values())
        print(f"| {look} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
