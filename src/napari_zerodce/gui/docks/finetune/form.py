"""The Fine-tune dock's form: where to begin, a preset, how long, and the rest folded away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QWidget,
)
from superqt import QCollapsible

from napari_zerodce.checkpoints import registry
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.core.smoothness_kind import Normalisation, SmoothnessKind
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.training.config import SMALLEST_CROP, LossWeights, TrainingConfig
from napari_zerodce.training.presets import PRESET_TITLES, PRESETS, configure

if TYPE_CHECKING:
    from napari_zerodce.training.presets import Preset

_SCRATCH: Final = "scratch:"

_ORDERS: Final[tuple[tuple[str, dict[int, float]], ...]] = (
    ("1st order", {1: 1.0}),
    ("2nd order", {2: 1.0}),
    ("3rd order", {3: 1.0}),
    ("1st + 2nd", {1: 0.5, 2: 0.5}),
    ("1st to 3rd", {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}),
)
_NORMALISATIONS: Final[tuple[tuple[str, Normalisation], ...]] = (
    ("at 16 px", "period"),
    ("on noise", "noise"),
)
_ORDER_TIP: Final = (
    "Which derivatives of the curve maps cost something. Expect: the 1st, as published, flattens\n"
    "the maps everywhere; the 2nd leaves slow changes of the light (vignetting) free and rounds\n"
    "off kinks; the 3rd leaves bowls free, too. At equal strength, noise-like spots come out\n"
    "alike: as measured, strength matters more than the order.\n"
    "'At 16 px': all orders respond alike to waves of 16 pixels of the map; 'on noise': to white\n"
    "noise, where higher orders hardly see anything larger than a few pixels."
)


class TrainingForm(QWidget):
    """Holds the user's choices; knows nothing of what is done with them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.start = QComboBox()
        self.preset = QComboBox()
        for combo in (self.start, self.preset):
            make_narrow(combo)
        self.start.setToolTip("The weights that training begins with.")
        self.preset.setToolTip(
            "Photo: brightness 0.6, half of the crops darker or brighter.\n"
            "Fluorescence: brightness 0.4, and what is black stays dark."
        )
        for name in PRESETS:
            self.preset.addItem(PRESET_TITLES[name], name)
        self.amount = _spin(0.1, 100_000, 1, 1.0, "About how long it takes, or how many steps.")
        self.amount.setValue(1)
        self.unit = QComboBox()
        self.unit.addItem("minutes", "minutes")
        self.unit.addItem("steps", "steps")
        make_narrow(self.unit)
        self.unit.setToolTip(self.amount.toolTip())
        self.slow = text_label(
            "slow", "Zero-DCE wants a GPU; Zero-DCE++ learns in a minute without."
        )
        self.advanced = QCollapsible("Advanced", expandedIcon="▾", collapsedIcon="▸")
        self._scale_factors: dict[Any, int] = {}
        self._architectures: dict[Any, Architecture] = {}
        self._filling = False
        self._shown: dict[QWidget, Any] = {}  # what each part was set to, before the user
        self._make_advanced()
        self._lay_out()
        self.offer(registry.DEFAULT_CHECKPOINT, None, 1)
        self.start.activated.connect(self._on_start_changed)
        self.preset.activated.connect(self._on_preset_changed)
        self.unit.activated.connect(self._on_unit_changed)
        self.amount.valueChanged.connect(self._on_part_changed)

    # ---- what it looks like

    def _make_advanced(self) -> None:
        self.target = _spin(
            0.05, 0.95, 2, 0.05, "The brightness E that patches are to reach, 0 to 1."
        )
        self.keep_background = QCheckBox("Background stays")
        self.keep_background.setToolTip(
            "Patches as dark as the background (Otsu's threshold of each image) keep their\n"
            "brightness; all others go to the exposure target."
        )
        self.order = QComboBox()
        for text, orders in _ORDERS:
            self.order.addItem(text, orders)
        self.normalisation = QComboBox()
        for text, kind in _NORMALISATIONS:
            self.normalisation.addItem(text, kind)
        for combo in (self.order, self.normalisation):
            make_narrow(combo)
            combo.setToolTip(_ORDER_TIP)
        self.penalty = QComboBox()
        self.penalty.addItem("squared", "squared")
        self.penalty.addItem("robust (Charbonnier)", "charbonnier")
        make_narrow(self.penalty)
        self.penalty.setToolTip("Robust: a map may have edges, they cost less than their square.")
        self.edge_aware = QCheckBox("Free at edges")
        self.edge_aware.setToolTip("Maps may change where the smoothed brightness does.")
        self.weights = {
            "spatial": _spin(0, 1e6, 3, 0.5, "Keeps the contrast between neighbouring regions."),
            "exposure": _spin(0, 1e6, 3, 1, "Pulls patches to the exposure target."),
            "colour": _spin(0, 1e6, 3, 0.5, "Keeps the average colour grey; none for mono images."),
            "smoothness": _spin(0, 1e6, 3, 10, "Keeps neighbouring curves alike."),
        }
        self.learning_rate = _spin(1e-7, 1, 7, 1e-4, "Of Adam, at the beginning.")
        self.crop = _whole(SMALLEST_CROP, 4096, 16, "Side of a training crop in pixels.")
        self.batch = _whole(1, 256, 1, "Crops a step; fewer if the memory is too small.")
        self.darker = _spin(-8, 0, 1, 0.5, "Half of the crops are made darker by up to this.")
        self.brighter = _spin(0, 8, 1, 0.5, "Half of the crops are made brighter by up to this.")
        for box in (self.darker, self.brighter):
            box.setSuffix(" EV")
        self.seed = _whole(0, 2**31 - 1, 1, "The same seed gives the same result on the same CPU.")

    def _lay_out(self) -> None:
        form = _form(self)
        form.addRow("Start from", self.start)
        form.addRow("Preset", self.preset)
        form.addRow("Train for", _row(self.amount, self.unit))
        form.addRow(self.slow)
        content = QWidget()
        rows = _form(content)
        rows.addRow("Exposure target", self.target)
        rows.addRow("", self.keep_background)
        rows.addRow("Smoothness", _row(self.order, self.normalisation))
        rows.addRow("", self.penalty)
        rows.addRow("", self.edge_aware)
        for name, box in self.weights.items():
            rows.addRow(f"{name.capitalize()} loss", box)
        rows.addRow("Darker copies", self.darker)
        rows.addRow("Brighter copies", self.brighter)
        rows.addRow("Learning rate", self.learning_rate)
        rows.addRow("Crop", self.crop)
        rows.addRow("Batch", self.batch)
        rows.addRow("Seed", self.seed)
        self.crop.setSuffix(" px")
        self.batch.setSuffix(" a step")
        self._rows = rows
        self.advanced.setContent(content)
        self.advanced.collapse(animate=False)  # new content is shown whole otherwise
        form.addRow(self.advanced)
        numbers = (self.target, self.learning_rate, self.darker, self.brighter)
        for number in (*self.weights.values(), *numbers):
            number.valueChanged.connect(self._on_part_changed)
        for whole in (self.crop, self.batch, self.seed):
            whole.valueChanged.connect(self._on_part_changed)
        for check in (self.keep_background, self.edge_aware):
            check.toggled.connect(self._on_part_changed)
        for combo in (self.order, self.normalisation, self.penalty):
            combo.activated.connect(self._on_part_changed)

    def add_row(self, label: str, part: QWidget) -> None:
        """Add something that is not the training's own to the advanced section."""
        self._rows.addRow(label, part)

    # ---- what it holds

    def offer(
        self, active: str | Path, architecture: Architecture | None, scale_factor: int
    ) -> None:
        """List what training can begin with; the user's choice stays, at first the active one.

        Parameters
        ----------
        active : str or Path
            The session's checkpoint.
        architecture : Architecture, optional
            That of the active checkpoint, None if that is not known yet.
        scale_factor : int
            Of the active checkpoint.
        """
        chosen = self.start.currentData()
        was_active = self.start.currentIndex() <= 0
        self.start.clear()
        entries: list[tuple[str, Any, Architecture, int]] = [
            (f"{entry.title} ({entry.kind})", entry.name, entry.architecture, entry.scale_factor)
            for entry in registry.available()
        ]
        if str(active) not in {data for _, data, _, _ in entries} and architecture is not None:
            entries.append((Path(active).name, str(active), architecture, scale_factor))
        entries.sort(key=lambda entry: entry[1] != str(active))
        for key, traits in ARCHITECTURES.items():
            scale = traits.default_scale_factor
            entries.append((f"From scratch: {traits.title}", f"{_SCRATCH}{key}", key, scale))
        for text, data, kind, scale in entries:
            self.start.addItem(text, data)
            self._architectures[data], self._scale_factors[data] = kind, scale
        row = 0 if was_active else self.start.findData(chosen)
        self.start.setCurrentIndex(max(0, row))
        if self.start.currentData() != chosen:
            self._on_start_changed()

    def checkpoint(self) -> str | None:
        """Return the checkpoint to begin with; None: random weights."""
        data = str(self.start.currentData())
        return None if data.startswith(_SCRATCH) else data

    def architecture(self) -> Architecture:
        """Return which network is trained."""
        return self._architectures[self.start.currentData()]

    def chosen_preset(self) -> Preset:
        """Return the preset."""
        preset: Preset = self.preset.currentData()
        return preset

    def duration(self) -> dict[str, Any]:
        """Return minutes or steps as a keyword argument of a `TrainingWish`."""
        if self.unit.currentData() == "steps":
            return {"steps": round(self.amount.value())}
        return {"minutes": self.amount.value()}

    def changes(self) -> dict[str, Any]:
        """Return all fields of `TrainingConfig` that can be chosen here."""
        return {
            "target": self.target.value(),
            "keep_background": self.keep_background.isChecked(),
            "weights": LossWeights(**{n: box.value() for n, box in self.weights.items()}),
            "smoothness": SmoothnessKind(
                orders=dict(self.order.currentData()),
                normalisation=self.normalisation.currentData(),
                penalty=self.penalty.currentData(),
                edge_aware=self.edge_aware.isChecked(),
            ),
            "learning_rate": self.learning_rate.value(),
            "crop": self.crop.value(),
            "batch": self.batch.value(),
            "exposure_stops": (self.darker.value(), self.brighter.value()),
            "seed": self.seed.value(),
        }

    def defaults(self) -> TrainingConfig:
        """Return what the preset has for the chosen network."""
        return configure(
            self.chosen_preset(),
            self.architecture(),
            scale_factor=self._scale_factors[self.start.currentData()],
            from_scratch=self.checkpoint() is None,
        )

    def show_config(self, config: TrainingConfig, *, keep: bool = False) -> None:
        """Show a configuration in the advanced section.

        Parameters
        ----------
        config : TrainingConfig
        keep : bool
            Whether what the user has changed stays.
        """
        values: dict[QDoubleSpinBox | QSpinBox, float] = {
            self.target: config.target,
            self.learning_rate: config.learning_rate,
            self.crop: config.crop,
            self.batch: config.batch,
            self.darker: config.exposure_stops[0],
            self.brighter: config.exposure_stops[1],
        }
        for name, box in self.weights.items():
            weight = getattr(config.weights, name)
            automatic = config.weights.smoothness_for(config.architecture)
            values[box] = automatic if weight is None else weight
        self._filling = True
        for part, value in values.items():
            if not keep or part.value() == self._shown.get(part, part.value()):
                part.setValue(value)  # type: ignore[arg-type]  # whole where the part is
                self._shown[part] = part.value()
        background = self.keep_background
        if not keep or background.isChecked() == self._shown.get(background, False):
            background.setChecked(config.keep_background)
            self._shown[background] = background.isChecked()
        self._filling = False
        self.slow.setVisible(not ARCHITECTURES[self.architecture()].learns_without_gpu)
        self.changed.emit()

    def _on_preset_changed(self, _: Any = None) -> None:
        self.show_config(self.defaults())

    def _on_start_changed(self, _: Any = None) -> None:
        self.show_config(self.defaults(), keep=True)

    def _on_unit_changed(self, _: Any = None) -> None:
        steps = self.unit.currentData() == "steps"
        self.amount.setDecimals(0 if steps else 1)
        self.amount.setSingleStep(100 if steps else 1)
        self.amount.setValue(500 if steps else 1)
        self.changed.emit()

    def _on_part_changed(self, _: Any = None) -> None:
        if not self._filling:
            self.changed.emit()


def _spin(low: float, high: float, decimals: int, step: float, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(decimals)  # first: values are rounded to them
    box.setRange(low, high)
    box.setSingleStep(step)
    _make_compact(box, tip)
    return box


def _whole(low: int, high: int, step: int, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setSingleStep(step)
    _make_compact(box, tip)
    return box


def _make_compact(box: QAbstractSpinBox, tip: str) -> None:
    box.setKeyboardTracking(False)
    # napari's style would have it twice as wide, and the dock too wide for a small screen.
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setMinimumWidth(60)
    box.setToolTip(tip)


def _form(widget: QWidget) -> QFormLayout:
    form = QFormLayout(widget)
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(4)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return form


def _row(*parts: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for part in parts:
        layout.addWidget(part, 1)
    return row
