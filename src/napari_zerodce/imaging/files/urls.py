"""The name of an image: a path of the file system, or a URL that fsspec opens."""

from __future__ import annotations

from pathlib import Path, PurePosixPath


class Url(str):
    """A URL such as s3://bucket/cells.ome.zarr, with what the names of files are asked for."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """What is behind the last slash."""
        return PurePosixPath(self).name

    @property
    def suffix(self) -> str:
        """The ending of the name, with its dot."""
        return PurePosixPath(self).suffix

    def __truediv__(self, name: str) -> Url:
        return Url(f"{self.rstrip('/')}/{name}")


Named = Path | Url
"""Where an image is, or is to be."""


def named(text: str | Path) -> Named:
    """Return a path, or a URL if the text is one.

    Parameters
    ----------
    text : str or Path
        A URL has a scheme and ``://``; file:// is a path.
    """
    if isinstance(text, Path):
        return text
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    return Url(text) if "://" in text else Path(text)
