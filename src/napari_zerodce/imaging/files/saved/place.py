"""A folder on a disk or behind a URL, in which files appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.urls import Named
from napari_zerodce.whole_file import write_whole


@dataclass(frozen=True)
class Place:
    """A folder, which need not exist.

    Parameters
    ----------
    path : Path or Url
    """

    path: Named

    @property
    def local(self) -> Path | None:
        """The folder on a disk, None if it is behind a URL."""
        return self.path if isinstance(self.path, Path) else None

    def __truediv__(self, name: str) -> Place:
        return Place(self.path / name)

    def store(self) -> Any:
        """Return the store of Zarr for this folder."""
        from zarr.storage import FsspecStore, LocalStore

        return (
            LocalStore(self.path)
            if isinstance(self.path, Path)
            else FsspecStore.from_url(self.path)
        )

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None if there is none."""
        try:
            if self.local is not None:
                return (self.local / name).read_bytes()
            files, root = self._files()
            content: bytes = files.cat_file(f"{root}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all; its folder is created."""
        if self.local is None:
            files, root = self._files()
            files.pipe_file(f"{root}/{name}", content)
            return
        path = self.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)

    def names(self) -> set[str]:
        """Return the names of all files below the folder, with the folders between."""
        if self.local is not None:
            found = (
                Path(folder, name) for folder, _, names in os.walk(self.local) for name in names
            )
            return {path.relative_to(self.local).as_posix() for path in found}
        return set(self.sizes())

    def sizes(self) -> dict[str, int]:
        """Return the bytes of all files below the folder, by their names as `names` has them."""
        if self.local is not None:
            return {name: (self.local / name).stat().st_size for name in self.names()}
        files, root = self._files()
        files.invalidate_cache()
        found = files.find(root, detail=True)
        return {path.removeprefix(root).lstrip("/"): facts["size"] for path, facts in found.items()}

    def flush(self, names: Iterable[str]) -> None:
        """Return when files are on the disk, also if the power fails; missing ones are ignored."""
        if self.local is None:  # a URL answers when it has the file
            return
        for name in names:
            path = self.local / name
            if path.exists():
                with path.open("rb+") as file:
                    os.fsync(file.fileno())

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        if self.local is not None:
            shutil.rmtree(self.local, ignore_errors=True)
            return
        files, root = self._files()
        files.invalidate_cache()
        if files.exists(root):
            files.rm(root, recursive=True)

    def _files(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        try:
            files, root = url_to_fs(self.path)
        except ValueError as err:
            if "protocol not known" not in str(err).lower():
                raise
            scheme = str(self.path).partition("://")[0]
            raise ImageError(
                f"The protocol {scheme}:// is unknown; write one that fsspec knows, such as s3:// "
                "or https://."
            ) from err
        return files, str(root).rstrip("/")
