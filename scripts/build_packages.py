"""Build the sdist and the wheel, and check that they hold what a user needs and nothing else.

Usage: python scripts/build_packages.py FOLDER

Both hold exactly the files that git knows, the wheel only those of the package and its pages. The
wheel is the same, byte for byte, from the sdist and from the clone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
LIMIT = 10_000_000  # bytes; the wheel has 5 million, most of them pictures and weights
# Where the wheel has what is elsewhere in the clone.
MOVED = {"src/napari_zerodce/": "napari_zerodce/", "docs/": "napari_zerodce/docs/"}
RELATIVE_LINK = re.compile(r"\]\((?!https:|#)[^)]*\)")


def main(folder: str) -> None:
    """Build both packages in a folder; exit with a sentence for each defect."""
    out = Path(folder)
    for old in out.glob("napari_zerodce-*"):
        old.unlink()
    _build("--outdir", str(out))
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    with tempfile.TemporaryDirectory() as apart:
        _build("--wheel", "--outdir", apart)
        same = Path(apart, wheel.name).read_bytes() == wheel.read_bytes()
    found = [] if same else ["The wheel from the sdist differs from the wheel from the clone."]
    found += defects(sdist, wheel)
    if found:
        sys.exit("\n".join(found))
    for path in (sdist, wheel):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _build(*options: str) -> None:
    command = [sys.executable, "-m", "build", *options, str(CLONE)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def defects(sdist: Path, wheel: Path) -> list[str]:
    """Return a sentence for each thing that is wrong in a package of this clone."""
    tracked = tracked_files(CLONE)
    in_sdist, in_wheel = sdist_files(sdist), wheel_files(wheel)
    metadata = _metadata(in_wheel)
    return [
        *differences(sdist.name, set(in_sdist) - {"PKG-INFO"}, expected_in_sdist(tracked)),
        *differences(wheel.name, _without_metadata(in_wheel), expected_in_wheel(tracked)),
        *machine_paths(in_sdist),
        *machine_paths(in_wheel),
        *relative_links(metadata),
        *wrong_version(metadata, CLONE / "pyproject.toml"),
        *(f"{each.name} is too large." for each in (sdist, wheel) if each.stat().st_size > LIMIT),
    ]


def tracked_files(clone: Path) -> set[str]:
    """Return the paths of all files that git knows."""
    listed = subprocess.run(["git", "ls-files"], cwd=clone, check=True, capture_output=True)
    return set(listed.stdout.decode().splitlines())


def expected_in_wheel(tracked: set[str]) -> set[str]:
    """Return the paths that a wheel of these files has, without its metadata."""
    return {
        path.replace(source, target, 1)
        for path in tracked
        for source, target in MOVED.items()
        if path.startswith(source)
    }


def expected_in_sdist(tracked: set[str]) -> set[str]:
    """Return the paths that an sdist of these files has, without its metadata."""
    return {path for path in tracked if not path.startswith(".github/")}


def wheel_files(path: Path) -> dict[str, bytes]:
    """Return the contents of a wheel's files by their paths."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sdist_files(path: Path) -> dict[str, bytes]:
    """Return the contents of an sdist's files by their paths below its one folder."""
    with tarfile.open(path) as archive:
        files = [member for member in archive if not member.isdir()]
        return {
            member.name.partition("/")[2]: file.read()
            for member in files
            if (file := archive.extractfile(member))
        }


def differences(name: str, held: set[str], expected: set[str]) -> list[str]:
    """Return a sentence for each file that is missing, and for each that should not be there."""
    missing, foreign = sorted(expected - held), sorted(held - expected)
    return [
        *(f"{name} lacks {path}." for path in missing),
        *(f"{name} holds {path}, which git does not know." for path in foreign),
    ]


def machine_paths(files: dict[str, bytes]) -> list[str]:
    """Return a sentence for each file that names a folder of this machine."""
    here = (str(CLONE).encode(), str(Path.home()).encode() + b"/")
    return [
        f"{path} names a folder of this machine."
        for path, content in files.items()
        if any(place in content for place in here)
    ]


def relative_links(metadata: Message) -> list[str]:
    """Return a sentence for each link that leads nowhere on PyPI and the napari hub."""
    links = RELATIVE_LINK.findall(str(metadata.get_payload()))
    return [f"The long description has the link {link[1:]}." for link in links]


def wrong_version(metadata: Message, project: Path) -> list[str]:
    """Return a sentence if the metadata say another version than the project."""
    version = tomllib.loads(project.read_text("utf-8"))["project"]["version"]
    return [] if metadata["Version"] == version else [f"The wheel's version is not {version}."]


def _metadata(in_wheel: dict[str, bytes]) -> Message:
    (text,) = (text for path, text in in_wheel.items() if path.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(text)


def _without_metadata(in_wheel: dict[str, bytes]) -> set[str]:
    return {path for path in in_wheel if ".dist-info/" not in path}


if __name__ == "__main__":
    main(*sys.argv[1:])
