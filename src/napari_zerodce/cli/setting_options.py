"""How an option of the command line follows from the description of a setting."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from napari_zerodce.setting import NO_VALUE, SettingField

AddArgument = Callable[..., Any]

_NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})


def add_options(
    add: AddArgument,
    fields: Iterable[SettingField],
    *,
    untyped_is_none: bool = False,
    defaults: Mapping[str, str] = _NO_WORDS,
) -> None:
    """Add an option for each setting.

    Parameters
    ----------
    add : callable
        ``add_argument`` of a parser or of a group.
    fields : iterable of SettingField
        The settings, in the order of the help.
    untyped_is_none : bool
        Whether an option that is not typed is None, instead of the default; the settings cannot
        be optional with another default then.
    defaults : mapping of str to str
        What the help shows as the default of a setting, by the name of the setting.
    """
    for field in fields:
        words = defaults.get(field.name, _default_in_words(field))
        options: dict[str, Any] = {"dest": field.key, "help": _help(field, words)}
        options["default"] = None if untyped_is_none else _typed(field.default)
        if field.kind is bool:
            options["action"] = "store_true"
        else:
            options |= _value_options(field)
        add(field.option, **options)


def typed_values(options: Namespace, fields: Iterable[SettingField]) -> dict[str, Any]:
    """Return the values of the options that were typed, by the names of the settings.

    Parameters
    ----------
    options : Namespace
        The result of the parser.
    fields : iterable of SettingField
        Settings that were added with `untyped_is_none`.
    """
    values = {field.name: getattr(options, field.key) for field in fields}
    return {name: value for name, value in values.items() if value is not None}


def _typed(default: Any) -> Any:
    """Return a default as text, unless it has a type that argparse converts to."""
    return default if default is None or isinstance(default, bool | int | float) else str(default)


def _value_options(field: SettingField) -> dict[str, Any]:
    if field.setting.choices:
        return {"choices": tuple(choice.value for choice in field.setting.choices)}
    options: dict[str, Any] = {"type": _parser_of(field)} if field.kind in {int, float} else {}
    if field.setting.metavar or field.kind is float:
        options["metavar"] = field.setting.metavar or "X"
    return options


def _parser_of(field: SettingField) -> Callable[[str], Any]:
    """Return what reads a number. A word for None is needed only if None is not the default."""
    if field.optional and field.default is not None:
        return partial(_number_or_none, field.kind)
    return field.kind


def _number_or_none(kind: type, text: str) -> Any:
    if text == NO_VALUE:
        return None
    try:
        return kind(text)
    except ValueError as err:
        raise ArgumentTypeError(
            f"invalid value: {text!r}, and a number or {NO_VALUE!r} was expected"
        ) from err


def _help(field: SettingField, default: str) -> str:
    choices = (f"{each.value}: {each.help}" for each in field.setting.choices if each.help)
    text = " ".join((field.setting.help, *choices))
    text = f"{text} (default: {default})" if default else text
    # argparse takes a percent sign for the start of a placeholder.
    return text.replace("%", "%%")


def _default_in_words(field: SettingField) -> str:
    if field.kind is bool or field.default is None:
        return ""
    return f"{field.default:g}" if field.kind is float else str(field.default)
