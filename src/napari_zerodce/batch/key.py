"""The key of a result: equal only if the source, the settings, the weights and the version are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Final

from napari_zerodce.batch.facts import Facts

_WITHOUT_EFFECT: Final = frozenset({"device", "tile", "overwrite", "sha256", "skip_unreadable"})
"""Settings that do not change pixels, or only their last bits, or only those that are missing."""


def choices_of(settings: Any) -> str:
    """Return the settings that decide pixels, as JSON.

    Parameters
    ----------
    settings : dataclass
        With other dataclasses in it.
    """
    return json.dumps(_effective(asdict(settings)), sort_keys=True, default=str)


def _effective(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _effective(each) for name, each in value.items() if name not in _WITHOUT_EFFECT}


def key_of(source: str, choices: str, facts: Facts, *, shared: object = None) -> str:
    """Return the key of a result, 64 hexadecimal digits.

    Parameters
    ----------
    source : str
        Says which pixels the source has, such as by its size and time.
    choices : str
        As `choices_of` gives it.
    facts : Facts
    shared : object, optional
        What the image shares with others; its text tells all of it.
    """
    parts = [source, choices, dict(facts.versions)["napari-zerodce"], facts.weights]
    if shared is not None:
        parts.append(repr(shared))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
