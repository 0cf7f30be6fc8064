"""One kind of image file: its name and suffixes, whether it is written, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from napari_zerodce.errors import ImageError


@dataclass(frozen=True)
class FileKind:
    """A kind of image file, as users know it.

    Parameters
    ----------
    title : str
        Such as "JPEG".
    suffixes : tuple of str
        Lower-case and with the dot.
    is_written : bool
        Whether files of this kind are written, too.
    is_lossy : bool
        Whether a file holds only nearly the samples that are written.
    has_quality : bool
        Whether the user may choose its quality, from 1 to 100.
    result : str
        The suffix of results from files that are not written, such as ".tif".
    modules : tuple of str
        Modules beyond the dependencies of the package, as they are imported.
    extra : str
        The extra of the package that installs them.
    """

    title: str
    suffixes: tuple[str, ...]
    is_written: bool = True
    is_lossy: bool = False
    has_quality: bool = False
    result: str = ".tif"
    modules: tuple[str, ...] = ()
    extra: str = "formats"

    @property
    def is_installed(self) -> bool:
        """Whether all that reading needs is there. Nothing is imported."""
        return all(find_spec(module) for module in self.modules)

    @property
    def install_line(self) -> str:
        """The line that installs what reading needs."""
        return f'pip install "napari-zerodce[{self.extra}]"'

    def check_installed(self, name: str) -> None:
        """Raise an `ImageError` if a file of this kind needs a package that is not installed.

        Parameters
        ----------
        name : str
            Of the file.
        """
        if not self.is_installed:
            raise ImageError(
                f"{name} is of the kind {self.title}, whose package is not installed; "
                f"install it with {self.install_line}, and start again."
            )
