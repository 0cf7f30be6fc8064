"""The Curve maps dock: add curve parameter maps as layers, and show the curve of any pixel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.forecast import describe_progress
from napari_zerodce.engine.requests import Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.docks.curve_maps import work
from napari_zerodce.gui.docks.curve_maps.form import MapForm
from napari_zerodce.gui.docks.curve_maps.inspector import Inspector
from napari_zerodce.gui.docks.curve_maps.layer_group import (
    FollowingMaps,
    LazyMaps,
    MapGroup,
    MapRun,
)
from napari_zerodce.gui.docks.curve_maps.layers import mark_old_maps
from napari_zerodce.gui.docks.curve_maps.scale import MapScale
from napari_zerodce.gui.layers.on_screen import map_level, on_screen, plane_shape
from napari_zerodce.gui.layers.source import read_source, request_for, source_now
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.curves_check import CurvesCheck
from napari_zerodce.gui.shared.dock import Dock
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.run_controller import RunController
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.settings_line import SettingsLine
from napari_zerodce.gui.shared.view_follower import ViewFollower
from napari_zerodce.gui.shared.weights_finder import WeightsFinder
from napari_zerodce.gui.widgets.labels import Sentence, text_label

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

    from napari_zerodce.engine.view import View
    from napari_zerodce.gui.layers.on_screen import OnScreen

_CLOSED = "The Curve maps dock was closed, so its run was stopped; no maps were added."


class CurveMapsDock(Dock):
    """Dock that adds map layers and inspects pixels.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    purpose = "What the network does to each pixel"
    page = "look-inside.md"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.layers = LayerChooser(self._viewer)
        self.settings = SettingsLine(self._viewer, self._session)
        self.finder = WeightsFinder(self._session, self.layers, self)
        self.curves = CurvesCheck(self._session, self)
        self._automatic: dict[str, str] = {}  # the checkpoint for a layer, by the layer's unique id
        self.form = MapForm()
        self.scale = MapScale(self._viewer)
        self.news = Sentence("computing")  # what is computed for the slider's position
        self.old = text_label("old")
        self.old.hide()
        self.run = RunPanel("Add maps", self._session, tip="Add the chosen maps as layers.")
        self.runs = RunController(self._viewer, self._session, self.run, self)
        self.inspector = Inspector(self._viewer, self._session)
        # The dock shows numbers: unlike an 8-bit image, they do not hide errors of half precision.
        self.follower = ViewFollower(self._viewer, self._session, self, for_numbers=True)
        self.groups: list[MapGroup] = []
        self._told: MapGroup | None = None  # the group that the run's message speaks of
        self._computing: dict[MapGroup, tuple[int, ...]] = {}  # which plane of its group
        self._waiting: dict[MapGroup, tuple[int, ...]] = {}
        self.fill(
            (self.layers, self.settings, self.form, self.run, self.news, self.scale, self.old,
             self.inspector)
        )  # fmt: skip
        self._connect()
        self._on_layer_chosen()
        self._on_checkpoint_changed()

    def _connect(self) -> None:
        self.layers.changed.connect(self._on_layer_chosen)
        self.layers.renamed.connect(self._show_plan)
        self.finder.changed.connect(self._on_choice_changed)
        self.curves.changed.connect(self._on_curves_changed)
        self.form.changed.connect(self._on_form_changed)
        self.run.start_requested.connect(self.add_maps)
        self.inspector.switched.connect(self._on_inspector_switched)
        self.follower.known.connect(self._on_follower_known)
        self.follower.waiting.connect(self._on_follower_waiting)
        self.follower.progressed.connect(self._on_follower_progressed)
        self.follower.failed.connect(self._on_follower_failed)
        self._session.events.settings.connect(self._on_settings_changed)
        self._session.events.job.connect(self._show_plan)
        self._viewer.layers.events.removed.connect(self._on_layer_removed)

    def _release(self) -> None:
        self._session.events.settings.disconnect(self._on_settings_changed)
        self._session.events.job.disconnect(self._show_plan)
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        for part in (
            self.runs, self.follower, self.inspector, self.finder, self.curves, self.layers,
            self.settings, self.run, self.scale
        ):  # fmt: skip
            part.release()
        for group in self.groups:
            group.release()

    # ---- public actions

    def select_layer(self, layer: Image) -> None:
        """Choose the layer to analyse."""
        self.layers.layer = layer

    def add_maps(self) -> None:
        """Add the maps that the form asks for, unless a run is in progress."""
        if self._session.busy:
            return
        try:
            self.curves.check()
            source = read_source(self.layers.layer)
            choice = self.form.choice()
            screen = on_screen(self._viewer, source)
            request = request_for(source, self._session.settings.for_curves())
        except ZeroDCEError as err:
            self.runs.show_failure(err)
            return
        level, step = map_level(source)
        job = Job(
            f"Zero-DCE: curve maps of {source.name}",
            work.mapping(request, screen.index, choice, step=step, level=level),
        )
        self.runs.start(
            job,
            lambda mapped: self._on_mapped(MapRun(source, choice, step, mapped, level)),
            if_closed=_CLOSED,
        )

    def _on_mapped(self, run: MapRun) -> None:
        if source_now(self._viewer, run.source) is None:
            is_there = run.source.layer in self._viewer.layers
            what = "got another image" if is_there else "was deleted"
            self.run.say(f"'{run.source.name}' {what} during the run; no maps were added.", "bad")
            return
        group = _kind_of(run)(self._viewer, self._session, run, self)
        group.failed.connect(self.runs.show_failure)
        group.computing.connect(partial(self._on_group_news, self._computing, group))
        group.waiting.connect(partial(self._on_group_news, self._waiting, group))
        self.groups.append(group)
        self._on_checkpoint_changed()
        self._told = group
        if not group.is_behind:
            self.run.say(group.describe(), "good")

    # ---- what the groups do

    def _on_group_news(
        self,
        planes: dict[MapGroup, tuple[int, ...]],
        group: MapGroup,
        index: tuple[int, ...] | None,
    ) -> None:
        """Note which plane of a group is computed, or waits."""
        planes.pop(group, None)
        if index is not None:
            planes[group] = index
        self._show_news()

    def _show_news(self) -> None:
        """Say which plane is computed or waits; else, that the maps were added and are visible."""
        if self._computing:
            news = f"Computing the maps of plane {_newest(self._computing)}…"
        elif self._waiting:
            news = f"The maps of plane {_newest(self._waiting)} are computed after the run."
        else:
            news = ""
        self.news.say(news, "progress")
        if news and self.run.message.tone == "good":
            self.run.say("")
        told = self._told
        if not news and told and not self.run.message.text() and not told.is_behind:
            self.run.say(told.describe(), "good")

    def _forget_groups(self) -> None:
        """Forget the groups whose layers or whose image were deleted, and what was said of them."""
        for group in [group for group in self.groups if not group.is_alive]:
            self.groups.remove(group)
            for planes in (self._computing, self._waiting):
                planes.pop(group, None)
            group.release()
            group.deleteLater()
        self._show_news()
        if self._told is not None and not self._told.has_layers:
            self._told = None
            if self.run.message.tone == "good":
                self.run.say("")

    # ---- following the layer

    def _on_form_changed(self) -> None:
        self.run.forget_complaint()
        self._show_plan()

    def _on_layer_chosen(self) -> None:
        self.run.forget_complaint()
        self._offer()
        self._show_plan()
        if self.follower.is_orphaned:
            assert self.follower.layer is not None
            name = self.follower.layer.name
            self.inspector.box.setChecked(False)
            self.run.say(f"'{name}' was deleted, so its curves cannot be shown.")
        elif self.inspector.box.isChecked():
            self._on_inspector_switched(on=True)

    def _offer(self) -> None:
        colour = stack = False
        try:
            source = read_source(self.layers.layer)
            colour, stack = source.channels != "mono", bool(source.layout.leading)
        except ZeroDCEError:
            pass  # the plan shows the error
        self.form.offer(colour=colour, stack=stack, shared=self._session.shares_one_map)

    def _show_plan(self, _: Any = None) -> None:
        if self._session.busy:
            return
        try:
            self.curves.check()
            choice = self.form.choice()
            source = read_source(self.layers.layer)
            source.check_planes_last()
            level, step = map_level(source)
            rows, columns = plane_shape(source, level)
        except ZeroDCEError as err:
            self.run.show_plan(str(err))
            return
        what = "all planes, each when it is shown" if choice.extent == "stack" else "1 plane"
        size = f"{-(-columns // step)}x{-(-rows // step)}"
        self.run.show_plan(f"Maps of {what}, {size}, of '{source.shown_name}'.")

    def _on_settings_changed(self, new: EnhanceSettings, old: EnhanceSettings) -> None:
        if new.for_curves() != old.for_curves():
            self._on_checkpoint_changed()

    def _on_curves_changed(self) -> None:
        """Let nothing be computed while a translator is active; the plan says why."""
        has_curves = self.curves.has_curves
        for part in (self.form, self.inspector.box):
            part.setEnabled(has_curves)
        if not has_curves:
            self.inspector.box.setChecked(False)
        self.run.forget_complaint()
        self._show_plan()

    def _on_choice_changed(self) -> None:
        choice, layer = self.finder.choice, self.finder.layer
        self.settings.show_choice(choice)
        if choice is not None and layer is not None:
            self._automatic[str(layer.unique_id)] = choice.checkpoint
            self._on_checkpoint_changed()

    def _on_checkpoint_changed(self, _: Any = None) -> None:
        self._offer()
        old = mark_old_maps(self._viewer, str(self._session.checkpoint), self._automatic)
        self.old.setVisible(bool(old))
        count = "1 map layer is" if len(old) == 1 else f"{len(old)} map layers are"
        self.old.setText(f"⚠ {count} of another checkpoint than the active one; see their names.")

    def _on_layer_removed(self, _: Any = None) -> None:
        self._forget_groups()
        self._on_checkpoint_changed()

    def _on_inspector_switched(self, on: bool) -> None:
        self.follower.follow(self.layers.layer if on else None)
        if on and self.layers.layer is None:
            self.inspector.show_nothing("There is no image layer to analyse; open an image.")

    def _on_follower_known(self, screen: OnScreen, view: View) -> None:
        self.inspector.show_view(screen, view)

    def _on_follower_waiting(self) -> None:
        self.inspector.show_nothing("Estimating the curves of the part on screen…")

    def _on_follower_progressed(self, progress: Progress) -> None:
        self.inspector.show_nothing(describe_progress(progress))

    def _on_follower_failed(self, error: Exception) -> None:
        self.inspector.show_nothing(str(error))


def _newest(planes: dict[MapGroup, tuple[int, ...]]) -> str:
    return ", ".join(map(str, next(reversed(planes.values()))))


def _kind_of(run: MapRun) -> type[MapGroup]:
    if run.choice.extent == "stack":
        return LazyMaps
    return FollowingMaps if run.mapped.index else MapGroup
