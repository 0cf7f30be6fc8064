"""A demo on a dark sample image: in napari if there is a display, else as a picture."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

OUTPUT = Path(__file__).resolve().parents[1] / "output"


def has_display() -> bool:
    """Return whether a window can be opened: a DISPLAY without an X server does not count."""
    if sys.platform != "linux":
        return "SSH_CONNECTION" not in os.environ
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    if not os.environ.get("DISPLAY"):
        return False
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    return bool(x11.XOpenDisplay(None))


def open_napari() -> None:
    """Open napari with the dark sample image and the Enhance dock, until the user closes it."""
    import napari
    from qtpy.QtCore import QTimer

    viewer = napari.Viewer()
    viewer.window.resize(1280, 720)
    viewer.open_sample("napari-zerodce", "night")
    viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    # The layout of the window gives space of the canvas to the dock; fit the image again then.
    QTimer.singleShot(0, viewer.reset_view)
    napari.run()


def write_picture() -> Path:
    """Enhance the dark sample with the command line; return a picture of before and after."""
    samples = resources.files("napari_zerodce") / "samples"
    OUTPUT.mkdir(exist_ok=True)
    enhanced, picture = OUTPUT / "night-enhanced.png", OUTPUT / "night-before-and-after.png"
    with resources.as_file(samples / "night.png") as source:
        command = [sys.executable, "-m", "napari_zerodce", "enhance", str(source)]
        subprocess.run([*command, "--output", str(enhanced), "--overwrite"], check=True)
        pair = [np.asarray(Image.open(path).convert("RGB")) for path in (source, enhanced)]
    Image.fromarray(np.hstack(pair)).save(picture)
    return picture


def main() -> None:
    """Run the demo that this machine can show."""
    if has_display():
        print("Opening napari: press Enhance in the dock on the right.", flush=True)
        open_napari()
    else:
        picture = write_picture()
        print(f"No display here, so napari was not opened. Before and after: {picture}")


if __name__ == "__main__":
    main()
