"""Downloads against a real server on this machine that behaves in every way servers do."""

from __future__ import annotations

import hashlib
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from napari_zerodce.checkpoints import transfer
from napari_zerodce.checkpoints.download import download_published
from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED
from napari_zerodce.errors import Cancelled, DownloadError

CONTENT = np.random.default_rng(0).bytes(320_000)


class Server:
    """What the server does, and what it saw."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.release = threading.Event()
        self.told = threading.Semaphore(0)
        self.serve = None
        self.address = ""


class Handler(BaseHTTPRequestHandler):
    state: Server

    def do_GET(self) -> None:
        self.state.requests.append(self.path)
        self.state.serve(self)

    def log_message(self, *_args) -> None:
        """Be silent."""


def whole(handler, content=CONTENT, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def without_length(handler, content=CONTENT):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content)


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    handler.wfile.write(CONTENT[:100_000])


def slowly(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    for start in range(0, len(CONTENT), 20_000):
        handler.wfile.write(CONTENT[start : start + 20_000])
        time.sleep(0.06)


def as_it_is_told(handler):
    """Send a piece after each report of the client, so that none is told of all at once."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    for start in range(0, len(CONTENT), 20_000):
        handler.wfile.write(CONTENT[start : start + 20_000])
        handler.state.told.acquire(timeout=120)


def stalls_after(count):
    def serve(handler):
        if count is not None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(CONTENT)))
            handler.end_headers()
            handler.wfile.write(CONTENT[:count])
        handler.state.release.wait(120)

    return serve


@contextmanager
def ignoring_broken_pipes(server):
    # The client hangs up in many of these tests, and socketserver would print a traceback.
    server.handle_error = lambda *_: None
    yield


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    state = Server()
    handler = type("BoundHandler", (Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running, ignoring_broken_pipes(running):
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        state.address = f"http://127.0.0.1:{running.server_address[1]}"
        yield state
        state.release.set()
        state.told.release(99)
        running.shutdown()
        thread.join()
    # Abandoned transfers end by themselves; wait, so that none outlives its server.
    for other in threading.enumerate():
        if other.name == "napari-zerodce download":
            other.join(60)


@pytest.fixture
def entry(server):
    return replace(
        PUBLISHED[0],
        url=f"{server.address}/some/Epoch99.pth",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )


def failed(entry, *parts):
    """Check that a download fails in one sentence and leaves nothing; return the sentence."""
    with pytest.raises(DownloadError) as caught:
        download_published(entry)
    message = str(caught.value)
    assert re.fullmatch(r"published-zero-dce was not downloaded: [^\n]*\.", message), message
    for part in ("Error", "Traceback", "HTTPConnection", "urllib3", "object at", "<", "Errno"):
        assert part not in message, message
    for part in parts:
        assert part in message, message
    assert list(entry.path.parent.iterdir()) == []
    return message


def test_file_arrives(server, entry, cache_folder, capfd):
    server.serve = whole
    seen = []
    path = download_published(entry, report=lambda *progress: seen.append(progress))
    assert path == cache_folder / "published-zero-dce.pth"
    assert path.read_bytes() == CONTENT
    assert list(cache_folder.iterdir()) == [path]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert server.requests == ["/some/Epoch99.pth"]
    assert capfd.readouterr() == ("", "")


def test_progress_grows_to_the_total(server, entry):
    server.serve = as_it_is_told
    threads, seen = set(), []

    def report(done, total):
        threads.add(threading.current_thread())
        seen.append((done, total))
        server.told.release()

    download_published(entry, report=report)
    done = [progress[0] for progress in seen]
    assert len(done) > 5
    assert done == sorted(done)
    assert 0 < done[0] < done[-1] == len(CONTENT)
    assert {total for _, total in seen} == {len(CONTENT)}
    assert threads == {threading.current_thread()}


def test_without_content_length(server, entry):
    server.serve = without_length
    assert download_published(entry).read_bytes() == CONTENT


def test_file_that_is_there_is_not_fetched(server, entry):
    server.serve = whole
    path = download_published(entry)
    seen = []
    assert download_published(entry, report=lambda *progress: seen.append(progress)) == path
    assert seen == [(len(CONTENT), len(CONTENT))]
    assert len(server.requests) == 1


@pytest.mark.parametrize("spoilt", [b"", CONTENT[:-1], CONTENT + b"x", b"x" + CONTENT[1:]])
def test_spoilt_file_is_fetched_again(server, entry, spoilt):
    server.serve = whole
    path = download_published(entry)
    path.write_bytes(spoilt)
    assert download_published(entry).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_restart_after_a_broken_transfer(server, entry):
    server.serve = cut
    failed(entry)
    server.serve = whole
    assert download_published(entry).read_bytes() == CONTENT


def test_wrong_hash(server, entry):
    wrong = CONTENT[:-1] + b"!"
    server.serve = lambda handler: whole(handler, wrong)
    got, expected = hashlib.sha256(wrong).hexdigest()[:8], entry.sha256[:8]
    failed(entry, f"has the SHA-256 {got}… instead of {expected}…", "discarded")


@pytest.mark.parametrize("reply", [whole, without_length])
def test_too_much(server, entry, reply):
    server.serve = lambda handler: reply(handler, CONTENT * 10)
    failed(entry, "more than the expected 312.5 KiB arrived", "discarded")


def test_server_that_never_ends(server, entry):
    def serve(handler):
        handler.send_response(200)
        handler.end_headers()
        while not server.release.is_set():
            handler.wfile.write(bytes(65536))

    server.serve = serve
    failed(entry, "more than the expected")


@pytest.mark.parametrize(
    ("status", "part"),
    [
        (404, "127.0.0.1 does not have the file (error 404)"),
        (410, "does not have the file (error 410)"),
        (401, "does not give access (error 401)"),
        (403, "does not give access (error 403)"),
        (429, "has a problem (error 429); try again later"),
        (500, "has a problem (error 500); try again later"),
        (503, "has a problem (error 503); try again later"),
    ],
)
def test_error_of_the_server(server, entry, status, part):
    server.serve = lambda handler: whole(handler, b"<html>Sorry</html>", status)
    failed(entry, part)


def test_login_page(server, entry):
    def serve(handler):
        if handler.path != "/login":
            handler.send_response(302)
            handler.send_header("Location", "/login")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        whole(handler, b"<!DOCTYPE html><html>Please log in</html>")

    server.serve = serve
    failed(entry, "a web page arrived instead of the file", "log in with a browser")
    assert server.requests == ["/some/Epoch99.pth", "/login"]


def test_endless_redirects(server, entry):
    def serve(handler):
        handler.send_response(302)
        handler.send_header("Location", "/again")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.serve = serve
    failed(entry, "127.0.0.1")


def test_cut_connection(server, entry):
    server.serve = cut
    failed(entry, "the connection to 127.0.0.1 was cut after ", "KiB; try again")


@pytest.mark.parametrize("count", [0, 1, 100_000, len(CONTENT) - 1])
def test_cut_connection_without_content_length(server, entry, count):
    server.serve = lambda handler: without_length(handler, CONTENT[:count])
    failed(entry, "the connection was cut after", "of 312.5 KiB; try again")


def test_connection_closed_without_an_answer(server, entry):
    server.serve = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    failed(entry, "the connection to 127.0.0.1 was cut")


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (b"nonsense\r\n\r\n", "127.0.0.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx", "cut after 1 byte of 312.5 KiB"),
    ],
)
def test_nonsense_from_the_server(server, entry, answer, part):
    server.serve = lambda handler: handler.wfile.write(answer)
    failed(entry, part)


