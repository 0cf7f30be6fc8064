"""The papers of the networks, to be cited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from napari_zerodce.core.architectures import ZERO_DCE, ZERO_DCE_PP
from napari_zerodce.core.network_kinds import NetworkKind


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes
    ----------
    authors : tuple of str
    title, venue, doi : str
    """

    authors: tuple[str, ...]
    title: str
    venue: str
    doi: str

    @property
    def citation(self) -> str:
        """The paper in one line, without its DOI."""
        return f"{', '.join(self.authors)}: {self.title}. {self.venue}"


PAPERS: Final[Mapping[NetworkKind, Paper]] = {
    ZERO_DCE: Paper(
        ("C. Guo", "C. Li", "J. Guo", "C. C. Loy", "J. Hou", "S. Kwong", "R. Cong"),
        "Zero-Reference Deep Curve Estimation for Low-Light Image Enhancement",
        "CVPR 2020",
        "10.1109/CVPR42600.2020.00185",
    ),
    ZERO_DCE_PP: Paper(
        ("C. Li", "C. Guo", "C. C. Loy"),
        "Learning to Enhance Low-Light Image via Zero-Reference Deep Curve Estimation",
        "IEEE TPAMI 2021",
        "10.1109/TPAMI.2021.3063604",
    ),
    "pix2pix": Paper(
        ("P. Isola", "J.-Y. Zhu", "T. Zhou", "A. A. Efros"),
        "Image-to-Image Translation with Conditional Adversarial Networks",
        "CVPR 2017",
        "10.1109/CVPR.2017.632",
    ),
    "cyclegan": Paper(
        ("J.-Y. Zhu", "T. Park", "P. Isola", "A. A. Efros"),
        "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
        "ICCV 2017",
        "10.1109/ICCV.2017.244",
    ),
    "cut": Paper(
        ("T. Park", "A. A. Efros", "R. Zhang", "J.-Y. Zhu"),
        "Contrastive Learning for Unpaired Image-to-Image Translation",
        "ECCV 2020",
        "10.1007/978-3-030-58545-7_19",
    ),
}
