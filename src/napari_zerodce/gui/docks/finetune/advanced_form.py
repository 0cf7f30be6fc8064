"""The advanced section of the Fine-tune dock: fields made from descriptions of settings."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtWidgets import QComboBox

from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.setting_field import wrapped
from napari_zerodce.gui.widgets.settings_form import SettingsForm, side_by_side
from napari_zerodce.setting import Setting, SettingField, setting_fields
from napari_zerodce.training.config import MOST_STOPS, LossWeights, TrainingConfig

_TRAINING: Final = setting_fields(TrainingConfig)
_LOSSES: Final = setting_fields(LossWeights)
_SMOOTHNESS: Final = setting_fields(SmoothnessKind)

_DIRECT: Final = ("target", "keep_background", "learning_rate", "crop", "batch", "seed")
"""Fields of the configuration that the form shows without conversion."""

_BY_PRESET: Final = tuple(name for name in _DIRECT if name != "seed")

_ORDERS: Final[tuple[tuple[str, dict[int, float]], ...]] = (
    ("1st order", {1: 1.0}),
    ("2nd order", {2: 1.0}),
    ("3rd order", {3: 1.0}),
    ("1st + 2nd", {1: 0.5, 2: 0.5}),
    ("1st to 3rd", {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}),
)
_ORDER_TIP: Final = wrapped(
    "The derivatives of the curve maps that the smoothness loss penalises. Expect: the 1st order, "
    "as published, flattens the maps everywhere; the 2nd leaves slow changes of the light "
    "(vignetting) free and rounds off kinks; the 3rd leaves parabolic changes free, too. In "
    "measurements, the weight of the loss matters more than the order: at equal weight, spots "
    "like noise look the same. 'At 16 px': all orders respond equally to waves of 16 pixels of "
    "the map. 'On noise': all orders respond equally to white noise, and higher orders hardly "
    "respond to structures of more than a few pixels.",
    width=90,
)


class AdvancedForm(SettingsForm):
    """The form of the fields of a `TrainingConfig` that the user can choose."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, Any] = {}  # the value of each field before the user changes it
        self.order = _order_combo()
        self.order.activated.connect(self._on_field_changed)
        self.add_field(_TRAINING["target"])
        self.add_field(_TRAINING["keep_background"])
        self._add_smoothness()
        for weight in _LOSSES.values():
            self.add_field(weight, key=weight.key)
        for name, words, low, high in (
            ("darker", "darker", -MOST_STOPS, 0),
            ("brighter", "brighter", 0, MOST_STOPS),
        ):
            self.add_field(_copies(name, words, low, high))
        for name in ("learning_rate", "crop", "batch", "seed"):
            self.add_field(_TRAINING[name])
        self.show_values({"normalisation": "period"})

    def _add_smoothness(self) -> None:
        balance = self.make_field(_SMOOTHNESS["normalisation"]).native
        balance.setToolTip(_ORDER_TIP)
        self.rows.addRow("Smoothness", side_by_side(self.order, balance))
        self.add_field(_SMOOTHNESS["penalty"])
        self.add_field(_SMOOTHNESS["edge_aware"])

    def changes(self) -> dict[str, Any]:
        """Return the fields of `TrainingConfig` that this form has."""
        values = self.values()
        weights = {name: values[each.key] for name, each in _LOSSES.items()}
        kind = {name: values[name] for name in ("normalisation", "penalty", "edge_aware")}
        return {
            **{name: values[name] for name in _DIRECT},
            "weights": LossWeights(**weights),
            "smoothness": SmoothnessKind(orders=dict(self.order.currentData()), **kind),
            "exposure_stops": (values["darker"], values["brighter"]),
        }

    def show_config(self, config: TrainingConfig, *, keep: bool = False) -> None:
        """Show the fields of a configuration that depend on the preset or the network.

        Parameters
        ----------
        config : TrainingConfig
            The configuration to show.
        keep : bool
            Whether fields that the user has changed stay.
        """
        wanted = _of_preset(config)
        if keep:
            wanted = {key: value for key, value in wanted.items() if not self._was_changed(key)}
        self.show_values(wanted)
        self._shown |= {key: self.fields[key].value for key in wanted}

    def _was_changed(self, key: str) -> bool:
        value = self.fields[key].value
        return bool(value != self._shown.get(key, value))


def _of_preset(config: TrainingConfig) -> dict[str, Any]:
    """Return the values that a preset sets, by the keys of the fields."""
    weights = config.weights.model_dump()
    weights["smoothness"] = config.weights.smoothness_for(config.architecture)
    darker, brighter = config.exposure_stops
    return {
        **{name: getattr(config, name) for name in _BY_PRESET},
        **{each.key: weights[name] for name, each in _LOSSES.items()},
        "darker": darker,
        "brighter": brighter,
    }


def _copies(name: str, words: str, low: float, high: float) -> SettingField:
    """Return one limit of the exposure stops as a separate setting."""
    of_both = _TRAINING["exposure_stops"].setting
    setting = Setting(
        label=f"{words.capitalize()} copies",
        help=f"Half of the crops become {words} by at most this number of stops.",
        minimum=low,
        maximum=high,
        unit=of_both.unit,
        step=of_both.step,
        decimals=of_both.decimals,
    )
    return SettingField(name, setting, float, optional=False, default=0.0)


def _order_combo() -> QComboBox:
    combo = QComboBox()
    make_narrow(combo)
    combo.setToolTip(_ORDER_TIP)
    for text, orders in _ORDERS:
        combo.addItem(text, orders)
    return combo
