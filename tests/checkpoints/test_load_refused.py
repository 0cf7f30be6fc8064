"""Every bad file gets its own clear sentence, quickly, and none of it is executed."""

from __future__ import annotations

import builtins
import gzip
import io
import os
import pickle
import socket
import struct
import sys
import tarfile
import warnings
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from napari_zerodce.checkpoints import file_bytes
from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.networks import ZeroDCEPlusPlus
from napari_zerodce.errors import CheckpointError


class RunController:
    """Runs a function with an argument when it is unpickled."""

    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize(
    ("function", "name"), [(os.system, "system"), (builtins.exec, "exec"), (eval, "eval")]
)
def test_code_in_a_checkpoint(
    tmp_path, torch_file, refused, weights, function, name, protocol, legacy
):
    trace = tmp_path / "it_ran"
    code = f"touch {trace}" if function is os.system else f"open({str(trace)!r}, 'w')"
    value = {**weights, "extra": RunController(function, code)}
    path = torch_file(value, legacy=legacy, pickle_protocol=protocol)
    refused(path, "holds more than weights", f".{name}", "refused")
    assert not trace.exists()


def test_code_beside_the_weights_of_lightning_is_left_alone(tmp_path, torch_file, weights):
    trace = tmp_path / "it_ran"
    code = RunController(os.system, f"touch {trace}")
    saved = {"state_dict": weights, "pytorch-lightning_version": "2", "hyper_parameters": code}
    load_checkpoint(torch_file(saved))
    assert not trace.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_code_in_a_plain_pickle(tmp_path, write, refused, protocol):
    trace = tmp_path / "it_ran"
    content = pickle.dumps(RunController(os.system, f"touch {trace}"), protocol=protocol)
    refused(write("a.pth", content), "holds more than weights", "posix.system")
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'touch {}'\ntR.",
        b"(S'touch {}'\nios\nsystem\n.",
        b"(cos\nsystem\nS'touch {}'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x08touch {}\x85R.",
    ],
)
def test_handwritten_pickles(tmp_path, write, refused, content):
    trace = tmp_path / "it_ran"
    refused(write("a.pth", content.replace(b"{}", str(trace).encode())), "os.system")
    assert not trace.exists()


def test_harmless_name_cannot_be_turned_into_a_harmful_one(write, refused):
    for content in (
        b"ctorch\nstorage.os.system\n.",
        b"\x80\x04\x8c\x05torch\x8c\x0eSize.__class__\x93.",
        b"\x80\x02ccollections\nOrderedDict\n.",
        b"\x82\x01.",
    ):
        refused(write("a.pth", content))


def test_whole_pickled_network(torch_file, refused):
    path = torch_file(nn.Conv2d(3, 3, 3))
    refused(path, "holds more than weights", "torch.nn.modules.conv.Conv2d", "state_dict")


def test_pickle_not_from_torch(write, refused):
    content = pickle.dumps({"e_conv1.weight": [1, 2, 3]})
    refused(write("a.pth", content), "a pickle that PyTorch did not write", "torch.save")


def test_torchscript(write, refused):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(nn.Conv2d(3, 3, 3), torch.zeros(1, 3, 8, 8)), stream)
    refused(write("a.pt", stream.getvalue()), "a TorchScript program; give the PyTorch checkpoint")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("part", [0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.9999])
def test_truncated_torch_file(write, files, refused, seeded, part, legacy):
    content = files.torch(seeded["zero-dce"], legacy=legacy)
    refused(write("a.pth", content[: int(part * len(content))]), "cut off", "download or save it")


@pytest.mark.parametrize("part", [0.001, 0.1, 0.9999])
def test_truncated_safetensors(write, files, refused, seeded, part):
    content = files.safetensors(seeded["zero-dce"])
    path = write("a.safetensors", content[: int(part * len(content))])
    refused(path, "cut off", "download or save it again")


