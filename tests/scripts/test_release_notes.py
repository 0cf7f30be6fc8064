"""Which tags may publish, and what the release says: a changelog by hand."""

from __future__ import annotations

import pytest
from release_notes import release_notes, with_absolute_links

CHANGELOG = """# Changelog

## [1.1.0] - unreleased

- Later.

## [1.0.0] - 2026-12-01

### Added

- First.

## [0.9.0] - 2026-11-01

- Before.
"""


def test_notes_are_the_section_of_the_version() -> None:
    assert release_notes("v1.0.0", "1.0.0", CHANGELOG) == "### Added\n\n- First."
    assert release_notes("v0.9.0", "0.9.0", CHANGELOG) == "- Before."


def test_links_lead_to_the_tag() -> None:
    notes = "[a](docs/a.md#b) [c](https://c.org)"
    expected = "[a](https://d.org/blob/v1/docs/a.md#b) [c](https://c.org)"
    assert with_absolute_links(notes, "https://d.org/blob/v1") == expected


def test_a_tag_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"v1\.0\.1 is not .* expected v1\.0\.0"):
        release_notes("v1.0.1", "1.0.0", CHANGELOG)


@pytest.mark.parametrize("version", ["1.1.0", "2.0.0", "1.0"])
def test_a_version_without_a_dated_section_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="no section"):
        release_notes(f"v{version}", version, CHANGELOG)
