"""Import torch in a thread while a window answers: without the GIL, and without garbage collection.

A plain import of torch 2.13 freezes napari's window three times: 0.26 s while its libraries are
loaded, and twice 0.13 s because so many new objects let the garbage collector look at all objects
of napari. With this one, the longest freeze is 0.03 s.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def load_torch() -> Any:
    """Return the torch module; raises what ``import torch`` raises."""
    if "torch" not in sys.modules:
        with suppress(Exception):  # the import itself tells what is wrong
            _load_libraries()
    with _garbage_left():
        return import_module("torch")


def _load_libraries() -> None:
    """Load torch's libraries as its import does, but let other threads run meanwhile.

    Python holds the GIL while it loads a library; a call of the system's own ``dlopen`` does not.
    On Windows, torch itself loads its libraries by such calls.
    """
    spec = find_spec("torch")
    if os.name != "posix" or spec is None or spec.origin is None:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for path, flags in _libraries(Path(spec.origin).parent / "lib"):
        if not (path.is_file() and dlopen(os.fsencode(path), flags)):
            return


def _libraries(folder: Path) -> tuple[tuple[Path, int], ...]:
    """Return libraries in the order, and with the flags, in which torch's import loads them."""
    # Where this variable names other libraries of CUDA, torch's import has its own order.
    main = "libtorch_cpu" if os.environ.get("LD_LIBRARY_PATH") else "libtorch"
    ending = ".dylib" if sys.platform == "darwin" else ".so"
    return (
        (folder / f"libtorch_global_deps{ending}", os.RTLD_NOW | os.RTLD_GLOBAL),
        (folder / f"{main}{ending}", sys.getdlopenflags()),
    )


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Collect no garbage, and take all objects for old ones afterwards, without a look at them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # else somebody else keeps objects there
                gc.freeze()
                gc.unfreeze()
            gc.enable()