def test_longer_safetensors_is_loaded_as_described_by_its_header(write, files, weights):
    load_checkpoint(write("a.safetensors", files.safetensors(weights) + b"more"))


def test_any_truncation_or_flipped_byte_gives_weights_or_a_sentence(write, files, weights):
    random = np.random.default_rng(0)
    whole = [files.torch(weights), files.torch(weights, legacy=True), files.safetensors(weights)]
    outcomes = set()
    for number in range(200):
        content = bytearray(whole[number % 3])
        if number % 2:
            del content[random.integers(len(content)) :]
        # The beginning describes the rest, so it is hit more often.
        for place in random.integers(len(content) // (1 + number % 7) + 1, size=3):
            content[place % max(1, len(content)) : place + 1] = random.bytes(1)
        try:
            load_checkpoint(write("a.pth", bytes(content)))
            outcomes.add("loaded")
        except CheckpointError as err:
            outcomes.add(str(err))
    assert "loaded" in outcomes
    assert len(outcomes) > 5
    for message in outcomes - {"loaded"}:
        assert message.startswith("a.pth ")
        assert message.endswith(".")
        assert len(message) < 320


def test_zip_of_photos(write, refused):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(5):
            archive.writestr(f"IMG_{number}.jpg", b"\xff\xd8\xff")
    refused(write("a.pth", stream.getvalue()), "a zip archive with IMG_0.jpg", "2 more")


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (["a.npy", "b.npy"], "a NumPy archive"),
        (["config.json", "model.weights.h5"], "a Keras model"),
        (["x/archive_format", "x/data/weights/weight_0"], "a program of torch.export"),
        (["a.npy", "b.pth"], "a zip archive with a.npy and b.pth; if the checkpoint is inside"),
    ],
)
def test_other_kinds_of_zip(write, refused, members, found):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in members:
            archive.writestr(name, b"x")
    refused(write("a.pth", stream.getvalue()), f"is not a checkpoint but {found}")


def test_empty_zip(write, refused):
    stream = io.BytesIO()
    zipfile.ZipFile(stream, "w").close()
    refused(write("a.pth", stream.getvalue()), "a zip archive that is empty")


def test_zip_of_very_many_files(write, refused):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")
    refused(write("a.pth", stream.getvalue()), "very many files")


def test_encrypted_or_strangely_compressed_zip(write, files, refused, weights):
    content = bytearray(files.with_member(files.torch(weights), "data.pkl", bytes))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(signature, place + 4)
    refused(write("a.pth", bytes(content)), "damaged")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a/data.pkl", b"N.")
    refused(write("b.pth", stream.getvalue()), "compressed in another way")


def test_zip_whose_member_lies_nowhere(write, refused):
    for offset in (100, 2**40, 2**63, 2**64 - 1):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a/data.pkl", b"N.")
            archive.filelist[0].header_offset = offset
        refused(write("a.pth", stream.getvalue()), "cut off or damaged")


def test_zip_that_lacks_a_tensor(write, files, refused, weights):
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(files.torch(weights))) as old,
        zipfile.ZipFile(stream, "w") as new,
    ):
        for member in old.namelist():
            if not member.endswith("/data/3"):
                new.writestr(member, old.read(member))
    refused(write("a.pth", stream.getvalue()), "data/3 is missing")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html>\n<html><body>404</body></html>",
        b"\n\n  <html lang='en'>",
        b"\xef\xbb\xbf<!doctype HTML>",
        b"<?xml version='1.0'?><Error/>",
    ],
)
def test_web_page(write, refused, content):
    refused(write("Epoch99.pth", content), "a web page", "download the raw file")


