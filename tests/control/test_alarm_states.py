"""An alarm is new, seen, gone before anybody saw it, set aside or not used."""

from dataclasses import replace

import pytest

from hems.control.alarm_states import ASIDE_MAX_S, FOLDED_S, MOST_GONE, RESPOND_S, after, announced
from hems.control.alarms import HIGH, LOW, MEDIUM, Condition
from hems.control.resume import resumed
from hems.control.state import ControlState, initial
from hems.model.cause import Cause, Why
from hems.model.event import EventKind
from hems.model.request import AlarmAct, AlarmMark

PLUG, FIRE = "device/plug", "fire"


class Alarms:
    """A state that only has alarms, moved on by hand."""

    def __init__(self, *, outage_since_s: float | None = None) -> None:
        made = initial(0.0)
        self.state: ControlState = replace(made, mode=replace(made.mode, outage_since_s=outage_since_s))
        self.raised: list[str] = []
        self.cleared: list[str] = []

    def at(self, now_s: float, *standing: str, marks: tuple[AlarmMark, ...] = (), priority: str = MEDIUM) -> "Alarms":
        found = {key: condition(key, priority) for key in standing}
        done = after(self.state, found, marks, now_s)
        self.state = replace(self.state, at_s=now_s, alarms=done.standing, alarms_gone=done.gone)
        self.raised += [key for kind, key, _ in done.told if kind is EventKind.ALARM_RAISED]
        self.cleared += [key for kind, key, _ in done.told if kind is EventKind.ALARM_CLEARED]
        return self

    @property
    def asking(self) -> set[str]:
        """What asks for somebody."""
        return {key for key, one in self.state.alarms.items() if announced(one, self.state.at_s)}

    @property
    def gone(self) -> list[str]:
        return list(self.state.alarms_gone)


def condition(key: str, priority: str = MEDIUM, *, unused: bool = False) -> Condition:
    why = Why.FIRE if key == FIRE else Why.DEVICE_SILENT
    return Condition(priority, key, Cause(why, {"device": key}), unused=unused)


def mark(act: AlarmAct, key: str = PLUG, *, duration_s: float = 3600.0) -> AlarmMark:
    return AlarmMark(key=key, act=act, who="Ana", duration_s=duration_s, reason="the fitter comes")


def test_what_somebody_has_seen_says_who_and_since_when():
    made = Alarms().at(100.0, PLUG).at(105.0, PLUG, marks=(mark(AlarmAct.SEEN),)).at(110.0, PLUG)
    one = made.state.alarms[PLUG]
    assert (one.since_s, one.seen_by, one.seen_s) == (100.0, "Ana", 105.0)
    assert made.raised == [PLUG]


def test_an_alarm_leaves_when_it_is_gone_and_seen_in_either_order():
    made = Alarms().at(100.0, PLUG, "other").at(101.0, PLUG, "other", marks=(mark(AlarmAct.SEEN),)).at(102.0)
    assert made.gone == ["other"]
    assert made.at(103.0, marks=(mark(AlarmAct.SEEN, "other"),)).gone == []


def test_an_alarm_that_comes_again_is_new_again():
    made = Alarms().at(100.0, PLUG).at(101.0, PLUG, marks=(mark(AlarmAct.SEEN),)).at(102.0).at(103.0, PLUG)
    assert made.state.alarms[PLUG].seen_by == ""
    assert made.raised == [PLUG, PLUG]
    assert Alarms().at(1.0, PLUG).at(2.0).at(3.0, PLUG).gone == []


def test_what_went_unseen_does_not_pile_up():
    made = Alarms()
    for number in range(2 * MOST_GONE):
        made.at(float(number), f"plug {number}")
    assert len(made.at(1000.0).gone) == MOST_GONE
    assert made.gone[-1] == f"plug {2 * MOST_GONE - 1}"


def test_what_is_set_aside_asks_for_nobody_until_its_time_is_over_and_is_then_new_again():
    made = Alarms().at(0.0, PLUG).at(10.0, PLUG, marks=(mark(AlarmAct.ASIDE, duration_s=600.0),))
    assert made.asking == set()
    made.at(609.0, PLUG)
    assert made.asking == set()
    made.at(610.0, PLUG)
    assert made.asking == {PLUG}
    assert made.state.alarms[PLUG].seen_by == ""
    assert made.raised == [PLUG, PLUG]


