"""The meaning of the names in a pickle: our own values, or a refusal. Nothing is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.checkpoints.defects import Defect, shown

_NUMBER_FORMATS: Final = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
_PLAIN_VALUES: Final = {
    "argparse.Namespace",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "_codecs.encode",
    "torch.Size",
    "torch.device",
    "torch.float16",
    "torch.bfloat16",
    "torch.float32",
    "torch.float64",
    "torch.int64",
}
"""Names of values that people keep beside the weights (epochs, losses, settings): not built."""

_KEYS_OF_LIGHTNING: Final = {"state_dict", "pytorch-lightning_version"}


@dataclass(frozen=True)
class StorageRecord:
    """A pickle's description of the memory of one or more tensors."""

    number_format: str
    key: str
    count: int


@dataclass(frozen=True)
class TensorRecord:
    """A pickle's description of a tensor."""

    storage: StorageRecord
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Name:
    """A name that a pickle would import, or the value that it would build with that name."""

    text: str


def is_harmless(name: str) -> bool:
    """Return whether a name is one that state dicts and plain values need."""
    storage = name.removeprefix("torch.")
    return name in _PLAIN_VALUES or name in _MAKERS or storage in _NUMBER_FORMATS


def refusal(name: str) -> Defect:
    """Return the defect of a pickle with a name that is not known to be harmless."""
    return Defect(
        f"holds more than weights: it asks Python to load {shown(name)}, which could run any "
        "code and was refused; use a file that holds only a state_dict, from a source you trust"
    )


def may_name_anything(value: Any) -> bool:
    """Return whether a value is a checkpoint of Lightning.

    Beside the weights, it keeps settings of the user's own classes. They stay unbuilt names.
    """
    return isinstance(value, dict) and value.keys() >= _KEYS_OF_LIGHTNING


def made(function: Name, arguments: tuple[Any, ...]) -> Any:
    """Return our own value in place of the one that a call would return.

    Parameters
    ----------
    function : Name
        Name of the function that the pickle calls.
    arguments : tuple
        Arguments of the call.
    """
    maker = _MAKERS.get(function.text)
    return maker(*arguments) if maker else Name(function.text)


def _ordered_dict(pairs: Any = ()) -> dict[Any, Any]:
    built: dict[Any, Any] = {}
    for key, value in pairs:
        set_item(built, key, value)
    return built


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorRecord:
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, StorageRecord) or not all(_is_size(number) for number in numbers):
        raise TypeError("not a tensor")
    return TensorRecord(storage, offset, tuple(shape), tuple(strides))


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


_MAKERS: Final[dict[str, Callable[..., Any]]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}


def _is_size(number: Any) -> bool:
    return type(number) is int and 0 <= number < 2**63


def storage_record(description: Any) -> StorageRecord:
    """Return the storage that a persistent id of PyTorch describes.

    Raises
    ------
    TypeError, ValueError, LookupError, AttributeError
        If it does not describe a storage.
    """
    # An older PyTorch appends a sixth entry, a view into another storage or None.
    kind, name, key, _place, count, *view = description
    number_format = _NUMBER_FORMATS[name.text.removeprefix("torch.")]
    if kind != "storage" or any(view) or not (isinstance(key, str) and _is_size(count)):
        raise ValueError("not a storage")
    return StorageRecord(number_format, key, count)


def set_item(target: Any, key: Any, value: Any) -> None:
    """Set an item of a dict.

    Parameters
    ----------
    target : dict or Name
        Of a named object, nothing is kept.
    key : str, int, float, bytes or None
    value : object

    Raises
    ------
    TypeError
        If `target` is not a dict, or the key has another type.
    """
    if isinstance(target, Name):
        return
    # Hashing nested tuples takes exponential time, so tuples are not valid keys here.
    if not isinstance(target, dict) or not isinstance(key, str | int | float | bytes | None):
        raise TypeError("not a dict, or an invalid key")
    target[key] = value
