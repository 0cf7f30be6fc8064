"""Options of the command line, made from the descriptions of the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from napari_zerodce.setting import SettingField

AddArgument = Callable[..., Any]


def add_options(
    add: AddArgument, fields: Iterable[SettingField], *, unset: str = "", **defaults: str
) -> None:
    """Add an option for each setting.

    Parameters
    ----------
    add : callable
        ``add_argument`` of a parser or of a group.
    fields : iterable of SettingField
    unset : str
        If it is given, what is not typed is None, and these words say what then counts.
    **defaults
        Words for the default of a setting, by its name.
    """
    for field in fields:
        words = defaults.get(field.name) or unset or _default_in_words(field)
        options: dict[str, Any] = {"dest": field.name, "help": _help(field, words)}
        options["default"] = None if unset else _typed(field.default)
        if field.kind is bool:
            options["action"] = "store_true"
        else:
            options |= _value_options(field)
        add(field.option, **options)


def _typed(default: Any) -> Any:
    """Return a default as it would be typed, unless argparse knows its type."""
    return default if default is None or isinstance(default, bool | int | float) else str(default)


def _value_options(field: SettingField) -> dict[str, Any]:
    if field.setting.choices:
        return {"choices": tuple(choice.value for choice in field.setting.choices)}
    options: dict[str, Any] = {"type": field.kind} if field.kind in {int, float} else {}
    if field.setting.metavar or field.kind is float:
        options["metavar"] = field.setting.metavar or "X"
    return options


def _help(field: SettingField, default: str) -> str:
    # argparse takes a percent sign for the beginning of a placeholder.
    text = field.setting.help.replace("%", "%%")
    meanings = [f"{choice.value}: {choice.help}" for choice in field.setting.choices if choice.help]
    text = " ".join((text, *(f"{meaning}." for meaning in meanings)))
    return f"{text} (default: {default})" if default else text


def _default_in_words(field: SettingField) -> str:
    if field.kind is bool or field.default is None:
        return ""
    return f"{field.default:g}" if field.kind is float else str(field.default)