def test_what_is_set_aside_and_goes_away_leaves_no_trace():
    made = Alarms().at(0.0, PLUG).at(10.0, PLUG, marks=(mark(AlarmAct.ASIDE),)).at(20.0)
    assert made.gone == []
    assert made.cleared == []


def test_nothing_is_set_aside_for_longer_than_eight_hours_and_anybody_takes_it_back():
    made = Alarms().at(0.0, PLUG).at(1.0, PLUG, marks=(mark(AlarmAct.ASIDE, duration_s=1e9),))
    assert made.state.alarms[PLUG].aside_until_s == 1.0 + ASIDE_MAX_S
    assert made.at(2.0, PLUG, marks=(mark(AlarmAct.BACK),)).asking == {PLUG}


def test_a_fire_alarm_is_never_set_aside():
    made = Alarms().at(0.0, FIRE, priority=HIGH).at(1.0, FIRE, marks=(mark(AlarmAct.ASIDE, FIRE),), priority=HIGH)
    assert made.asking == {FIRE}


def test_what_a_dark_building_waits_for_is_news_however_soon_it_went_dark():
    # given a building that goes dark half a minute into a power cut
    state = replace(initial(0.0), mode=replace(initial(0.0).mode, outage_since_s=100.0))
    waits = Condition(MEDIUM, "former", Cause(Why.BLACK_START_WAITS, {"least_pct": 10.0}))
    # then what it waits for is told at once
    told = after(state, {"black_start": waits, PLUG: condition(PLUG)}, (), 130.0).told
    assert [key for kind, key, _ in told if kind is EventKind.ALARM_RAISED] == ["black_start"]


def test_what_comes_with_a_power_cut_and_is_not_urgent_is_folded_into_it_until_it_is_over():
    made = Alarms(outage_since_s=100.0).at(101.0, PLUG)
    assert made.asking == set()
    assert made.state.alarms[PLUG].folded
    # what is urgent, and what comes later, is not
    made.at(102.0, "hot", priority=HIGH)
    assert made.asking == {"hot"}
    made.at(100.0 + FOLDED_S + 1.0, PLUG, "late")
    assert "late" in made.asking
    # when the power cut is over and it still stands
    made = Alarms(outage_since_s=100.0).at(101.0, PLUG)
    made.state = replace(made.state, mode=replace(made.state.mode, outage_since_s=None))
    assert made.at(5000.0, PLUG).asking == {PLUG}
    assert made.raised == [PLUG]


def test_a_meter_that_repeats_itself_is_news_also_at_the_beginning_of_a_power_cut():
    made = Alarms(outage_since_s=100.0)
    frozen = Condition(MEDIUM, "street", Cause(Why.POINT_FROZEN))
    told = after(made.state, {"street/frozen": frozen, PLUG: condition(PLUG)}, (), 135.0).told
    assert [key for kind, key, _ in told if kind is EventKind.ALARM_RAISED] == ["street/frozen"]


def test_what_the_power_cut_itself_silences_is_not_used():
    made = Alarms(outage_since_s=0.0)
    done = after(made.state, {PLUG: condition(PLUG, unused=True)}, (), 500.0)
    assert done.told == []
    assert not announced(done.standing[PLUG], 500.0)


def test_marks_survive_a_restart_on_the_new_clock():
    made = Alarms().at(100.0, PLUG).at(200.0, PLUG, marks=(mark(AlarmAct.ASIDE, duration_s=600.0),))
    kept = resumed(made.state, shift_s=-150.0, now_s=60.0).alarms[PLUG]
    assert (kept.seen_by, kept.seen_s, kept.aside_until_s) == ("Ana", 50.0, 650.0)


@pytest.mark.parametrize(("priority", "seconds"), [(HIGH, 600.0), (MEDIUM, 86400.0), (LOW, 604800.0)])
def test_every_priority_says_how_soon_somebody_must_act(priority: str, seconds: float):
    assert RESPOND_S[priority] == seconds
