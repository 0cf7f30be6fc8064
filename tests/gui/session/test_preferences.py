"""What the user has written in napari's preferences becomes values, or a sentence and a default."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from napari import settings
from npe2 import PluginManifest

from napari_zerodce.gui.session import preferences
from napari_zerodce.gui.session.preferences import (
    TITLES,
    Preferences,
    Reading,
    read_preferences,
    stated_preferences,
)
from napari_zerodce.imaging.windows import WindowChoice

BUNDLED = Path(str(files("napari_zerodce"))) / "checkpoints" / "bundled" / "zero-dce-pp.safetensors"

REAL_GROUP = preferences.napari_group  # before the fixtures keep it out


def _declared() -> Any:
    manifest = PluginManifest.from_distribution("napari-zerodce")
    return manifest.contributions.configurations["defaults"].properties


def test_manifest_declares_each_preference() -> None:
    declared = _declared()
    assert list(declared) == list(TITLES) == list(Preferences.__dataclass_fields__)
    for name, title in TITLES.items():
        assert declared[name].title.startswith(title)


def test_defaults_of_the_manifest_are_those_of_the_docks() -> None:
    stated = {name: each.default for name, each in _declared().items()}
    assert read_preferences(stated, thoroughly=True) == Reading(Preferences())


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("checkpoint", " zero-dce-pp ", "zero-dce-pp"),
        ("checkpoint", "", "auto"),
        ("checkpoint", str(BUNDLED), BUNDLED),
        ("window", "contrast", WindowChoice("contrast")),
        ("window", "Background", WindowChoice("background")),
        ("window", "percentile:1,99", WindowChoice("percentile", 1, 99)),
        ("window", "120,4000", WindowChoice("range", 120, 4000)),
        ("device", "CPU", "cpu"),
        ("device", "cuda", "cuda:0"),
        ("device", "cuda:1", "cuda:1"),
        ("memory_budget", 0.5, 2**29),
        ("memory_budget", 0, None),
        ("runs_folder", "/", Path("/")),
        ("runs_folder", " ", None),
    ],
)
def test_written_values(name: str, written: Any, value: Any) -> None:
    assert read_preferences({name: written}) == Reading(Preferences(**{name: value}))


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("checkpoint", "/nowhere/mine.pth", "'/nowhere/mine.pth'"),
        ("checkpoint", "mine.pth", "full path"),
        ("window", "narrow", "'narrow' is not understood"),
        ("window", "9,3", "the smaller"),
        ("window", "1,2;3,4", "one window for all"),
        ("device", "tpu", "'tpu'"),
        ("memory_budget", -1.0, "0 or more"),
        ("memory_budget", float("nan"), "0 or more"),
        ("runs_folder", "/nowhere", "'/nowhere'"),
        ("runs_folder", "runs", "full path"),
    ],
)
def test_invalid_value_gives_one_sentence_and_the_default(
    name: str, written: Any, told: str
) -> None:
    values, complaints = read_preferences({"window": "dtype"} | {name: written})
    assert values == Preferences(**({} if name == "window" else {"window": WindowChoice("dtype")}))
    (complaint,) = complaints
    assert complaint.startswith(f"Zero-DCE ignores the preference '{TITLES[name]}': ")
    assert told in complaint
    assert complaint.endswith(".")


def test_device_and_file_are_looked_at_thoroughly(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"nothing")
    stated = {"checkpoint": str(broken), "device": "cuda:99"}
    quick = read_preferences(stated)
    assert quick == Reading(Preferences(checkpoint=broken, device="cuda:99"))
    values, complaints = read_preferences(stated, thoroughly=True)
    assert values == Preferences()
    assert ["broken.pth" in complaints[0], "'cuda:99'" in complaints[1]] == [True, True]


def test_unregistered_plugin_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "napari_group", lambda: None)
    assert stated_preferences() == {}


def test_preferences_of_napari_are_read(
    plugin_settings: None, npe2pm: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(preferences, "napari_group", REAL_GROUP)
    assert preferences.napari_group() is None, "no plugin is registered"
    npe2pm.register(PluginManifest.from_distribution("napari-zerodce"))
    settings.get_plugin_settings("napari-zerodce").defaults.window = "minmax"
    assert read_preferences(stated_preferences()).preferences.window == WindowChoice("minmax")
    written = settings.get_plugin_settings("napari-zerodce").config_path
    assert written.is_relative_to(tmp_path), "not the user's own preferences"
