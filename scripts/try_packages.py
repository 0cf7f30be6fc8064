"""Try the sdist and the wheel where nothing else is installed, without napari and beside it.

Usage: python scripts/try_packages.py FOLDER [--headless]

Each package is installed by pip into an empty environment, used on the sample photo, and removed;
nothing of it may stay. Without napari it is used without torch, too. ``--headless`` leaves out the
environment with napari.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

NAPARI = "napari[all]>=0.9"
SAMPLE = """
from importlib.resources import files
print(files("napari_zerodce") / "samples" / "night.png")
"""
IN_A_NOTEBOOK = """
import numpy as np
import napari_zerodce
dark = np.full((20, 30, 3), 20, np.uint8)
bright = napari_zerodce.enhance(dark)
assert (bright.shape, bright.dtype) == (dark.shape, dark.dtype) and bright.mean() > dark.mean()
"""


def main(folder: str, *options: str) -> None:
    """Try both packages of a folder; exit with the output of the first command that fails."""
    packages = [*Path(folder).resolve().glob("*.whl"), *Path(folder).resolve().glob("*.tar.gz")]
    if len(packages) != 2:
        sys.exit(f"{folder} should hold one sdist and one wheel: run scripts/build_packages.py.")
    try_packages(packages, napari=False)
    if "--headless" not in options:
        try_packages(packages, napari=True)


def try_packages(packages: list[Path], *, napari: bool) -> None:
    """Try each package in the same environment, which is as empty again after each."""
    where = "beside napari" if napari else "without napari"
    with tempfile.TemporaryDirectory() as place:
        python = make_environment(Path(place))
        if napari:
            run(python, "-m", "pip", "install", NAPARI)
        for package in packages:
            try_package(python, package, napari=napari)
            print(f"{package.name} works {where}.", flush=True)


def make_environment(place: Path) -> Path:
    """Make an empty environment with the newest pip in a folder, and return its Python."""
    environment = venv.EnvBuilder(with_pip=True)
    environment.create(place / "env")
    python = Path(environment.ensure_directories(place / "env").env_exe)
    run(python, "-m", "pip", "install", "--upgrade", "pip")
    return python


def try_package(python: Path, package: Path, *, napari: bool) -> None:
    """Install a package, use what it brings, and remove it."""
    before = {path for path in files_of(python) if "napari" in path}
    run(python, "-m", "pip", "install", package)
    version = package.name.removesuffix(".tar.gz").split("-")[1]
    expect(run(command(python, "napari-zerodce"), "--version"), version)
    use(python)
    if napari:
        npe2 = command(python, "npe2")
        expect(run(npe2, "list", "--fields", "name,version"), "napari-zerodce")
        run(npe2, "validate", "napari-zerodce", "--imports")
    else:
        # As on Macs with Intel processors, for which there is no torch.
        run(python, "-m", "pip", "uninstall", "--yes", "torch")
        use(python)
    run(python, "-m", "pip", "uninstall", "--yes", "napari-zerodce")
    left = {path for path in files_of(python) if "napari" in path} - before
    if left:
        sys.exit(f"After pip uninstall these files stay: {', '.join(sorted(left))}.")


def use(python: Path) -> None:
    """Use the package on the sample photo and in a script."""
    ours = command(python, "napari-zerodce")
    expect(run(ours, "info", "zero-dce"), "Zero-DCE")
    run(python, "-c", IN_A_NOTEBOOK)
    photo = run(python, "-c", SAMPLE).strip()
    with tempfile.TemporaryDirectory() as place:
        result = Path(place, "bright.png")
        run(ours, "enhance", photo, "--output", result)
        if result.stat().st_size < 10_000:
            sys.exit("The enhanced photo is nearly empty.")


def command(python: Path, name: str) -> str:
    """Return the path of a command beside an environment's Python."""
    found = shutil.which(name, path=str(python.parent))
    if found is None:
        sys.exit(f"There is no command {name} in {python.parent}.")
    return found


def files_of(python: Path) -> set[str]:
    """Return the paths of all files in an environment."""
    environment = python.parents[1]
    return {str(path.relative_to(environment)) for path in environment.rglob("*")}


def run(*words: str | Path) -> str:
    """Run a command away from the clone's modules and return what it printed."""
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(printed: str, wanted: str) -> None:
    """Exit if a command printed something else than it should."""
    if wanted not in printed:
        sys.exit(f"Expected {wanted!r} in:\n{printed}")


if __name__ == "__main__":
    main(*sys.argv[1:])
