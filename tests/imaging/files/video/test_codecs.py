"""Encoders: the family of the source where the container holds it, and its pixels."""

from __future__ import annotations

import pytest

from napari_zerodce.imaging.files.video.codecs import encoder, encoder_names, lost_in

av = pytest.importorskip("av", reason="videos need PyAV")


@pytest.mark.parametrize(
    ("codec", "suffix", "first"),
    [
        ("h264", ".mp4", "libx264"),
        ("hevc", ".mkv", "libx265"),
        ("ffv1", ".mkv", "ffv1"),
        ("vp9", ".webm", "libvpx-vp9"),
        ("vp9", ".mp4", "libvpx-vp9"),
        ("av1", ".webm", "libsvtav1"),
        ("h264", ".webm", "libvpx-vp9"),
        ("h264", ".avi", "mpeg4"),
        ("mjpeg", ".avi", "mjpeg"),
        ("h264", ".mpg", "mpeg2video"),
        ("vc1", ".wmv", "wmv2"),
        ("", ".mp4", "libx264"),
        ("cinepak", ".mov", "libx264"),
    ],
)
def test_the_first_encoder_is_that_of_the_source_or_of_the_container(codec, suffix, first) -> None:
    assert encoder_names(codec, suffix)[0] == first


def _chosen(name, pixels, size=(48, 64), quality=80, profile=""):
    return encoder(name, ".mp4", pixels, size=size, quality=quality, profile=profile)


@pytest.mark.parametrize(
    ("name", "pixels", "size", "chosen"),
    [
        ("libx264", "yuv420p", (48, 64), "yuv420p"),
        ("libx264", "yuvj420p", (48, 64), "yuv420p"),
        ("libx264", "yuv420p", (49, 64), "yuv444p"),
        ("libx264", "yuv422p10le", (48, 63), "yuv444p10le"),
        ("libvpx-vp9", "yuv420p", (49, 63), "yuv420p"),
        ("ffv1", "yuv420p", (49, 63), "yuv420p"),
        ("mpeg4", "yuv420p10le", (48, 64), "yuv420p"),
        ("prores_ks", "yuva444p12le", (48, 64), "yuva444p10le"),
        ("mjpeg", "yuvj420p", (48, 64), "yuvj420p"),
    ],
)
def test_the_pixels_are_those_of_the_source_or_the_nearest(name, pixels, size, chosen) -> None:
    assert _chosen(name, pixels, size).pixel_format == chosen


def test_a_lower_quality_is_a_higher_factor() -> None:
    factors = [int(_chosen("libx264", "yuv420p", quality=q).options["crf"]) for q in (100, 80, 30)]
    assert factors == [1, 18, 51]
    steps = [
        int(_chosen("mpeg4", "yuv420p", quality=q).options["global_quality"]) for q in (100, 1)
    ]
    assert steps == [2 * 118, 31 * 118]


def test_a_profile_of_prores_holds_the_colours() -> None:
    for profile, pixels, number in (
        ("LT", "yuv422p10le", "1"),
        ("", "yuv422p10le", "3"),
        ("4444", "yuva444p12le", "4"),
        ("XQ", "yuva444p12le", "5"),
    ):
        assert _chosen("prores_ks", pixels, profile=profile).options["profile"] == number


def test_what_pixels_cannot_hold_is_told() -> None:
    assert lost_in("yuv420p", "yuv444p") == ""
    assert lost_in("yuva420p", "yuv420p") == "transparency"
    assert lost_in("gray16le", "gray10le") == "more than 10 of 16 bits"
