"""Sentences: signs and no markup, and complaints that go."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_zerodce.gui.widgets.labels import Sentence, text_label


@pytest.fixture
def sentence(qtbot: Any) -> Sentence:
    sentence = Sentence("message")
    qtbot.addWidget(sentence)
    return sentence


@pytest.mark.parametrize(
    ("tone", "shown"),
    [("plain", "done"), ("progress", "done"), ("good", "✓ done"), ("bad", "⚠ done")],
)
def test_tone_is_a_sign(sentence: Sentence, tone: Any, shown: str) -> None:
    sentence.say("done", tone)
    assert sentence.text() == shown
    assert sentence.tone == tone
    assert not sentence.isHidden()


def test_empty_sentence_takes_no_room(sentence: Sentence) -> None:
    assert sentence.isHidden()
    sentence.say("something")
    sentence.say("")
    assert sentence.isHidden()


@pytest.mark.parametrize(
    ("tone", "left"), [("bad", ""), ("good", "✓ x"), ("plain", "x"), ("progress", "x")]
)
def test_complaints_alone_are_forgotten(sentence: Sentence, tone: Any, left: str) -> None:
    sentence.say("x", tone)
    sentence.forget_complaint()
    assert sentence.text() == left
    sentence.forget_complaint()
    assert sentence.text() == left


def test_what_comes_from_a_file_is_no_markup(sentence: Sentence, qtbot: Any) -> None:
    for label in (sentence, text_label("plan", "<b>bold</b>")):
        qtbot.addWidget(label)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.wordWrap()
        assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert text_label("plan", "<b>bold</b>").text() == "<b>bold</b>"
    assert text_label("plan").objectName() == "plan"
