"""Print what the changelog says of a version, if a tag may name it.

Usage: python scripts/release_notes.py vX.Y.Z
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]


def main(tag: str) -> None:
    """Print the notes of the release; exit with a sentence if the tag does not fit the clone."""
    project = tomllib.loads((CLONE / "pyproject.toml").read_text("utf-8"))["project"]
    try:
        notes = release_notes(tag, project["version"], (CLONE / "CHANGELOG.md").read_text("utf-8"))
    except ValueError as error:
        sys.exit(str(error))
    print(with_absolute_links(notes, f"{project['urls']['Source Code']}/blob/{tag}"))


def release_notes(tag: str, version: str, changelog: str) -> str:
    """Return the changelog's section of a version.

    Raises
    ------
    ValueError
        If the tag names another version, or the changelog has no section of it with a date.
    """
    if tag != f"v{version}":
        raise ValueError(
            f"The tag {tag} is not the version of pyproject.toml: expected v{version}."
        )
    heading = re.compile(rf"^## \[{re.escape(version)}\] - (.*)$", re.MULTILINE)
    found = heading.search(changelog)
    if not found or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", found[1]):
        raise ValueError(f"CHANGELOG.md has no section '## [{version}] - YYYY-MM-DD'.")
    return re.split(r"^## ", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()


def with_absolute_links(notes: str, clone: str) -> str:
    """Return notes whose links lead to the release's own tag; on its page, others lead nowhere."""
    return re.sub(r"\]\((?!https:|#)", f"]({clone}/", notes)


if __name__ == "__main__":
    main(*sys.argv[1:])
