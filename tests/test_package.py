"""What is installed is what a user needs: manifest, weights, samples, imports that cost little."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import distribution, entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages

import pytest
from npe2 import PluginManifest
from packaging.requirements import Requirement

import napari_zerodce

REPOSITORY = Path(__file__).parents[1]
PACKAGE = files("napari_zerodce")
DISTRIBUTION = distribution("napari-zerodce")

# Rooms and modules that promise not to import torch; the docks can only be imported beside napari.
TORCH_FREE = re.compile(
    r"(api|batch|batch\..*|cli|cli\..*|compare|compare\..*|device|engine|engine\..*|errors|export"
    r"|export\..*|hardware"
    r"|imaging|imaging\..*|setting|torch_import"
    r"|checkpoints|checkpoints\.(?!save|torch_network).*"
    r"|core|core\.(architectures|arrays|curves|detail|guided_filter|memory_order|network_kinds"
    r"|onnx_networks|smoothness_kind|thumbnails)"
    r"|training"
    r"|training\.(config|crops|events|images|layouts|new_run|owned_folder|presets|run_config|run_folder)"
    r"|training\.translation(\.(config|crops|forecast|new_run|pairs))?"
    + (r"|gui|gui\..*)" if find_spec("napari") else ")")
)
TORCH_FREE_MODULES = [
    module.name
    for module in walk_packages(napari_zerodce.__path__, "napari_zerodce.")
    if TORCH_FREE.fullmatch(module.name.removeprefix("napari_zerodce."))
]

REPORT_TORCH = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
    if "torch" in sys.modules:
        sys.exit(f"importing {name} loads torch")
"""

REPORT_SLOW = """
import sys
import napari.qt
import napari.layers
from importlib import import_module
slow = {"pyqtgraph", "PIL", "imagecodecs", "tifffile", "dask.array", "zarr", "h5py", "onnxruntime"}
slow.add("napari_zerodce.imaging.files.images")
slow -= set(sys.modules)
for name in sys.argv[1:]:
    import_module(name)
    if found := slow & set(sys.modules):
        sys.exit(f"importing {name} loads {sorted(found)}")
"""


def requirements(*, extra: str) -> list[Requirement]:
    found = [Requirement(line) for line in DISTRIBUTION.requires or ()]
    return [each for each in found if each.marker is None or each.marker.evaluate({"extra": extra})]


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_tox_tests_the_wheel_and_not_the_source_tree() -> None:
    assert "site-packages" in Path(napari_zerodce.__file__).parts


@pytest.mark.parametrize(
    "path",
    [
        "napari.yaml",
        "py.typed",
        "compare/report/page.css",
        "checkpoints/bundled/zero-dce.safetensors",
        "checkpoints/bundled/zero-dce-pp.safetensors",
        "checkpoints/bundled/zero-dce.json",
        "checkpoints/bundled/zero-dce-pp.json",
    ],
)
def test_data_file_is_installed(path: str) -> None:
    assert PACKAGE.joinpath(path).is_file()


def test_sample_images_are_installed() -> None:
    assert (PACKAGE / "samples" / "night.png").is_file()


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only the wheel holds the pages")
def test_pages_of_the_docks_are_installed_with_their_pictures() -> None:
    for page in (REPOSITORY / "docs").rglob("*.*"):
        installed = PACKAGE / "docs" / page.relative_to(REPOSITORY / "docs").as_posix()
        assert installed.read_bytes() == page.read_bytes()


def test_manifest_is_found_through_the_entry_point_and_valid() -> None:
    manifest = PluginManifest.from_distribution("napari-zerodce")
    assert manifest.name == "napari-zerodce"
    commands = {command.id for command in manifest.contributions.commands or ()}
    used = {item.command for item in manifest.contributions.widgets or ()}
    used |= {item.command for item in manifest.contributions.sample_data or ()}
    used |= {item.command for item in manifest.contributions.writers or ()}
    used |= {item.command for item in manifest.contributions.readers or ()}
    used |= {item.command for items in manifest.contributions.menus.values() for item in items}
    assert commands == used


@pytest.mark.skipif(find_spec("napari") is None, reason="docks can only be imported beside napari")
def test_everything_the_manifest_names_can_be_imported() -> None:
    PluginManifest.from_distribution("napari-zerodce").validate_imports()


def test_manifest_on_top_of_the_repository_is_the_installed_one() -> None:
    assert (REPOSITORY / "napari.yaml").read_text() == PACKAGE.joinpath("napari.yaml").read_text()


def test_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="napari-zerodce")
    assert callable(command.load())


def test_users_choose_their_own_napari_and_qt() -> None:
    names = {each.name.lower() for each in requirements(extra="")}
    assert names.isdisjoint({"napari", "pyqt5", "pyqt6", "pyside2", "pyside6"})
    assert "napari" in {each.name for each in requirements(extra="all")}


def test_dependencies_have_lower_bounds_only() -> None:
    for requirement in requirements(extra="all"):
        assert [bound.operator for bound in requirement.specifier] == [">="], requirement


def test_modules_that_promise_it_do_not_load_torch() -> None:
    assert len(TORCH_FREE_MODULES) > 10
    command = [sys.executable, "-c", REPORT_TORCH, "napari_zerodce", *TORCH_FREE_MODULES]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert (child.returncode, child.stderr) == (0, "")


@pytest.mark.skipif(find_spec("napari") is None, reason="docks can only be imported beside napari")
def test_docks_and_commands_load_only_what_they_show() -> None:
    # napari imports them between a click and the dock, in the thread of the window.
    docks = [name for name in TORCH_FREE_MODULES if re.search(r"\.gui\.docks\.\w+\.dock$", name)]
    assert len(docks) == 6
    command = [sys.executable, "-c", REPORT_SLOW, "napari_zerodce.gui.commands", *docks]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (child.returncode, child.stderr) == (0, "")


def test_git_hooks_use_the_versions_of_ci() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text().split()
    pinned = dict(line.split("==") for line in lines if "==" in line)
    hooks = re.findall(r"\[(\S+)==(\S+)\]", (REPOSITORY / ".pre-commit-config.yaml").read_text())
    assert len(hooks) > 3
    assert [(name, pinned[name]) for name, _ in hooks] == hooks
