"""Ask where to save the active image layer, or which saved folder to open, and do it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari.utils.history import get_save_history, update_save_history
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_zerodce.engine.disk import describe_disk
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.saved import image_to_save, is_lazy
from napari_zerodce.gui.layers.source import active_image_layer
from napari_zerodce.gui.saved_files import open_without_question
from napari_zerodce.gui.session.activity import ActivityEntry
from napari_zerodce.gui.session.jobs import Job, Work
from napari_zerodce.gui.session.session import unwrapped
from napari_zerodce.imaging.files.saved import SavedImage, ome_zarr, tiff, write_saved
from napari_zerodce.imaging.files.saved.files import is_saved, with_suffix_of
from napari_zerodce.imaging.files.saved.format import SavedFormat
from napari_zerodce.imaging.files.saved.growing import begun_at
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    import napari

_FORMATS: Final[dict[str, SavedFormat]] = {
    f"{title} ({' '.join(f'*{suffix}' for suffix in form.SUFFIXES)})": form
    for title, form in (("TIFF", tiff), ("OME-Zarr", ome_zarr))
}


def save_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Ask for a file, and save the active image layer in the background."""
    layer = active_image_layer(unwrapped(viewer))
    if layer is None:
        show_warning("No image layer is active; select the image layer to save and try again.")
        return
    path = _asked_path(layer.name)
    if path is None:
        return
    image = image_to_save(*layer.as_layer_data_tuple()[:2])
    job = Job(f"Zero-DCE: saving {path.name}", _saving(path, image))
    job.succeeded.connect(partial(_on_saved, path))
    job.failed.connect(_on_failed)
    job.cancelled.connect(partial(_on_cancelled, path))
    ActivityEntry(job)
    job.start()
    if is_lazy(image):
        show_info(
            f"{path.name} is computed and saved; it needs {describe_disk(image.size, path)}. "
            "'activity', below right, has Cancel."
        )


def _asked_path(name: str) -> Path | None:
    """Return the file that the user names, None if the user cancels or no file can be there."""
    plain = "".join("_" if letter in '\\/:*?"<>|' else letter for letter in name)
    folder = (get_save_history() or [str(Path.home())])[0]
    title = "Save image layer with geometry and provenance"
    typed, chosen = QFileDialog.getSaveFileName(
        QApplication.activeWindow(), title, str(Path(folder) / plain), ";;".join(_FORMATS)
    )
    if not typed:
        return None
    try:
        return with_suffix_of(_form_of(typed, chosen), typed)
    except ZeroDCEError as err:
        show_error(str(err))
        return None


def _form_of(typed: str, chosen: str) -> SavedFormat:
    """Return the format that the typed name has, or else the chosen one."""
    named = (form for form in _FORMATS.values() if typed.lower().endswith(form.SUFFIXES))
    return next(named, None) or _FORMATS.get(chosen, tiff)


def _saving(path: Path, image: SavedImage) -> Work:
    def work(report: Report, should_stop: ShouldStop) -> Any:
        if is_lazy(image):
            # Not at the top: it imports the whole engine.
            from napari_zerodce.engine.save_lazy import save_lazy

            save_lazy(path, image, report=report, should_stop=should_stop)
            return

        def follow(part: float) -> None:
            raise_if_stopped(should_stop)
            report(Progress(part, 1, "Saving"))

        write_saved(path, image, follow)

    return work


def _on_saved(path: Path, _: Any) -> None:
    update_save_history(str(path))
    open_without_question()
    show_info(f"Saved {path}.")


def _on_cancelled(path: Path, _: Any) -> None:
    begun = begun_at(path)
    if begun is not None:
        show_info(f"{begun} holds what is finished; save to the same name to go on there.")


def _on_failed(error: Exception) -> None:
    if isinstance(error, ZeroDCEError):
        show_error(str(error))


def open_saved_folder(viewer: napari.viewer.Viewer) -> None:
    """Ask for a folder, and open the OME-Zarr that this plugin saved there."""
    title = "Open OME-Zarr with geometry and provenance"
    folder = QFileDialog.getExistingDirectory(QApplication.activeWindow(), title)
    if not folder:
        return
    if is_saved(Path(folder)):
        unwrapped(viewer).open(Path(folder) / "zarr.json", plugin="napari-zerodce")
        return
    show_error(
        f"{folder} is no OME-Zarr that this plugin saved; choose one, or open the folder with "
        "File > Open Folder."
    )
