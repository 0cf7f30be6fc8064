"""Install, use and remove the plugin as users do: by napari's plugin manager.

Usage: python scripts/try_plugin_manager.py FOLDER PICTURES
Under Linux without a screen: python scripts/in_clone.py --virtual-screen python scripts/...

In an environment with nothing but napari, the wheel in FOLDER is dropped on the dialog. A new one
must have the docks and the sample, and enhance it; then the dialog removes the plugin, and nothing
of it may stay. Then all of it again with the plugin's name, which pip finds in FOLDER as on PyPI.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from try_packages import NAPARI, files_of, make_environment, run

PLUGIN = "napari-zerodce"
STEPS = Path(__file__).with_name("plugin_manager_steps.py")


def main(folder: str, pictures: str) -> None:
    """Go through both ways; exit with the output of the first step that fails."""
    packages, shown = Path(folder).resolve(), Path(pictures).resolve()
    shown.mkdir(parents=True, exist_ok=True)
    (wheel,) = packages.glob("*.whl")
    with tempfile.TemporaryDirectory() as place:
        python = make_environment(Path(place))
        run(python, "-m", "pip", "install", NAPARI)
        home = Path(place, "home")
        surroundings = environment(home, packages)
        for way, package in (("dropped", str(wheel)), ("typed", PLUGIN)):
            before = ours_in(python, home)
            for number, step in enumerate(("install", "use", "uninstall", "gone"), 1):
                picture = shown / f"{way}-{number}-{step}.png"
                take_step(python, step, picture, package, surroundings)
                print(f"{way}: {step} works.", flush=True)
            report_rest(ours_in(python, home) - before)


def environment(home: Path, packages: Path) -> dict[str, str]:
    """Return the variables for a napari with a home of its own, whose pip knows our folder."""
    home.mkdir()
    links = f"{packages} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
    homes = {name: str(home) for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")}
    return {**os.environ, **homes, "PIP_FIND_LINKS": links}


def take_step(
    python: Path, step: str, picture: Path, package: str, surroundings: dict[str, str]
) -> None:
    """Start napari for one step and wait for its end."""
    command = [str(python), str(STEPS), step, str(picture), package]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=surroundings, timeout=1800
    )
    if done.returncode:
        sys.exit(f"{step}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    print(done.stdout, end="", flush=True)


def ours_in(python: Path, home: Path) -> set[str]:
    """Return the files of the plugin in the environment, and those in the home that name it."""
    installed = {path for path in files_of(python) if "zerodce" in path}
    kept = [path for path in home.rglob("*") if path.is_file()]
    return installed | {str(path) for path in kept if names_us(path)}


def names_us(path: Path) -> bool:
    """Return whether a file's path or content names the plugin."""
    content = path.read_bytes().lower()
    return "zerodce" in str(path) or b"zerodce" in content or b"zero-dce" in content


def report_rest(rest: set[str]) -> None:
    """Print what stays in the home; exit if anything stays in the environment."""
    for path in sorted(rest):
        print(f"  stays: {path}")
    if any("site-packages" in path for path in rest):
        sys.exit("The plugin manager did not remove the whole plugin.")


if __name__ == "__main__":
    main(*sys.argv[1:])
