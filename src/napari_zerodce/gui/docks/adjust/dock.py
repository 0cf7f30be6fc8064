"""The Adjust dock: change the look of the part on screen, compare, and apply it to the layer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from napari_zerodce.engine.forecast import describe_progress
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.adjust import work
from napari_zerodce.gui.docks.adjust.backdrop import Backdrop, Picture
from napari_zerodce.gui.docks.adjust.before_key import KEY, bind_before_key
from napari_zerodce.gui.docks.adjust.comparison import compare
from napari_zerodce.gui.docks.adjust.form import LookForm
from napari_zerodce.gui.docks.adjust.preview_layer import PreviewLayer
from napari_zerodce.gui.docks.adjust.reproduce_button import ReproduceButton
from napari_zerodce.gui.docks.adjust.swipe import Swipe
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.results import (
    display_range,
    newest_result_of,
    source_layer_of,
    weights_name,
)
from napari_zerodce.gui.layers.saved import find_provenance
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.curves_check import CurvesCheck
from napari_zerodce.gui.shared.dock import Dock
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.part_chooser import PartChooser
from napari_zerodce.gui.shared.plan_line import PlanLine
from napari_zerodce.gui.shared.run_controller import RunController
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.gui.shared.view_follower import ViewFollower
from napari_zerodce.gui.shared.weights_finder import WeightsFinder
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

    from napari_zerodce.engine.fidelity import Fidelity
    from napari_zerodce.engine.view import View

Array = np.ndarray[Any, Any]

_TIP = "Add a copy of the chosen part with this look above the layer, which does not change."
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
        self.part = PartChooser(self._viewer, self.layers)
        self.settings = SettingsLine(self._viewer, self._session)
        self.finder = WeightsFinder(self._session, self.layers, self)
        self.curves = CurvesCheck(self._session, self)
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
        self.run = RunPanel("Apply", self._session, tip=_TIP)
        self.runs = RunController(self._viewer, self._session, self.run, self)
        self.plan = PlanLine(
            self._session, self.run, read=self._read_form, notes=self._notes, parent=self
        )
        self.reproduce = ReproduceButton(self._result, partial(source_layer_of, self._viewer))
        self.follower = ViewFollower(self._viewer, self._session, self)
        self.shown = PreviewLayer(self._viewer)
        self._backdrop = Backdrop()
        self.swipe = Swipe(self._viewer, self)
        self._compared: Image | None = None  # the result layer on the right side of the swipe
        self._missing = ""  # says so if that layer has no pixels on screen
        self._trust_job: Job | None = None
        self._drawing = single_shot(self, 0, self._draw)
        self._pausing = single_shot(self, _PAUSE_MS, self._update_texts)
        self.fill(
            (self.layers, self.settings, self._switches(), self.form, self.part, self.run,
             self.trust, self.reproduce)
        )  # fmt: skip
        self._connect()
        bind_before_key(self._viewer)
        self.plan.show()

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
        self.curves.changed.connect(self._on_curves_changed)
        self.live.toggled.connect(self._on_switch_toggled)
        self.swipe_box.toggled.connect(self._on_switch_toggled)
        self.form.changed.connect(self._on_look_changed)
        self.part.changed.connect(self._on_part_changed)
        self.run.start_requested.connect(self.apply)
        self.reproduce.told.connect(self.run.say)
        self.swipe.moved.connect(self._draw)
        self.follower.known.connect(self._on_follower_known)
        self.follower.sketched.connect(self._draw_sketch)
        self.follower.waiting.connect(self._on_follower_waiting)
        self.follower.progressed.connect(self._on_follower_progressed)
        self.follower.failed.connect(self._on_follower_failed)
        self._viewer.layers.events.removed.connect(self._on_layer_removed)
        self._viewer.scene.camera.events.zoom.connect(self._on_zoomed)
        self._session.events.settings.connect(self._on_session_settings_changed)

    def _release(self) -> None:
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoomed)
        self._session.events.settings.disconnect(self._on_session_settings_changed)
        for part in (
            self.plan, self.runs, self.follower, self.swipe, self.finder, self.curves, self.part,
            self.layers, self.settings, self.run, self.reproduce,
        ):  # fmt: skip
            part.release()
        self.shown.remove()
        self._session.change(look=DEFAULT_LOOK)

    # ---- public actions

    def select_layer(self, layer: Image) -> None:
        """Choose the layer to adjust."""
        self.layers.layer = layer

    def apply(self) -> None:
        """Enhance the chosen part with the chosen look, unless a run is in progress."""
        self.runs.enhance_chosen(self._read_form)

    def _read_form(self) -> Wanted:
        """Return what Apply does; raises a ZeroDCEError if something is missing."""
        self.curves.check()
        settings = replace(self._session.settings, look=self.form.look())
        return read_wanted(self._viewer, self.layers.layers, settings, self.part.choice)

    # ---- following the layer

    def _on_layer_chosen(self) -> None:
        self.run.forget_complaint()
        self.plan.show()
        self._follow()

    def _on_choice_changed(self) -> None:
        self.settings.show_choice(self.finder.choice)

    def _on_curves_changed(self) -> None:
        """Let nothing be adjusted while a translator is active; the plan says why."""
        has_curves = self.curves.has_curves
        for part in (self.live, self.form):
            part.setEnabled(has_curves)
        if not has_curves:
            self.live.setChecked(False)
        self.run.forget_complaint()
        self.plan.show()

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
            self._backdrop.forget()
            self.shown.remove()
            self.swipe.switch_off()
            self.trust.clear()
            self.plan.show()

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
        self.plan.show()

    def _on_follower_waiting(self) -> None:
        self.trust.clear()
        self.plan.wait("Estimating the curves of the part on screen…")

    def _on_follower_progressed(self, progress: Progress) -> None:
        self.plan.wait(describe_progress(progress))

    def _on_follower_failed(self, error: Exception) -> None:
        self.shown.remove()
        self.trust.clear()
        self.plan.show()
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
        self._compared, self._missing = self._swiped_result(), ""
        if screen is None:
            return
        if self._compared is not None:
            self._draw_comparison(screen, self._compared)
        elif view is not None:
            picture = Picture(view.viewport, view.samples, view.render(self.form.look()))
            if self.follower.overview is not None:
                self._backdrop.keep(self.follower.overview, self.form.look(), picture)
            self._show(screen, picture, view)
            self._pausing.start()
        elif self.follower.overview is not None:
            self._draw_sketch(screen)

    def _draw_sketch(self, screen: OnScreen) -> None:
        """Show what is known of a part whose curves are not estimated yet."""
        overview = self.follower.overview
        if overview is not None and self._swiped_result() is None:
            picture = self._backdrop.draw(overview, self.form.look(), screen.viewport)
            self._show(screen, picture, overview)

    def _show(self, screen: OnScreen, picture: Picture, view: View) -> None:
        """Show a picture of the part on screen, which comes from a view."""
        after, limits = picture.after, _limits(screen, view)
        if self.swipe_box.isChecked():
            after = self.swipe.compose(screen, picture.before, after, limits)
        else:
            self.swipe.switch_off()
        self.shown.show(screen, after, name=self._name(screen, view), limits=limits)

    def _draw_comparison(self, screen: OnScreen, result: Image) -> None:
        """Show the source of a result layer left of the line, and the result right of it."""
        both = compare(self._viewer, screen, result)
        if both is None:
            self.run.say(
                f"The source of '{result.name}' was deleted or has other pixels now; there is "
                "nothing to compare."
            )
            self.swipe_box.setChecked(False)
            return
        self._missing = "" if both.has_result else f"'{result.name}' has no pixels here."
        limits = (float(result.contrast_limits[0]), float(result.contrast_limits[1]))
        name = f"source | {result.name}"
        composed = self.swipe.compose(screen, both.before, both.after, limits)
        self.shown.show(screen, composed, name=name, limits=limits)
        self.shown.rename(name)

    def _name(self, screen: OnScreen, view: View) -> str:
        look = self.form.look().describe()
        weights = weights_name(view.checkpoint)
        return f"{screen.source.name} [live: {f'{weights}, {look}' if look else weights}]"

    # ---- the plan and the numbers

    def _on_session_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.for_curves() != old.for_curves():
            self.plan.show()

    def _on_part_changed(self) -> None:
        self.run.forget_complaint()
        self.plan.show()

    def _notes(self, wanted: Wanted) -> tuple[str, ...]:
        """Return what the plan says about the view beside the plan of Apply."""
        screen, layout = self.follower.screen, wanted.sources[0].layout
        step = 1 if screen is None or screen.level else screen.viewport.step
        hidden = " and ".join(f"'{layer.name}'" for layer in self.shown.hidden)
        one_curve = self.form.look().global_curve and layout.count > 1
        return (
            self.part.note,
            self._missing,
            f"The view shows 1 pixel of {step}; zoom in to see all." if step > 1 else "",
            f"Hidden while the live view is on: {hidden}." if hidden else "",
            "Apply uses one curve for all planes, the live view that of its plane."
            if one_curve
            else "",
        )

    def _update_texts(self) -> None:
        """Update the name, plan and numbers after the last change of the look."""
        screen, view = self.follower.screen, self.follower.view
        if screen is None or view is None:
            return
        self.shown.rename(self._name(screen, view))
        self.plan.show()
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