def test_git_lfs_pointer(write, refused):
    content = b"version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 320017\n"
    refused(write("a.safetensors", content), "a Git LFS pointer", "git lfs pull")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "a JPEG image"),
        (b"II*\x00" + bytes(50), "a TIFF image"),
        (b"\x93NUMPY\x01\x00" + bytes(50), "a NumPy array"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "an HDF5 file, as Keras"),
        (b"BM\x3a\0\0\0" + bytes(8) + b"\x28" + bytes(43), "a BMP image"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50), "a WebP image"),
        (b"\0\0\0 ftypavif" + bytes(50), "an AVIF image"),
        (b"\0\0\0\x20ftypisom" + bytes(50), "an MP4 video"),
        (
            b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:\x04abcdB\x02\x10\x0d",
            "an ONNX model; give the Py",
        ),
        (b"\x08\x07:\x80\x01" + bytes(50), "an ONNX model"),
        (b"\x08\x04\x12\x02ab\xa2\x1f\x03abc", "a Core ML model"),
        (b"\x08\x01\x12\x02ab\x12\x01a", "a TensorFlow model"),
        (b"GGUF\x03\0\0\0" + bytes(50), "a GGUF model"),
        (b"\x1c\0\0\0TFL3" + bytes(50), "a TensorFlow Lite model"),
        (b'<?xml version="1.0"?>\n<net name="x" version="11">', "an OpenVINO model"),
        (gzip.compress(b"weights"), "a gzip archive"),
    ],
)
def test_other_kinds_of_files(write, refused, content, found):
    refused(write("a.pth", content), f"is not a checkpoint but {found}")


def test_tar_archive(write, refused):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"))
    refused(write("a.pth", stream.getvalue()), "a tar archive")


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"\x80",
        b"\x80\x02",
        b"PK",
        b"PK\x03\x04",
        b"Hello, this is no checkpoint.\n",
        b"class Network:\n    import torch\n",
        b'{"a": 1}',
        b"........{",
        b"\x02\x00\x00\x00\x00\x00\x00\x00{}",
        b"\x02\x00\x00\x00\x00\x00\x00\x00{]",
        bytes(1000),
        bytes(range(256)) * 40,
        b"." * 100,
        b"N" * 300_000 + b".",
    ],
)
def test_rubbish(write, refused, content):
    refused(write("a.pth", content))


def test_empty_file(write, refused):
    refused(write("a.pth", b""), "is empty")


def test_folder(tmp_path, refused):
    refused(tmp_path, "is a folder", ".pth or .safetensors")


def test_missing_file(tmp_path, refused):
    refused(tmp_path / "none.pth", "does not exist")
    refused(tmp_path / "none.pth" / "below.pth", "does not exist")


def test_dangling_and_circular_links(tmp_path, refused):
    if sys.platform == "win32":
        pytest.skip("links need a privilege on Windows")
    (tmp_path / "dangling.pth").symlink_to(tmp_path / "nothing")
    refused(tmp_path / "dangling.pth", "does not exist")
    (tmp_path / "circle.pth").symlink_to(tmp_path / "circle.pth")
    refused(tmp_path / "circle.pth", "cannot be read")


def test_impossible_paths(tmp_path):
    for name in ("a\0b.pth", "a" * 5000 + ".pth"):
        with pytest.raises(CheckpointError, match=r"^a.*\.$"):
            load_checkpoint(tmp_path / name)


