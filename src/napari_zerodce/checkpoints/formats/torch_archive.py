"""The value that `torch.save` stored: tensors among plain values, in one dict or nested ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from napari_zerodce.checkpoints.defects import Defect, readable_size
from napari_zerodce.checkpoints.formats.pickled_names import StorageRecord, TensorRecord
from napari_zerodce.checkpoints.formats.stored_tensor import ITEM_SIZES, StoredTensor, TensorFile

CUT_OFF: Final = "is cut off or damaged; download or save it again"


@dataclass(frozen=True)
class Archive:
    """The value that `torch.save` stored, before its tensors are read.

    Attributes
    ----------
    root : object
        Plain values with a `TensorRecord` for each tensor.
    storage : callable
        Returns the bytes of the storage with a key; raises `Defect` if they are missing.
    big_endian : bool
        Byte order of the numbers.
    """

    root: Any
    storage: Callable[[str], bytes | memoryview]
    big_endian: bool

    def tensor_file(self) -> TensorFile:
        """Return the tensors of each dict in it; raise `Defect` for an optimiser's state."""
        if isinstance(self.root, dict) and self.root.keys() >= {"state", "param_groups"}:
            raise Defect("holds an optimiser's state and no weights; choose the network's file")
        return TensorFile((place, self._group(found)) for place, found in _dicts(self.root))

    def _group(self, found: dict[Any, Any]) -> dict[str, StoredTensor]:
        # Other values, such as an epoch beside the weights, are ignored.
        return {
            name: self._stored(value)
            for name, value in found.items()
            if isinstance(name, str) and isinstance(value, TensorRecord)
        }

    def _stored(self, tensor: TensorRecord) -> StoredTensor:
        """Return a tensor that can read its numbers later."""
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


def _dicts(root: object) -> Iterator[tuple[str, dict[Any, Any]]]:
    """Yield the dicts in a value with the keys that lead to them, such as "ema.netG"."""
    seen: set[int] = set()
    level = [("", root)]
    for _ in range(3):
        # Each dict once, because a small file can refer to the same dict a billion times.
        new = {id(value): (place, value) for place, value in level if isinstance(value, dict)}
        found = [each for key, each in new.items() if key not in seen]
        seen.update(new)
        yield from found
        level = [
            (f"{place}.{key}".lstrip(".") if isinstance(key, str) else place, value)
            for place, values in found
            for key, value in values.items()
        ]
