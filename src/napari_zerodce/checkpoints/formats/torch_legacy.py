"""Reader of files that `torch.save` wrote before PyTorch 1.6: several pickles, then the numbers."""

from __future__ import annotations

from typing import Any, Final, Literal

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats.pickle_machine import PickleStream, read_pickle
from napari_zerodce.checkpoints.formats.stored_tensor import ITEM_SIZES, TensorFile
from napari_zerodce.checkpoints.formats.torch_archive import CUT_OFF, Archive

SUFFIXES: Final[tuple[str, ...]] = ()  # those of the zip archives

_LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C


def begins(content: bytes) -> bool:
    """Return whether a file begins with the magic number as a pickle of protocol 2."""
    return content.startswith(b"\x80\x02\x8a\x0a" + _LEGACY_MAGIC.to_bytes(10, "little"))


def read(content: bytes) -> TensorFile:
    """Return the tensors in a file from before PyTorch 1.6, such as the published weights.

    Raises
    ------
    Defect
        If the file is cut off, is of another kind, or holds more than plain values and tensors.
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
        raise Defect(CUT_OFF)
    big_endian = system.get("little_endian") is False
    sizes = {record.key: ITEM_SIZES[record.number_format] for record in saved.storages}
    rest = memoryview(content)[stream.tell() :]
    storages = _legacy_storages(rest, keys, sizes, "big" if big_endian else "little")
    return Archive(saved.value, storages.__getitem__, big_endian).tensor_file()


def _legacy_storages(
    content: memoryview, keys: list[Any], sizes: dict[str, int], byteorder: Literal["big", "little"]
) -> dict[str, memoryview]:
    """Split the bytes after the pickles: for each key a count, then that many numbers."""
    storages = {}
    for key in keys:
        if not isinstance(key, str) or key not in sizes:
            raise Defect(CUT_OFF)
        size = int.from_bytes(content[:8], byteorder) * sizes.pop(key)
        storages[key] = content[8 : 8 + size]
        content = content[8 + size :]
        if len(storages[key]) < size:
            raise Defect(CUT_OFF)
    if sizes:
        raise Defect(CUT_OFF)
    return storages
