from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from napari_zerodce.cli import main

NAME = "published-zero-dce-pp"
SIZE = 52_395


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a local server that stands in for the authors'."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_QuietHandler, directory=os.fspath(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("NAPARI_ZERODCE_MIRROR", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_published_weights_arrive_and_can_be_used(
    served, shared_data, cache_folder, capsys
) -> None:
    content = (shared_data / "checkpoints" / "zero-dce-pp_epoch99.pth").read_bytes()
    (served / f"{NAME}.pth").write_bytes(content)
    assert main(["download", NAME, "--accept-licence"]) == 0
    out, err = capsys.readouterr()
    assert "CC BY-NC 4.0" in out
    assert out.splitlines()[-1] == str(cache_folder / f"{NAME}.pth")
    assert not err
    assert (cache_folder / f"{NAME}.pth").read_bytes() == content
    assert main(["info", NAME]) == 0
    assert "Zero-DCE++ · 10,561 parameters" in capsys.readouterr().out
    assert main(["download", NAME]) == 0  # asks for nothing, since nothing happens
    assert "already on this machine" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, bytes(SIZE)])
def test_failed_download_takes_one_line(served, content, cache_folder, capsys) -> None:
    if content is not None:
        (served / f"{NAME}.pth").write_bytes(content)
    assert main(["download", NAME, "--accept-licence"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"napari-zerodce: {NAME} was not downloaded")
    assert err.count("\n") == 1
    assert not list(cache_folder.iterdir())


def test_licence_is_shown_and_never_accepted_by_silence(run_command, cache_folder) -> None:
    done = run_command("download", NAME)
    assert done.returncode == 2
    assert "CC BY-NC 4.0" in done.stdout
    assert "--accept-licence" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not cache_folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize("typed", ["n\n", "\n", "maybe\n"])
def test_whoever_does_not_say_yes_gets_nothing(
    command, run_on_terminal, served, typed, cache_folder
) -> None:
    exit_code, screen = run_on_terminal(command("download", NAME), typed)
    assert exit_code == 1
    assert "non-commercial purposes only? [y/N]" in screen
    assert "was not downloaded" in screen
    assert not cache_folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_yes_starts_the_download_with_a_bar(command, run_on_terminal, served) -> None:
    (served / f"{NAME}.pth").write_bytes(bytes(SIZE))
    exit_code, screen = run_on_terminal(command("download", NAME), "y\n")
    assert exit_code == 1
    assert f"{NAME}: " in screen  # the bar
    assert "SHA-256" in screen  # zeros are not the weights


def test_names_that_need_no_download_or_are_none(capsys) -> None:
    assert main(["download", "zero-dce"]) == 0
    assert "already on this machine" in capsys.readouterr().out
    assert main(["download", "zero-dce-3"]) == 2
    assert "choose published-zero-dce or published-zero-dce-pp" in capsys.readouterr().err
