"""DICOM pixels have their unit and the direction of white, and nothing of the patient."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import read_image

pydicom = pytest.importorskip("pydicom")

RAMP = np.arange(12 * 10, dtype="u2").reshape(12, 10) * 30


def _write(path, array, *, syntax="1.2.840.10008.1.2.1", content=None, **facts):
    """Write a file of one or more frames (N, Y, X) or (Y, X), or of colours (Y, X, 3)."""
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    colours = array.shape[-1] == 3
    data.Rows, data.Columns = array.shape[-3:-1] if colours else array.shape[-2:]
    data.SamplesPerPixel = 3 if colours else 1
    data.PhotometricInterpretation = "RGB" if colours else "MONOCHROME2"
    if colours:
        data.PlanarConfiguration = 0
    data.BitsAllocated = data.BitsStored = 8 * array.itemsize
    data.PixelRepresentation = int(array.dtype.kind == "i")
    for name, value in facts.items():
        setattr(data, name, value)
    data.HighBit = data.BitsStored - 1
    data.PixelData = pydicom.encaps.encapsulate([content]) if content else array.tobytes()
    data["PixelData"].VR = "OB" if content else "OW"
    data.save_as(path, enforce_file_format=True)
    return path


def test_stored_depth_is_told(tmp_path):
    image = read_image(_write(tmp_path / "a.dcm", RAMP, BitsStored=12, PatientName="Ann"))
    assert (image.array.dtype, image.bits, image.channels) == ("uint16", 12, "mono")
    np.testing.assert_array_equal(image.array, RAMP)
    assert "Ann" not in str(image.details)


def test_hounsfield_units_are_integers(tmp_path):
    facts = {"BitsStored": 12, "RescaleSlope": 2, "RescaleIntercept": -1024}
    path = _write(tmp_path / "a.dcm", RAMP, **facts)
    image = read_image(path)
    assert (image.array.dtype, image.bits) == ("int16", None)
    np.testing.assert_array_equal(image.array, 2 * RAMP.astype(int) - 1024)


def test_a_broken_slope_gives_floats(tmp_path):
    image = read_image(_write(tmp_path / "a.dcm", RAMP, RescaleSlope=0.5, RescaleIntercept=0))
    assert image.array.dtype == "float32"
    np.testing.assert_allclose(image.array, RAMP / 2)


@pytest.mark.parametrize(("dtype", "bits", "white"), [("u2", 12, 4095), ("u1", 8, 255)])
def test_monochrome1_is_inverted(tmp_path, dtype, bits, white):
    array = (RAMP // 30).astype(dtype)
    facts = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": bits}
    image = read_image(_write(tmp_path / "a.dcm", array, **facts))
    np.testing.assert_array_equal(image.array, white - array)
    assert image.array.dtype == dtype


def test_signed_monochrome1_stays_signed(tmp_path):
    array = np.array([[-32768, -1], [0, 32767]], "i2")
    path = _write(tmp_path / "a.dcm", array, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(read_image(path).array, [[32767, 0], [-1, -32768]])


@pytest.mark.parametrize(("facts", "axis"), [({}, "Q"), ({"FrameTime": 40}, "T")])
def test_frames_are_an_axis(tmp_path, facts, axis):
    array = np.stack([RAMP, RAMP + 1, RAMP + 2])
    path = _write(tmp_path / "a.dcm", array, NumberOfFrames=3, PixelSpacing=[0.5, 0.25], **facts)
    image = read_image(path)
    np.testing.assert_array_equal(image.array, array)
    assert image.details["axes"] == f"{axis}YX"
    sizes = image.details["metadata"]
    assert (sizes["PhysicalSizeY"], sizes["PhysicalSizeX"]) == (0.5, 0.25)
    assert sizes.get("TimeIncrement") == facts.get("FrameTime")


def test_colours_and_palettes_are_rgb(tmp_path):
    colours = np.arange(9 * 7 * 3, dtype="u1").reshape(9, 7, 3)
    image = read_image(_write(tmp_path / "a.dcm", colours))
    assert image.channels == "rgb"
    np.testing.assert_array_equal(image.array, colours)
    entries = np.arange(256)
    tables = {
        "Red": (entries * 257).astype("u2"),
        "Green": (entries[::-1] * 257).astype("u2"),
        "Blue": np.zeros(256, "u2"),
    }
    facts = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in tables}
    facts |= {f"{n}PaletteColorLookupTableData": table.tobytes() for n, table in tables.items()}
    indices = np.arange(12 * 10, dtype="u1").reshape(12, 10)
    path = _write(tmp_path / "p.dcm", indices, PhotometricInterpretation="PALETTE COLOR", **facts)
    image = read_image(path)
    assert (image.channels, image.array.dtype) == ("rgb", "uint8")
    zeros = np.zeros_like(indices)
    np.testing.assert_array_equal(image.array, np.dstack([indices, 255 - indices, zeros]))


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        ("1.2.840.10008.1.2.4.70", imagecodecs.ljpeg_encode),
        ("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode),
        (
            "1.2.840.10008.1.2.4.90",
            lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0),
        ),
    ],
)
def test_compressed_pixels_are_the_same(tmp_path, syntax, encode):
    content = encode(RAMP)
    image = read_image(_write(tmp_path / "a.dcm", RAMP, syntax=syntax, content=content))
    np.testing.assert_array_equal(image.array, RAMP)


def test_a_document_is_no_image(tmp_path):
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = "1.2.3", "1.2.3", "SR"
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(ImageError, match=r"a\.dcm is a DICOM without an image \(SR\); give"):
        read_image(tmp_path / "a.dcm")


def test_masks_are_refused(tmp_path):
    bits = np.zeros((8, 8), "u1")
    path = _write(tmp_path / "a.dcm", bits, BitsStored=1, BitsAllocated=8)
    with pytest.raises(ImageError, match="mask"):
        read_image(path)


def _item(**facts):
    item = pydicom.Dataset()
    for name, value in facts.items():
        setattr(item, name, value)
    return item


def _group(first, spacing):
    return _item(
        PixelValueTransformationSequence=[_item(RescaleIntercept=first, RescaleSlope=1)],
        PixelMeasuresSequence=[_item(PixelSpacing=[spacing, 0.25])],
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_enhanced_files_tell_of_all_frames_at_once(tmp_path, sign):
    kind = "MONOCHROME2" if sign == 1 else "MONOCHROME1"
    facts = {"BitsStored": 12, "NumberOfFrames": 2, "PhotometricInterpretation": kind}
    facts["SharedFunctionalGroupsSequence"] = [_group(-1024, 0.5)]
    array = np.stack([RAMP, RAMP + 1])
    image = read_image(_write(tmp_path / "a.dcm", array, **facts))
    ends = -1024 + 4095 - 1024  # that of the lowest and the highest value
    expected = array.astype(int) - 1024
    np.testing.assert_array_equal(image.array, expected if sign == 1 else ends - expected)
    assert (image.array.dtype, image.bits) == ("int16", None)
    sizes = image.details["metadata"]
    assert (sizes["PhysicalSizeY"], sizes["PhysicalSizeX"]) == (0.5, 0.25)


def test_enhanced_files_tell_of_each_frame(tmp_path):
    groups = [_group(-1024, 0.5), _group(10, 0.75)]
    facts = {"NumberOfFrames": 2, "PerFrameFunctionalGroupsSequence": groups, "BitsStored": 12}
    image = read_image(_write(tmp_path / "a.dcm", np.stack([RAMP, RAMP]), **facts))
    np.testing.assert_array_equal(image.array, np.stack([RAMP.astype(int) - 1024, RAMP + 10]))
    assert "metadata" not in image.details  # the frames have pixels of different sizes


def test_a_table_is_applied_before_monochrome1_is_inverted(tmp_path):
    table = np.arange(256, dtype="u2") ** 2 // 4
    lut = _item(LUTDescriptor=[256, 0, 16], LUTData=table.tobytes())
    array = np.arange(12 * 10, dtype="u1").reshape(12, 10)
    facts = {"PhotometricInterpretation": "MONOCHROME1", "ModalityLUTSequence": [lut]}
    image = read_image(_write(tmp_path / "a.dcm", array, **facts))
    np.testing.assert_array_equal(image.array, table.max() - table[array])
