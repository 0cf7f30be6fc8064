"""The papers of the networks stand wherever somebody looks for what to cite."""

from __future__ import annotations

import re
from pathlib import Path

from napari_zerodce.export.papers import PAPERS

REPOSITORY = Path(__file__).parents[2]


def test_the_citation_file_and_the_readme_have_all_papers() -> None:
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert sorted(re.findall(r"doi: (\S+)", citation)) == sorted(
        each.doi for each in PAPERS.values()
    )
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for paper in PAPERS.values():
        assert f"title: {paper.title}\n" in citation
        assert paper.title in readme
