"""The Adjust dock: change the look of the part on screen, compare, and apply it to the layer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from napari_zerodce.engine.forecast import describe_plan
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.adjust import work
from napari_zerodce.gui.docks.adjust.before_key import KEY, bind_before_key
from napari_zerodce.gui.docks.adjust.form import LookForm
from napari_zerodce.gui.docks.adjust.preview_layer import PreviewLayer
from napari_zerodce.gui.docks.adjust.reproduce_button import ReproduceButton
from napari_zerodce.gui.docks.adjust.swipe import Swipe
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.results import (
    data_of_source,
    display_range,
    newest_result_of,
    source_layer_of,
    weights_name,
)
from napari_zerodce.gui.layers.saved import find_provenance
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.dock import Dock
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.run_controller import RunController
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.gui.shared.view_follower import ViewFollower
from napari_zerodce.gui.shared.weights_finder import WeightsFinder
from napari_zerodce.gui.widgets.labels import text_label

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

    from napari_zerodce.engine.fidelity import Fidelity
    from napari_zerodce.engine.view import View

Array = np.ndarray[Any, Any]

_TIP = "Add a copy of the whole layer with this look above it; the layer itself does not change."
_PAUSE_MS = 250  # without a change, before numbers are computed


class AdjustDock(Dock):
    """Dock that shows the plane on screen in any look; its curves are estimated only once.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "The look of an image, changed live"
    page = "adjust.md"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.layers = LayerChooser(self._viewer)
        self.settings = SettingsLine(self._viewer, self._session)
        self.finder = WeightsFinder(self._session, self.layers, self)
        self.live = QCheckBox("Live view")
        self.live.setToolTip(
            "Show the plane on screen, enhanced as set below, in a separate layer."
        )
        self.swipe_box = QCheckBox("Swipe")
        self.swipe_box.setToolTip(
            "Show the source left of a line and the result right of it; drag the line."
        )
        self.form = LookForm()
        self.trust = text_label("trust")
        self.run = RunPanel("Apply to the whole layer", self._session, tip=_TIP)
        self.runs = RunController(self._viewer, self._session, self.run, self)
        self.reproduce = ReproduceButton(self._result, partial(source_layer_of, self._viewer))
        self.follower = ViewFollower(self._viewer, self._session, self)
        self.shown = PreviewLayer(self._viewer)
        self.swipe = Swipe(self._viewer, self)
        self._compared: Image | None = None  # the result layer on the right side of the swipe
        self._trust_job: Job | None = None
        self._drawing = _single_shot(self, 0, self._draw)
        self._pausing = _single_shot(self, _PAUSE_MS, self._update_texts)
        self.fill(
            (self.layers, self.settings, self._switches(), self.form, self.run, self.trust,
             self.reproduce)
        )  # fmt: skip
        self._connect()
        bind_before_key(self._viewer)
        self._show_plan()

    def _switches(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        hint = text_label("before_hint", f"hold {KEY.upper()}: before")
        hint.setToolTip("The key works while the canvas has the focus: click on the image first.")
        for part in (self.live, self.swipe_box, hint):
            layout.addWidget(part)
        return row

    def _connect(self) -> None:
        self.layers.changed.connect(self._on_layer_chosen)
        self.finder.changed.connect(self._on_choice_changed)
        self.runs.follow(self.layers)
        self.live.toggled.connect(self._on_switch_toggled)
        self.swipe_box.toggled.connect(self._on_switch_toggled)
        self.form.changed.connect(self._on_look_changed)
        self.run.start_requested.connect(self.apply)
        self.reproduce.told.connect(self.run.say)
        self.swipe.moved.connect(self._draw)
        self.follower.known.connect(self._on_follower_known)
        self.follower.waiting.connect(self._on_follower_waiting)
        self.follower.failed.connect(self._on_follower_failed)
        self._viewer.layers.events.removed.connect(self._on_layer_removed)
        self._viewer.scene.camera.events.zoom.connect(self._on_zoomed)
        self._session.events.settings.connect(self._on_session_settings_changed)
        self._session.events.job.connect(self._show_plan)

    def _release(self) -> None:
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoomed)
        self._session.events.settings.disconnect(self._on_session_settings_changed)
        self._session.events.job.disconnect(self._show_plan)
        for part in (
            self.runs, self.follower, self.swipe, self.finder, self.layers, self.settings, self.run,
            self.reproduce,
        ):  # fmt: skip
            part.release()
        self.shown.remove()
        self._session.change(look=DEFAULT_LOOK)

    # ---- public actions

    def select_layer(self, layer: Image) -> None:
        """Choose the layer to adjust."""
        self.layers.layer = layer

    def apply(self) -> None:
        """Enhance the whole layer with the chosen look, unless a run is in progress."""
        if self._session.busy:
            return
        try:
            source = read_source(self.layers.layer)
            settings = replace(self._session.settings, look=self.form.look())
            request = request_for(source, settings)
            describe_plan(request, None)
        except ZeroDCEError as err:
            self.runs.show_failure(err)
            return
        self.runs.enhance(source, request)

    # ---- following the layer

    def _on_layer_chosen(self) -> None:
        self.run.forget_complaint()
        self._show_plan()
        self._follow()

    def _on_choice_changed(self) -> None:
        self.settings.show_choice(self.finder.choice)

    def _on_switch_toggled(self, _: bool) -> None:
        self._follow()
        self._drawing.start()

    def _on_look_changed(self) -> None:
        self.run.forget_complaint()
        self._session.change(look=self.form.look())
        if self.live.isChecked():
            # Draw at once: one event later, the window would be painted an extra time.
            self._draw()
        else:
            self.live.setChecked(True)

    def _follow(self) -> None:
        """Follow the chosen layer if the live view or the swipe is on."""
        if self.follower.is_orphaned:
            self._stop_following()
        layer = self.layers.layer if self.live.isChecked() or self.swipe_box.isChecked() else None
        if layer is not self.follower.layer:
            self.shown.remove()
            self.swipe.switch_off()
        self.follower.follow(layer, curves=self._swiped_result() is None)
        if layer is None:
            self.shown.remove()
            self.swipe.switch_off()
            self.trust.clear()
            self._show_plan()

    def _swiped_result(self) -> Image | None:
        """Return the result layer that the swipe shows, None if it shows the live view."""
        if self.live.isChecked() or not self.swipe_box.isChecked():
            return None
        if self.layers.layer is not None:
            find_provenance(self.layers.layer)
        return newest_result_of(self._viewer, self.layers.layer)

    def _on_follower_known(self, _screen: OnScreen, _view: View | None) -> None:
        self.run.forget_complaint()
        self._draw()
        self._show_plan()

    def _on_follower_waiting(self) -> None:
        self.trust.clear()
        self.run.plan.setText("Estimating the curves of the part on screen…")

    def _on_follower_failed(self, error: Exception) -> None:
        self.shown.remove()
        self.trust.clear()
        self._show_plan()
        if isinstance(error, ZeroDCEError):
            self.run.say(str(error), "bad")
        else:
            self.runs.show_failure(error)

    def _stop_following(self) -> None:
        """Stop the live view and the swipe, because the layer was deleted."""
        assert self.follower.layer is not None
        name = self.follower.layer.name
        self.follower.follow(None)
        self.live.setChecked(False)
        self.swipe_box.setChecked(False)
        self.run.say(f"'{name}' was deleted, and its live view was removed.")

    def _on_layer_removed(self, event: Any) -> None:
        if self.shown.layer is not None and event.value is self.shown.layer:
            self.live.setChecked(False)
            self.swipe_box.setChecked(False)
        elif self._compared is not None and event.value is self._compared:
            self.swipe_box.setChecked(False)
            self.run.say(f"'{event.value.name}' was deleted; there is no result layer to compare.")

    def _on_zoomed(self, _: Any = None) -> None:
        if self.swipe_box.isChecked():
            self._drawing.start()

    # ---- drawing

    def _draw(self) -> None:
        """Show the chosen look; this takes less than a frame, since no network runs."""
        screen, view = self.follower.screen, self.follower.view
        self._compared = self._swiped_result()
        if screen is None:
            return
        if self._compared is not None:
            self._draw_comparison(screen, self._compared)
        elif view is not None:
            after, limits = view.render(self.form.look()), _limits(screen, view)
            if self.swipe_box.isChecked():
                after = self.swipe.compose(screen, view.samples, after, limits)
            else:
                self.swipe.switch_off()
            self.shown.show(screen, after, name=self._name(screen, view), limits=limits)
            self._pausing.start()

    def _draw_comparison(self, screen: OnScreen, result: Image) -> None:
        """Show the source of a result layer left of the line, and the result right of it."""
        source = screen.source.data
        if result is screen.source.layer:  # the left side then shows the source of this result
            source = data_of_source(self._viewer, result)
        made = result.data[0] if result.multiscale else result.data
        if source is None or source.shape != made.shape:
            why = "was deleted" if source is None else "has another shape"
            self.run.say(f"The source layer of '{result.name}' {why}; there is nothing to compare.")
            self.swipe_box.setChecked(False)
            return
        limits = (float(result.contrast_limits[0]), float(result.contrast_limits[1]))
        before, after = screen.same_place_in(source), screen.same_place_in(made)
        name = f"source | {result.name}"
        self.shown.show(
            screen, self.swipe.compose(screen, before, after, limits), name=name, limits=limits
        )
        self.shown.rename(name)

    def _name(self, screen: OnScreen, view: View) -> str:
        look = self.form.look().describe()
        weights = weights_name(view.checkpoint)
        return f"{screen.source.name} [live: {f'{weights}, {look}' if look else weights}]"

    # ---- the plan and the numbers

    def _on_session_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.for_curves() != old.for_curves():
            self._show_plan()

    def _show_plan(self, _: Any = None) -> None:
        if self._session.busy:
            return
        try:
            source = read_source(self.layers.layer)
            layout = source.layout
        except ZeroDCEError as err:
            self.run.plan.setText(str(err))
            return
        planes = "1 plane" if layout.count == 1 else f"{layout.count} planes"
        text = f"Apply: {planes} of {layout.width}x{layout.height}."
        screen = self.follower.screen
        if screen is not None and screen.viewport.step > 1:
            text += f" The view shows 1 pixel of {screen.viewport.step}; zoom in to see all."
        if self.shown.hidden:
            names = " and ".join(f"'{layer.name}'" for layer in self.shown.hidden)
            text += f" Hidden while the live view is on: {names}."
        if self.form.look().global_curve and layout.count > 1:
            text += " Apply uses one curve for all planes, the live view that of its plane."
        self.run.plan.setText(text)

    def _update_texts(self) -> None:
        """Update the name, plan and numbers after the last change of the look."""
        screen, view = self.follower.screen, self.follower.view
        if screen is None or view is None:
            return
        self.shown.rename(self._name(screen, view))
        self._show_plan()
        self._measure_trust(view)

    def _measure_trust(self, view: View) -> None:
        if self._trust_job is not None:
            return
        if view.channels != "mono":
            self.trust.clear()
            return
        look = self.form.look()
        self._trust_job = Job("Zero-DCE: comparing", work.comparing(view, look), quiet=True)
        self._trust_job.succeeded.connect(partial(self._on_trust_known, view, look))
        self._trust_job.finished.connect(self._on_trust_finished)
        self._trust_job.start()

    def _on_trust_known(self, view: View, look: Any, trust: Fidelity) -> None:
        if view is self.follower.view and look == self.form.look():
            self.trust.setText(trust.describe())
        else:
            self._pausing.start()

    def _on_trust_finished(self) -> None:
        self._trust_job = None

    def _result(self) -> Image | None:
        """Return the result layer to reproduce: the active one, or the chosen layer's newest."""
        if self.layers.layer is not None:
            find_provenance(self.layers.layer)
        return newest_result_of(self._viewer, self.layers.layer)


def _limits(screen: OnScreen, view: View) -> tuple[float, float]:
    return display_range(screen.source.contrast_limits, view.window)


def _single_shot(parent: QWidget, milliseconds: int, slot: Any) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
