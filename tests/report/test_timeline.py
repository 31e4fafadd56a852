"""Each event is a line of the timeline, with a word for the eye, the sentence, and the time since the beginning."""

import pytest

from hems.model.cause import Why
from hems.model.event import EventKind
from hems.report import timeline_line
from hems.report.layout import offset
from tests.report.given import T0, evening, event, switched

NAMES = {"circuits/laundry": "Laundry", "bays/bay_1": "Bay 1"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "0.0 s"), (0.25, "0.2 s"), (-6.0, "-6.0 s"), (725.0, "12:05"), (5107.0, "1:25:07"), (99.96, "100.0 s")],
)
def test_time_since_the_beginning(seconds, said):
    assert offset(seconds) == said.rjust(9)


def test_a_shed_says_off_and_why():
    line = timeline_line(switched(0.1, "laundry", False, Why.FLEXIBLE_ON_ISLAND), T0, NAMES)
    assert line.startswith("    0.1 s  OFF    Switched OFF Laundry: it can wait until")


def test_a_long_sentence_goes_on_below_within_eighty_columns():
    text = timeline_line(event(3.0, EventKind.MODE, "fault_safe", Why.NO_WITNESS), T0)
    first, *rest = text.split("\n")
    assert first.startswith("    3.0 s  MODE   Nothing tells")
    assert rest
    assert all(len(line) <= 80 for line in (first, *rest))
    assert all(line.startswith(" " * 18) for line in rest)


def test_every_kind_of_event_has_a_line():
    for kind in EventKind:
        assert timeline_line(event(1.0, kind, "tie", Why.TIE_OPENED), T0)
    assert all(timeline_line(one, T0, NAMES) for one in evening())
