"""The advanced section of the Fine-tune dock: fields made from descriptions of settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qtpy.QtWidgets import QComboBox

from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.gui.shared.training.defaults_form import DefaultsForm
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.settings_form import side_by_side
from napari_zerodce.gui.widgets.tool_tips import explain_labels, tip_of, tool_tip
from napari_zerodce.setting import Setting, SettingField, setting_fields
from napari_zerodce.training.config import MOST_STOPS, LossWeights, TrainingConfig

_TRAINING: Final = setting_fields(TrainingConfig)
_LOSSES: Final = setting_fields(LossWeights)
_SMOOTHNESS: Final = setting_fields(SmoothnessKind)

_DIRECT: Final = ("target", "keep_background", "learning_rate", "crop", "batch", "seed")
"""Fields of the configuration that the form shows without conversion."""

_BY_PRESET: Final = tuple(name for name in _DIRECT if name != "seed")
_OF_SMOOTHNESS: Final = ("normalisation", "penalty", "edge_aware")

_ORDERS: Final[tuple[tuple[str, dict[int, float]], ...]] = (
    ("1st order", {1: 1.0}),
    ("2nd order", {2: 1.0}),
    ("3rd order", {3: 1.0}),
    ("1st + 2nd", {1: 0.5, 2: 0.5}),
    ("1st to 3rd", {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}),
)
_ORDER_TIP: Final = tool_tip(
    "Smoothness",
    "The derivatives of the curve maps that the smoothness loss penalises. Expect: the 1st order, "
    "as published, flattens the maps everywhere; the 2nd leaves slow changes of the light "
    "(vignetting) free and rounds off kinks; the 3rd leaves parabolic changes free, too. In "
    "measurements, the weight of the loss matters more than the order: at equal weight, spots "
    "like noise look the same. 'At 16 px': all orders respond equally to waves of 16 pixels of "
    "the map. 'On noise': all orders respond equally to white noise, and higher orders hardly "
    "respond to structures of more than a few pixels.",
    default="1st order, at 16 px (another preset may have another order)",
)


class AdvancedForm(DefaultsForm):
    """The form of the fields of a `TrainingConfig` that the user can choose."""

    def __init__(self) -> None:
        super().__init__()
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
        self.fields["seed"].native.setToolTip(tip_of(_TRAINING["seed"], 0))
        explain_labels(self.rows)

    def _add_smoothness(self) -> None:
        balance = self.make_field(_SMOOTHNESS["normalisation"]).native
        balance.setToolTip(_ORDER_TIP)
        both = side_by_side(self.order, balance)
        both.setToolTip(_ORDER_TIP)
        self.rows.addRow("Smoothness", both)
        self.add_field(_SMOOTHNESS["penalty"])
        self.add_field(_SMOOTHNESS["edge_aware"])

    def changes(self) -> dict[str, Any]:
        """Return the fields of `TrainingConfig` that this form has."""
        values = self.values()
        weights = {name: values[each.key] for name, each in _LOSSES.items()}
        kind = {name: values[name] for name in _OF_SMOOTHNESS}
        return {
            **{name: values[name] for name in _DIRECT},
            "weights": LossWeights(**weights),
            "smoothness": SmoothnessKind(orders=dict(self.order.currentData()), **kind),
            "exposure_stops": (values["darker"], values["brighter"]),
        }

    def show_config(self, config: TrainingConfig, *, keep: bool = False) -> None:
        """Show a configuration that a preset gives for a network.

        Parameters
        ----------
        config : TrainingConfig
            The configuration to show.
        keep : bool
            Whether fields that the user has changed stay.
        """
        wanted = _of_preset(config)
        self.show_defaults(wanted, keep=keep)
        del wanted["normalisation"]  # its tool tip is that of all about the smoothness
        self.explain(wanted, of_preset=True)

    def show_run(self, config: TrainingConfig) -> None:
        """Show all fields of the configuration of a run; the preset's ones stay the defaults."""
        self._show({**_of_preset(config), "seed": config.seed})

    def _show(self, values: Mapping[str, Any]) -> None:
        others = dict(values)
        orders = others.pop("orders", None)
        super()._show(others)
        if orders is not None:
            self._show_orders(orders)

    def _show_orders(self, orders: dict[int, float]) -> None:
        """Choose an entry of the orders; a mixture from the command line becomes a new entry."""
        row = next((n for n in range(self.order.count()) if self._orders_at(n) == orders), -1)
        if row < 0:
            words = ", ".join(f"{order}: {weight:g}" for order, weight in orders.items())
            self.order.addItem(f"Orders {words}", orders)
            row = self.order.count() - 1
        self.order.setCurrentIndex(row)

    def _orders_at(self, row: int) -> dict[int, float]:
        return dict(self.order.itemData(row))

    def _value_of(self, key: str) -> Any:
        if key == "orders":
            return self._orders_at(self.order.currentIndex())
        return super()._value_of(key)


def _of_preset(config: TrainingConfig) -> dict[str, Any]:
    """Return the values that a preset sets, by the keys of the fields."""
    weights = config.weights.model_dump()
    weights["smoothness"] = config.weights.smoothness_for(config.architecture)
    darker, brighter = config.exposure_stops
    kind = config.smoothness
    # Order 1 is the same under both, and the orders 2 and 3 are usual only with this one.
    normalisation = "period" if set(kind.orders) == {1} else kind.normalisation
    return {
        **{name: getattr(config, name) for name in _BY_PRESET},
        **{each.key: weights[name] for name, each in _LOSSES.items()},
        "darker": darker,
        "brighter": brighter,
        "orders": dict(kind.orders),
        "normalisation": normalisation,
        "penalty": kind.penalty,
        "edge_aware": kind.edge_aware,
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
