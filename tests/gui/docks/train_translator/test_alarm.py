"""The alarm is there only with a sentence, and its button asks to start again."""

from __future__ import annotations

from typing import Any

from napari_zerodce.gui.docks.train_translator.alarm import InversionAlarm


def test_alarm_is_a_warning_with_a_button(qtbot: Any) -> None:
    alarm = InversionAlarm()
    qtbot.addWidget(alarm)
    assert alarm.isHidden()
    alarm.show_alarm("The results are inverted.")
    assert not alarm.isHidden()
    assert alarm.sentence.text() == "⚠ The results are inverted."
    with qtbot.waitSignal(alarm.restart_requested):
        alarm.button.click()
    alarm.show_alarm("")
    assert alarm.isHidden()
