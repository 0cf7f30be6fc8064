"""Fixtures every test may use, and what keeps child processes in hand."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Tests that import ONNX Runtime themselves leave no files of its telemetry either.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

StartChild = Callable[..., "subprocess.Popen[Any]"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real photos and published weights, which few machines have."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NAPARI_ZERODCE_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"real photos and published weights are not on this machine ({folder})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def children_hear_signals() -> Iterator[None]:
    """Start every child with the signals' default actions, also under nohup and cron.

    A child inherits a signal that its parent ignores, but not a handler: a handler that does
    nothing keeps this process as deaf as it was.
    """
    numbers = (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
    ignored = [each for each in numbers if each and signal.getsignal(each) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    """Starts a process as `subprocess.Popen` does; it ends with the test, and its children too."""
    started: list[subprocess.Popen[Any]] = []

    def start(words: list[str], **options: Any) -> subprocess.Popen[Any]:
        started.append(subprocess.Popen(words, start_new_session=True, **options))
        return started[-1]

    yield start
    for process in started:
        _end_group(process)


def _end_group(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a group, and whoever is left in that group."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(60)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _video(
    path: Path,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    size: tuple[int, int] = (48, 64),
    frames: int = 20,
    rate: Fraction = Fraction(25),
    unit: Fraction | None = None,
    times: Sequence[int] | None = None,
    sound: str | None = None,
    flicker: float = 0.0,
    describe: Callable[[Any, Any], None] | None = None,
    options: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Write a dark gradient that moves, and a tone."""
    av = pytest.importorskip("av", reason="videos need PyAV")
    with av.open(str(path), "w", options=dict(options)) as container:
        stream = container.add_stream(codec, rate=rate, width=size[1], height=size[0])
        stream.pix_fmt = pixels
        stream.codec_context.color_range = 2 if pixels.startswith(("gray", "bgr")) else 1
        stream.time_base = stream.codec_context.time_base = unit or 1 / rate
        if codec == "libx265":
            stream.options["x265-params"] = "log-level=none"
        tone = container.add_stream(sound, rate=48000) if sound else None
        if describe:
            describe(container, stream)
        for number in range(frames):
            shown = _frame(av, number, size, flicker, pixels)
            shown.pts = times[number] if times else number
            shown.time_base = stream.codec_context.time_base
            container.mux(stream.encode(shown))
        container.mux(stream.encode())
        if tone:
            _add_tone(av, container, tone, int(48000 * frames / rate))
    return path


def _frame(av: Any, number: int, size: tuple[int, int], flicker: float, pixels: str) -> Any:
    rows, columns = np.mgrid[: size[0], : size[1]]
    light = (30 + 15 * np.sin((columns + 2 * number) / 9) + 8 * np.cos(rows / 7)) * (
        1 + flicker * (number * 7 % 3 - 1)
    )
    colours = np.clip(np.stack([light, 0.8 * light, 1.2 * light], -1), 0, 255).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(colours, "rgb24")
    return frame.reformat(format=pixels, dst_color_range="JPEG" if pixels == "gray" else None)


def _add_tone(av: Any, container: Any, stream: Any, samples: int) -> None:
    for start in range(0, samples, 1024):
        wave = 0.2 * np.sin(np.arange(start, start + 1024) * 0.05)
        frame = av.AudioFrame.from_ndarray(
            np.stack([wave, wave]).astype(np.float32), "fltp", "stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


@pytest.fixture(scope="session")
def make_video() -> Callable[..., Path]:
    """Makes a video with PyAV, and skips the test if that is not installed."""
    return _video


@pytest.fixture
def untried_onnxruntime() -> Iterator[None]:
    """Forget, before and after a test, whether ONNX Runtime can be used."""
    from napari_zerodce.engine.estimators import onnx_estimator

    onnx_estimator._tried_once.cache_clear()
    yield
    onnx_estimator._tried_once.cache_clear()
