"""Sun to spare on an island: cars and sinks take it before the inverter must hold it back."""

from typing import Any

import pytest

from hems.control.params import Params
from hems.model import wiring
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import Panel, on_an_island

BAND = Params().band
CAR, SINK = wiring.bay_power(SourceId("bay_1")), "hot_water"


def sunny(soc_pct: float, spare_w: float = 9_000.0) -> Panel:
    """An island whose battery takes what the sun gives beyond the circuits, with a car at bay 1."""
    made = on_an_island()
    made.says({wiring.bay_state(SourceId("bay_1")): BayState.PLUGGED, wiring.bay_power(SourceId("bay_1")): 0.0})
    return made.says(battery(soc_pct), into(spare_w), {wiring.pv_power(SourceId("roof")): 20_000.0})


def battery(soc_pct: float) -> dict[Role, Any]:
    return {wiring.battery_soc(SourceId("main")): soc_pct}


def into(spare_w: float) -> dict[Role, Any]:
    """What flows into the battery, over all phases."""
    return {wiring.former_phase_w(index): -spare_w / 3.0 for index in range(3)}


def told_w(made: Panel) -> float:
    return float(made.state.sent[CAR].value) if CAR in made.state.sent else 0.0


def follow(made: Panel, spare_w: float, seconds: float) -> Panel:
    """The car does as it is told, and the battery gets what it leaves."""
    for _ in range(int(seconds / 5.0)):
        made.says({CAR: told_w(made)}, into(spare_w + told_w(made))).advance(5.0, every_s=5.0)
    return made


def test_a_car_charges_from_what_a_nearly_full_battery_would_take_before_it_is_full():
    # given a battery at its ceiling and 9 kW beyond what circuits draw, no matter what the band says yet
    made = follow(sunny(95.0), 9_000.0, 300.0)
    assert made.state.band == "normal"
    # then the car takes it, and next to nothing flows into the battery
    assert told_w(made) == pytest.approx(-9_000.0, abs=500.0)
    # and half of that half way to the ceiling: the other half still goes into the battery
    half = follow(sunny(92.5), 9_000.0, 190.0)
    assert 3_500.0 < -told_w(half) < 8_000.0


def test_below_the_threshold_nothing_charges_on_an_island():
    assert told_w(follow(sunny(BAND.surplus_leave_pct - 1.0), 9_000.0, 300.0)) == 0.0


def test_what_a_car_takes_is_never_more_than_the_sun_gives():
    # given a car that charges from the sun
    made = follow(sunny(97.0), 9_000.0, 240.0)
    assert told_w(made) < -8_000.0
    # when a cloud leaves too little, it draws less; when none is left, it pauses
    made.says({CAR: told_w(made)}, into(-8_000.0)).advance(6.0)
    assert told_w(made) == 0.0


@pytest.mark.parametrize(
    "trouble",
    [{wiring.former_phase_w(0): 10_500.0}, {wiring.battery_soc(SourceId("main")): None}],
    ids=["overload", "charge unknown"],
)
def test_an_overload_or_a_battery_that_cannot_be_read_ends_it_at_once(trouble: dict[Role, Any]):
    made = follow(sunny(95.0), 9_000.0, 240.0)
    assert told_w(made) < 0.0
    made.says(trouble).advance(1.0)
    assert told_w(made) == 0.0


def test_a_sink_comes_on_before_any_band_says_so_and_goes_when_the_battery_must_give():
    # given nobody at the chargers and twice what the sink draws to spare
    made = sunny(97.0, 14_000.0).says({wiring.bay_state(SourceId("bay_1")): BayState.UNPLUGGED})
    made.advance(200.0, every_s=5.0)
    assert SINK not in made.off()
    assert made.state.band == "normal"
    # and when the battery has given for a minute it goes
    made.says(into(-2_000.0)).advance(200.0, every_s=5.0)
    assert SINK in made.off()


def test_what_charges_counts_as_gone_where_the_sun_may_go():
    # given a car that takes all that the sun leaves
    made = follow(sunny(95.0), 9_000.0, 240.0)
    (gone,) = [one for one in made.steps[-1][1].armed if one.name == "roof gone"]
    # then it is paused first, and no circuit goes for what that alone sets free
    assert gone.commands[0].role == CAR
    assert [one for one in gone.commands if one.role.endswith("/closed")] == []