def test_file_that_may_not_be_read(files, weights, refused, ordinary_user):
    path = ordinary_user / "a.pth"
    path.write_bytes(files.torch(weights))
    path.chmod(0)
    refused(path, "may not be read", "permission denied")
    ordinary_user.chmod(0)
    refused(path, "may not be read", "permission denied")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_fifo_device_and_socket_do_not_hang(tmp_path, refused):
    from pathlib import Path

    os.mkfifo(tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "is a device or a pipe")
    refused(Path("/dev/zero"), "is a device or a pipe")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(tmp_path, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{folder}/s" if sys.platform == "linux" else "s.pth")
        os.close(folder)
        refused(tmp_path / "s", "is a device or a pipe")


def test_file_far_too_large(tmp_path, refused, monkeypatch):
    path = tmp_path / "huge.pth"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: takes no room
    refused(path, "has 10.0 GiB", "far too large", "1.0 GiB")
    monkeypatch.setattr(file_bytes, "LARGEST_FILE", 2**20)
    with path.open("r+b") as file:
        file.truncate(2**20)
    message = refused(path)
    assert "too large" not in message


# Tensors


def test_missing_tensors_are_named(torch_file, refused, weights):
    for name in list(weights)[3:10]:
        del weights[name]
    first = "e_conv1.point_conv.bias, e_conv2.depth_conv.weight, e_conv2.depth_conv.bias"
    refused(torch_file(weights), "does not fit Zero-DCE++", f"{first} and 4 more are missing")


def test_one_missing_tensor(torch_file, refused, seeded):
    weights = dict(seeded["zero-dce"])
    del weights["e_conv7.bias"]
    refused(torch_file(weights), "does not fit Zero-DCE: e_conv7.bias is missing")


def test_extra_tensors_are_named(torch_file, refused, weights):
    weights["e_conv8.weight"] = torch.zeros(1)
    weights["bad\nname" + "x" * 1000] = torch.zeros(1)
    refused(torch_file(weights), "e_conv8.weight and bad namexxx", "…", "are not part of it")


def test_misshapen_tensors_are_named(torch_file, refused, weights):
    weights["e_conv1.depth_conv.weight"] = torch.zeros(3, 1, 5, 5)
    weights["e_conv7.point_conv.bias"] = torch.zeros(())
    refused(
        torch_file(weights),
        "e_conv1.depth_conv.weight is 3x1x5x5 instead of 3x1x3x3",
        "e_conv7.point_conv.bias is a single number instead of 3",
    )


def test_another_number_of_features(torch_file, refused, seeded):
    wide = {name: torch.cat([tensor, tensor]) for name, tensor in seeded["zero-dce"].items()}
    refused(torch_file(wide), "e_conv1.weight is 64x3x3x3 instead of 32x3x3x3", "11 more")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.complex64])
def test_numbers_of_a_wrong_kind(torch_file, refused, weights, dtype, legacy):
    weights["e_conv3.point_conv.bias"] = torch.zeros(32, dtype=dtype)
    kind = str(dtype).removeprefix("torch.")
    expected = f"e_conv3.point_conv.bias holds {kind} instead of float32 numbers"
    refused(torch_file(weights, legacy=legacy), expected)


def test_numbers_of_a_wrong_kind_in_safetensors(write, files, refused, weights):
    weights["e_conv1.point_conv.bias"] = torch.zeros(32, dtype=torch.int64)
    weights["e_conv2.point_conv.bias"] = torch.zeros(32, dtype=torch.float8_e4m3fn)
    content = files.safetensors(weights)
    refused(write("a.safetensors", content), "holds int64", "holds F8_E4M3 instead of float32")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_weights_that_are_not_finite(torch_file, refused, weights, value, dtype):
    weights["e_conv3.point_conv.bias"][5] = value
    path = torch_file({name: tensor.to(dtype) for name, tensor in weights.items()})
    refused(path, "NaN or infinite weights in e_conv3.point_conv.bias,", "earlier checkpoint")


def test_weights_too_large_for_float32(torch_file, refused, weights):
    weights["e_conv1.point_conv.bias"] = torch.full((32,), 1e300, dtype=torch.float64)
    refused(torch_file(weights), "infinite weights in e_conv1.point_conv.bias")


def test_another_network(torch_file, refused):
    layers = nn.Sequential(*(nn.Conv2d(8, 8, 3) for _ in range(8)))
    path = torch_file(nn.ModuleDict({"model": layers}).state_dict(), name="latest_net_G.pth")
    refused(path, "an unknown network", "model.0.weight, model.0.bias and 14 more")


@pytest.mark.parametrize(
    "value", [{}, {"state_dict": {}}, [], None, 3, "text", [torch.zeros(3)], torch.zeros(3)]
)
def test_no_weights(torch_file, refused, value):
    refused(torch_file(value), "holds no weights", "state_dict")


