"""Practising a power cut: in thought, with nothing sent; in earnest, ending at the first sign of trouble."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hems.control import imagined
from hems.control.demand import load_w
from hems.control.drill import Rehearsal, rehearse
from hems.control.measure import Measure
from hems.control.resume import resumed
from hems.control.tick import tick
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.request import Task
from hems.model.site import Location, Site
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import Panel, car, healthy, kept, on_the_grid, readings, snapshot
from tests.given import Building, building, flats, order, reads

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@kept
def heavy() -> Panel:
    """A building on the grid that draws more than its inverter could."""
    made = on_the_grid()
    made.load = 1.1
    return made.advance(5.0)


def rehearsed(made: Panel, watched_only: frozenset[Role] = frozenset()) -> Rehearsal:
    seen = Measure(made.site).snapshot(readings(made.values, made.now_s), watched_only=watched_only)
    return rehearse(made.site, made.state, seen, made.params, Instant(made.now_s, NOW))


# In thought ----------------------------------------------------------------------------------------------------------


def test_a_rehearsal_tells_what_would_go_off_when_and_why_and_that_the_inverter_would_bear_the_rest():
    found = rehearsed(heavy())
    assert found.at == NOW
    assert found.mode is Mode.ISLANDED
    assert found.before_pu > 1.2
    assert found.after_pu <= 0.8
    assert found.dose < 0.3
    assert {"hot_water", "laundry", "gym"} <= {one.circuit for one in found.off}
    assert all(one.after_s <= 1.0 for one in found.off)
    assert {one.cause.why for one in found.off} <= {Why.FLEXIBLE_ON_ISLAND, Why.ISLAND_CAPACITY, Why.ENERGY_BAND}


def test_what_is_off_already_would_not_burden_the_inverter():
    # given hot water, which draws 6.6 kW on three phases of 10 kVA, and then does not
    made, hot = heavy(), CircuitId("hot_water")
    before = rehearsed(made)
    without = rehearsed(made.says({wiring.circuit_closed(hot): False, wiring.circuit_power(hot): 0.0}))
    # then it is neither counted nor told to go
    assert before.before_pu - without.before_pu == pytest.approx(0.22)
    assert (hot in {one.circuit for one in before.off}, hot in {one.circuit for one in without.off}) == (True, False)


def test_where_a_device_alone_tells_of_the_tie_it_is_rehearsed_by_its_word():
    site = replace(flats(), tie=replace(flats().tie, has_contacts=False, has_flag=True))
    made = on_the_grid(site=site).says(dict.fromkeys((wiring.TIE_CLOSED_CONTACT, wiring.TIE_OPEN_CONTACT)))
    made.load = 1.1
    found = rehearsed(made.advance(5.0))
    assert found.mode is Mode.ISLANDED
    assert [one.circuit for one in found.off] == [one.circuit for one in rehearsed(heavy()).off]


def test_it_decides_what_a_real_power_cut_would():
    made = building(load=1.1)
    seen = made.ticks[-1].snapshot
    found = rehearse(made.site, made.forward.state, seen, made.params, Instant(made.plant.t_s))
    made.grid_lost().advance(60.0)
    # whatever went off in that minute, though some of it may be back where there is room
    gone = {str(one.id) for one in made.site.circuits if any(not closed for _, closed in made.switched(str(one.id)))}
    assert {str(one.circuit) for one in found.off} == gone


def test_nothing_of_it_is_sent_or_remembered():
    made = heavy()
    before, told = made.state, len(made.commands())
    rehearsed(made)
    assert made.state is before
    assert len(made.commands()) == told
    assert made.advance(5.0).off() == set()


def test_what_is_only_watched_is_said_to_stay_on():
    role = wiring.circuit_closed(CircuitId("hot_water"))
    found = rehearsed(heavy(), watched_only=frozenset({role}))
    assert {one.circuit: one.sent for one in found.off}[CircuitId("hot_water")] is False
    assert all(one.sent for one in found.off if one.circuit != "hot_water")


def test_what_a_hand_switch_keeps_on_is_said_to_stay_on():
    hot = CircuitId("hot_water")
    found = rehearsed(heavy().says({wiring.circuit_by_hand(hot): True}))
    assert hot not in {one.circuit for one in found.off}
    assert {"laundry", "gym"} <= {one.circuit for one in found.off}


def cut(site: Site, *off: CircuitId, **values: Any) -> Snapshot:
    """A building a quarter of a minute after its grid has failed, whose former carries 6, 4 and 2 kW."""
    seen = snapshot(site, healthy(site) | values, 100.0)
    return imagined.outage(site, seen, (6000.0, 4000.0, 2000.0), frozenset(off), 115.0)


def test_what_is_imagined_to_be_used_is_what_the_former_carries_and_no_source_beside_it_counts_as_well():
    # given sun, a second battery and a car that give on the grid
    second, bay = replace(flats().batteries[0], id=SourceId("second")), SourceId("bay_1")
    site = replace(flats(), batteries=(*flats().batteries, second))
    gives = {
        wiring.battery_power(second.id): 3000.0,
        wiring.pv_power(SourceId("roof")): 9000.0,
        **car(bay, 70.0, 4000.0),
    }
    then = cut(site, **gives)
    # then all of them rest
    assert load_w(site, then, 115.0, islanded=True) == 12_000.0
    assert then.batteries[site.former.source].power_w.known(115.0) == 12_000.0
    assert [one.known(115.0) for one in then.pvs.values()] == [0.0]
    assert (then.bays[bay].power_w.known(115.0), then.bays[bay].discharge_ready.known(115.0)) == (0.0, False)
    # and what they hold is known as it was
    assert (then.batteries[second.id].soc_pct, then.bays[bay].soc_pct) == (Reading(70.0, 115.0), Reading(70.0, 115.0))


def test_the_grid_that_is_imagined_is_dead_on_its_own_side_and_the_island_is_as_good_as_ever():
    then = cut(flats())
    sides = {point.id: point.location is Location.UTILITY for point in flats().voltage_points}
    assert set(sides.values()) == {True, False}
    for point, dead in sides.items():
        told = then.voltages[point]
        found = [one.known(115.0) for one in (*told.volts, told.hertz)]
        assert found == ([0.0] * 4 if dead else [230.0] * 3 + [50.0])
    assert (then.grid_w.known(115.0), then.tie.open_contact.known(115.0)) == (0.0, True)
    assert then.tie.permit == Reading(False, 115.0)


def test_of_circuits_only_what_has_gone_off_is_imagined_to_be_off_and_to_draw_nothing():
    hot, gym = CircuitId("hot_water"), CircuitId("gym")
    then = cut(flats(), hot, **{wiring.circuit_by_hand(gym): True, wiring.circuit_temperature(gym): 4.0})
    assert (then.circuits[hot].closed.known(115.0), then.circuits[hot].power_w.known(115.0)) == (False, 0.0)
    assert then.circuits[gym].closed == Reading(True, 115.0)
    assert then.circuits[gym].power_w == Reading(flats().circuit(gym).typical_w, 115.0)
    assert (then.circuits[gym].by_hand, then.circuits[gym].temp_c) == (Reading(True, 115.0), Reading(4.0, 115.0))


# In earnest ----------------------------------------------------------------------------------------------------------


def practisable() -> Site:
    site = flats()
    batteries = tuple(replace(one, controllable=True) for one in site.batteries)
    return replace(site, tie=replace(site.tie, has_island=True), batteries=batteries)


def practising(load: float = 0.6) -> Building:
    made = building(site=practisable(), load=load, battery_soc_pct=80.0)
    return made.ask(order(Task.DRILL, duration_s=120.0)).advance(30.0)


def test_a_drill_in_earnest_leaves_the_grid_for_its_time_and_comes_back():
    made = practising()
    assert made.mode.on_island
    made.advance(200.0)
    assert (made.mode, made.off(), made.forward.state.orders) == (Mode.GRID_CONNECTED, set(), {})
    assert Why.DRILL_ABORTED not in {event.cause.why for event in made.events}


def trouble_overload(made: Building) -> Building:
    return made.wants("lift", 24_000.0)


def trouble_alarm(made: Building) -> Building:
    return made.flawed(reads(True), wiring.TIE_PERMIT)  # somebody else gives the permit


@pytest.mark.parametrize("trouble", [trouble_overload, trouble_alarm])
def test_a_drill_is_broken_off_at_the_first_sign_of_trouble(trouble: Any):
    made = practising()
    assert made.mode.on_island
    trouble(made).advance(15.0)
    told = [event.cause.why for event in made.events if event.kind == "request"]
    assert told[-1] is Why.DRILL_ABORTED
    made.wants("lift", 500.0).advance(100.0)
    assert made.mode in (Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)


# The reminder --------------------------------------------------------------------------------------------------------


def on_date(made: Panel, utc: datetime | None, *asked: Any) -> Panel:
    seen = snapshot(made.site, made.values, made.now_s, requests=asked)
    made.state = tick(made.site, made.state, seen, made.params, Instant(made.now_s, utc)).state
    return made


def test_after_ninety_days_without_practice_somebody_is_reminded():
    # given a building that has just learned the date
    made = on_date(on_the_grid(), NOW)
    assert on_date(made, NOW + timedelta(days=90)).state.alarms == {}
    on_date(made, NOW + timedelta(days=91))
    assert (made.state.alarms["drill"].cause.why, made.state.alarms["drill"].priority) == (Why.DRILL_DUE, "LOW")
    # a restart does not forget it, a rehearsal ends it
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    assert "drill" in on_date(made, NOW + timedelta(days=92)).state.alarms
    on_date(made, NOW + timedelta(days=92), order(Task.DRILL, rehearsed=True))
    assert "drill" not in made.state.alarms
    assert made.state.orders == {}


def test_a_date_that_nobody_knows_reminds_nobody():
    assert on_date(on_date(on_the_grid(), NOW), None).state.alarms == {}
