"""Takes apart what `torch.save` writes: a zip archive, or a chain of pickles before PyTorch 1.6."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from napari_zerodce.checkpoints.defects import Defect, listed, readable_size, shown
from napari_zerodce.checkpoints.formats.pickle_machine import PickleStream, read_pickle
from napari_zerodce.checkpoints.formats.pickled_names import StorageRecord, TensorRecord
from napari_zerodce.checkpoints.formats.stored_tensor import ITEM_SIZES, StoredTensor

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

_LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C
_CUT_OFF: Final = "is cut off or damaged; download or save it again"


@dataclass(frozen=True)
class Archive:
    """What `torch.save` was given, with tensors still to be read.

    Attributes
    ----------
    root : object
        Plain values with a `TensorRecord` for each tensor.
    storage : callable
        Returns the bytes of the storage with a key; raises `Defect` if they are not there.
    big_endian : bool
    """

    root: Any
    storage: Callable[[str], bytes | memoryview]
    big_endian: bool

    def stored(self, tensor: TensorRecord) -> StoredTensor:
        """Return a tensor with the way to its numbers."""
        return StoredTensor(
            tensor.storage.number_format,
            tensor.shape,
            tensor.strides,
            tensor.offset,
            partial(self._checked, tensor.storage),
            self.big_endian,
        )

    def _checked(self, record: StorageRecord) -> bytes | memoryview:
        content = self.storage(record.key)
        claimed = record.count * ITEM_SIZES[record.number_format]
        if claimed != len(content):
            raise Defect(
                f"is damaged: a tensor claims {readable_size(claimed)}, and the file has "
                f"{readable_size(len(content))} of it; download or save it again"
            )
        return content


def read_zip(content: bytes) -> Archive:
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
        raise Defect(_CUT_OFF) from err
    folder = _folder_of_pickle(archive.namelist())
    root = read_pickle(PickleStream(_member(archive, f"{folder}data.pkl"))).value
    order = f"{folder}byteorder"
    return Archive(
        root=root,
        storage=lambda key: _member(archive, f"{folder}data/{key}"),
        big_endian=order in archive.namelist() and _member(archive, order) == b"big",
    )


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
        raise Defect(_CUT_OFF) from err


def read_legacy(content: bytes) -> Archive:
    """Take apart a file from before PyTorch 1.6, such as the published Zero-DCE weights.

    Raises
    ------
    Defect
        If it is cut off, some other file, or holds more than plain values and tensors.
    """
    stream = PickleStream(content)
    if read_pickle(stream).value != _LEGACY_MAGIC:
        raise Defect(
            "is a pickle that PyTorch did not write; save the network's state_dict with torch.save"
        )
    read_pickle(stream)  # the format's version, always 1001
    system = read_pickle(stream).value
    saved = read_pickle(stream)
    keys = read_pickle(stream).value
    if not isinstance(system, dict) or not isinstance(keys, list):
        raise Defect(_CUT_OFF)
    big_endian = system.get("little_endian") is False
    sizes = {record.key: ITEM_SIZES[record.number_format] for record in saved.storages}
    rest = memoryview(content)[stream.tell() :]
    storages = _legacy_storages(rest, keys, sizes, "big" if big_endian else "little")
    return Archive(saved.value, storages.__getitem__, big_endian)


def _legacy_storages(
    content: memoryview, keys: list[Any], sizes: dict[str, int], byteorder: Literal["big", "little"]
) -> dict[str, memoryview]:
    """Cut up what follows the pickles: for each key in turn a count and so many numbers."""
    storages = {}
    for key in keys:
        if not isinstance(key, str) or key not in sizes:
            raise Defect(_CUT_OFF)
        size = int.from_bytes(content[:8], byteorder) * sizes.pop(key)
        storages[key] = content[8 : 8 + size]
        content = content[8 + size :]
        if len(storages[key]) < size:
            raise Defect(_CUT_OFF)
    if sizes:
        raise Defect(_CUT_OFF)
    return storages