def test_safetensors_without_tensors(write, files, refused):
    refused(write("a.safetensors", files.safetensors({})), "holds no weights")


def test_optimiser_alone(torch_file, refused, optimiser_state):
    refused(torch_file(optimiser_state), "an optimiser's state and no weights")


def test_both_networks_in_one_state_dict(torch_file, refused, seeded):
    refused(torch_file({**seeded["zero-dce"], **seeded["zero-dce-pp"]}), "are not part of it")


# Claims that are larger than the file


@pytest.mark.parametrize("claimed", [10 * 2**30, 2**63 - 1, 2**64 - 1])
def test_safetensors_header_of_10_gigabytes(write, files, refused, weights, claimed):
    content = struct.pack("<Q", claimed) + files.safetensors(weights)[8:]
    refused(write("a.safetensors", content), "its header claims", "iB, and the file has")


def test_safetensors_header_of_some_megabytes(write, refused):
    text = b'{"a' + b" " * 2**23 + b'": 1}'
    content = len(text).to_bytes(8, "little") + text
    refused(write("a.safetensors", content), "its header has 8.0 MiB", "a few KiB are expected")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2684354560], "data_offsets": [0, 12]},
        {"dtype": "F32", "shape": [3], "data_offsets": [12, 0]},
        {"dtype": "F32", "shape": [3], "data_offsets": [-12, 0]},
        {"dtype": "F32", "shape": [-3], "data_offsets": [0, 12]},
        {"dtype": "F32", "shape": [3.0], "data_offsets": [0, 12]},
        {"dtype": "F32", "shape": [10**30], "data_offsets": [0, 12]},
        {"dtype": "F32", "shape": "3", "data_offsets": [0, 12]},
        {"dtype": "F32", "shape": [3], "data_offsets": [0]},
        {"dtype": 5, "shape": [3], "data_offsets": [0, 12]},
        {"shape": [3]},
        [],
        None,
        7,
    ],
)
def test_senseless_safetensors_entries(write, files, refused, weights, entry):
    content = files.with_header(
        files.safetensors(weights), lambda header: header.update({"e_conv1.depth_conv.bias": entry})
    )
    refused(write("a.safetensors", content), "safetensors header is invalid")


def test_safetensors_tensor_of_10_gigabytes(write, files, refused, weights):
    entry = {"dtype": "F32", "shape": [2_684_354_560], "data_offsets": [0, 10_737_418_240]}
    content = files.with_header(
        files.safetensors(weights), lambda header: header.update({"e_conv1.depth_conv.bias": entry})
    )
    refused(write("a.safetensors", content), "describes 10.0 GiB of weights", "are there")


@pytest.mark.parametrize("text", [b"[" * 500_000, b'{"a":' * 150_000, b"[]", b"1", b"\xff\xfe{}"])
def test_senseless_safetensors_headers(write, refused, text):
    if text[:1] != b"{":
        text = b"{" + text
    content = len(text).to_bytes(8, "little") + text
    refused(write("a.safetensors", content), "header is invalid")


def larger(pickled: bytes) -> bytes:
    """Let every storage of 32 numbers claim 10 GB."""
    long = b"\x8a\x05" + (2_684_354_560).to_bytes(5, "little")
    claiming = pickled.replace(b"K\x20t", long + b"t").replace(b"K\x20N", long + b"N")
    assert claiming != pickled
    return claiming


def test_zip_storage_of_10_gigabytes(write, files, refused, weights):
    content = files.with_member(files.torch(weights), "data.pkl", larger)
    refused(write("a.pth", content), "a tensor claims 10.0 GiB, and the file has 128 bytes")


def test_legacy_storage_of_10_gigabytes(write, files, refused, weights):
    content = larger(files.torch(weights, legacy=True))
    refused(write("a.pth", content), "damaged")


