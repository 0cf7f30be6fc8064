"""The memory of this process, as Linux counts it."""

from __future__ import annotations

from pathlib import Path


def resident(which: str) -> float:
    """Return resident memory now ("VmRSS") or at most ("VmHWM"), in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == which:
            return int(value.split()[0]) / 1024
    return float("nan")
