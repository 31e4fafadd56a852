"""The connection stays inside its limits, whoever set them, and says so when it cannot."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control.resume import resumed
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.supply import FlexibleLimits
from hems.model.units import SourceId
from tests.control.dispatch.street import FUSES_W, TOLD, Street, connected_site
from tests.control.panel import utility

ALIVE = {wiring.LIMIT_HEARTBEAT: 1.0}


def limited(watts: float) -> dict[wiring.Role, float]:
    """The utility is there and lets so much through."""
    return ALIVE | {wiring.IMPORT_LIMIT: watts}


# What the utility says ------------------------------------------------------------------------------------------------


def test_a_limit_is_commanded_in_the_second_in_which_it_arrives_and_met_with_the_next():
    # given a building that draws 10 kW beside two cars
    street = Street(connected_site(flexible=TOLD), limits=limited(50_000.0)).plug("bay_1", "bay_2").lives(30)
    assert street.grid_w > 20_000.0
    # when the utility lets 8 kW through
    street.limits = limited(8000.0)
    street.lives(1)
    # then cars pause at once and the battery gives what is missing
    assert [street.car_w(bay) for bay in ("bay_1", "bay_2")] == [0.0, 0.0]
    assert street.lives(2).grid_w <= 8000.0 + street.params.car.deadband_w
    assert street.state.sent[wiring.bay_power(SourceId("bay_1"))].cause.why is Why.LIMIT_FLEXIBLE


def test_silence_of_the_utility_means_the_failsafe():
    street = Street(connected_site(flexible=TOLD), limits=limited(50_000.0)).plug("bay_1").lives(30)
    assert street.car_w("bay_1") < -5000.0
    # when it falls silent, nothing changes until its heartbeat has been missed for long enough
    street.limits = {}
    street.lives(110)
    assert street.car_w("bay_1") < -5000.0
    street.lives(30)
    assert street.car_w("bay_1") == 0.0
    assert street.state.alarms["flexible"].cause.why is Why.LIMIT_FAILSAFE


def test_neither_a_heartbeat_nor_a_limit_alone_ends_the_failsafe():
    street = Street(connected_site(flexible=TOLD)).plug("bay_1").lives(10)
    assert street.car_w("bay_1") == 0.0
    # when only the heartbeat is back
    street.limits = ALIVE
    assert street.lives(30).car_w("bay_1") == 0.0
    # when only a limit is told
    street.limits = {wiring.IMPORT_LIMIT: 50_000.0}
    assert street.lives(130).car_w("bay_1") == 0.0
    # then it takes both
    street.limits = limited(50_000.0)
    assert street.lives(3).car_w("bay_1") < -5000.0


@pytest.mark.parametrize("contact", [True, None])
def test_a_contact_that_is_closed_or_cannot_be_read_reduces(contact: bool | None):
    only = FlexibleLimits(failsafe_import_w=0.0, told=False, reduced_import_w=12_000.0)
    street = Street(connected_site(flexible=only), soc_pct=60.0, limits={wiring.REDUCED: False}).plug("bay_1").lives(30)
    assert street.grid_w > 12_500.0
    street.limits = {wiring.REDUCED: contact}
    assert street.lives(8).grid_w <= 12_000.0 + street.params.car.deadband_w


# What was agreed ------------------------------------------------------------------------------------------------------


def test_the_agreed_capacity_holds_below_the_fuses():
    street = Street(connected_site(import_max_w=15_000.0), soc_pct=60.0).plug("bay_1", "bay_2").lives(60)
    assert 10_000.0 < street.grid_w <= 15_000.0 + street.params.car.deadband_w


def test_a_quarter_of_an_hour_never_exceeds_its_mean():
    # given 12 kW on average, a battery at its reserve, and cars that would take all there is
    street = Street(connected_site(demand_max_w=12_000.0), soc_pct=60.0, house_w=8000.0).plug("bay_1", "bay_2")
    drawn_wh = 0.0
    for _ in range(900):
        street.lives(1)
        drawn_wh += street.grid_w / 3600.0
    assert 2500.0 < drawn_wh <= 12_000.0 / 4.0 * 1.005


def test_hems_killed_within_a_quarter_still_counts_what_was_drawn_in_it():
    # given 12 kW on average, a battery at its reserve, and a building that draws 25
    street = Street(connected_site(demand_max_w=12_000.0), soc_pct=60.0, house_w=25_000.0)
    while street.now_s % 900.0:
        street.lives(1)
    saved = street.lives(60).state
    # when hems is killed after two minutes of a quarter, and comes back with what it had saved a minute before
    street.lives(60)
    street.state = resumed(saved, shift_s=0.0, now_s=street.now_s)
    # then what it saw counts, and for what it has forgotten what flowed when it looked last
    street.lives(1)
    assert street.state.connection.quarter.drawn_wh == pytest.approx(25_000.0 * 120.0 / 3600.0, abs=15.0)


def test_a_quarter_that_began_while_hems_did_not_run_counts_as_drawn_until_then():
    street = Street(connected_site(demand_max_w=12_000.0), soc_pct=60.0, house_w=8000.0)
    while street.now_s % 900.0 != 600.0:
        street.lives(1)
    # when it comes back ten minutes into the next quarter
    saved = street.state
    street.now_s += 900.0
    street.state = resumed(saved, shift_s=0.0, now_s=street.now_s)
    assert street.lives(1).state.connection.quarter.drawn_wh == pytest.approx(2000.0, abs=5.0)


def test_while_the_meter_is_silent_nobody_charges_and_the_quarter_counts_as_used():
    street = Street(connected_site(demand_max_w=12_000.0), house_w=8000.0).plug("bay_1").lives(60)
    assert street.car_w("bay_1") < 0.0
    street.blind = True
    street.lives(10)
    assert street.car_w("bay_1") == 0.0
    assert street.battery_w == 0.0
    before_wh = street.state.connection.quarter.drawn_wh
    assert street.lives(10).state.connection.quarter.drawn_wh == pytest.approx(before_wh + 12_000.0 * 10 / 3600.0)


def test_a_meter_that_falls_to_nothing_as_the_grid_fails_is_no_room_for_cars():
    # given a car for which there is no room
    street = Street(connected_site(import_max_w=12_000.0), soc_pct=60.0, house_w=12_000.0).plug("bay_1").lives(30)
    assert street.car_w("bay_1") == 0.0
    # when nothing is drawn any more, for what that is worth
    street.house_w = 0.0
    assert street.lives(8).car_w("bay_1") == 0.0
    # then it takes some time to be believed, and none to be taken back
    assert street.lives(5).car_w("bay_1") < -10_000.0
    street.house_w = 12_000.0
    assert street.lives(1).car_w("bay_1") == 0.0


def test_a_limit_survives_the_meter_at_the_street():
    # given circuits that draw 10 kW of which the utility lets 6 kW through, the battery giving the rest
    street = Street(connected_site(flexible=TOLD), house_w=10_000.0, limits=limited(6000.0)).plug("bay_1").lives(20)
    assert street.grid_w <= 6000.0
    # when the meter falls silent for as long as it likes
    street.blind = True
    street.lives(300, every_s=5)
    # then batteries go by what was seen last and a little more, for nobody sees what is added, and nobody charges
    assert 4000.0 <= street.battery_w <= 4500.0 + street.params.car.deadband_w
    assert street.car_w("bay_1") == 0.0


def test_a_limit_is_held_too_while_circuits_come_back_and_while_nobody_sees_the_grid():
    # given a limit that the battery holds
    street = Street(connected_site(flexible=TOLD), house_w=10_000.0, limits=limited(6000.0)).lives(20)
    # when nobody sees the grid any more
    street.says(utility(None, None)).lives(30)
    assert street.mode is Mode.GRID_CONNECTED_DEGRADED
    # then it goes on being held, above the reserve and not below
    assert street.grid_w <= 6000.0
    street.soc_pct = 59.0
    assert street.lives(5).battery_w == 0.0


# When nothing more can make room --------------------------------------------------------------------------------------


def test_what_cannot_be_kept_is_told_and_counted():
    # given circuits that draw 20 kW and a battery at its reserve
    street = Street(connected_site(flexible=TOLD), house_w=20_000.0, soc_pct=60.0, limits=limited(50_000.0)).lives(5)
    # when only 8 kW are let through for a minute
    street.limits = limited(8000.0)
    street.lives(60)
    assert street.state.alarms["connection"].cause.why is Why.LIMIT_EXCEEDED
    street.limits = limited(50_000.0)
    street.lives(2)
    # then the event ends with what went beyond
    (end,) = [e for _, step in street.steps for e in step.events if e.cause.why is Why.LIMIT_KEPT_AGAIN]
    assert end.cause.facts["excess_wh"] == pytest.approx(12_000.0 * 59 / 3600.0, rel=0.03)
    assert "connection" not in street.state.alarms


def test_what_is_seen_beyond_a_limit_for_a_moment_is_not_told_each_minute():
    # given a limit that is kept by the battery
    street = Street(connected_site(flexible=TOLD), house_w=20_000.0, limits=limited(12_000.0)).lives(20)
    known = len(street.steps)
    # when something of 15 kW is switched on each minute, which the meter shows once before the battery has followed
    for _ in range(3):
        street.house_w = 5000.0
        street.lives(40)
        street.house_w = 20_000.0
        street.lives(20)
    assert street.state.connection.excess.since_s is None
    # then nobody reads of it, so soon after it was told that the limit was kept for the first time
    assert not [e for _, step in street.steps[known:] for e in step.events if e.cause.why is Why.LIMIT_KEPT_AGAIN]


# Whatever comes -------------------------------------------------------------------------------------------------------

BAYS = ("bay_1", "bay_2", "bay_3", "bay_4")
Happening = tuple[float, float | None, float, frozenset[str], bool]


@settings(max_examples=25, deadline=None)
@example([(9000.0, None, 20.0, frozenset(), False), (0.0, 0.0, 63.0, frozenset(), True)])
@given(
    st.lists(
        st.tuples(
            st.floats(-20_000.0, 25_000.0),
            st.one_of(st.none(), st.floats(0.0, 60_000.0)),
            st.floats(20.0, 100.0),
            st.frozensets(st.sampled_from(BAYS)),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
@example([(0.0, 0.0, 61.0, frozenset(), True)])  # nobody measures, and nothing may be drawn
def test_nothing_that_hems_decides_ever_exceeds_a_limit_touches_the_reserve_or_starves_a_charger(
    story: list[Happening],
):
    street = Street(connected_site(flexible=TOLD), limits=limited(30_000.0))
    for house_w, limit_w, soc_pct, plugged, blind in story:
        if not blind:
            street.house_w = house_w
        street.soc_pct, street.blind = soc_pct, blind
        street.limits = {} if limit_w is None else limited(limit_w)
        street.plugged = dict.fromkeys(plugged, 50.0)
        street.lives(150, every_s=30).lives(6)
        allowed_w = min(FUSES_W, TOLD.failsafe_import_w if limit_w is None else limit_w)
        own_w = -street.battery_w - sum(street.car_w(bay) for bay in street.plugged)
        # then what batteries and cars draw fits, or they draw nothing
        slack_w = street.params.car.deadband_w * (1 + len(plugged))
        assert own_w <= max(0.0, allowed_w - street.house_w) + slack_w
        # and without the meter nothing is drawn at all
        assert not blind or own_w <= slack_w
        # and nothing leaves the reserve
        assert street.battery_w <= 0.0 or soc_pct > 60.0
        # and nobody gets less than 6 A
        for bay in street.site.bays:
            watts = -street.car_w(str(bay.id))
            assert watts == 0.0 or watts >= bay.charge_min_w - 1.0
        # and neither battery nor car feeds the grid
        assert street.grid_w >= min(0.0, street.house_w) - slack_w
