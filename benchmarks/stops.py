"""Start and stop fine-tunings by clicks in the real window, and count the resources that stay.

    python benchmarks/stops.py [--times 50]

Under Linux without a screen: xvfb-run -s "-screen 0 1280x720x24" python benchmarks/stops.py
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import napari
import numpy as np
import psutil
from qtpy.QtWidgets import QApplication

PRINTED_EACH = 10


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    arguments = parser.parse_args()
    viewer = napari.Viewer()
    viewer.add_image(np.random.default_rng(0).integers(0, 60, (128, 128, 3), np.uint8))
    _, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Fine-tune")
    wait_for(lambda: dock.form.start.count() >= 4)
    for combo, data in ((dock.form.start, "zero-dce-pp"), (dock.form.length.unit, "steps")):
        combo.setCurrentIndex(combo.findData(data))
        combo.activated.emit(combo.currentIndex())
    dock.form.fields["steps"].value = 100_000
    dock.form.fields["crop"].value = 32
    print("| starts and stops | children | file handles | threads | memory, MiB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as runs:
        dock.runs.setText(runs)
        for number in range(1, arguments.times + 1):
            dock.panel.button.click()
            wait_for(lambda: dock.panel.state == "running" and dock.training.history.step > 0)
            dock.panel.button.click()
            wait_for(lambda: dock.panel.state == "idle")
            if number == 1 or number % PRINTED_EACH == 0:
                print(f"| {number} | {' | '.join(what_is_left())} |", flush=True)
            time.sleep(1.1)  # the name of a run has the second
    os._exit(0)


def what_is_left() -> list[str]:
    """Return the numbers of child processes, file handles, threads and MiB of this process."""
    gc.collect()
    own = psutil.Process()
    children = [child for child in own.children(recursive=True) if "python" in child.name()]
    memory = own.memory_info().rss / 2**20
    return [str(len(children)), str(own.num_fds()), str(own.num_threads()), f"{memory:.0f}"]


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> None:
    """Run the window until a condition is true."""
    until = time.monotonic() + seconds
    while not condition():
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() > until:
            raise SystemExit("nothing happened for too long")


if __name__ == "__main__":
    main()
