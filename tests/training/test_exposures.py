"""Exposures: known values of sRGB, doubling light."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.training.exposures import decode_srgb, encode_srgb, expose


def light(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_one_stop_doubles_linear_light_and_clips_nothing() -> None:
    assert expose(light(0, 0.1, 0.7), 1.0) == pytest.approx([0, 0.2, 1.4])
    assert expose(light(0.8), -3.0) == pytest.approx([0.1])


def test_srgb_of_known_values() -> None:
    # Middle grey is 118/255 and half of full light 188/255; 0.002 is on the linear foot.
    encoded = encode_srgb(light(0, 0.002, 0.18, 0.5, 1, 7, -1))
    assert encoded == pytest.approx([0, 0.02584, 0.46136, 0.73536, 1, 1, 0], abs=1e-5)


def test_srgb_round_trip_and_join() -> None:
    values = np.linspace(0, 1, 1001, dtype=np.float32)
    assert decode_srgb(encode_srgb(values)) == pytest.approx(values, abs=1e-6)
    join = encode_srgb(light(0.0031307, 0.0031308, 0.0031309))
    assert np.ptp(join) < 1e-5
