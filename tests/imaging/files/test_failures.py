"""What is said of a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import reading_told


@pytest.mark.parametrize(
    "error",
    [
        OSError("Unsupported BMP pixel depth (2)"),
        RuntimeError("subsampling not supported"),
        NotImplementedError("the filter is not implemented"),
    ],
)
def test_a_file_of_an_unsupported_kind_may_be_valid(error):
    expected = f"a.bmp may be valid, but is not supported ({error}); convert it with another"
    with pytest.raises(ImageError) as told, reading_told(Path("a.bmp")):
        raise error
    assert str(told.value).startswith(expected)


@pytest.mark.parametrize("error", [OSError("it is cut"), RuntimeError("Unsupported marker type 7")])
def test_a_damaged_file_is_to_be_checked(error):
    expected = rf"a.bmp cannot be read: {error}; check .* whole"
    with pytest.raises(ImageError, match=expected), reading_told(Path("a.bmp")):
        raise error
