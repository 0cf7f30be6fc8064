"""The processes of this computer do not fight for its cores and GPUs."""

from __future__ import annotations

import pytest

from napari_zerodce.batch import cluster
from napari_zerodce.device import Device

CPU = Device("cpu", "")
GPUS = (Device("cuda:0", ""), Device("cuda:1", ""))


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch):
    """Makes this a computer with so many cores and these devices."""

    def make(cores: int, *devices: Device) -> None:
        monkeypatch.setattr(cluster.os, "cpu_count", lambda: cores)
        monkeypatch.setattr(cluster, "available_devices", lambda: (*devices, CPU))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return make


def threads(workers: int | None, device: str = "auto") -> list[int]:
    found = cluster._environments(workers, device, None)
    return [int(each["OMP_NUM_THREADS"]) for each in found]


@pytest.mark.parametrize(
    ("cores", "workers", "expected"),
    [(1, None, [1]), (2, None, [1, 1]), (16, None, [4] * 4), (16, 5, [3] * 5), (2, 3, [1] * 3)],
)
def test_cores_are_shared(cores, workers, expected, computer) -> None:
    computer(cores)
    assert threads(workers) == expected


def test_each_gpu_gets_one_process_and_no_second_one(computer, monkeypatch) -> None:
    computer(8, *GPUS)
    for workers in (None, 5):
        found = cluster._environments(workers, "auto", None)
        assert [each["CUDA_VISIBLE_DEVICES"] for each in found] == ["0", "1"]
    assert threads(None, device="cpu") == [4, 4]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    found = cluster._environments(1, "cuda", None)
    assert [each["CUDA_VISIBLE_DEVICES"] for each in found] == ["3"]
    options = cluster._worker_options(found[0])
    assert (options["nthreads"], options["resources"]) == (1, {"GPU": 1})
