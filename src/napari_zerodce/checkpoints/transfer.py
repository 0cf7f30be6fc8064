"""Transfer of a small file over HTTP, in a thread, so that no server can block the user."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from napari_zerodce.checkpoints.defects import readable_size
from napari_zerodce.errors import DownloadError
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

STALL_SECONDS: Final = 15.0
"""The transfer fails after this time without a byte."""

_POLL_SECONDS: Final = 0.05
_CHUNK: Final = 1024  # bytes

Report = Callable[[int, int], None]


def receive(address: str, *, size: int, report: Report, should_stop: ShouldStop) -> bytes:
    """Return the bytes at an address, at most one byte more than expected.

    Looking up a host name, connecting and reading block, and nothing can interrupt them. A thread
    therefore does them. If this function gives up, the thread ends soon after.

    Parameters
    ----------
    address : str
        An http or https address.
    size : int
        Expected number of bytes.
    report : callable
        Called in the calling thread with the bytes received and expected.
    should_stop : callable
        Called 20 times a second; returns whether the user cancelled.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    DownloadError
        If the transfer fails. The message is half a sentence that names the cause.
    """
    transfer = _Transfer(address, limit=size + 1)
    threading.Thread(target=transfer.run, name="napari-zerodce download", daemon=True).start()
    try:
        _follow(transfer, size, report, should_stop)
    finally:
        transfer.abandoned = True
    if transfer.failure:
        host = urlsplit(address).hostname or address
        raise DownloadError(
            _reason(transfer.failure, host, len(transfer.content))
        ) from transfer.failure
    return bytes(transfer.content)


def _follow(transfer: _Transfer, size: int, report: Report, should_stop: ShouldStop) -> None:
    reported, last_change = 0, time.monotonic()
    while not transfer.ended.wait(_POLL_SECONDS):
        raise_if_stopped(should_stop)
        done = min(len(transfer.content), size)
        if done > reported:
            reported, last_change = done, time.monotonic()
            report(done, size)
        elif time.monotonic() - last_change > STALL_SECONDS:
            raise DownloadError(
                f"the server sent nothing for {STALL_SECONDS:.0f} seconds; try again later"
            )
    raise_if_stopped(should_stop)


class _Transfer:
    """A download into memory."""

    def __init__(self, address: str, *, limit: int) -> None:
        self.content = bytearray()
        self.failure: Exception | None = None
        self.ended = threading.Event()
        self.abandoned = False
        self._address = address
        self._limit = limit

    def run(self) -> None:
        """Receive the file, and keep an error for the thread that waits for the file."""
        try:
            self._receive()
        except Exception as err:  # noqa: BLE001  the waiting thread raises it
            self.failure = err
        finally:
            self.ended.set()

    def _receive(self) -> None:
        import requests

        with requests.get(
            self._address,
            stream=True,
            timeout=STALL_SECONDS + 1,
            # Uncompressed, so that the number of received bytes is that of the file.
            headers={"Accept-Encoding": "identity"},
        ) as response:
            response.raise_for_status()
            for chunk in response.iter_content(_CHUNK):
                self.content += chunk[: self._limit - len(self.content)]
                if self.abandoned or len(self.content) >= self._limit:
                    return


def _reason(failure: Exception, host: str, received: int) -> str:
    """Return the cause of a failure as half a sentence; raise unknown errors, our bugs, again."""
    from requests import HTTPError, RequestException
    from requests.exceptions import ProxyError, SSLError

    if isinstance(failure, HTTPError) and failure.response is not None:
        return _reason_of_status(failure.response.status_code, host)
    if received:
        return f"the connection to {host} was cut after {readable_size(received)}; try again"
    internet = "the internet connection"
    # The first match counts: if a proxy refuses connections, the proxy is the cause.
    known: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (ProxyError, "the proxy does not answer; check the proxy settings"),
        (SSLError, f"there is no secure connection to {host}; check the date and {internet}"),
        (socket.gaierror, f"the address of {host} cannot be looked up; check {internet}"),
        (ConnectionRefusedError, f"{host} refuses connections; try again later"),
        (
            (RequestException, ValueError, OSError),
            f"the connection to {host} was cut or cannot be made; check {internet} and try again",
        ),
    )
    causes = tuple(_chain(failure))
    for kinds, words in known:
        if any(isinstance(cause, kinds) for cause in causes):
            return words
    raise failure


def _reason_of_status(status: int, host: str) -> str:
    if status in {404, 410}:
        return f"{host} does not have the file (error {status}); look for a newer napari-zerodce"
    if status in {401, 403, 407}:
        return f"{host} does not give access (error {status}); ask your network's administrator"
    return f"{host} has a problem (error {status}); try again later"


def _chain(err: BaseException | None) -> Iterator[BaseException]:
    while err is not None:
        yield err
        err = err.__cause__ or err.__context__
