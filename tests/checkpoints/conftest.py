"""Real files, made in temporary folders, and the check that a bad one is refused properly."""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from napari_zerodce.checkpoints import load
from napari_zerodce.checkpoints.formats.stored_tensor import StoredTensor
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.networks import ZeroDCE, ZeroDCEPlusPlus
from napari_zerodce.errors import CheckpointError
from napari_zerodce.recent_results import RecentResults

Weights = dict[str, Tensor]
Write = Callable[[str, bytes], Path]


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the user's own downloads, or what another test has loaded."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NAPARI_ZERODCE_CACHE", str(folder))
    monkeypatch.setattr(load, "_remembered", RecentResults(load.MOST_REMEMBERED))
    return folder


@pytest.fixture(scope="session")
def seeded() -> dict[str, Weights]:
    """Weights of both estimators."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return {
            "zero-dce": dict(ZeroDCE().state_dict()),
            "zero-dce-pp": dict(ZeroDCEPlusPlus().state_dict()),
        }


@pytest.fixture
def weights(seeded: dict[str, Weights]) -> Weights:
    """Weights of Zero-DCE++ to be spoilt."""
    return {name: tensor.clone() for name, tensor in seeded["zero-dce-pp"].items()}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture(scope="session")
def optimiser_state(seeded: dict[str, Weights]) -> dict[str, Any]:
    """What `Adam.state_dict()` gives; making an Adam can crash a process that has Mesa's GL."""
    moments = {
        number: {"step": torch.tensor(3.0), "exp_avg": tensor, "exp_avg_sq": tensor**2}
        for number, tensor in enumerate(seeded["zero-dce-pp"].values())
    }
    group = {"lr": 1e-4, "betas": (0.9, 0.999), "amsgrad": False, "fused": None, "params": [0, 1]}
    return {"state": moments, "param_groups": [group]}


@pytest.fixture
def ordinary_user() -> Iterator[Path]:
    """Be somebody whom permissions stop, with a folder to be stopped in, which is returned."""
    if not hasattr(os, "seteuid"):
        pytest.skip("needs POSIX permissions")
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        if user == 0:
            os.chown(folder, 65534, -1)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            Path(folder).chmod(0o700)
            os.seteuid(user)


@pytest.fixture
def torch_file(write: Write) -> Callable[..., Path]:
    """Write what `torch.save` makes of a value."""

    def save(value: Any, *, name: str = "saved.pth", legacy: bool = False, **kwargs: Any) -> Path:
        return write(name, torch_bytes(value, legacy=legacy, **kwargs))

    return save


@pytest.fixture
def refused() -> Callable[..., str]:
    """Check that a file is refused quickly and in one sentence; return the sentence."""

    def refuse(path: Path, *parts: str, **kwargs: Any) -> str:
        started = time.thread_time()
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(path, **kwargs)
        assert time.thread_time() - started < 10
        message = str(caught.value)
        assert message.startswith(path.name)
        assert message.endswith(".")
        assert "\n" not in message
        assert len(message) < 320
        for part in ("Traceback", "Error", "0x", *(["None"] if "None" not in path.name else [])):
            assert part not in message
        for part in parts:
            assert part in message, message
        return message

    return refuse


def torch_bytes(value: Any, *, legacy: bool = False, **kwargs: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy, **kwargs)
    return stream.getvalue()


def with_member(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a zip file with the member that ends in `name` changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, change(data) if member.endswith(name) else data)
    return changed.getvalue()


def with_header(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a safetensors file with its header changed in place."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(header)
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + content[8 + length :]


@pytest.fixture(scope="session")
def stored() -> Callable[..., dict[str, StoredTensor]]:
    """Make tensors of given shapes without numbers, as a file shows them before it is read."""

    def make(shapes: Any, number_format: str = "float32") -> dict[str, StoredTensor]:
        return {
            name: StoredTensor(number_format, shape, None, 0, bytes)
            for name, shape in shapes.items()
        }

    return make


@pytest.fixture
def files() -> Any:
    """The three makers of file contents, for tests that change single bytes."""

    class Files:
        torch = staticmethod(torch_bytes)
        safetensors = staticmethod(safetensors_bytes)
        with_member = staticmethod(with_member)
        with_header = staticmethod(with_header)

    return Files
