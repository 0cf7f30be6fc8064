"""The fields of messages of protocol buffers, worked out by hand."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.protobuf import protobuf_fields


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"", []),
        (b"\x08\x96\x01", [(1, "number")]),  # the example of the documentation: 150
        (b"\x12\x07testing", [(2, "bytes")]),
        (b"\x12\x07test", [(2, "bytes")]),  # cut off
        (b"\x08\x01\xa2\x01\x01x", [(1, "number"), (20, "bytes")]),
        (b"\x0d\0\0\0\0\x11\0\0\0\0\0\0\0\0", [(1, "number"), (2, "number")]),
        (b"\x08\x01\0\x01", []),  # there is no field 0
        (b"\x08\x01\x0b", []),  # nor are groups in use
        (b"\x08" + b"\xff" * 20, []),
    ],
)
def test_fields(content, fields):
    assert list(protobuf_fields(content)) == fields
