"""A layer of a video that another plugin opened: a lazy array of frames is enhanced as it is."""

from __future__ import annotations

import numpy as np

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.imaging.files.video.frames import VideoFrames
from napari_zerodce.imaging.files.video.survey import survey


def test_a_lazy_video_is_a_time_series_in_colour(model, tmp_path, make_video) -> None:
    path = make_video(tmp_path / "a.mkv", codec="ffv1", pixels="bgr0", frames=6)
    frames = VideoFrames(survey(path))
    layer = model.add_image(frames, rgb=True, contrast_limits=(0, 255))
    source = read_source(layer)
    assert (source.channels, source.data) == ("rgb", frames)
    settings = EnhanceSettings("zero-dce-pp", device="cpu", precision="float32")
    result = enhance(request_for(source, settings))
    assert result.image.shape == frames.shape
    assert result.image.mean() > np.asarray(frames).mean() + 20
