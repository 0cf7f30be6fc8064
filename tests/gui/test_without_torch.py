"""In a fresh process on a CPU, a copy, maps and a live view need no torch.

Where torch is needed, it is loaded so that the window answers: without garbage collection.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

FIRST_RESULTS = """
import gc
import sys
import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from napari_zerodce.gui.docks.adjust.dock import AdjustDock
from napari_zerodce.gui.docks.curve_maps.dock import CurveMapsDock
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import session_of

app, model = QApplication([]), ViewerModel()
ramp = np.linspace(100, 900, 48 * 64).reshape(48, 64)
photo = np.stack([ramp // 9, ramp // 12, ramp // 15], -1).astype(np.uint8)
model.add_image(ramp.astype(np.uint16), name="dark", contrast_limits=(0, 1000))
model.add_image(photo, name="photo", rgb=True)  # bfloat16, which needs torch, would not pay
session_of(model).change(device="cpu")  # a GPU needs torch

enhancing, mapping, adjusting = EnhanceDock(model), CurveMapsDock(model), AdjustDock(model)
acts = {
    "enhance": enhancing.start,
    "map": mapping.add_maps,
    "look": lambda: adjusting.live.setChecked(True),
}
for image in ("dark", "photo"):
    for name, act in acts.items():
        model.layers.selection.active = model.layers[image]
        before = len(model.layers)
        act()
        while len(model.layers) == before or Job._alive:
            app.processEvents()
        print(name, "torch" in sys.modules, flush=True)
    adjusting.live.setChecked(False)

class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "torch.version":  # early in torch's import
            print("loaded", gc.isenabled())

sys.meta_path.insert(0, Watch)
enhancing.form.fields["backend"].value = "torch"
enhancing.start()
while Job._alive:
    app.processEvents()
print(enhancing.run.message.tone, "torch" in sys.modules)
"""


@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="torch runs the networks then")
def test_first_results_on_a_cpu_load_no_torch_unless_it_is_chosen() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_RESULTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = [line.split() for line in ended.stdout.splitlines()]
    first = [["enhance", "False"], ["map", "False"], ["look", "False"]]
    assert told == [*first, *first, ["loaded", "False"], ["good", "True"]]
