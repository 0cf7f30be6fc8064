"""The advanced section of the Train translator dock: the settings that the chosen method has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from napari_zerodce.gui.shared.training.defaults_form import DefaultsForm
from napari_zerodce.gui.widgets.tool_tips import explain_labels
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.translation.config import TrainingMethod, TranslationConfig

_DESCRIBED: Final = setting_fields(TranslationConfig)

_LOSSES_OF: Final[Mapping[TrainingMethod, tuple[str, ...]]] = {
    "pix2pix": ("gan", "l1"),
    "cyclegan": ("gan", "cycle", "identity"),
    "cut": ("gan", "nce"),
    "fastcut": ("gan", "nce"),
}
_OF_THE_NETWORK: Final = ("features", "blocks")

SHOWN: Final = (
    "crop", *_OF_THE_NETWORK, "learning_rate", "gan", "l1", "cycle", "identity", "nce",
    "frozen_steps", "checkpoint_steps", "seed",
)  # fmt: skip
"""The names of the settings in the order of the rows."""


class TranslationForm(DefaultsForm):
    """The form of the fields of a `TranslationConfig` that the user can choose."""

    def __init__(self) -> None:
        super().__init__()
        self._used: frozenset[str] = frozenset(SHOWN)
        for name in SHOWN:
            self.add_field(_DESCRIBED[name])
        explain_labels(self.rows)

    def changes(self) -> dict[str, Any]:
        """Return the fields of `TranslationConfig` that count for the chosen method and start."""
        return {name: value for name, value in self.values().items() if name in self._used}

    def show_config(
        self, config: TranslationConfig, *, is_loaded: bool, keep: bool = False
    ) -> None:
        """Show the defaults of a method and a start, and hide the fields that they do not have.

        Parameters
        ----------
        config : TranslationConfig
        is_loaded : bool
            Whether training starts from a generator, which decides its own network.
        keep : bool
            Whether fields that the user has changed stay.
        """
        defaults = _values_of(config)
        if keep:  # the seed is no default of a method
            defaults.pop("seed")
        self.show_defaults(defaults, keep=keep)
        self.explain(defaults)
        self._used = frozenset(used(config.method, is_loaded=is_loaded))
        for name in SHOWN:
            self.show_field(name, shown=name in self._used)

    def show_run(self, config: TranslationConfig) -> None:
        """Show the settings of a run; the defaults stay the defaults."""
        self.show_values(_values_of(config))


def used(method: TrainingMethod, *, is_loaded: bool) -> tuple[str, ...]:
    """Return the names of the settings that a training has.

    Parameters
    ----------
    method : {"pix2pix", "cyclegan", "cut", "fastcut"}
    is_loaded : bool
        Whether training starts from a generator in a file.
    """
    network = () if is_loaded else _OF_THE_NETWORK[: 1 if method == "pix2pix" else 2]
    frozen = ("frozen_steps",) if is_loaded else ()
    return ("crop", *network, "learning_rate", *_LOSSES_OF[method], *frozen, "checkpoint_steps",
            "seed")  # fmt: skip


def _values_of(config: TranslationConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in SHOWN} | {"nce": config.nce_weight}
