"""``napari-zerodce compare``: the report of files, references, planes, failures and mistakes."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_zerodce.api import enhance
from napari_zerodce.compare.baselines import TARGET_BRIGHTNESS
from napari_zerodce.compare.report.writer import ReportWriter

CPU = ("--device", "cpu", "--precision", "float32")


@pytest.fixture
def compare(run_here):
    """Compares with Zero-DCE++ on the CPU, and writes into "report"."""

    def run(*words):
        return run_here(
            "compare", *words, "--output", "report", "--checkpoint", "zero-dce-pp", *CPU
        )

    return run


@pytest.fixture
def content(tmp_path):
    """Reads the figures of the report."""
    return lambda: json.loads((tmp_path / "report" / "figures.json").read_text("utf-8"))


def titles(image):
    return [result["candidate"] for result in image["results"]]


def test_report_of_a_photo(compare, content, dark, tmp_path) -> None:
    done = compare(dark)
    assert done.returncode == 0, done.stderr
    assert (
        "histogram matching and mean/std matching are left out without --reference" in done.stderr
    )
    (image,) = content()["images"]
    assert titles(image) == ["source", "zero-dce-pp", "gamma", "CLAHE"]
    assert image["image"] == str(dark)
    assert f"compare {dark}" in content()["command"]
    assert "zero-dce-pp" in done.stdout
    assert done.stdout.endswith("report/index.html\n")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "index.html", "figures.csv", "figures.json", "pictures",
    }  # fmt: skip
    assert not list(tmp_path.glob(".napari-zerodce-*"))


def test_figures_are_those_of_enhance(compare, content, dark, load_photo) -> None:
    assert compare(dark, "--strength", "0.5").returncode == 0
    from napari_zerodce.engine.look import Look

    look = Look(strength=0.5, detail_gain_limit=2)
    photo = load_photo(dark)
    bright = enhance(photo, "zero-dce-pp", look=look, device="cpu", precision="float32")
    (image,) = content()["images"]
    source, enhanced, gamma, _ = image["results"]
    assert source["brightness"] == pytest.approx(photo.mean() / 255, abs=1e-5)
    assert enhanced["brightness"] == pytest.approx(bright.mean() / 255, abs=1e-5)
    assert gamma["brightness"] == pytest.approx(TARGET_BRIGHTNESS, abs=0.005)


def test_references_are_found_by_name(compare, content, save, make_photo, tmp_path) -> None:
    for folder in ("low", "high"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b"):
        save(tmp_path / "low" / f"{name}.png", make_photo())
    save(tmp_path / "high" / "a.tif", 2 * make_photo(), photometric="rgb")
    done = compare("low", "--reference", "high")
    assert done.returncode == 0, done.stderr
    assert "low/b.png: There is no reference 'b' with any suffix in high" in done.stderr
    first, second = content()["images"]
    assert titles(first)[-2:] == ["histogram matching", "mean/std matching"]
    assert all(result["ssim"] is not None for result in first["results"])
    assert first["reference"]["name"] == "high/a.tif"
    assert titles(second)[-1] == "CLAHE"
    assert all(result["ssim"] is None for result in second["results"])


def test_one_reference_for_all(compare, content, dark, save, make_photo) -> None:
    save("good.png", 3 * make_photo(seed=1))
    assert compare(dark, "--reference", "good.png", "--baseline", "histogram").returncode == 0
    (image,) = content()["images"]
    source, _, matched = image["results"]
    assert matched["psnr"] > source["psnr"] + 6


def test_references_of_the_same_name_are_refused(compare, dark, save, make_photo) -> None:
    Path("good").mkdir()
    save("good/dark.png", make_photo())
    save("good/dark.tif", make_photo(), photometric="rgb")
    done = compare(dark, "--reference", "good")
    assert done.returncode == 2
    assert "have the same name" in done.stderr


def test_reference_that_does_not_exist_is_refused(compare, dark) -> None:
    done = compare(dark, "--reference", "nowhere")
    assert (done.returncode, "There is no reference 'nowhere'" in done.stderr) == (2, True)


def test_middle_plane_of_a_stack_or_another(compare, content, save) -> None:
    stack = np.random.default_rng(0).integers(0, 900, (5, 20, 24)).astype(np.uint16)
    save("stack.tif", stack, metadata={"axes": "ZYX"})
    done = compare("stack.tif", "--window", "minmax")
    assert "stack.tif (plane 2, window 0 to 899, 4 pictures" in done.stdout
    assert content()["images"][0]["source"]["index"] == [2]
    first = content()["images"][0]["results"][0]["brightness"]
    assert first == pytest.approx(stack[2].mean() / 899, abs=1e-4)
    assert compare("stack.tif", "--plane", "4", "--overwrite").returncode == 0
    assert content()["images"][0]["source"]["index"] == [4]


@pytest.mark.parametrize(
    ("plane", "code", "sentence"),
    [
        ("5", 1, "There is no plane 5: the axes before rows and columns have the lengths 5"),
        ("1,1", 1, "There is no plane 1, 1"),
        ("-1", 2, "is no number from 0"),
        ("first", 2, "is no number from 0"),
    ],
)
def test_plane_that_does_not_exist(compare, save, plane, code, sentence) -> None:
    save("stack.tif", np.zeros((5, 20, 24), np.uint16), metadata={"axes": "ZYX"})
    done = compare("stack.tif", f"--plane={plane}")
    assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr


def test_plane_does_not_matter_for_a_photo(compare, dark) -> None:
    assert compare(dark, "--plane", "7").returncode == 0


def test_reference_stack_shows_the_same_plane(compare, content, save) -> None:
    stack = np.random.default_rng(0).integers(0, 900, (3, 20, 24)).astype(np.uint16)
    save("stack.tif", stack, photometric="minisblack", metadata={"axes": "CYX"})
    assert compare("stack.tif", "--reference", "stack.tif", "--plane", "0").returncode == 0
    (image,) = content()["images"]
    assert image["reference"]["index"] == [0]
    assert image["reference"]["window"] == image["source"]["window"]
    assert image["results"][0]["ssim"] == pytest.approx(1)


def test_lazy_images_are_compared(compare, content, run_here, dark) -> None:
    assert run_here("enhance", dark, "--output", "cells.ome.zarr", *CPU).returncode == 0
    done = compare("cells.ome.zarr")
    assert done.returncode == 0, done.stderr
    assert len(content()["images"][0]["results"]) == 4


def test_failures_have_their_place_and_the_others_go_on(compare, content, dark, tmp_path) -> None:
    Path("bad.png").write_text("no picture")
    Path("bad.pth").write_text("no weights")
    done = compare("bad.png", dark, "missing.tif", "--checkpoint", "bad.pth")
    assert done.returncode == 1
    bad, good, missing = content()["images"]
    assert bad["problem"]
    assert missing["problem"]
    problems = [bool(result["problem"]) for result in good["results"]]
    assert problems == [False, True, False, False, False]  # bad.pth is the first checkpoint
    assert done.stderr.count("failed: ") == 3
    assert "Traceback" not in done.stderr


def test_bad_checkpoint_is_told_once(compare, save, make_photo) -> None:
    for name in ("a.png", "b.png"):
        save(name, make_photo())
    done = compare("a.png", "b.png", "--checkpoint", "nothing")
    assert done.returncode == 1
    assert done.stderr.count("failed: ") == 1


def test_bug_in_one_image_does_not_stop_the_others(compare, content, dark, monkeypatch) -> None:
    from napari_zerodce.compare import run

    whole = run.compare

    def broken(request, *words, **details):
        if request.image.shape[0] == 9:
            raise AssertionError("a bug")
        return whole(request, *words, **details)

    monkeypatch.setattr(run, "compare", broken)
    tifffile.imwrite("small.tif", np.zeros((9, 9), np.uint8))
    done = compare("small.tif", dark)
    assert done.returncode == 1
    assert "please report it" in done.stderr
    assert len(content()["images"][1]["results"]) == 4


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ("none", []),
        ("clahe", ["CLAHE"]),
        ("gamma=0.5, clahe", ["gamma 0.5", "CLAHE"]),
        ("gamma,gamma", ["gamma"]),
    ],
)
def test_baselines_are_chosen(compare, content, dark, baseline, expected) -> None:
    assert compare(dark, "--baseline", baseline).returncode == 0
    assert titles(content()["images"][0]) == ["source", "zero-dce-pp", *expected]


@pytest.mark.parametrize("baseline", ["contrast", "gamma=x", "gamma=0", "clahe=1", ""])
def test_invalid_baselines_are_refused_before_the_work(compare, dark, baseline, tmp_path) -> None:
    assert compare(dark, "--baseline", baseline).returncode == 2
    assert not (tmp_path / "report").exists()


def test_automatic_checkpoint_is_the_default(run_here, content, dark) -> None:
    done = run_here("compare", dark, "--output", "report", "--baseline", "none", *CPU)
    assert done.returncode == 0
    (_, auto) = content()["images"][0]["results"]
    assert auto["about"] == "photo weights, because the image is in colour"


def test_report_replaces_only_an_earlier_report(compare, dark, tmp_path) -> None:
    assert compare(dark).returncode == 0
    again = compare(dark)
    assert (again.returncode, "use --overwrite" in again.stderr) == (2, True)
    assert compare(dark, "--overwrite").returncode == 0
    (tmp_path / "report" / "mine.txt").touch()
    refused = compare(dark, "--overwrite")
    assert (refused.returncode, "is no report" in refused.stderr) == (2, True)
    assert (tmp_path / "report" / "mine.txt").exists()


def test_hidden_files_of_the_user_stay(compare, dark, tmp_path) -> None:
    (tmp_path / "report" / ".git").mkdir(parents=True)
    refused = compare(dark, "--overwrite")
    assert (refused.returncode, "is no report" in refused.stderr) == (2, True)
    assert [path.name for path in (tmp_path / "report").iterdir()] == [".git"]


def test_link_stays_and_the_folder_behind_it_becomes_the_report(compare, dark, tmp_path) -> None:
    link, folder = tmp_path / "report", tmp_path / "large disk" / "here"
    folder.mkdir(parents=True)
    link.symlink_to(folder)
    for words in ((), ("--overwrite",)):
        assert compare(dark, *words).returncode == 0
        assert link.is_symlink()
        assert (folder / "index.html").exists()
    (folder / "mine.txt").touch()
    assert compare(dark, "--overwrite").returncode == 2
    assert (folder / "mine.txt").exists()


def test_empty_folder_becomes_a_report(compare, dark, tmp_path) -> None:
    (tmp_path / "report").mkdir()
    assert compare(dark).returncode == 0
    assert (tmp_path / "report" / "index.html").exists()


@pytest.fixture
def meanwhile(monkeypatch):
    """Runs a function when the report is complete but not yet in its place."""

    def run(interfere):
        write = ReportWriter.write

        def write_and_interfere(self, **names):
            write(self, **names)
            interfere()

        monkeypatch.setattr(ReportWriter, "write", write_and_interfere)

    return run


@pytest.mark.parametrize("words", [(), ("--overwrite",)])
def test_folder_that_appears_during_the_run_stays(compare, dark, tmp_path, meanwhile, words):
    mine = tmp_path / "report" / "data.txt"
    mine.parent.mkdir()
    (tmp_path / "report 2").touch()
    meanwhile(lambda: mine.write_text("mine"))
    done = compare(dark, *words)
    assert done.returncode == 1
    assert "report was made or changed during the comparison and is not replaced" in done.stderr
    assert "the report is in report 3." in done.stderr
    assert [path.name for path in mine.parent.iterdir()] == ["data.txt"]
    assert mine.read_text() == "mine"
    assert (tmp_path / "report 3" / "index.html").exists()
    assert done.stdout.endswith("report 3/index.html\n")
    assert not list(tmp_path.glob(".napari-zerodce-*"))


def test_file_that_appears_during_the_run_stays(compare, dark, tmp_path, meanwhile) -> None:
    meanwhile(lambda: (tmp_path / "report").write_text("mine"))
    assert compare(dark, "--overwrite").returncode == 1
    assert (tmp_path / "report").read_text() == "mine"
    assert (tmp_path / "report 2" / "index.html").exists()


def test_folder_without_images_is_refused(compare, tmp_path) -> None:
    (tmp_path / "photos").mkdir()
    done = compare("photos")
    assert (done.returncode, "There is no image in the folder" in done.stderr) == (2, True)


def test_interrupted_comparison_leaves_nothing(
    start_child, held, wait_until, save, make_photo, tmp_path
):
    Path(tmp_path, "photos").mkdir()
    for number in range(3):
        save(tmp_path / "photos" / f"{number}.png", make_photo(60, 80))
    words = held.command("compare", tmp_path / "photos", "--output", tmp_path / "report", *CPU)
    pictures = held.after(folder=tmp_path, pattern=".napari-zerodce-*/report/pictures/*", files=1)
    child = start_child(words, stderr=-1, text=True, env=pictures)
    wait_until(held.is_waiting, child)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=200)
    assert child.returncode == 130
    assert "report was not written" in errors
    assert [path.name for path in tmp_path.iterdir() if path.name != "weights cache"] == ["photos"]
