"""The workers of a batch: processes of this computer, or those of a scheduler by its address."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import resource_tracker
from typing import Any, Final

from napari_zerodce.device import available_devices
from napari_zerodce.errors import RequestError

GPU: Final = "GPU"
"""The resource of dask that a worker has if it owns a GPU, and a task needs one of."""

_SECONDS_TO_ANSWER: Final = 15
"""A scheduler on a busy computer needs some seconds; nobody answers at a wrong address."""

_CORES_OF_A_WORKER: Final = 4
"""The network uses four cores well; more processes overlap reading and writing with it."""


def distributed() -> Any:
    """Return the module, or say how to install it.

    Raises
    ------
    RequestError
        If it is not installed.
    """
    try:
        import distributed as module
    except ImportError as err:
        raise RequestError(
            "A batch needs the package 'distributed', which is not installed; install it with "
            "pip install 'napari-zerodce[batch]'."
        ) from err
    return module


@contextmanager
def connected(
    address: str | None,
    *,
    workers: int | None,
    device: str = "auto",
    threads: int | None = None,
) -> Iterator[Any]:
    """Give a client of dask.

    Parameters
    ----------
    address : str, optional
        Of a scheduler, such as tcp://10.0.0.5:8786. By default, this computer's processes.
    workers : int, optional
        Number of processes of this computer; by default one for each GPU, or for a few cores.
    device : str
        As the user chose it; only processes of this computer follow it here.
    threads : int, optional
        Threads of torch in each process of this computer; by default its share of the cores.

    Raises
    ------
    RequestError
        If the scheduler does not answer, or `distributed` is not installed.
    """
    dask = distributed()
    with _quiet():
        if address is not None:
            client = _client_of(dask, address)
            try:
                yield client
            finally:
                client.close()
            return
        with _children_deaf_to_ctrl_c():
            cluster = _cluster_here(dask, _environments(workers, device, threads))
        with cluster, dask.Client(cluster, set_as_default=False) as client:
            yield client


def _client_of(dask: Any, address: str) -> Any:
    full = _checked(address)
    try:
        return dask.Client(full, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
    except Exception as err:
        # Each transport has its own errors for a scheduler that is not there.
        raise RequestError(
            f"The scheduler {address} does not answer within {_SECONDS_TO_ANSWER} s; check the "
            "address, or start one with 'dask scheduler'."
        ) from err


def _checked(address: str) -> str:
    """Return an address with its protocol; raise a RequestError if it is none.

    A client that gets an invalid one waits 10 s when it is deleted, and prints a traceback.
    """
    from distributed.comm.addressing import get_address_host_port, parse_address
    from distributed.comm.registry import get_backend

    full = address if "://" in address else f"tcp://{address}"
    try:
        scheme, _ = parse_address(full)
        get_backend(scheme)
        if scheme in {"tcp", "tls", "ws", "wss"}:
            get_address_host_port(full, strict=True)
    except ValueError as err:
        raise RequestError(
            f"The address {address!r} is not that of a scheduler; write it as the scheduler "
            "prints it, such as tcp://10.0.0.5:8786."
        ) from err
    return full


def _cluster_here(dask: Any, environments: list[dict[str, str]]) -> Any:
    has_pages = find_spec("bokeh") is not None  # of the dashboard
    options = {"host": "127.0.0.1", "port": 0, "dashboard": has_pages, "dashboard_address": ":0"}
    spec = {
        number: {"cls": dask.Nanny, "options": _worker_options(environment)}
        for number, environment in enumerate(environments)
    }
    return dask.SpecCluster(
        workers=spec,
        scheduler={"cls": dask.Scheduler, "options": options},
        silence_logs=logging.CRITICAL,
        name="napari-zerodce",
    )


def _worker_options(environment: dict[str, str]) -> dict[str, Any]:
    owns_gpu = "CUDA_VISIBLE_DEVICES" in environment
    return {
        "host": "127.0.0.1",
        "nthreads": 1,
        "dashboard": False,
        # The engine bounds its memory; a mapped file counts as memory, and dask would pause.
        "memory_limit": 0,
        "env": environment,
        "resources": {GPU: 1} if owns_gpu else None,
        "silence_logs": logging.CRITICAL,
    }


def _environments(workers: int | None, device: str, threads: int | None) -> list[dict[str, str]]:
    """Return the environment of each process: its GPU, or its share of the cores."""
    gpus = _gpus() if device in {"auto", "cuda"} else []
    cores = os.cpu_count() or 1
    if gpus:
        count = min(workers or len(gpus), len(gpus))  # two processes would share a GPU
        share = _threads(threads or cores // count)
        return [share | {"CUDA_VISIBLE_DEVICES": gpu} for gpu in gpus[:count]]
    count = workers or min(cores, max(2, cores // _CORES_OF_A_WORKER))
    return [_threads(threads or cores // count)] * count


def _gpus() -> list[str]:
    count = sum(device.kind == "cuda" for device in available_devices())
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",")[:count] if visible else [str(number) for number in range(count)]


def _threads(count: int) -> dict[str, str]:
    return {
        "OMP_NUM_THREADS": str(max(1, count)),
        "MKL_NUM_THREADS": str(max(1, count)),
        "OMP_WAIT_POLICY": "passive",
        "KMP_BLOCKTIME": "0",
    }


@contextmanager
def _children_deaf_to_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C reach this process only, which then stops its workers.

    A terminal sends it to all processes of a command. Threads and processes inherit the mask of
    the thread that starts them, so it also holds for a worker that dask starts again.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it would unblock the signal in the thread that starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dask's log out of the terminal: a batch reports lost workers and errors itself."""
    # dask gives its client a level of its own.
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
