"""What is said of a file that cannot be read."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.failures import quiet_libraries, reading_told


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


def test_two_files_at_a_time_leave_warnings_as_they_were():
    before, filters = list(warnings.filters), list(logging.getLogger("tifffile").filters)
    first, second = quiet_libraries(), quiet_libraries()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    warnings.warn("of a damaged file", UserWarning, stacklevel=1)
    second.__exit__(None, None, None)
    assert warnings.filters == before
    assert logging.getLogger("tifffile").filters == filters
