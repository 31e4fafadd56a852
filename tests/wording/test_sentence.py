"""Every reason has a sentence, whatever is known of it."""

from datetime import UTC, datetime
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.model.cause import Cause, Why
from hems.wording import messages, sentence
from hems.wording.reasons import REASONS

NAMES = {"circuits/laundry": "Laundry", "bays/bay_1": "Bay 1"}
SUNRISE = datetime(2026, 6, 2, 4, 40, tzinfo=UTC).astimezone()
LAUNDRY, BAY = "circuits/laundry/closed", "bays/bay_1/power_w"


def test_every_reason_has_exactly_one_place_among_the_messages():
    assert {*messages.WHOLE, *REASONS} == set(Why)
    assert not {*messages.WHOLE} & {*REASONS}


def test_the_last_form_of_every_reason_needs_no_fact():
    for forms in (*messages.WHOLE.values(), *REASONS.values()):
        assert [name for _, name, _, _ in Formatter().parse(forms[-1]) if name] == []


@pytest.mark.parametrize("why", Why)
def test_every_reason_is_a_whole_sentence_also_without_any_fact(why):
    for subject in (None, LAUNDRY, "laundry", "tie", "device/relays"):
        said = sentence(Cause(why), subject, NAMES)
        assert said[0].isupper()
        assert said.endswith(".")
        assert "{" not in said
        assert len(said) <= 2 * 80


@pytest.mark.parametrize(
    ("subject", "cause", "expected"),
    [
        (
            LAUNDRY,
            Cause(Why.ISLAND_CAPACITY, {"value": False, "loading_pct": 128, "w": 3000}),
            "Switched OFF Laundry: own power would be at 128% of its limit; back when there is room",
        ),
        (
            LAUNDRY,
            Cause(Why.GRID_RESTORED, {"value": True}),
            "Switched ON Laundry: the grid carries the building again.",
        ),
        (BAY, Cause(Why.SUPPORT_ISLAND, {"value": 3300, "w": 3300}), "Bay 1 gives 3.3 kW: it helps to carry"),
        (BAY, Cause(Why.CHARGE_ON_GRID, {"value": -7400.0}), "Bay 1 charges with 7.4 kW: the grid has room."),
        (BAY, Cause(Why.CAR_AT_FLOOR, {"value": 0}), "Bay 1 rests: the car is down to what its driver keeps."),
        (
            "tie/permit",
            Cause(Why.PERMIT_RECONNECT, {"value": True}),
            "Permitted reconnection: the grid has stayed good",
        ),
        ("tie/permit", Cause(Why.INHIBIT_RECONNECT, {"value": False}), "Withheld reconnection: "),
        (LAUNDRY, Cause(Why.ENERGY_BAND, {"band": "conserve"}), "Laundry: stored energy is to be saved; back when"),
        (
            "band",
            Cause(Why.ENERGY_BAND, {"band": "critical", "was": "normal"}),
            "Stored energy is short (it was enough).",
        ),
        (
            "circuits/laundry",
            Cause(Why.OVERRIDE, {"who": "staff 2", "want": "on", "reason": "newborn", "duration_s": 3600.0}),
            'Laundry stays ON: staff 2 asked for it for 1 h, "newborn".',
        ),
        (
            "circuits/laundry",
            Cause(Why.OVERRIDE, {"who": "staff 2", "want": "auto", "reason": "", "duration_s": 3600.0}),
            "Laundry is back to automatic: staff 2 asked for it for 1 h.",
        ),
        (
            "tie",
            Cause(Why.EVIDENCE, {"axis": "tie", "is": "open", "was": "closed", "says": "auxiliary contacts: open"}),
            "The grid switch is open (auxiliary contacts: open).",
        ),
        (
            "fault_safe",
            Cause(Why.CONTRADICTION, {"grid": "dead", "tie": "closed", "bus": "live"}),
            "Measurements contradict each other: grid side dead, grid switch closed, building live.",
        ),
        (
            "islanded_stabilizing",
            Cause(Why.TIE_OPENED, {"grid": "dead", "tie": "open", "bus": "live", "outage_s": 5400.0}),
            "The building has been on its own power for 1 h 30 min. HEMS has looked around afresh and goes on.",
        ),
        (
            "islanded_stabilizing",
            Cause(Why.SOURCE_LOST, {"grid": "dead", "tie": "open", "bus": "live"}),
            "A source has gone, and the building must do with what remains.",
        ),
        (
            "device/relays",
            Cause(Why.DEVICE_SILENT, {"device": "relays", "detail": "no route to host"}),
            "Device relays does not answer (no route to host). HEMS goes on without it; its values show as ??.",
        ),
        (
            "device/pv/inverter/3",
            Cause(Why.DEVICE_ALARM, {"device": "pv", "detail": "fan stands still"}),
            "Device pv reports: fan stands still.",
        ),
        (f"{LAUNDRY}/deaf", Cause(Why.SHED_NOT_OBEYED), "Laundry does not obey: HEMS switched it OFF"),
        (
            "circuits/sump_pump/closed",
            Cause(Why.LOCKED_OUT, {"times": 3}),
            "Sump pump stays OFF: switching it on failed 3",
        ),
    ],
)
def test_facts_become_words_and_roles_become_names(subject, cause, expected):
    assert sentence(cause, subject, NAMES).startswith(expected)


@pytest.mark.parametrize(("told", "said"), [(SUNRISE.isoformat(), f"{SUNRISE:%H:%M}"), ("some day", "some day")])
def test_the_time_of_day_is_local_and_what_is_no_time_is_said_as_it_is(told, said):
    kept = Cause(Why.KEPT_FOR_LATER, {"sun_utc": told, "value": False})
    expected = "Switched OFF Laundry: energy is kept for what matters more until the sun returns, about"
    assert sentence(kept, LAUNDRY, NAMES) == f"{expected} {said}."


FACTS = (
    "value band was axis is says grid tie bus w dose loading_pct soc_pct who want reason duration_s device detail times"
)


@given(
    why=st.sampled_from(Why),
    facts=st.dictionaries(
        st.sampled_from(FACTS.split()),
        st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("{x}")),
    ),
    subject=st.one_of(st.none(), st.text(max_size=12), st.sampled_from([LAUNDRY, BAY, "tie/permit", "a/b/c/d"])),
)
def test_no_fact_however_strange_keeps_a_sentence_from_being_said(why, facts, subject):
    assert sentence(Cause(why, facts), subject, NAMES)
