"""Reader of files that `torch.save` writes since PyTorch 1.6: zip archives with a pickle."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Final

from napari_zerodce.checkpoints.defects import Defect, listed, readable_size, shown
from napari_zerodce.checkpoints.formats.pickle_machine import PickleStream, read_pickle
from napari_zerodce.checkpoints.formats.stored_tensor import ITEM_SIZES, TensorFile
from napari_zerodce.checkpoints.formats.torch_archive import CUT_OFF, Archive
from napari_zerodce.checkpoints.other_files import other_zip

SUFFIXES: Final[tuple[str, ...]] = (".pth", ".pt", ".ckpt")

_MOST_MEMBERS: Final = 10_000
_LARGEST_PICKLE: Final = 4 * 2**20
_LARGEST_STORAGE: Final = 2**28
"""Bytes after unpacking. The largest tensor of the U-Net of pix2pix has 32 MiB."""

_ZIP_FAILURES: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
    LookupError,
)
"""The errors of zipfile for damaged files, collected from many damaged files."""


def begins(content: bytes) -> bool:
    """Return whether a file begins like a zip archive."""
    return content.startswith(b"PK")


def read(content: bytes) -> TensorFile:
    """Return the tensors in a file of PyTorch 1.6 or later.

    Raises
    ------
    Defect
        If the file is cut off, is another kind of zip archive, or holds more than plain values and
        tensors.
    """
    if content.count(b"PK\x01\x02") > _MOST_MEMBERS:
        raise Defect(
            "is not a checkpoint but a zip archive of very many files; choose another file"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _ZIP_FAILURES as err:
        raise Defect(CUT_OFF) from err
    folder = _folder_of_pickle(archive.namelist())
    saved = read_pickle(PickleStream(_member(archive, f"{folder}data.pkl")))
    sizes = {each.key: each.count * ITEM_SIZES[each.number_format] for each in saved.storages}
    order = f"{folder}byteorder"
    return Archive(
        root=saved.value,
        storage=lambda key: _member(archive, f"{folder}data/{key}", most=sizes[key]),
        big_endian=order in archive.namelist() and _member(archive, order) == b"big",
    ).tensor_file()


def _folder_of_pickle(names: list[str]) -> str:
    if found := other_zip(names):
        raise Defect(f"is not a checkpoint but {found}")
    pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
    if not pickles:
        found = f"with {listed([shown(name) for name in names])}" if names else "that is empty"
        raise Defect(
            f"is not a checkpoint but a zip archive {found}; "
            "if the checkpoint is inside, unpack the archive first"
        )
    return min(pickles, key=len).removesuffix("data.pkl")


def _member(archive: zipfile.ZipFile, name: str, *, most: int = _LARGEST_PICKLE) -> bytes:
    """Return one file of a zip archive without trusting the size that the archive states."""
    try:
        info = archive.getinfo(name)
    except KeyError as err:
        raise Defect(f"is damaged: {shown(name)} is missing; download it again") from err
    if info.file_size > min(most, _LARGEST_STORAGE):
        raise Defect(
            f"is not a checkpoint that can be used: {shown(name)} in it unpacks to "
            f"{readable_size(info.file_size)}; choose another file"
        )
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Defect(
            "is not a checkpoint as PyTorch writes it: it is compressed in another way; "
            "save it again with torch.save"
        )
    try:
        with archive.open(info) as file:
            # Without a count, zipfile unpacks everything, even if the stated size is false.
            return file.read(info.file_size)
    except _ZIP_FAILURES as err:
        raise Defect(CUT_OFF) from err
