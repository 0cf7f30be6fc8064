"""The description of a user setting, from which its dock field, its option and its check follow.

A setting is a field of a frozen dataclass or of a pydantic model, annotated with a `Setting`::

    strength: Annotated[float, Setting(label="Strength", help="...", minimum=0, maximum=2)] = 1.0
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Integral
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from napari_zerodce.errors import RequestError

NO_VALUE: Final = "none"
"""The word for None on the command line, where the default is a value."""


@dataclass(frozen=True)
class Choice:
    """A valid value of a setting.

    Parameters
    ----------
    value : object
        The value as code uses it.
    title : str
        Name in a dock.
    help : str
        Meaning, in one or two sentences.
    """

    value: Any
    title: str
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The description of a setting.

    Parameters
    ----------
    label : str
        Name in a dock.
    help : str
        Effect, in one or two sentences: the tool tip and the help of the option.
    noun : str
        Name in a sentence; by default the name of the field.
    minimum, maximum : float, optional
        The smallest and the largest valid number.
    above, below : float, optional
        Limits that are invalid themselves; valid numbers are above or below them.
    expected : str
        The valid values in words, for a sentence; by default the range.
    unit : str
        Unit of the number, such as "stops".
    choices : tuple of Choice
        All valid values, if they can be listed.
    step : float, optional
        Step of the number field in a dock.
    decimals : int, optional
        Decimals that the number field shows and keeps; by default those of the step, at least two.
    offered : tuple of float, optional
        The range of the field in a dock, if it is narrower than the valid one.
    slider : bool
        Whether a dock shows a slider.
    suggested : object
        First value of the field in a dock, if the default is None.
    option : str
        Name on the command line; by default the name of the field.
    metavar : str
        Placeholder for the value in the help of the command line.
    """

    label: str
    help: str
    noun: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    expected: str = ""
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    step: float | None = None
    decimals: int | None = None
    offered: tuple[float, float] | None = None
    slider: bool = False
    suggested: Any = None
    option: str = ""
    metavar: str = ""

    __is_annotated_types_grouped_metadata__ = True  # pydantic then takes the range from __iter__

    def __iter__(self) -> Iterator[Ge | Gt | Le | Lt]:
        """Yield the limits of the range in the form that pydantic reads."""
        if self.minimum is not None:
            yield Ge(self.minimum)
        if self.above is not None:
            yield Gt(self.above)
        if self.maximum is not None:
            yield Le(self.maximum)
        if self.below is not None:
            yield Lt(self.below)

    def holds(self, value: float) -> bool:
        """Return whether a number is finite and in the range."""
        return (
            math.isfinite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
            and (self.below is None or value < self.below)
        )

    def range_in_words(self) -> str:
        """Return the valid values in words, such as "0 to 2"."""
        if self.expected:
            return self.expected
        if self.choices:
            return "one of " + ", ".join(str(choice.value) for choice in self.choices)
        if self.minimum is not None and self.maximum is not None:
            return f"{_shown(self.minimum)} to {_shown(self.maximum)}"
        ends = (
            ("{} or more", self.minimum),
            ("above {}", self.above),
            ("up to {}", self.maximum),
            ("below {}", self.below),
        )
        words = [text.format(_shown(number)) for text, number in ends if number is not None]
        return ", ".join(words) or "a finite number"


@dataclass(frozen=True)
class SettingField:
    """A setting as a field of its class.

    Parameters
    ----------
    name : str
        Name of the field.
    setting : Setting
        Description of the setting.
    kind : type
        bool, int, float, str, or another type whose values are among the choices.
    optional : bool
        Whether None is valid.
    default : object
        Value of the field if none is given.
    """

    name: str
    setting: Setting
    kind: type
    optional: bool
    default: Any

    @property
    def noun(self) -> str:
        """Name of the setting in a sentence."""
        return self.setting.noun or self.name.replace("_", " ")

    @property
    def option(self) -> str:
        """Option on the command line, such as "--scale-factor"."""
        return f"--{self.setting.option or self.name.replace('_', '-')}"

    @property
    def key(self) -> str:
        """Option as a Python name, such as "scale_factor"."""
        return self.option.removeprefix("--").replace("-", "_")

    def checked(self, value: Any) -> Any:
        """Return a valid value as a plain Python value, which can be printed and written as JSON.

        Raises
        ------
        RequestError
            If the value is invalid.
        """
        if value is None and self.optional:
            return None
        if self.kind is bool:
            return bool(value)
        if self.kind is float:
            value = self._as_float(value)
        elif self.kind is int and type(value) is not bool and isinstance(value, Integral):
            value = int(value)
        if not self._is_valid(value):
            raise RequestError(self._sentence(value))
        return value

    def _as_float(self, value: Any) -> float:
        try:
            if isinstance(value, str | bytes | bool):
                raise TypeError
            return float(value)
        except (TypeError, ValueError, OverflowError) as err:
            raise RequestError(f"The {self.noun} is {value!r}, and a number was expected.") from err

    def _is_valid(self, value: Any) -> bool:
        if self.setting.choices:
            return any(value == choice.value for choice in self.setting.choices)
        if self.kind is int and (not isinstance(value, int) or isinstance(value, bool)):
            return False
        return not isinstance(value, int | float) or self.setting.holds(value)

    def _sentence(self, value: Any) -> str:
        shown = f"{value:g}" if isinstance(value, float) and self.kind is float else str(value)
        unit = f" {self.setting.unit}" if self.setting.unit else ""
        return f"The {self.noun} is {shown}{unit}; give {self.setting.range_in_words()}."