@pytest.fixture
def refusing():
    """The address of a port that is taken, and where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_no_server(entry, refusing):
    failed(replace(entry, url=f"{refusing}/x.pth"), "127.0.0.1 refuses connections")


def test_no_network(entry, monkeypatch):
    def look_up(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    failed(
        replace(entry, url="http://nowhere.invalid/x.pth"),
        "the address of nowhere.invalid cannot be looked up; check the internet connection",
    )


def test_proxy_that_does_not_answer(entry, monkeypatch, refusing):
    monkeypatch.setenv("http_proxy", refusing)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    failed(replace(entry, url="http://example.invalid/x.pth"), "the proxy does not answer")


def test_no_secure_connection(entry):
    failed(
        replace(entry, url=entry.url.replace("http://", "https://")),
        "there is no secure connection to 127.0.0.1",
    )


@pytest.mark.parametrize("count", [None, 0, 100_000])
def test_server_that_stalls(server, entry, monkeypatch, count):
    monkeypatch.setattr(transfer, "STALL_SECONDS", 0.5)
    server.serve = stalls_after(count)
    failed(entry, "the server sent nothing for", "try again later")


@pytest.mark.parametrize("count", [None, 100_000])
def test_cancelled_while_the_server_stalls(server, entry, cache_folder, count):
    server.serve = stalls_after(count)
    asked = []
    with pytest.raises(Cancelled):
        download_published(entry, should_stop=lambda: asked.append("stop?") or len(asked) > 5)
    assert len(asked) == 6, "the first yes counts"
    assert list(cache_folder.iterdir()) == []


def test_cancelled_in_the_middle(server, entry, cache_folder):
    server.serve = as_it_is_told
    seen = []

    def report(*progress):
        seen.append(progress)
        server.told.release()

    with pytest.raises(Cancelled):
        download_published(entry, report=report, should_stop=lambda: len(seen) > 1)
    assert 0 < seen[-1][0] < len(CONTENT)
    assert list(cache_folder.iterdir()) == []
    server.serve = whole
    assert download_published(entry).read_bytes() == CONTENT


def test_cancelled_from_the_start(server, entry, cache_folder):
    server.serve = whole
    with pytest.raises(Cancelled):
        download_published(entry, should_stop=lambda: True)
    assert list(cache_folder.iterdir()) == []


def test_failure_of_the_listener_is_passed_on(server, entry, cache_folder):
    server.serve = slowly

    def report(done, total):
        raise KeyError(done, total)

    with pytest.raises(KeyError):
        download_published(entry, report=report)
    assert list(cache_folder.iterdir()) == []


def test_many_at_once(server, entry, cache_folder):
    server.serve = slowly
    paths, failures = [], []

    def download():
        try:
            paths.append(download_published(entry))
        except BaseException as err:  # noqa: BLE001
            failures.append(err)

    threads = [threading.Thread(target=download) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(paths) == {cache_folder / "published-zero-dce.pth"}
    assert paths[0].read_bytes() == CONTENT
    assert list(cache_folder.iterdir()) == [paths[0]]


def test_two_processes_and_one_killed(server, entry, cache_folder, start_child):
    def in_the_middle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        sent = 100_000
        handler.wfile.write(CONTENT[:sent])
        while not server.release.wait(0.1):
            handler.wfile.write(CONTENT[sent : sent + 1])  # silence would be an error
            sent += 1
        handler.wfile.write(CONTENT[sent:])

    server.serve = in_the_middle
    code = f"""
