"""Run a command that writes only inside this clone, optionally on a virtual screen.

    python scripts/in_clone.py [--virtual-screen] COMMAND [ARGUMENT...]

The command's home is ``.cache/home``: settings and caches of napari, Qt, fonts and shaders go
there, and the developer's own settings stay unchanged. The virtual screen is a real X server with
OpenGL in software; Qt's "offscreen" platform has no OpenGL, and napari cannot draw on it. On macOS
and Windows the command uses the real screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
SCREEN = "-screen 0 1280x1024x24 +extension GLX -noreset"


def environment_inside(clone: Path) -> dict[str, str]:
    """Return this process's environment with all folders for writing moved into `clone`."""
    home, temporary = clone / ".cache" / "home", clone / ".cache" / "tmp"
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    moved = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in moved}
    # The key to a real screen is in the real home.
    environment.setdefault("XAUTHORITY", str(Path.home() / ".Xauthority"))
    environment.update(HOME=str(home), TMPDIR=str(temporary))
    return environment


def on_virtual_screen(command: list[str], environment: dict[str, str]) -> list[str]:
    """Return `command` wrapped to run on its own X server; this changes `environment`."""
    for name in ("WAYLAND_DISPLAY", "XAUTHORITY"):
        environment.pop(name, None)
    environment.update(LIBGL_ALWAYS_SOFTWARE="1", QT_QPA_PLATFORM="xcb", XDG_SESSION_TYPE="x11")
    windows = CLONE / "scripts" / "floating-windows"
    managed = f'herbstluftwm -c "{windows}" >/dev/null 2>&1 & exec "$@"'
    return [
        "xvfb-run",
        "--auto-servernum",
        f"--server-args={SCREEN}",
        "sh",
        "-c",
        managed,
        "sh",
        *command,
    ]


def main() -> int:
    """Run the command from the command line and return its exit status."""
    command, environment = sys.argv[1:], environment_inside(CLONE)
    virtual_screen = command[0] == "--virtual-screen"
    if virtual_screen:
        command = command[1:]
    if virtual_screen and sys.platform == "linux":
        command = on_virtual_screen(command, environment)
    if os.name == "posix":
        # It replaces this process, so that a signal reaches the command and not its parent.
        os.execvpe(command[0], command, environment)
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
