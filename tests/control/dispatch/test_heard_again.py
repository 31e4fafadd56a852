"""Chargers that fall silent and answer again, at the edge of each rule."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.dispatch import heard_again
from hems.control.dispatch.envelope import Envelope
from hems.control.dispatch.memory import ConnectionMemory, Standing
from hems.control.state import ControlState, initial
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.reading import Quality, Reading
from hems.model.site import Panel, Phase
from hems.model.snapshot import BayState
from hems.model.units import PanelId, SourceId
from tests.control.fresh import bay_reading, seen
from tests.control.pencil import sent
from tests.given import bay, flats

BAY_1, BAY_2, BAY_3 = SourceId("bay_1"), SourceId("bay_2"), SourceId("bay_3")
GARAGE = PanelId("garage")
SITE = replace(
    flats(),
    bays=(bay("bay_1"), replace(bay("bay_2"), panel=GARAGE), bay("bay_3", phases=(Phase.L2,))),
    panels=(Panel(id=GARAGE, name="Garage", rated_a=20.0),),
)
NOW_S = 100.0
STOOD = (Standing(watts=9000.0), Standing(watts=8000.0), Standing(watts=7000.0))


def bounds(import_w: float) -> Envelope:
    return Envelope(
        import_w=import_w, import_by=Cause(Why.LIMIT_SERVICE), export_w=0.0, export_by=Cause(Why.LIMIT_SERVICE)
    )


def watts(memory: tuple[Standing, ...]) -> list[float]:
    return [one.watts for one in memory]


@pytest.mark.parametrize(
    ("power", "state", "says"),
    [
        pytest.param(Reading(-7000.0, NOW_S, 9.0), BayState.CHARGING, True, id="both"),
        pytest.param(Reading(-7000.0, 0.0, 9.0), BayState.CHARGING, False, id="its power has grown old"),
        pytest.param(Reading(None, NOW_S, 9.0, Quality.MISSING), BayState.CHARGING, True, id="it never told a power"),
        pytest.param(Reading(-7000.0, NOW_S, 9.0), None, False, id="nobody knows whether there is a car"),
    ],
)
def test_a_charger_tells_when_it_is_known_whether_there_is_a_car_and_what_it_drew_has_not_grown_old(
    power: Any, state: BayState | None, *, says: bool
):
    reading = replace(bay_reading(state=state), power_w=power)
    assert heard_again.tells(SITE.bays[0], seen(bay_1=reading), NOW_S) is says


def asked(**told_w: float | None) -> ControlState:
    """Circuits draw 24 kW; the chargers were asked for these."""
    roles = {wiring.bay_power(SourceId(name)): sent(w) for name, w in told_w.items() if w is not None}
    return replace(initial(0.0), connection=ConnectionMemory(standing=STOOD), sent=roles)


@pytest.mark.parametrize(
    ("told_w", "import_w", "goes_on"),
    [
        pytest.param(-7000.0, 24_000.0, True, id="circuits take all there is"),
        pytest.param(-7000.0, 23_999.0, False, id="a watt too much"),
        pytest.param(0.0, 30_000.0, False, id="asked for nothing"),
        pytest.param(3000.0, 30_000.0, False, id="asked to give"),
        pytest.param(None, 30_000.0, False, id="never asked"),
    ],
)
def test_a_silent_charger_goes_on_as_asked_unless_all_together_is_too_much(
    told_w: float | None, import_w: float, *, goes_on: bool
):
    known = asked(bay_1=told_w)
    found = heard_again.charging_on(SITE.bays[:1], SITE, known, bounds(import_w))
    cause = known.sent[wiring.bay_power(BAY_1)].cause if goes_on else None
    assert found == ({BAY_1: Wish(-7000.0, cause)} if cause is not None else {})


@pytest.mark.parametrize(("panel_w", "goes_on"), [(3680.0, True), (3681.0, False)])
def test_so_it_does_behind_a_sub_panel_until_that_is_full(panel_w: float, *, goes_on: bool):
    # given 20 A a phase, of which eight tenths are 3,680 W
    known = asked(bay_1=-7000.0, bay_2=-7000.0)
    full = {GARAGE: (Standing(watts=100.0), Standing(watts=panel_w), Standing(watts=100.0))}
    known = replace(known, connection=replace(known.connection, panels=full))
    found = heard_again.charging_on(SITE.bays[:2], SITE, known, bounds(30_000.0))
    assert set(found) == ({BAY_1, BAY_2} if goes_on else {BAY_1})


@pytest.mark.parametrize(
    ("power_w", "silent"), [(-7000.0, {BAY_2, BAY_3}), (0.0, {BAY_2, BAY_3}), (None, {BAY_1, BAY_2, BAY_3})]
)
def test_silent_is_who_does_not_tell_what_its_car_draws(power_w: float | None, silent: set[SourceId]):
    assert heard_again.unheard(SITE, seen(bay_1=bay_reading(power_w=power_w)), NOW_S) == silent


def test_what_a_car_drew_in_silence_is_its_own_at_once_when_its_charger_answers():
    # given three silent chargers among whose circuits their cars were counted
    before = ConnectionMemory(
        standing=STOOD,
        stood_w=(9000.0, 8000.0, 7000.0),
        panels={GARAGE: (Standing(watts=3000.0),) * 3},
        silent=frozenset({BAY_1, BAY_2, BAY_3}),
        back_s={BAY_1: 94.0, SourceId("other"): 94.1},
    )
    # when two answer: 6 kW on three phases behind the panel, 2 kW on the second phase; and one that gives
    there = seen(bay_2=bay_reading(power_w=-6000.0), bay_3=bay_reading(power_w=-2000.0))
    after = heard_again.after(SITE, before, there, NOW_S)
    # then neither circuits nor the panel draw that any more
    assert watts(after.standing) == [7000.0, 4000.0, 5000.0]
    assert after.stood_w == (7000.0, 4000.0, 5000.0)
    assert watts(after.panels[GARAGE]) == [1000.0, 1000.0, 1000.0]
    assert after.silent == {BAY_1}
    # and for six seconds they are remembered as just back
    assert after.back_s == {SourceId("other"): 94.1, BAY_2: NOW_S, BAY_3: NOW_S}
    later = heard_again.after(SITE, after, there, NOW_S + 5.9)
    assert set(later.back_s) == {BAY_2, BAY_3}
    assert heard_again.after(SITE, later, there, NOW_S + 6.0).back_s == {}


def test_a_car_that_gives_or_rests_when_its_charger_answers_takes_nothing_from_circuits():
    before = ConnectionMemory(standing=STOOD, stood_w=(9.0, 8.0, 7.0), silent=frozenset({BAY_1, BAY_3}))
    there = seen(bay_1=bay_reading(power_w=3000.0), bay_3=bay_reading(power_w=0.0))
    after = heard_again.after(SITE, before, there, NOW_S)
    assert (after.standing, after.stood_w, after.silent) == (STOOD, (9.0, 8.0, 7.0), frozenset())


def test_who_was_never_silent_changes_nothing():
    before = ConnectionMemory(standing=STOOD, silent=frozenset({BAY_1}), back_s={BAY_2: 99.0})
    assert heard_again.after(SITE, before, seen(bay_2=bay_reading(power_w=-6000.0)), NOW_S) is before
