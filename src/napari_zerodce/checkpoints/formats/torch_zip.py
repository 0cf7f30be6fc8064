"""Takes apart what `torch.save` writes since PyTorch 1.6: a zip archive with a pickle in it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Final

from napari_zerodce.checkpoints.defects import Defect, listed, readable_size, shown
from napari_zerodce.checkpoints.formats.pickle_machine import PickleStream, read_pickle
from napari_zerodce.checkpoints.formats.stored_tensor import TensorFile
from napari_zerodce.checkpoints.formats.torch_archive import CUT_OFF, Archive

_MOST_MEMBERS: Final = 10_000
_LARGEST_MEMBER: Final = 4 * 2**20
"""Bytes, unpacked. The largest tensor of the published files has 0.07 MiB."""

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
"""What zipfile raises for damaged files, found by damaging many."""


def begins(content: bytes) -> bool:
    """Whether a file begins as a zip archive does."""
    return content.startswith(b"PK")


def read(content: bytes) -> TensorFile:
    """Take apart a file of PyTorch 1.6 or later.

    Raises
    ------
    Defect
        If it is cut off, another kind of zip archive, or holds more than plain values and tensors.
    """
    if content.count(b"PK\x01\x02") > _MOST_MEMBERS:
        raise Defect("is not a checkpoint but a zip archive of very many files; choose another")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _ZIP_FAILURES as err:
        raise Defect(CUT_OFF) from err
    folder = _folder_of_pickle(archive.namelist())
    root = read_pickle(PickleStream(_member(archive, f"{folder}data.pkl"))).value
    order = f"{folder}byteorder"
    return Archive(
        root=root,
        storage=lambda key: _member(archive, f"{folder}data/{key}"),
        big_endian=order in archive.namelist() and _member(archive, order) == b"big",
    ).tensor_file()


def _folder_of_pickle(names: list[str]) -> str:
    pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
    if not pickles:
        found = f"with {listed([shown(name) for name in names])}" if names else "that is empty"
        raise Defect(
            f"is not a checkpoint but a zip archive {found}; "
            "if the checkpoint is in it, unpack it first"
        )
    folder = min(pickles, key=len).removesuffix("data.pkl")
    if f"{folder}constants.pkl" in names:
        raise Defect(
            "is a TorchScript program, not a checkpoint; save the network's state_dict instead"
        )
    return folder


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one file of a zip archive, believing nothing it says of its size."""
    try:
        info = archive.getinfo(name)
    except KeyError as err:
        raise Defect(f"is damaged: {shown(name)} is missing in it; download it again") from err
    if info.file_size > _LARGEST_MEMBER:
        raise Defect(
            f"is not a Zero-DCE checkpoint: {shown(name)} in it unpacks to "
            f"{readable_size(info.file_size)}; choose another file"
        )
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Defect(
            "is no checkpoint as PyTorch writes it: it is compressed in another way; "
            "save it again with torch.save"
        )
    try:
        with archive.open(info) as file:
            # A count, because without one zipfile unpacks as much as a file of a false size gives.
            return file.read(info.file_size)
    except _ZIP_FAILURES as err:
        raise Defect(CUT_OFF) from err
