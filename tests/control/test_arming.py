"""What is made ready beforehand, and what the reflex does with it."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.arming import VALID_S
from hems.control.demand import slow_charging_w
from hems.control.memory.acting import Sent
from hems.control.reflex import crossed
from hems.control.step import Armed, Step, Test, Trigger
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.reading import Quality, Reading
from hems.model.site import Site, Tie
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    TIE_CLOSED,
    TIE_OPEN,
    UNMETERED,
    car,
    on_an_island,
    on_the_grid,
    panel,
    set_off,
    snapshot,
    tie,
    utility,
)
from tests.given import flats

SITE = flats()
BAY_1 = SourceId("bay_1")


def named(step: Step, name: str) -> Armed | None:
    return next((one for one in step.armed if one.name == name), None)


def opens(armed: Armed | None) -> list[str]:
    assert armed is not None
    return [str(one.role).split("/")[1] for one in armed.commands if one.role.endswith("closed")]


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def test_on_the_grid_the_opening_tie_finds_its_sheds_and_pauses_ready():
    made = on_the_grid().says(car("bay_1", 80.0))
    ready = named(made.tick(), "tie open")
    # 36.6 kW for 30 kVA: flexible loads, and what brings each phase to 8 kW
    assert opens(ready) == ["hot_water", "laundry", "gym", "ventilation"]
    assert ready is not None
    assert [one.value for one in ready.commands if one.role.startswith("bays/")] == [0, 0, 0, 0]
    assert ready.expires_s == made.now_s + VALID_S
    assert not any(one.energises for one in ready.commands)


def test_it_counts_on_neither_sun_nor_cars():
    made = on_the_grid().says({wiring.pv_power(SourceId("roof")): 30_000.0}, car("bay_1", 90.0, 10_000.0))
    assert opens(named(made.tick(), "tie open")) == ["hot_water", "laundry", "gym", "ventilation"]


def test_a_battery_that_is_low_already_arms_what_its_band_gives_up():
    made = on_the_grid().says({wiring.battery_soc(SourceId("main")): 18.0})
    assert set(opens(named(made.tick(), "tie open"))) >= {"hot_water", "laundry", "gym", "ventilation", "heat_pump"}


def test_the_blink_of_a_transfer_does_not_make_the_building_look_empty():
    made = on_the_grid()
    before = opens(named(made.tick(), "tie open"))
    dark = {role: 0.0 for role in made.values if role.endswith("power_w")}
    made.now_s += 0.05
    made.says(dark, {wiring.voltage(SITE.voltage_points[1].id, index): 0.0 for index in range(3)})
    assert opens(named(made.tick(), "tie open")) == before


@pytest.mark.parametrize(("contact", "value"), [(wiring.TIE_CLOSED_CONTACT, False), (wiring.TIE_OPEN_CONTACT, True)])
def test_either_contact_sets_it_off(contact: Role, value: bool):
    step = on_the_grid().tick()
    assert set_off(step.armed, contact, Reading(value, 700.0), 700.0)[0].name == "tie open"
    assert set_off(step.armed, contact, Reading(not value, 700.0), 700.0) == []


@pytest.mark.parametrize(
    "reading",
    [
        Reading(None, 700.0, quality=Quality.INVALID),
        Reading(None, 700.0, quality=Quality.MISSING),
        Reading(False, 600.0),
    ],
)
def test_an_unknown_contact_sets_nothing_off(reading: Reading[bool]):
    assert set_off(on_the_grid().tick().armed, wiring.TIE_CLOSED_CONTACT, reading, 700.0) == []


def test_what_is_older_than_three_ticks_is_not_used():
    step = on_the_grid().tick()
    late = Reading(False, 703.1)
    assert set_off(step.armed, wiring.TIE_CLOSED_CONTACT, late, 703.0) != []
    assert set_off(step.armed, wiring.TIE_CLOSED_CONTACT, late, 703.1) == []


def test_without_contacts_the_flag_of_a_device_sets_it_off():
    site = flats(tie=Tie(has_contacts=False, has_flag=True, has_permit=True))
    made = on_the_grid(site=site)
    assert set_off(made.tick().armed, wiring.TIE_FLAG, Reading(False, 700.0), 700.0) != []
    assert set_off(made.tick().armed, wiring.TIE_CLOSED_CONTACT, Reading(False, 700.0), 700.0) == []


def test_once_the_tie_is_seen_to_leave_nothing_new_is_armed():
    made = on_the_grid().says(tie(False, False, True))
    step = made.tick()
    assert step.armed == ()
    assert step.state.armed_on_tie_open == ("hot_water", "laundry", "gym", "ventilation")


def test_on_an_island_a_giving_car_that_leaves_finds_its_sheds_ready():
    # given 9 kW a phase on the inverter and 6 kW from a car: 1 kW a phase too much without it
    made = on_an_island().says(car("bay_1", 90.0, 6_000.0), former(9_000.0, 9_000.0, 9_000.0))
    ready = named(made.tick(), "bay_1 gone")
    assert opens(ready) == ["heat_pump"]
    assert ready is not None
    assert {one.cause.why for one in ready.commands} == {Why.SOURCE_LOST}
    assert set_off([ready], wiring.bay_state(BAY_1), Reading(BayState.UNPLUGGED, made.now_s), made.now_s) != []
    assert set_off([ready], wiring.bay_state(BAY_1), Reading(BayState.CHARGING, made.now_s), made.now_s) == []


def test_a_charger_whose_feeder_is_lost_sets_off_the_same_and_one_that_is_told_to_stop_does_not():
    # given a car that gives 6 kW a former could not do without
    made = on_an_island().says(car("bay_1", 90.0, 6_000.0), former(9_000.0, 9_000.0, 9_000.0))
    made.says(UNMETERED).advance(65.0, every_s=5.0)
    ready = named(made.tick(), "bay_1 gone")
    assert ready is not None
    # when it gives nothing any more, though it is still plugged in, its sheds go
    power = wiring.bay_power(BAY_1)
    assert set_off([ready], power, Reading(0.0, made.now_s), made.now_s) != []
    assert set_off([ready], power, Reading(1_199.0, made.now_s), made.now_s) != []
    assert set_off([ready], power, Reading(1_201.0, made.now_s), made.now_s) == []
    # and when it is told to give nothing, as it has come down to what its driver keeps, that is no loss
    asked = named(made.says(car("bay_1", 40.0, 6_000.0)).tick(), "bay_1 gone")
    assert made.state.sent[power].value == 0.0
    assert asked is not None
    assert set_off([asked], power, Reading(0.0, made.now_s), made.now_s) == []
    assert set_off([asked], wiring.bay_state(BAY_1), Reading(BayState.UNPLUGGED, made.now_s), made.now_s) != []


def test_a_car_that_can_be_spared_arms_nothing():
    made = on_an_island().says(car("bay_1", 90.0, 6_000.0), former(3_000.0, 3_000.0, 3_000.0))
    assert named(made.tick(), "bay_1 gone") is None


def test_on_an_island_a_sun_that_goes_all_at_once_finds_its_sheds_ready():
    # given 9 kW a phase on the inverter and 6 kW from the roof: 1 kW a phase too much without it
    sun = wiring.pv_power(SourceId("roof"))
    made = on_an_island().says({sun: 6_000.0}, former(9_000.0, 9_000.0, 9_000.0))
    ready = named(made.tick(), "roof gone")
    assert opens(ready) == ["heat_pump"]
    assert ready is not None
    # when it trips they go; a cloud, or a reading that is none, is not enough
    assert set_off([ready], sun, Reading(0.0, made.now_s), made.now_s) != []
    assert set_off([ready], sun, Reading(1_199.0, made.now_s), made.now_s) != []
    assert set_off([ready], sun, Reading(1_201.0, made.now_s), made.now_s) == []
    assert set_off([ready], sun, Reading(2_000.0, made.now_s), made.now_s) == []
    assert set_off([ready], sun, Reading(None, made.now_s, quality=Quality.MISSING), made.now_s) == []


def test_a_sun_that_can_be_spared_and_one_that_a_full_store_holds_back_arm_nothing():
    sun = {wiring.pv_power(SourceId("roof")): 6_000.0}
    assert named(on_an_island().says(sun, former(3_000.0, 3_000.0, 3_000.0)).tick(), "roof gone") is None
    full = on_an_island().says(sun, former(9_000.0, 9_000.0, 9_000.0))
    full.state = replace(full.state, band="surplus")
    full.says({wiring.battery_soc(SourceId("main")): 97.0})
    assert named(full.tick(), "roof gone") is None


@pytest.mark.parametrize("mode", [Mode.ISLANDED, Mode.FAULT_SAFE])
def test_a_jump_that_no_tick_could_follow_finds_its_sheds_ready(mode: Mode):
    made = on_an_island()
    if mode is Mode.FAULT_SAFE:
        made.says(tie(None, None, None)).advance(2.0)
    assert made.mode is mode
    ready = named(made.tick(), "overload L1")
    # 17.4 kW trips in three seconds; from there to 9 kW
    assert ready is not None
    assert ready.triggers[0].value == pytest.approx(17_440.0, abs=10.0)
    assert opens(ready)[:3] == ["heat_pump", "kitchen", "freezers"]
    role = wiring.former_phase_w(0)
    assert set_off([ready], role, Reading(17_500.0, made.now_s), made.now_s) != []
    assert set_off([ready], role, Reading(17_400.0, made.now_s), made.now_s) == []


def test_what_has_just_gone_is_not_shed_for_again_by_a_meter_that_lags():
    # given a reflex that has just acted on a jump
    made = on_an_island()
    ready = named(made.tick(), "overload L1")
    assert ready is not None
    made.now_s += 0.05
    made.says(former(17_500.0, 2_000.0, 2_000.0))
    # when the tick right after it sees the same measurement
    step = made.tick(*ready.commands)
    # then nothing more is ready for it, and nothing more goes
    assert named(step, "overload L1") is None
    assert [
        one for one in step.commands if one.role.endswith("closed") and one.role not in [c.role for c in ready.commands]
    ] == []


def test_nothing_is_armed_before_anything_is_known():
    assert panel().tick().armed == ()


def test_what_the_reflex_has_done_is_the_controllers_own():
    # given a car that leaves, and a reflex that was quicker than the tick
    made = on_an_island().says(car("bay_1", 90.0, 6_000.0), former(9_000.0, 9_000.0, 9_000.0))
    ready = named(made.tick(), "bay_1 gone")
    assert ready is not None
    for command in ready.commands:
        made._obey(command)
    made.now_s += 0.05
    made.says({wiring.bay_state(BAY_1): BayState.UNPLUGGED, wiring.bay_power(BAY_1): 0.0})
    made.tick(*ready.commands)
    # then it is remembered, told once, and comes back like anything else
    heat_pump = made.state.loads[SITE.circuit(next(c.id for c in SITE.circuits if c.id == "heat_pump")).id]
    assert heat_pump.shed_because is not None
    assert heat_pump.shed_because.why is Why.SOURCE_LOST
    told = [event for event in made.steps[-1][1].events if event.subject == "circuits/heat_pump/closed"]
    assert len(told) == 1
    made.says(former(2_000.0, 2_000.0, 2_000.0)).advance(600.0, every_s=5.0)
    assert "heat_pump" not in made.off()


# Watching ------------------------------------------------------------------------------------------------------------

ROLE = Role("former/l1_w")
WATCH = (Trigger(ROLE, Test.ABOVE, 10_000.0),)


@pytest.mark.parametrize(
    ("before", "after", "due"),
    [
        (9_000.0, 10_001.0, True),
        (10_001.0, 9_000.0, True),
        (10_001.0, 19_000.0, False),
        (1_000.0, 9_000.0, False),
        (None, 11_000.0, True),
        (None, 9_000.0, False),
    ],
)
def test_a_tick_is_due_when_a_watched_value_crosses_its_threshold(before: float | None, after: float, due: bool):
    first = None if before is None else Reading(before, 0.0)
    assert crossed(WATCH, ROLE, first, Reading(after, 1.0), 1.0) is due
    assert not crossed(WATCH, Role("other"), first, Reading(after, 1.0), 1.0)


def test_a_contact_that_changes_is_worth_a_tick():
    watch = on_the_grid().tick().watch
    assert crossed(watch, wiring.TIE_CLOSED_CONTACT, Reading(True, 0.0), Reading(False, 1.0), 1.0)
    assert crossed(watch, wiring.TIE_CLOSED_CONTACT, Reading(False, 0.0), Reading(True, 1.0), 1.0)
    assert not crossed(watch, wiring.TIE_CLOSED_CONTACT, Reading(True, 0.0), Reading(True, 1.0), 1.0)


def test_a_return_is_not_hurried_by_the_reflex():
    made = on_an_island().says(utility(230.0)).advance(61.0)
    assert all(not one.energises for _, step in made.steps for ready in step.armed for one in ready.commands)
    assert TIE_OPEN[wiring.TIE_OPEN_CONTACT]


def charging(*names: str, watts: float) -> dict[Role, Any]:
    return {
        role: value
        for name in names
        for role, value in (
            (wiring.bay_state(SourceId(name)), BayState.CHARGING),
            (wiring.bay_power(SourceId(name)), -watts),
        )
    }


def slow_at(bay_id: SourceId, seconds: float) -> Site:
    site = flats()
    return replace(site, bays=tuple(replace(bay, stops_s=seconds if bay.id == bay_id else 0.0) for bay in site.bays))


@pytest.mark.parametrize(
    ("stops_s", "more"),
    [
        (0.0, []),  # it stops as fast as circuits do
        (5.0, ["heat_pump", "kitchen", "freezers"]),  # 1.5 of the rating is borne for 10 s, twice as long as that
        (inf, ["heat_pump", "kitchen", "freezers", "door_entry"]),  # nobody can tell it to stop
    ],
)
def test_a_charger_that_is_slow_to_stop_is_no_help_and_circuits_go_in_its_place(stops_s: float, more: list[str]):
    # given a car that takes 11 kW from each phase
    made = on_the_grid(site=slow_at(BAY_1, stops_s)).says(charging("bay_1", watts=33_000.0))
    # when the list for the opening tie is made ready
    ready = named(made.tick(), "tie open")
    # then the car is told to stop in any case, and what the inverter could not carry until then goes beside it
    assert ready is not None
    assert wiring.bay_power(BAY_1) in [command.role for command in ready.commands]
    assert opens(ready) == ["hot_water", "laundry", "gym", "ventilation", *more]


def test_a_slow_charger_that_nobody_can_read_takes_what_it_was_told():
    site, made = slow_at(BAY_1, 5.0), on_the_grid()
    told = Sent(value=-33_000.0, cause=Cause(Why.CHARGE_ON_GRID), sent_s=0.0, last_s=0.0)
    state = replace(made.state, sent={**made.state.sent, wiring.bay_power(BAY_1): told})
    unread = snapshot(site, {wiring.bay_power(BAY_1): None}, made.now_s)
    assert slow_charging_w(site, state, unread, made.now_s) == (11_000.0, 11_000.0, 11_000.0)


def test_the_car_that_makes_the_island_does_not_charge_it_away():
    site = flats()
    forming = replace(
        site,
        former=replace(site.former, source=BAY_1),
        bays=tuple(replace(bay, stops_s=5.0) for bay in site.bays),
    )
    made = on_the_grid(site=forming).says(charging("bay_1", watts=11_000.0))
    assert opens(named(made.tick(), "tie open")) == ["hot_water", "laundry", "gym", "ventilation"]


def test_the_blink_of_a_transfer_does_not_make_a_slow_charger_look_idle():
    made = on_the_grid(site=slow_at(BAY_1, 5.0)).says(charging("bay_1", watts=33_000.0))
    before = opens(named(made.tick(), "tie open"))
    # when the dying grid takes the car along for a moment, while the tie still says closed
    made.says({wiring.bay_power(BAY_1): 0.0}, utility(0.0, 0.0))
    # then what is ready is what was: the car goes on as soon as there is voltage
    assert opens(named(made.tick(), "tie open")) == before


def test_after_the_meters_have_come_back_an_opening_tie_is_met_at_once_although_all_is_not_yet_well():
    # given a building whose tie nobody could see for a while, and whose meters answer again
    made = on_the_grid().says(tie(None, None, None)).advance(60.0)
    assert made.mode is Mode.FAULT_SAFE
    made.says(TIE_CLOSED).advance(10.0)
    assert made.mode is Mode.FAULT_SAFE
    # then what goes when the tie opens is ready
    ready = named(made.tick(), "tie open")
    assert "hot_water" in opens(ready)
    # and what has gone stays off
    assert ready is not None
    made.now_s += 0.05
    made.says(TIE_OPEN, {one.role: False for one in ready.commands if one.role.endswith("closed")})
    made.tick(*ready.commands)
    made.advance(30.0)
    assert made.off() >= set(opens(ready))
