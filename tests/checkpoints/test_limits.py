"""Files that claim to be huge cost little memory, and describing a file needs no torch."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile

import pytest

from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import ZeroDCE

READ_WITHIN = """
import resource, sys
import napari_zerodce.checkpoints.download
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.errors import CheckpointError
assert "torch" not in sys.modules
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200 * 2**20,) * 2)
for path in sys.argv[1:]:
    try:
        read_info(path)
    except CheckpointError as err:
        print(err)
    else:
        raise SystemExit(f"{path} was accepted")
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert grown < 150 * 1024, f"{grown} KiB"
"""


def run(code, *arguments):
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=200,
        env=environment,
        check=False,
    )


def bomb(member, *, lie):
    """Return a zip of a few MiB with a member that unpacks to 256 MiB, and may claim 1 KiB."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if member != "a/data.pkl":
            archive.writestr("a/data.pkl", b"}.")
        with archive.open(member, "w", force_zip64=True) as file:
            for _ in range(64):
                file.write(bytes(2**22))
    content = stream.getvalue()
    return content.replace(struct.pack("<L", 2**28), struct.pack("<L", 2**10)) if lie else content


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
def test_memory_stays_small(tmp_path, files, weights):
    header = struct.pack("<Q", 10 * 2**30)
    tensor = {"dtype": "F32", "shape": [2_684_354_560], "data_offsets": [0, 10_737_418_240]}
    long = b"\x8a\x05" + (2_684_354_560).to_bytes(5, "little")
    contents = {
        "header.safetensors": header + files.safetensors(weights)[8:],
        "tensor.safetensors": files.with_header(
            files.safetensors(weights), lambda h: h.update({"e_conv1.depth_conv.bias": tensor})
        ),
        "storage.pth": files.with_member(
            files.torch(weights),
            "data.pkl",
            lambda pickled: pickled.replace(b"K\x20t", long + b"t"),
        ),
        "legacy.pth": files.torch(weights, legacy=True).replace(b"K\x20N", long + b"N"),
        "bomb.pth": bomb("a/data.pkl", lie=False),
        "lying-bomb.pth": bomb("a/data.pkl", lie=True),
        "long-string.pth": b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"abc.",
        "memo.pth": b"\x80\x02Nr\xff\xff\xff\xff.",
        "huge.pth": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "huge.pth").open("wb") as file:
        file.truncate(2**40)
    finished = run(READ_WITHIN, *(tmp_path / name for name in contents))
    assert finished.stderr == ""
    assert finished.returncode == 0
    sentences = finished.stdout.splitlines()
    assert len(sentences) == len(contents)
    for name, sentence in zip(contents, sentences, strict=True):
        assert sentence.startswith(name)


def test_describing_a_checkpoint_needs_no_torch(tmp_path, torch_file, seeded):
    ours = save_checkpoint(
        tmp_path / "x.safetensors", ZeroDCE(), licence="CC0-1.0", provenance={"trained_by": "me"}
    )
    theirs = torch_file(seeded["zero-dce-pp"])
    code = """
import sys
from napari_zerodce.checkpoints.read import read_info
for path in sys.argv[1:]:
    print(read_info(path).describe().rpartition(" ")[0])
for module in ("torch", "requests"):
    assert module not in sys.modules, module
"""
    finished = run(code, ours, theirs)
    assert finished.stderr == ""
    assert finished.stdout.splitlines() == [
        "Zero-DCE · 79,416 parameters · trained by me · licence: CC0-1.0 · sha256",
        "Zero-DCE++ · 10,561 parameters · scale 12 · licence unknown · sha256",
    ]
