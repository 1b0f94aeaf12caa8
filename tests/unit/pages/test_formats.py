"""Texts and figures as people in the operator's country write them."""

from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from functions.pages.formats import Formats

NORWEGIAN = Formats(Locale.parse("nb_NO"), ZoneInfo("Europe/Oslo"))
BRITISH = Formats(Locale.parse("en_GB"), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("settled: 12.345 kWh, 54.38 NOK", "settled: 12,345 kWh, 54,38 NOK"),
        ("a credit of -54.38 NOK", "a credit of -54,38 NOK"),
        ("at most 22.0 kW", "at most 22,0 kW"),
        # Neither an energy nor an amount: these stay what they are.
        ("version 1.5 of the firmware", "version 1.5 of the firmware"),
        ("10.0.0.1 NOK", "10.0.0.1 NOK"),
        ("at 10:00:00.500 UTC", "at 10:00:00.500 UTC"),
        ("reference 4012.77 is unknown", "reference 4012.77 is unknown"),
        ("DEMO-7.5 kWh", "DEMO-7.5 kWh"),
    ],
)
def test_a_sentence_of_the_log_has_the_decimal_mark_of_the_country(text: str, told: str) -> None:
    assert NORWEGIAN.told(text) == told
    assert BRITISH.told(text) == text
