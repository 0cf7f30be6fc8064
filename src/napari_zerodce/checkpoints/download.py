"""The download of published weights into the user's cache folder: whole and verified, or not.

The files are small. A download therefore stays in memory until its hash is checked, and a failure
before that leaves no file behind.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final
from urllib.parse import urlsplit

from napari_zerodce.checkpoints.defects import readable_size
from napari_zerodce.checkpoints.other_files import looks_like_web_page
from napari_zerodce.checkpoints.registry import CACHE_VARIABLE, RegistryEntry
from napari_zerodce.checkpoints.transfer import Report, receive
from napari_zerodce.errors import DownloadError
from napari_zerodce.stopping import ShouldStop, never
from napari_zerodce.whole_file import write_whole

MIRROR_VARIABLE: Final = "NAPARI_ZERODCE_MIRROR"


def _ignore(_done: int, _total: int) -> None:
    """Ignore the progress."""


def download_published(
    entry: RegistryEntry, *, report: Report = _ignore, should_stop: ShouldStop = never
) -> Path:
    """Download published weights, unless they are in the cache folder already.

    The weights are for non-commercial, academic use (`entry.licence`): tell the user first.

    An institute without access to GitHub can put the files on its own server, as
    ``<entry name>.pth`` in one folder, and set the environment variable ``NAPARI_ZERODCE_MIRROR``
    to that folder's address, such as ``http://mirror.example.org/zero-dce``. The hash is checked in
    the same way.

    Parameters
    ----------
    entry : RegistryEntry
        One of `registry.PUBLISHED`.
    report : callable, optional
        Called in the calling thread with the bytes received and the bytes expected; both are equal
        in the last call.
    should_stop : callable, optional
        Called 20 times a second, even if the server does not answer; returns whether the user
        cancelled.

    Returns
    -------
    Path
        The file, whose SHA-256 is the entry's.

    Raises
    ------
    Cancelled
        If `should_stop` returned True; no file is left behind.
    DownloadError
        If the file cannot be downloaded or written, or has a wrong hash.
    """
    if entry.url is None or entry.size is None or entry.sha256 is None:
        raise ValueError(f"{entry.name} is not a published checkpoint")
    path = entry.path
    if not entry.is_here:
        address = _address(entry.name, entry.url)
        _make_folder(path.parent)
        try:
            content = receive(address, size=entry.size, report=report, should_stop=should_stop)
            _check(content, entry.size, entry.sha256)
        except DownloadError as err:
            raise DownloadError(f"{entry.name} was not downloaded: {err}.") from err
        _store(path, content, entry)
    report(entry.size, entry.size)
    return path


def _address(name: str, published: str) -> str:
    mirror = os.environ.get(MIRROR_VARIABLE, "").strip()
    if not mirror:
        return published
    parts = urlsplit(mirror)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise DownloadError(
            f"{MIRROR_VARIABLE} is {mirror!r}, but the http or https address of a folder is "
            "expected; correct the variable or remove it."
        )
    return f"{mirror.rstrip('/')}/{name}.pth"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # os.access ignores the access control lists of Windows.
        TemporaryFile(dir=folder).close()
    except OSError as err:
        raise _unwritable(folder, err) from err


def _check(content: bytes, size: int, sha256: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest == sha256:
        return
    if looks_like_web_page(content):
        raise DownloadError(
            "a web page arrived instead of the file, perhaps because the internet connection needs "
            "a login; log in with a browser and try again"
        )
    if len(content) < size:
        raise DownloadError(
            f"the connection was cut after {readable_size(len(content))} of {readable_size(size)}; "
            "try again"
        )
    if len(content) > size:
        raise DownloadError(
            f"more than the expected {readable_size(size)} arrived and were discarded; try again, "
            "or get the file from its authors and choose it as a file"
        )
    raise DownloadError(
        f"the received file has the SHA-256 {digest[:8]}… instead of {sha256[:8]}… and was "
        "discarded; try again, or get the file from its authors and choose it as a file"
    )


def _store(path: Path, content: bytes, entry: RegistryEntry) -> None:
    try:
        write_whole(path, content)
    except OSError as err:
        # Windows does not replace a file that a program reads, such as that of another download.
        if not entry.is_here:
            raise _unwritable(path.parent, err) from err


def _unwritable(folder: Path, err: OSError) -> DownloadError:
    reason = err.strerror or type(err).__name__
    return DownloadError(
        f"Downloads cannot be kept in {folder} ({reason}): free or unlock that folder, or name "
        f"another one in the environment variable {CACHE_VARIABLE}."
    )