@cache
def setting_fields(owner: Any) -> Mapping[str, SettingField]:
    """Return the described settings of a dataclass or a pydantic model by name, in their order."""
    found = {}
    for name, hint in _hints(owner).items():
        setting = _setting_in(hint)
        if setting is not None:
            kind, optional = _plain_kind(hint)
            found[name] = SettingField(name, setting, kind, optional, _default(owner, name))
    return MappingProxyType(found)


def fields_at(settings: Any) -> tuple[SettingField, ...]:
    """Return the described settings of an object, with its values as their defaults.

    Parameters
    ----------
    settings : object
        A dataclass or a pydantic model with described settings.
    """
    owner: Any = type(settings)
    fields = setting_fields(owner).values()
    return tuple(dataclasses.replace(each, default=getattr(settings, each.name)) for each in fields)


def command_words(settings: Any, *, defaults: Any = None) -> list[str]:
    """Return the words of a command line for all settings that differ from their defaults.

    Parameters
    ----------
    settings : object
        A dataclass or a pydantic model with described settings.
    defaults : object, optional
        The settings of the command line without words; by default those of the class.
    """
    owner: Any = type(settings)
    fields = setting_fields(owner).values() if defaults is None else fields_at(defaults)
    words = []
    for field in fields:
        value = getattr(settings, field.name)
        if value != field.default:
            word = NO_VALUE if value is None else value
            words.append(field.option if field.kind is bool else f"{field.option}={word}")
    return words


def _shown(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def check_settings(value: Any) -> None:
    """Check the described settings of a frozen dataclass, and replace them by plain values.

    Parameters
    ----------
    value : object
        A dataclass that calls this function in its ``__post_init__``.

    Raises
    ------
    RequestError
        If a value is invalid.
    """
    owner: Any = type(value)
    for name, each in setting_fields(owner).items():
        object.__setattr__(value, name, each.checked(getattr(value, name)))


def _hints(owner: type) -> dict[str, Any]:
    """Return the annotations. A name that only type checkers import becomes Any."""
    unknown: dict[str, Any] = {}
    while True:
        try:
            return get_type_hints(owner, localns=unknown, include_extras=True)
        except NameError as err:
            if err.name is None or err.name in unknown:
                raise
            unknown[err.name] = Any


def _setting_in(hint: Any) -> Setting | None:
    """Return the setting of an annotation or of a part of it, as in `Annotated[...] | None`."""
    if get_origin(hint) is Annotated:
        return next((each for each in hint.__metadata__ if isinstance(each, Setting)), None)
    return next(filter(None, map(_setting_in, _parts(hint))), None)


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else ()


def _plain_kind(hint: Any) -> tuple[type, bool]:
    """Return the type of a setting without None, and whether None is valid."""
    if get_origin(hint) is Annotated:
        hint = hint.__origin__
    parts = _parts(hint) or (hint,)
    others = [_plain(part) for part in parts if part is not NoneType]
    return others[0], len(others) < len(parts)


def _plain(hint: Any) -> type:
    if get_origin(hint) is Annotated:
        hint = hint.__origin__
    if get_origin(hint) is Literal:
        return type(get_args(hint)[0])
    kind: type = get_origin(hint) or hint
    return kind


def _default(owner: type, name: str) -> Any:
    if not dataclasses.is_dataclass(owner):
        return owner.model_fields[name].get_default(call_default_factory=True)  # type: ignore[attr-defined]
    field = next(each for each in dataclasses.fields(owner) if each.name == name)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