def test_tensor_that_lies_outside_its_storage(write, files, refused, weights):
    def change(pickled: bytes) -> bytes:
        # Offset 0 of the first tensor, after its storage was pushed, becomes 100.
        assert b"QK\x00(" in pickled
        return pickled.replace(b"QK\x00(", b"QK\x64(", 1)

    content = files.with_member(files.torch(weights), "data.pkl", change)
    refused(
        write("a.pth", content), "one of its tensors claims 27 numbers that are not in the file"
    )


@pytest.mark.parametrize("member", ["archive/data.pkl", "archive/data/0"])
def test_zip_bomb(write, files, refused, weights, member):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        with zipfile.ZipFile(io.BytesIO(files.torch(weights))) as old:
            for name in old.namelist():
                if name != member:
                    new.writestr(name, old.read(name))
        with new.open(member, "w", force_zip64=True) as file:
            for _ in range(16):
                file.write(bytes(2**22))
    refused(write("a.pth", stream.getvalue()), f"{member} in it unpacks to 64.0 MiB")


def test_pickle_with_keys_that_take_for_ever_to_hash(write, refused):
    # Each tuple holds the one before twice: 2**60 steps to hash the last.
    doubled = b"".join(
        b"q" + bytes([place]) + b"h" + bytes([place]) + b"\x86" for place in range(60)
    )
    refused(write("a.pth", b"\x80\x02})" + doubled + b"Ns."), "damaged")


def test_pickle_that_names_the_same_dicts_over_and_over(write, files, refused):
    one = {str(number): None for number in range(9_000)}
    two = dict.fromkeys(one, one)
    path = write("a.pth", files.torch(dict.fromkeys(one, two)))
    refused(path, "holds no weights")


def test_pickle_that_asks_for_a_huge_memo(write, refused):
    refused(write("a.pth", b"\x80\x02Nr\xff\xff\xff\xff."), "PyTorch did not write")


# What our own metadata may say


def described(files, weights, **facts):
    import json

    text = {
        "format": 1,
        "architecture": "zero-dce-pp",
        "scale_factor": 12,
        "licence": "x",
        "provenance": {},
    }
    return files.safetensors(weights, metadata={"napari-zerodce": json.dumps({**text, **facts})})


@pytest.mark.parametrize(
    "facts",
    [
        {"scale_factor": 0},
        {"scale_factor": 1.5},
        {"scale_factor": True},
        {"scale_factor": 10**100},
        {"architecture": "zero-dce-3"},
        {"licence": None},
        {"provenance": []},
    ],
)
def test_senseless_metadata(write, files, refused, weights, facts):
    content = described(files, weights, **facts)
    refused(write("a.safetensors", content), "its description of the weights is invalid")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_metadata_that_is_no_json_object(write, files, refused, weights, text):
    content = files.safetensors(weights, metadata={"napari-zerodce": text})
    refused(write("a.safetensors", content), "is invalid")


def test_metadata_of_a_newer_version(write, files, refused, weights):
    content = described(files, weights, format=3)
    refused(write("a.safetensors", content), "saved by a newer napari-zerodce", "update")


def test_metadata_that_contradicts_the_tensors(write, files, refused, weights):
    content = described(files, weights, architecture="zero-dce")
    refused(write("a.safetensors", content), "it says it is Zero-DCE and", "weights of Zero-DCE++")


def test_words_of_a_file_are_one_short_printable_line(write, files, weights):
    content = described(files, weights, licence="a\nb\x1b[31m\u202e" + "c" * 500)
    licence = load_checkpoint(write("a.safetensors", content)).info.licence
    assert licence.startswith("a b [31m ccc")
    assert len(licence) == 60


def test_refusal_leaves_what_was_loaded_before(torch_file, weights, refused):
    good = load_checkpoint(torch_file(weights))
    refused(torch_file({}, name="bad.pth"))
    assert load_checkpoint(torch_file(weights)).info.sha256 == good.info.sha256
    assert isinstance(good.network, ZeroDCEPlusPlus)
