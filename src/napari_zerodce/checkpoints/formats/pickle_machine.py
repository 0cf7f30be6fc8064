"""Reader of pickles with plain values and tensors, which lets a pickle call nothing.

A pickle is a program for a small machine that can import and call anything. The machine here knows
only the instructions that state dicts need, and it imports nothing: it compares each name with a
list of harmless ones and builds our own values in place of the named ones.

`torch.load(weights_only=True)` runs no code either, but it trusts the sizes in a file and would
need all these guards anyway (measured with torch 2.13): a zip of 1 MiB takes 2.3 GB and 23 s, a
legacy file of 370 bytes requests 10 GB, and the error tells the user to switch the safety off.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.formats.pickled_names import (
    Name,
    StorageRecord,
    is_harmless,
    made,
    may_name_anything,
    refusal,
    set_item,
    storage_record,
)

_MOST_INSTRUCTIONS: Final = 100_000
"""A published state dict takes 600, one with an optimiser's state 3,000."""


@dataclass(frozen=True)
class Pickle:
    """The content of one pickle.

    Attributes
    ----------
    value : dict, list, tuple, str, bytes, int, float, bool, None, TensorRecord or Name
    storages : list of StorageRecord
        Storages of the tensors in it; the same storage may occur more than once.
    """

    value: Any
    storages: list[StorageRecord]


class PickleStream(io.BytesIO):
    """Bytes that may hold several pickles."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line, which holds a name; raise ValueError if it has a backslash."""
        line = super().readline(size)
        if b"\\" in line:
            # No name needs a backslash, and pickletools makes Python warn about some of them.
            raise ValueError("an escape in a name")
        return line


def read_pickle(stream: PickleStream) -> Pickle:
    """Read one pickle and leave the stream at its end.

    Raises
    ------
    Defect
        If the pickle holds a name that is not known to be harmless, or is damaged.
    """
    machine = _Machine()
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(stream)):
            if count > _MOST_INSTRUCTIONS:
                raise Defect("is not a checkpoint: it holds too many values; choose another file")
            machine.run(instruction.name, argument)
        value = machine.pop()
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as err:
        if machine.foreign:
            raise refusal(machine.foreign) from err
        raise Defect(
            "is cut off, damaged or not a checkpoint at all; download or save it again, or choose "
            "a .pth or .safetensors file"
        ) from err
    if machine.foreign and not may_name_anything(value):
        raise refusal(machine.foreign)
    return Pickle(value, machine.storages)


class _Machine:
    """The stack and the memo of a pickle.

    Attributes
    ----------
    storages : list of StorageRecord
    foreign : str
        The first name that is not known to be harmless; empty if there is none.
    """

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._below_marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self.storages: list[StorageRecord] = []
        self.foreign = ""

    def run(self, instruction: str, argument: Any) -> None:
        """Carry out one instruction; raise LookupError if state dicts do not need it."""
        if instruction in _PUSHED_ARGUMENTS:
            self._stack.append(argument)
        elif instruction in _PUSHED_VALUES:
            self._stack.append(_PUSHED_VALUES[instruction]())
        else:
            _ACTIONS[instruction](self, argument)

    def pop(self) -> Any:
        return self._stack.pop()

    def _mark(self, _: object) -> None:
        self._below_marks.append(self._stack)
        self._stack = []

    def _above_mark(self) -> list[Any]:
        above, self._stack = self._stack, self._below_marks.pop()
        return above

    def _memoise(self, _: object) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _get(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def _take(self, count: int) -> tuple[Any, ...]:
        taken = [self._stack.pop() for _ in range(count)]
        return tuple(reversed(taken))

    def _tuple_of_one(self, _: object) -> None:
        self._stack.append(self._take(1))

    def _tuple_of_two(self, _: object) -> None:
        self._stack.append(self._take(2))

    def _tuple_of_three(self, _: object) -> None:
        self._stack.append(self._take(3))

    def _tuple(self, _: object) -> None:
        above = self._above_mark()
        self._stack.append(tuple(above))

    def _append(self, _: object) -> None:
        self._extend([self.pop()])

    def _append_all(self, _: object) -> None:
        self._extend(self._above_mark())

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, Name):  # of a named object, nothing is kept
            raise TypeError("not a list")

    def _set_item(self, _: object) -> None:
        key, value = self._take(2)
        set_item(self._stack[-1], key, value)

    def _set_items(self, _: object) -> None:
        above = self._above_mark()
        for key, value in _pairs(above):
            set_item(self._stack[-1], key, value)

    def _import(self, name: str) -> None:
        # pickletools gives "module name", or other text if a file only looks like a pickle.
        module, _, attribute = name.partition(" ")
        if not f"{module}{attribute}".replace(".", "").isidentifier():
            raise ValueError("not a name")
        text = f"{module}.{attribute}"
        self.foreign = self.foreign or ("" if is_harmless(text) else text)
        self._stack.append(Name(text))

    def _import_from_stack(self, _: object) -> None:
        module, attribute = self._take(2)
        if not (isinstance(module, str) and isinstance(attribute, str)):
            raise TypeError("not a name")
        self._import(f"{module} {attribute}")

    def _import_and_call(self, name: str) -> None:
        self._import(name)
        raise ValueError("an instruction of Python 1")

    def _call(self, _: object) -> None:
        function, arguments = self._take(2)
        self._stack.append(made(function, arguments))

    def _storage(self, _: object) -> None:
        storage = storage_record(self.pop())
        self.storages.append(storage)
        self._stack.append(storage)

    def _ignore(self, _: object) -> None:
        """Do nothing."""

    def _drop(self, _: object) -> None:
        # BUILD gives an object its attributes, such as a state dict its `_metadata`.
        self.pop()


# fmt: off
_PUSHED_ARGUMENTS: Final = frozenset({
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT", "LONG", "BINFLOAT", "FLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE",
    "BINSTRING", "SHORT_BINSTRING", "STRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
})
# fmt: on
_PUSHED_VALUES: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
_ACTIONS: Final[dict[str, Callable[[_Machine, Any], None]]] = {
    "PROTO": _Machine._ignore,
    "FRAME": _Machine._ignore,
    "STOP": _Machine._ignore,
    "MARK": _Machine._mark,
    "MEMOIZE": _Machine._memoise,
    "BINPUT": _Machine._put,
    "LONG_BINPUT": _Machine._put,
    "PUT": _Machine._put,
    "BINGET": _Machine._get,
    "LONG_BINGET": _Machine._get,
    "GET": _Machine._get,
    "TUPLE": _Machine._tuple,
    "TUPLE1": _Machine._tuple_of_one,
    "TUPLE2": _Machine._tuple_of_two,
    "TUPLE3": _Machine._tuple_of_three,
    "APPEND": _Machine._append,
    "APPENDS": _Machine._append_all,
    "SETITEM": _Machine._set_item,
    "SETITEMS": _Machine._set_items,
    "GLOBAL": _Machine._import,
    "STACK_GLOBAL": _Machine._import_from_stack,
    "INST": _Machine._import_and_call,
    "REDUCE": _Machine._call,
    "NEWOBJ": _Machine._call,
    "BINPERSID": _Machine._storage,
    "BUILD": _Machine._drop,
}


def _pairs(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(values[::2], values[1::2], strict=True)
