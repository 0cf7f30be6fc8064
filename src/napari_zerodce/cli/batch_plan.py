"""The plan of a batch: which image becomes which, for paths that are valid on each worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.cli.file_plan import FileJob, check_collisions, is_folder, with_whole_names
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.files.folders import images_below
from napari_zerodce.imaging.files.formats import LISTED, installed_suffixes, result_name
from napari_zerodce.imaging.files.ome_zarr import SUFFIX, is_ome_zarr
from napari_zerodce.imaging.files.plates import Plate, read_plate
from napari_zerodce.imaging.files.urls import Named, Url, named


@dataclass(frozen=True)
class BatchPlan:
    """The images of a batch.

    Parameters
    ----------
    images : tuple of BatchImage
        Each target once.
    plates : mapping of str to Plate
        By the target of the plate: it becomes one when all its images are complete.
    """

    images: tuple[BatchImage, ...]
    plates: Mapping[str, Plate]


def plan_batch(inputs: Sequence[str], output: str) -> BatchPlan:
    """Return the images of a batch.

    Parameters
    ----------
    inputs : sequence of str
        Image files, OME-Zarrs (images or plates, also by URL), and folders, which are searched
        with their subfolders.
    output : str
        A folder, or a URL if all inputs are OME-Zarrs.

    Raises
    ------
    RequestError
        If there is no image, two inputs would give the same output, an output would replace an
        input, or image files would go to a URL.
    ImageError
        If the metadata of a plate are damaged.
    """
    if any(not text for text in (*inputs, output)):
        raise RequestError("An input or the output is an empty name; give the path of an image.")
    target = _absolute(named(output))
    if isinstance(target, Path) and target.exists() and not is_folder(target):
        raise RequestError(f"The output {output!r} is a file; give a folder.")
    planner = _Planner(target)
    for text in inputs:
        planner.add(_absolute(named(text)))
    return planner.plan()


def _absolute(name: Named) -> Named:
    """Return a path that is valid in any working folder, also in those of workers."""
    return name if isinstance(name, Url) else name.absolute()


class _Planner:
    """Collects images, each once."""

    def __init__(self, output: Named) -> None:
        self._output = output
        self._images: dict[tuple[str, str], BatchImage] = {}
        self._plates: dict[str, Plate] = {}

    def add(self, source: Named) -> None:
        """Add an input: an image, or all images of a folder."""
        if isinstance(source, Url) or is_ome_zarr(source):
            self._add_zarr(source, source.name)
        elif not is_folder(source):
            self._add_file(source, source.name)
        else:
            self._add_folder(source)

    def _add_folder(self, folder: Path) -> None:
        skip = None if isinstance(self._output, Url) else self._output
        before = len(self._images)
        for path in images_below(folder, (*installed_suffixes(), SUFFIX), skip=skip):
            name = path.relative_to(folder).as_posix()
            if path.is_dir():
                self._add_zarr(path, name)
            else:
                self._add_file(path, name)
        if len(self._images) == before:
            raise RequestError(
                f"There is no image in the folder {str(folder)!r}; give a folder of OME-Zarrs or "
                f"of files of the kinds that {LISTED}."
            )

    def _add_file(self, source: Path, name: str) -> None:
        if isinstance(self._output, Url):
            raise RequestError(
                f"The output {self._output} is a URL, where only OME-Zarrs are written, but "
                f"{source} is an image file; give a folder, or convert the image to OME-Zarr."
            )
        target = self._output / result_name(Path(name)).as_posix()
        self._add(BatchImage(str(source), str(target), "file", name))

    def _add_zarr(self, source: Named, name: str) -> None:
        name = name if name.endswith(SUFFIX) else f"{name}.ome{SUFFIX}"
        plate = read_plate(source)
        target = self._output / name
        if plate is None:
            self._add(BatchImage(str(source), str(target), "ome-zarr", name))
            return
        self._plates[str(target)] = plate
        for image in plate.images:
            places = str(source / image), str(target / image)
            self._add(BatchImage(*places, "ome-zarr", f"{name}/{image}"))

    def _add(self, image: BatchImage) -> None:
        self._images[image.source, image.target] = image

    def plan(self) -> BatchPlan:
        """Return the plan; raises a RequestError if two outputs would collide."""
        images = {
            FileJob(Path(each.source), Path(each.target)): each for each in self._images.values()
        }
        jobs = with_whole_names([*images])
        check_collisions(jobs)
        return BatchPlan(tuple(map(_at, images.values(), images, jobs)), self._plates)


def _at(image: BatchImage, before: FileJob, job: FileJob) -> BatchImage:
    # A path of a URL is none.
    return image if job == before else replace(image, target=str(job.target))


def images_of_plate(plan: BatchPlan, target: str) -> Iterator[str]:
    """Yield the targets of the images of a plate.

    Parameters
    ----------
    plan : BatchPlan
    target : str
        Of the plate.
    """
    for image in plan.plates[target].images:
        yield str(named(target) / image)
