"""Options that follow from described settings: names, values, help, and what was not typed."""

from __future__ import annotations

from argparse import ArgumentError, ArgumentParser
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from napari_zerodce.cli.parser import build_parser
from napari_zerodce.cli.setting_options import add_options, typed_values
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.setting import Choice, Setting, fields_at, setting_fields
from napari_zerodce.training.config import LossWeights, RunConfig, TrainingConfig
from napari_zerodce.training.crops import CROPS


@dataclass(frozen=True)
class Owner:
    size: Annotated[float, Setting(label="Size", help="50 % of it.", option="how-large")] = 0.25
    count: Annotated[int | None, Setting(label="Count", help="How many.", metavar="N")] = None
    sharp: Annotated[bool, Setting(label="Sharp", help="Make it sharp.")] = False
    name: Annotated[str, Setting(label="Name", help="What it is called.")] = "x"
    mode: Annotated[
        Literal["a", "b"],
        Setting(
            label="Mode",
            help="How.",
            choices=(Choice("a", "A", "In one way."), Choice("b", "B")),
        ),
    ] = "a"


FIELDS = setting_fields(Owner)


def parser(**options: Any) -> ArgumentParser:
    made = ArgumentParser(exit_on_error=False)
    add_options(made.add_argument, FIELDS.values(), **options)
    return made


def test_what_is_not_typed_is_the_default() -> None:
    options = parser().parse_args([])
    assert vars(options) == {
        "how_large": 0.25, "count": None, "sharp": False, "name": "x", "mode": "a"
    }  # fmt: skip


def test_what_is_typed_has_its_type() -> None:
    words = ["--how-large", "2", "--count", "3", "--sharp", "--name", "7", "--mode", "b"]
    options = parser().parse_args(words)
    assert vars(options) == {
        "how_large": 2.0, "count": 3, "sharp": True, "name": "7", "mode": "b"
    }  # fmt: skip
    assert type(options.how_large) is float


def test_what_is_not_typed_can_be_none() -> None:
    options = parser(untyped_is_none=True).parse_args([])
    assert set(vars(options).values()) == {None}
    assert typed_values(options, FIELDS.values()) == {}
    options = parser(untyped_is_none=True).parse_args(["--how-large", "0", "--sharp"])
    assert typed_values(options, FIELDS.values()) == {"size": 0, "sharp": True}


def test_word_for_none_is_known_where_none_is_not_the_default() -> None:
    made = ArgumentParser(exit_on_error=False)
    add_options(made.add_argument, fields_at(Owner(count=4)))
    assert made.parse_args([]).count == 4
    assert made.parse_args(["--count", "none"]).count is None
    assert made.parse_args(["--count", "3"]).count == 3
    with pytest.raises(ArgumentError, match="'many', and a number or 'none' was expected"):
        made.parse_args(["--count", "many"])
    for words in (["--how-large", "none"], ["--count", "none"]):
        with pytest.raises(ArgumentError, match="'none'"):
            parser().parse_args(words)


def test_help_has_percent_signs_choices_and_defaults() -> None:
    text = " ".join(parser(defaults={"count": "enough"}).format_help().split())
    assert "--how-large X 50 % of it. (default: 0.25)" in text
    assert "--count N How many. (default: enough)" in text
    assert "--sharp Make it sharp. --name NAME What it is called. (default: x)" in text
    assert "--mode {a,b} How. a: In one way. (default: a)" in text


@pytest.mark.parametrize(
    ("command", "owners"),
    [
        ("enhance", (EnhanceSettings(), DEFAULT_LOOK)),
        ("maps", (EnhanceSettings(),)),
        ("finetune", (TrainingConfig(), LossWeights(), SmoothnessKind(), None)),
    ],
)
def test_each_described_setting_is_an_option(command: str, owners: tuple[Any, ...]) -> None:
    words = {"enhance": ["x", "--output", "y"], "maps": ["x", "--output", "y"], "finetune": []}
    options = vars(build_parser().parse_args([command, *words[command]]))
    for owner in owners:
        for each in setting_fields(RunConfig).values() if owner is None else fields_at(owner):
            # Of videos, frames are treated otherwise if the user does not say how.
            if command == "finetune" or each.default is None or each.key == "time":
                assert options[each.key] is None, each.name
            else:
                assert str(options[each.key]) == str(each.default), each.name


def test_the_default_of_crops_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["finetune", "--help"])
    assert f"Number of crops to train on. (default: {CROPS})" in capsys.readouterr().out