from dataclasses import replace
from napari_zerodce.checkpoints.download import download_published
from napari_zerodce.checkpoints.registry import PUBLISHED
entry = replace(PUBLISHED[0], url={entry.url!r}, size={entry.size}, sha256={entry.sha256!r})
print(download_published(entry))
"""
    processes = [
        start_child([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    deadline = time.monotonic() + 200
    while len(server.requests) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    processes[0].kill()
    server.release.set()
    for process in processes[1:]:
        output, _ = process.communicate(timeout=200)
        assert output.splitlines() == [str(entry.path)]
    processes[0].communicate(timeout=200)
    assert entry.path.read_bytes() == CONTENT
    assert list(cache_folder.iterdir()) == [entry.path]


def test_mirror(server, entry, monkeypatch):
    server.serve = whole
    monkeypatch.setenv("NAPARI_ZERODCE_MIRROR", f"{server.address}/folder/")
    entry = replace(entry, url="http://nowhere.invalid/x.pth")
    assert download_published(entry).read_bytes() == CONTENT
    assert server.requests == ["/folder/published-zero-dce.pth"]


@pytest.mark.parametrize("mirror", ["example.org", "ftp://example.org", "/a/folder", "http://"])
def test_senseless_mirror(entry, monkeypatch, mirror):
    monkeypatch.setenv("NAPARI_ZERODCE_MIRROR", mirror)
    with pytest.raises(DownloadError, match=r"NAPARI_ZERODCE_MIRROR is .*address of a folder"):
        download_published(entry)


def test_cache_folder_that_cannot_be_made(server, entry, tmp_path, monkeypatch):
    server.serve = whole
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NAPARI_ZERODCE_CACHE", str(tmp_path / "file" / "folder"))
    expected = (
        r"^Downloads cannot be kept in .*folder \(Not a directory\): .*NAPARI_ZERODCE_CACHE\.$"
    )
    with pytest.raises(DownloadError, match=expected):
        download_published(entry)
    assert server.requests == []


def test_cache_folder_that_may_not_be_written(server, entry, ordinary_user, monkeypatch):
    server.serve = whole
    ordinary_user.chmod(0o555)
    for folder in (ordinary_user / "ours", ordinary_user):
        monkeypatch.setenv("NAPARI_ZERODCE_CACHE", str(folder))
        with pytest.raises(DownloadError, match=r"\(Permission denied\): free or unlock"):
            download_published(entry)
    assert server.requests == []


def test_file_that_cannot_be_put_in_place(server, entry):
    server.serve = whole
    entry.path.mkdir(parents=True)
    with pytest.raises(DownloadError, match="cannot be kept"):
        download_published(entry)
    assert [path.name for path in entry.path.parent.iterdir()] == [entry.path.name]


def test_bundled_checkpoints_are_not_to_be_downloaded():
    with pytest.raises(ValueError, match="not a published checkpoint"):
        download_published(BUNDLED[0])
