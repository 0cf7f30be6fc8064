"""A described setting: its check, its sentences, and what pydantic makes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.map_kinds import MAP_KIND, MapKind
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.setting import (
    Choice,
    Setting,
    SettingField,
    check_settings,
    command_words,
    fields_at,
    setting_fields,
)
from napari_zerodce.training.config import LossWeights, RunConfig, TrainingConfig

if TYPE_CHECKING:
    from decimal import Decimal  # a name that only type checkers know

OWNERS = (EnhanceSettings, Look, TrainingConfig, LossWeights, SmoothnessKind, RunConfig)


def setting(**parts: Any) -> Setting:
    return Setting(label="Size", help="How large it is.", **parts)


def number(kind: type = float, *, optional: bool = False, **parts: Any) -> SettingField:
    return SettingField("size", setting(**parts), kind, optional, 1)


@dataclass(frozen=True)
class Owner:
    """One setting of each kind, and fields that are no settings."""

    plain: int = 3
    size: Annotated[float, setting(minimum=0, maximum=2)] = 1.0
    count: Annotated[int | None, setting(minimum=1, option="how-many")] = None
    other: Annotated[float, setting(above=0)] | None = None
    sharp: Annotated[bool, setting()] = False
    mode: Annotated[Literal["a", "b"], setting(choices=(Choice("a", "A"), Choice("b", "B")))] = "a"
    lengths: Annotated[list[int], setting()] = field(default_factory=lambda: [1])
    exact: Annotated[int | Decimal, setting()] = 0

    def __post_init__(self) -> None:
        check_settings(self)


class Model(BaseModel):
    """Settings of a pydantic model."""

    size: Annotated[float, setting(above=0, maximum=2)] = 1.0
    small: Annotated[float | None, setting(minimum=0, below=1)] = None
    lengths: Annotated[list[int], setting()] = [1, 2]


# ---- ranges


@pytest.mark.parametrize(
    ("parts", "valid", "invalid", "words"),
    [
        ({"minimum": 0, "maximum": 2}, (0, 1, 2), (-0.1, 2.1), "0 to 2"),
        ({"above": 0, "below": 1}, (1e-9, 0.5), (0, 1, -1, 2), "above 0, below 1"),
        ({"above": 0, "maximum": 1e30}, (1e30,), (0, 1.1e30), "above 0, up to 1e+30"),
        ({"minimum": 0, "below": 4}, (0, 3.9), (-1, 4), "0 or more, below 4"),
        ({"minimum": 1}, (1, 1e300), (0.9,), "1 or more"),
        ({"above": 0}, (1e-300,), (0,), "above 0"),
        ({"maximum": 3}, (3, -1e300), (3.1,), "up to 3"),
        ({}, (0, -1e300), (), "a finite number"),
        ({"minimum": 0, "expected": "none or some"}, (0,), (-1,), "none or some"),
    ],
)
def test_range_of_a_number(
    parts: dict[str, Any], valid: tuple[float, ...], invalid: tuple[float, ...], words: str
) -> None:
    described = number(**parts)
    assert described.setting.range_in_words() == words
    for value in valid:
        assert described.checked(value) == value
    for value in (*invalid, math.nan, math.inf, -math.inf):
        with pytest.raises(RequestError, match=re.escape(f"give {words}.")):
            described.checked(value)


def test_pydantic_takes_the_same_range() -> None:
    assert Model(size=2, small=0).size == 2
    for name, value in (("size", 0), ("size", 2.1), ("small", 1), ("small", -0.1)):
        with pytest.raises(ValidationError, match=name):
            Model(**{name: value})


# ---- values


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        (float, np.float32(0.5), 0.5),
        (float, np.int64(2), 2.0),
        (float, Fraction(1, 4), 0.25),
        (float, 2, 2.0),
        (int, np.uint8(7), 7),
        (int, 7, 7),
        (bool, np.True_, True),
    ],
)
def test_numbers_become_plain_ones(kind: type, value: Any, plain: Any) -> None:
    checked = number(kind).checked(value)
    assert checked == plain
    assert type(checked) is kind


@pytest.mark.parametrize("value", ["1", b"1", True, None, [1], 10**400])
def test_what_is_no_number_is_said(value: Any) -> None:
    with pytest.raises(RequestError, match=r"^The size is .*, and a number was expected\.$"):
        number(float).checked(value)


@pytest.mark.parametrize("value", [1.0, "1", True, None, np.float64(1)])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(RequestError, match=r"^The size is .*; give 1 or more\.$"):
        number(int, minimum=1).checked(value)


def test_none_is_only_valid_where_it_means_something() -> None:
    assert number(float, optional=True, minimum=1).checked(None) is None
    with pytest.raises(RequestError):
        number(float, minimum=1).checked(None)


def test_one_of_the_choices() -> None:
    described = number(str, choices=(Choice("a", "A"), Choice("b", "B")))
    assert described.checked("b") == "b"
    with pytest.raises(RequestError, match=r"^The size is A; give one of a, b\.$"):
        described.checked("A")


def test_sentence_has_noun_and_unit() -> None:
    described = number(float, minimum=0, noun="side of a tile", unit="pixels")
    with pytest.raises(
        RequestError, match=r"^The side of a tile is -0.5 pixels; give 0 or more\.$"
    ):
        described.checked(-0.5)


# ---- owners


def test_fields_of_a_dataclass() -> None:
    fields = setting_fields(Owner)
    assert [*fields] == ["size", "count", "other", "sharp", "mode", "lengths", "exact"]
    kinds = {name: (each.kind, each.optional, each.default) for name, each in fields.items()}
    assert kinds == {
        "size": (float, False, 1.0),
        "count": (int, True, None),
        "other": (float, True, None),
        "sharp": (bool, False, False),
        "mode": (str, False, "a"),
        "lengths": (list, False, [1]),
        "exact": (int, False, 0),
    }
    assert (fields["count"].option, fields["count"].key) == ("--how-many", "how_many")
    assert (fields["size"].option, fields["size"].key) == ("--size", "size")
    assert setting_fields(Owner) is fields


def test_fields_of_a_pydantic_model() -> None:
    fields = setting_fields(Model)
    assert [*fields] == ["size", "small", "lengths"]
    assert [each.default for each in fields.values()] == [1.0, None, [1, 2]]
    assert (fields["small"].kind, fields["small"].optional) == (float, True)


def test_a_name_that_does_not_exist_is_no_name_for_type_checkers() -> None:
    @dataclass
    class Plain:
        size: int = 1

    assert setting_fields(Plain) == {}


def test_check_makes_the_values_of_an_owner_plain() -> None:
    owner = Owner(size=np.float32(2), count=np.int16(4), other=1)
    assert (type(owner.size), type(owner.count), type(owner.other)) == (float, int, float)
    for name, value in (("size", 3), ("count", 0), ("other", 0), ("mode", "c")):
        with pytest.raises(RequestError, match=rf"^The {name} is {value}; give "):
            Owner(**{name: value})


def test_command_words_are_what_differs_from_the_defaults() -> None:
    assert command_words(Owner()) == []
    words = command_words(Owner(plain=9, size=0.5, count=2, sharp=True, mode="b"))
    assert words == ["--size=0.5", "--how-many=2", "--sharp", "--mode=b"]
    assert command_words(Model(size=2)) == ["--size=2.0"]


def test_command_words_are_what_differs_from_other_defaults() -> None:
    defaults = Owner(size=0.5, count=2)
    assert command_words(defaults, defaults=defaults) == []
    assert command_words(Owner(size=0.5), defaults=defaults) == ["--how-many=none"]
    assert command_words(Owner(count=2), defaults=defaults) == [f"--size={Owner().size}"]


def test_fields_at_an_object_have_its_values_as_defaults() -> None:
    defaults = {each.name: each.default for each in fields_at(Owner(size=0.5, sharp=True))}
    assert (defaults["size"], defaults["sharp"], defaults["mode"]) == (0.5, True, Owner().mode)


# ---- what is described


def described() -> list[tuple[str, Setting]]:
    found = [("MapKind", MAP_KIND)]
    for owner in OWNERS:
        found += [(f"{owner.__name__}.{n}", f.setting) for n, f in setting_fields(owner).items()]
    return found


@pytest.mark.parametrize(("name", "described"), described())
def test_sentences_are_one_or_two_whole_ones(name: str, described: Setting) -> None:
    for text in (described.help, *(choice.help for choice in described.choices if choice.help)):
        assert text.endswith("."), text
        assert not text[0].islower(), text
        assert 1 <= len(re.findall(r"[.?!](?:\s|$)", text)) <= 2, text
        assert "  " not in text
    assert described.label
    assert not described.label.endswith((".", ":"))


def test_choices_are_the_values_of_the_types() -> None:
    assert {choice.value for choice in MAP_KIND.choices} == set(get_args(MapKind))
    for owner in (EnhanceSettings, TrainingConfig, SmoothnessKind):
        names = vars(__import__(owner.__module__, fromlist=["_"]))
        hints: Mapping[str, Any] = get_type_hints(owner, globalns={**names, "Checkpoint": Any})
        for name, each in setting_fields(owner).items():
            if each.setting.choices:
                assert {c.value for c in each.setting.choices} == set(get_args(hints[name])), name


@pytest.mark.parametrize("owner", OWNERS)
def test_defaults_and_offers_are_valid(owner: Any) -> None:
    for each in setting_fields(owner).values():
        if each.kind in {int, float} and each.setting.offered:
            assert all(map(each.setting.holds, each.setting.offered)), each.name
        if each.default is not None:
            assert each.checked(each.default) == each.default
