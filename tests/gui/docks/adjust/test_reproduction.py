"""Whatever napari reads: the command and the lines that are copied make the same pixels."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
import zarr
from napari.components import ViewerModel
from napari.layers import Image
from npe2 import PluginManager
from PIL import Image as Pillow

from napari_zerodce import cli
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, CheckpointError
from napari_zerodce.gui.docks.adjust.reproduction import (
    Reproduction,
    find_reproduction,
    subject_of,
)
from napari_zerodce.gui.layers.provenance import METADATA_KEY, provenance_of
from napari_zerodce.gui.layers.results import add_result, source_layer_of
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.files import read_image
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.stopping import never

SETTINGS = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu", look=Look(strength=1.5))
RAMP = np.linspace(0, 90, 40 * 50 * 4).reshape(40, 50, 4)
RGBA = RAMP.astype(np.uint8)
RGB, GREY = RGBA[..., :3], RGBA[..., 0]
DEEP = (RAMP * 300).astype(np.uint16)
FLOAT = RAMP[..., 0].astype(np.float32) / 90
FLOAT[3, 4] = np.nan
STACK = np.stack([DEEP[..., 0], DEEP[..., 1] // 2])


@pytest.fixture(autouse=True)
def plugins() -> None:
    """Readers, as in napari: a viewer without a window does not look for plugins."""
    PluginManager.instance().discover()


def photo(array: np.ndarray, **options: Any) -> Callable[[Path], None]:
    return lambda path: Pillow.fromarray(array).save(path, **options)


def rotated() -> Any:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    return exif


def deep_png(array: np.ndarray) -> Callable[[Path], None]:
    encoded = imagecodecs.png_encode(np.ascontiguousarray(array))
    return lambda path: Path.write_bytes(path, encoded) and None


def pyramid(path: Path) -> None:
    group = zarr.open_group(path, mode="w")
    for name, step in (("0", 1), ("1", 2)):
        group.create_array(name, data=np.ascontiguousarray(STACK[:, ::step, ::step]))


def tiff(array: np.ndarray, **options: Any) -> Callable[[Path], None]:
    return lambda path: tifffile.imwrite(path, array, **options)


BY_COMMAND: dict[str, Callable[[Path], None]] = {
    "rgb.jpg": photo(RGB),
    "grey.jpg": photo(GREY),
    "rgb.png": photo(RGB),
    "rgba.png": photo(RGBA),
    "grey.png": photo(GREY),
    "rgb.bmp": photo(RGB),
    "palette.png": lambda path: Pillow.fromarray(RGB).quantize(16).save(path),
    "deep.png": deep_png(DEEP[..., 0]),
    "rgb.tif": tiff(RGB, photometric="rgb"),
    "rgba.tif": tiff(RGBA, photometric="rgb", extrasamples=["UNASSALPHA"]),
    "planar.tif": tiff(STACK, photometric="minisblack", planarconfig="separate"),
    "lzw.tif": tiff(GREY, compression="lzw"),
    "float.tif": tiff(FLOAT),
    "deep.tif": tiff(DEEP[..., :3], photometric="rgb"),
    "pages.tif": tiff(STACK, photometric="minisblack"),
    "stack.ome.tif": tiff(STACK, metadata={"axes": "ZYX", "PhysicalSizeX": 0.1}),
    "hyperstack.tif": tiff(STACK, imagej=True, metadata={"axes": "TYX"}),
    "grey.npy": lambda path: np.save(path, GREY),
    "float.npy": lambda path: np.save(path, FLOAT),
    "rgb.npy": lambda path: np.save(path, RGB),
    "a dark 'one'.png": photo(RGB),
}
BY_LINES: dict[str, Callable[[Path], None]] = {
    "rotated.jpg": photo(RGB, exif=rotated()),
    "cmyk.jpg": lambda path: Pillow.fromarray(RGB).convert("CMYK").save(path),
    "rgb.pcx": photo(RGB),
    "deep_rgb.png": deep_png(DEEP[..., :3]),
    "colours_first.tif": tiff(
        np.moveaxis(RGB, -1, 0).copy(), photometric="rgb", planarconfig="separate"
    ),
    "pyramid.zarr": pyramid,
    "few.npy": lambda path: np.save(path, RGB[:20]),
}


def result_of(model: ViewerModel, source: Image) -> Image:
    read = read_source(source)
    return add_result(model, read, enhance(request_for(read, SETTINGS)))


def found_for(model: ViewerModel, result: Image) -> Reproduction:
    known = provenance_of(result)
    assert known is not None
    assert known.made is not None
    subject = subject_of(result, known, known.made, source_layer_of(model, result))
    return find_reproduction(subject, never)


def run_lines(lines: str, **given: Any) -> np.ndarray:
    known: dict[str, Any] = dict(given)
    exec(lines, known)
    return np.asarray(known["enhanced"])


def assert_identical(array: np.ndarray, layer: Image) -> None:
    data = np.asarray(read_source(layer).data)
    assert (array.dtype, array.shape) == (data.dtype, data.shape)
    assert array.tobytes() == data.tobytes()


def open_file(model: ViewerModel, path: Path) -> Image:
    (layer,) = model.open(path, plugin="napari")
    return layer


@pytest.mark.parametrize("still_there", [True, False], ids=["source in viewer", "source deleted"])
@pytest.mark.parametrize("name", BY_COMMAND)
def test_the_command_and_the_lines_make_the_same_pixels(
    model: ViewerModel, tmp_path: Path, name: str, still_there: bool
) -> None:
    BY_COMMAND[name](tmp_path / name)
    source = open_file(model, tmp_path / name)
    result = result_of(model, source)
    if not still_there:
        model.layers.remove(source)
    found = found_for(model, result)
    assert found.problem == ""
    assert bool(found.planes) is not still_there
    program, *words = shlex.split(found.command)
    assert cli.main(words if program == "napari-zerodce" else words[2:]) == 0
    assert_identical(read_image(tmp_path / found.output).array, result)
    assert_identical(run_lines(found.lines), result)


@pytest.mark.parametrize("still_there", [True, False], ids=["source in viewer", "source deleted"])
@pytest.mark.parametrize("part", ["1:2,:,:", ":,5:30,7:50"])
def test_a_part_is_made_again_alone(
    model: ViewerModel, tmp_path: Path, part: str, still_there: bool
) -> None:
    np.save(tmp_path / "stack.npy", STACK)
    read = read_source(open_file(model, tmp_path / "stack.npy"))
    request = request_for(read, SETTINGS, Scope.parse(part, read.layout))
    result = add_result(model, read, enhance(request))
    if not still_there:
        model.layers.remove(read.layer)
    found = found_for(model, result)
    assert found.problem == ""
    assert found.planes == (0 if still_there else result.data.shape[0])
    words = shlex.split(found.command)
    assert cli.main(words[words.index("enhance") :]) == 0
    assert_identical(read_image(tmp_path / found.output).array, result)
    assert_identical(run_lines(found.lines), result)
    np.save(tmp_path / "stack.npy", STACK[:, :20] if still_there else STACK + 1)
    assert not found_for(model, result).command


@pytest.mark.parametrize("still_there", [True, False], ids=["source in viewer", "source deleted"])
@pytest.mark.parametrize("name", BY_LINES)
def test_where_no_command_does_it_lines_do(
    model: ViewerModel, tmp_path: Path, name: str, still_there: bool
) -> None:
    BY_LINES[name](tmp_path / name)
    source = open_file(model, tmp_path / name)
    result = result_of(model, source)
    if not still_there:
        model.layers.remove(source)
    found = found_for(model, result)
    assert not found.command
    assert name in found.problem
    assert found.place == "anywhere"
    assert_identical(run_lines(found.lines), result)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("rotated.jpg", "the command line turns rotated.jpg upright and napari does not"),
        ("cmyk.jpg", "the command line reads cmyk.jpg as 40x50x3 uint8 (rgb), but napari as "),
        ("rgb.pcx", "the command line cannot read the source: rgb.pcx has the suffix '.pcx'"),
    ],
)
def test_why_no_command_does_it_is_said(
    model: ViewerModel, tmp_path: Path, name: str, problem: str
) -> None:
    BY_LINES[name](tmp_path / name)
    result = result_of(model, open_file(model, tmp_path / name))
    assert found_for(model, result).problem.startswith(problem)


def test_layer_without_a_file_is_taken_from_the_viewer(model: ViewerModel) -> None:
    source = model.add_image(STACK, name="it's mine", multiscale=False)
    result = result_of(model, source)
    found = found_for(model, result)
    assert not found.command
    assert found.problem == "'it's mine' was not opened from a file"
    assert found.place == "viewer"
    assert_identical(run_lines(found.lines, viewer=model), result)


def test_layer_that_was_changed_since_is_not_taken_from_the_viewer(model: ViewerModel) -> None:
    source = model.add_image(STACK.copy(), name="mine", multiscale=False)
    result = result_of(model, source)
    source.data = source.data // 2
    found = found_for(model, result)
    assert (found.command, found.place) == ("", "nowhere")
    completed = found.lines.replace("...  # the array of the source layer, 'mine'", "given")
    assert_identical(run_lines(completed, given=STACK), result)


def test_pyramid_without_a_file_is_taken_from_its_finest_level(model: ViewerModel) -> None:
    source = model.add_image([STACK, STACK[:, ::2, ::2]], name="levels", multiscale=True)
    result = result_of(model, source)
    found = found_for(model, result)
    assert_identical(run_lines(found.lines, viewer=model), result)


def test_source_without_a_file_and_layer_must_be_filled_in(model: ViewerModel) -> None:
    source = model.add_image(GREY, name="gone")
    result = result_of(model, source)
    model.layers.remove(source)
    found = found_for(model, result)
    assert (found.command, found.place) == ("", "nowhere")
    completed = found.lines.replace("...  # the array of the source layer, 'gone'", "given")
    assert_identical(run_lines(completed, given=GREY), result)


@pytest.mark.parametrize("still_there", [True, False])
def test_changed_file_gives_no_command(
    model: ViewerModel, tmp_path: Path, still_there: bool
) -> None:
    path = tmp_path / "photo.png"
    photo(RGB)(path)
    source = open_file(model, path)
    result = result_of(model, source)
    photo(RGB + 1)(path)
    if not still_there:
        model.layers.remove(source)
    found = found_for(model, result)
    assert not found.command
    if still_there:
        assert found.problem == "photo.png has other pixels than the layer"
        assert_identical(run_lines(found.lines, viewer=model), result)
    else:
        assert found.problem == "photo.png, enhanced again, gives other pixels than the layer"
        assert found.place == "nowhere"


def test_lost_file_is_named(model: ViewerModel, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    photo(RGB)(path)
    source = open_file(model, path)
    result = result_of(model, source)
    path.unlink()
    found = found_for(model, result)
    assert found.problem.startswith("the command line cannot read the source: There is no file ")
    assert found.place == "viewer"


@pytest.mark.parametrize(("curve", "planes"), [(False, 3), (True, 5)])
def test_of_a_stack_three_planes_are_enhanced_again_unless_one_curve_serves_all(
    model: ViewerModel, tmp_path: Path, curve: bool, planes: int
) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([STACK[0] // n for n in range(1, 6)]))
    source = read_source(open_file(model, tmp_path / "stack.tif"))
    settings = replace(SETTINGS, look=Look(global_curve=curve))
    result = add_result(model, source, enhance(request_for(source, settings)))
    model.layers.remove(source.layer)
    found = found_for(model, result)
    assert found.command
    assert found.planes == planes


def test_output_gets_a_name_that_is_free(model: ViewerModel, tmp_path: Path) -> None:
    photo(RGB)(tmp_path / "photo.jpg")
    (tmp_path / "photo-enhanced.png").touch()
    result = result_of(model, open_file(model, tmp_path / "photo.jpg"))
    assert found_for(model, result).output == "photo-enhanced-2.png"


def test_output_of_a_file_in_a_read_only_folder_goes_where_the_user_is(
    model: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo(RGB)(tmp_path / "photo.png")
    result = result_of(model, open_file(model, tmp_path / "photo.png"))
    monkeypatch.setattr("os.access", lambda *_: False)
    words = shlex.split(found_for(model, result).command)
    assert words[words.index("--output") + 1] == "photo-enhanced.png"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, [sys.executable, "-m", "napari_zerodce", "enhance"]),
        ("/elsewhere/napari-zerodce", [sys.executable, "-m", "napari_zerodce", "enhance"]),
        (str(Path(sys.executable).parent / "napari-zerodce"), ["napari-zerodce", "enhance"]),
    ],
)
def test_program_that_a_terminal_would_not_find_is_started_by_python(
    model: ViewerModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: str | None,
    words: list[str],
) -> None:
    photo(RGB)(tmp_path / "photo.png")
    result = result_of(model, open_file(model, tmp_path / "photo.png"))
    monkeypatch.setattr("shutil.which", lambda _: found)
    command = shlex.split(found_for(model, result).command)
    assert command[: len(words)] == words


def test_other_weights_under_the_same_name_are_refused(model: ViewerModel) -> None:
    result = result_of(model, model.add_image(GREY))
    result.metadata[METADATA_KEY]["checkpoint_sha256"] = "0" * 64
    with pytest.raises(CheckpointError, match=r"'zero-dce-pp' are others than those that made"):
        found_for(model, result)


def test_the_check_can_be_stopped(model: ViewerModel, tmp_path: Path) -> None:
    photo(RGB)(tmp_path / "photo.png")
    source = open_file(model, tmp_path / "photo.png")
    result = result_of(model, source)
    known = provenance_of(result)
    assert known is not None
    assert known.made is not None
    with pytest.raises(Cancelled):
        find_reproduction(subject_of(result, known, known.made, source), lambda: True)


@pytest.mark.parametrize("shape", [(8, 9), (3, 8, 9), (2, 3, 8, 9)])
def test_one_other_pixel_is_a_change(
    model: ViewerModel, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    image = np.full(shape, np.nan, np.float32)
    image[..., :4] = 0.5
    np.save(tmp_path / "image.npy", image)
    source = open_file(model, tmp_path / "image.npy")
    result = result_of(model, source)
    assert found_for(model, result).problem == ""
    image[(-1,) * len(shape)] = 1
    np.save(tmp_path / "image.npy", image)
    assert found_for(model, result).problem == "image.npy has other pixels than the layer"


def test_other_shape_is_named(model: ViewerModel, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", GREY)
    source = open_file(model, tmp_path / "image.npy")
    result = result_of(model, source)
    np.save(tmp_path / "image.npy", GREY[:9])
    assert found_for(model, result).problem == (
        "image.npy holds 9x50 uint8 (mono), but the layer 40x50 uint8 (mono)"
    )
