"""What no single reading can tell: meters that stand still, that sit on the wrong side, that do not add up."""

from dataclasses import fields, replace

import pytest

from hems.config.grid_codes import CODES
from hems.control.arbitrate import Ruling
from hems.control.cars.memory import BayMemory
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.sending import noted, send
from hems.control.tuning.seeing import WitnessParams
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Fate, Outcome
from hems.model.mode import Mode, TiePosition
from hems.model.reading import Reading
from hems.model.request import Acknowledge, Task
from hems.model.units import CircuitId, PointId, SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    GRID_DEAD,
    TIE_OPEN,
    UNMETERED,
    Panel,
    car,
    kept,
    on_an_island,
    on_the_grid,
    panel,
    tie,
    utility,
)
from tests.given import Building, Flaw, building, flats, order, reads, volts

STREET = volts("street")
BAY = SourceId("bay_1")


def stuck(made: Building, *roles: Role) -> dict[Role, Flaw]:
    """From now on these readings are fresh, good, and always the last value."""
    latest = made.ticks[-1].snapshot.voltages[PointId("street")]
    values = dict(zip(STREET, (*latest.volts, latest.hertz), strict=True))
    return {role: reads(values[role].value) for role in roles}


# A meter that repeats itself -----------------------------------------------------------------------------------------


def test_a_meter_that_repeats_itself_while_power_moves_is_no_longer_believed():
    # given a building whose street meter has been moving, as meters do
    made = building(load=0.4).advance(60.0)
    # when it stands still while the power in the building goes on moving
    made.forward.flaws |= stuck(made, *STREET)
    made.wants("kitchen", 9_000.0).advance(25.0)
    assert made.mode is Mode.GRID_CONNECTED
    made.advance(10.0)
    # then it counts as silent, which is no outage, and somebody is told
    assert made.mode is Mode.GRID_CONNECTED_DEGRADED
    assert made.alarms == {"voltage_points/street/frozen"}
    assert {one.says for one in made.ticks[-1].step.witnesses if one.name == "street"} == {"repeats itself"}
    # and is believed again as soon as it moves
    made.mended().advance(15.0)
    assert (made.mode, made.alarms) == (Mode.GRID_CONNECTED, set())


def test_t1f_a_grid_that_is_only_repeated_is_no_grid_that_has_come_back():
    # given a meter that repeats the good grid of before the outage for ever
    made = building(load=0.4).advance(60.0)
    made.forward.flaws |= stuck(made, *STREET)
    made.grid_lost().wants("kitchen", 9_000.0).advance(31.0)
    # then nothing is permitted on its word once it has been found out
    made.advance(120.0)
    assert made.mode is Mode.ISLANDED
    assert made.commands(wiring.TIE_PERMIT)[-1][1].value is False


def test_a_meter_that_has_never_moved_may_be_coarse_and_is_believed():
    made = panel().advance(60.0).says({wiring.GRID_POWER: 1_000.0}, UNMETERED).advance(100.0)
    assert made.mode is Mode.RECONNECTED_RESTORING
    assert not {key for key in made.state.alarms if key.startswith("voltage_points")}


def test_a_meter_that_stands_still_with_the_whole_building_is_believed():
    made = building(load=0.4).advance(60.0)
    made.forward.flaws |= stuck(made, *STREET)
    assert made.advance(100.0).alarms == set()


def test_a_dead_line_stands_still_and_is_dead():
    made = building(load=0.4).advance(60.0).grid_lost().wants("kitchen", 9_000.0).advance(200.0)
    assert made.forward.state.evidence.grid.value == "dead"
    assert made.alarms == set()


# A meter on the wrong side -------------------------------------------------------------------------------------------


def test_uca17_a_meter_that_is_wired_downstream_never_brings_the_building_back():
    # given a meter declared upstream that sees the building's own busbar, and the grid code of North America
    made = building(load=0.4, params=replace(Params(), grid=replace(Params().grid, qualify_s=300.0)))

    def twin(index: int) -> Flaw:
        return lambda reading: Reading(
            (*made.plant.bus_v, made.plant.bus_hz)[index], reading.taken_s, reading.stale_after_s
        )

    made.forward.flaws |= {role: twin(index) for index, role in enumerate(STREET)}
    # when the grid fails, the healthy island looks like a good grid
    made.grid_lost().advance(30.0)
    # and the building lives, so that its voltage moves
    for more in range(40):
        made.wants("kitchen", 3_000.0 + 100.0 * more).advance(5.0)
    # then the meter is found out before the wait is over
    assert "voltage_points/street/misplaced" in made.alarms
    made.advance(300.0)
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    assert made.mode is Mode.ISLANDED


def test_uca17_nor_does_one_that_is_read_a_moment_after_the_busbar():
    # given the same, but each step of the load shows in it two seconds late
    made = building(load=0.4, params=Params())
    late: list[tuple[float, ...]] = []

    def twin(index: int) -> Flaw:
        return lambda reading: Reading(late[0][index] if late else 230.0, reading.taken_s, reading.stale_after_s)

    made.forward.flaws |= {role: twin(index) for index, role in enumerate(STREET)}
    made.grid_lost()
    for second in range(120):
        if second % 10 == 0:
            made.wants("kitchen", 9_000.0 - made.plant.circuits[CircuitId("kitchen")].power_w)
        late = [*late[-2:], (*made.plant.bus_v, made.plant.bus_hz)]
        made.advance(1.0)
    # then no permit comes of it
    assert "voltage_points/street/misplaced" in made.alarms
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]


def test_a_grid_that_happens_to_be_like_the_island_is_not_taken_for_it():
    made = building(load=0.4).grid_lost().advance(60.0).grid_back().advance(90.0)
    assert (made.mode, made.alarms) == (Mode.GRID_CONNECTED, set())


# Power through an open tie -------------------------------------------------------------------------------------------


def test_power_through_a_tie_that_says_open_is_a_contradiction_that_a_person_must_look_at():
    made = on_an_island().says({wiring.GRID_POWER: 900.0})
    began_s = made.now_s
    made.advance(9.9)
    assert made.mode is Mode.ISLANDED
    made.advance(5.0)
    assert (made.mode, made.entered_s(Mode.FAULT_SAFE)) == (Mode.FAULT_SAFE, began_s + 11.0)
    assert made.state.evidence.tie.value is TiePosition.INVALID
    assert made.state.mode.contradiction
    assert made.state.alarms["tie"].cause.why is Why.TIE_CROSSED
    assert (made.says({wiring.GRID_POWER: 0.0}).advance(100.0)).mode is Mode.FAULT_SAFE


@pytest.mark.parametrize("watts", [0.0, 90.0, -90.0, None])
def test_what_a_transformer_may_imagine_is_no_power(watts: float | None):
    assert on_an_island().says({wiring.GRID_POWER: watts}).advance(60.0).mode is Mode.ISLANDED


def test_the_last_power_read_before_the_tie_opened_is_no_power_through_it():
    made = on_the_grid().says(GRID_DEAD, TIE_OPEN, {wiring.GRID_POWER: 9_000.0}).advance(3.0)
    assert made.says({wiring.GRID_POWER: None}).advance(60.0).mode is Mode.ISLANDED


# What does not add up ------------------------------------------------------------------------------------------------


def test_uca2_while_powers_do_not_add_up_no_car_gives_more():
    # given an island that a car helps to carry
    made = on_an_island().says(UNMETERED, car("bay_1", 80.0), {wiring.former_phase_w(0): 6_000.0}).advance(65.0)
    made.says(car("bay_1", 80.0, 4_800.0), {wiring.former_phase_w(0): 1_200.0}).advance(5.0)
    role = wiring.bay_power(BAY)
    before = made.commands(role)[-1][1].value
    assert before > 0
    # when a meter of the wrong sign makes the building's circuits draw more than anything gives
    made.says({wiring.circuit_power(CircuitId("lift")): 40_000.0}).advance(70.0)
    assert made.state.alarms["balance"].cause.why is Why.UNBALANCED
    # then the car gives no more than before, whatever seems to be needed
    made.says({wiring.former_phase_w(0): 9_000.0}).advance(10.0)
    assert made.commands(role)[-1][1].value == before
    # and more again once it adds up
    made.says({wiring.circuit_power(CircuitId("lift")): 500.0}).advance(10.0)
    assert made.commands(role)[-1][1].value > before
    assert "balance" not in made.state.alarms


@pytest.mark.parametrize(
    ("grid_w", "off"),
    [(36_600.0 + 7_000.0, True), (36_600.0 - 6_000.0, True), (36_600.0 + 4_000.0, False), (None, False)],
)
def test_only_what_is_far_off_for_a_minute_and_can_be_read_does_not_add_up(grid_w: float | None, off: bool):
    # given circuits that are all metered and draw 36.6 kW together
    made = on_the_grid()
    assert sum(one.typical_w for one in made.site.circuits) == 36_600.0
    made.says({wiring.GRID_POWER: grid_w}).advance(59.0)
    assert "balance" not in made.state.alarms
    assert ("balance" in made.advance(2.0).state.alarms) is off


def test_what_flows_through_a_switch_that_says_off_adds_up_too():
    # given a contactor that has welded: it is told off, says so, and its meter shows that it is not
    made = on_the_grid().says({wiring.circuit_closed(CircuitId("heat_pump")): False}).advance(100.0)
    # then that is no meter's fault
    assert "balance" not in made.state.alarms
    # and what is off and tells nothing draws nothing
    made.says({wiring.circuit_power(CircuitId("heat_pump")): None}).advance(100.0)
    assert "balance" in made.state.alarms


def test_a_circuit_without_a_meter_explains_any_surplus():
    one = {wiring.circuit_power(CircuitId("kitchen")): None}
    assert "balance" not in on_the_grid().says(one, {wiring.GRID_POWER: 60_000.0}).advance(100.0).state.alarms


# A second master -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watts", [-3_000.0, 3_000.0])
def test_a_charger_that_does_what_nobody_here_told_it_is_reported(watts: float):
    made = on_an_island().says(car("bay_3", 60.0)).advance(5.0)
    made.says({wiring.bay_power(SourceId("bay_3")): watts})
    told = len(made.commands(wiring.bay_power(SourceId("bay_3"))))
    made.advance(91.0)
    alarm = made.state.alarms["bays/bay_3/power_w/astray"]
    assert (alarm.cause.why, alarm.priority) == (Why.ANOTHER_MASTER, "HIGH")
    # and it is told to rest again and again, but not in a fight
    assert 2 <= len(made.commands(wiring.bay_power(SourceId("bay_3")))) - told <= 6


BATTERY = wiring.battery_power(SourceId("main"))


def told_battery(watts: float, renewed_s: float = 1_000.0) -> Panel:
    """On the grid, with a battery that has taken a command which somebody goes on renewing for a while."""
    made = on_the_grid().advance(5.0)
    now_s = made.now_s
    entry = Sent(value=watts, cause=Cause(Why.OVERRIDE), sent_s=now_s, last_s=now_s + renewed_s, acknowledged_s=now_s)
    made.state = replace(made.state, sent={**made.state.sent, BATTERY: entry})
    return made


@pytest.mark.parametrize(("told_w", "does_w"), [(3_000.0, -2_000.0), (0.0, 4_000.0), (-2_000.0, -9_000.0)])
def test_uca6_a_battery_that_does_more_than_it_was_told_or_the_opposite_has_another_master(
    told_w: float, does_w: float
):
    made = told_battery(told_w).says({BATTERY: does_w}).advance(89.0)
    assert f"{BATTERY}/astray" not in made.state.alarms
    assert made.advance(3.0).state.alarms[f"{BATTERY}/astray"].cause.why is Why.ANOTHER_MASTER
    # and it is over when it does as told
    assert f"{BATTERY}/astray" not in made.says({BATTERY: told_w}).advance(2.0).state.alarms


def test_uca6_a_battery_that_obeys_for_a_moment_each_time_it_is_told_anew_has_another_master_all_the_same():
    # given a battery told to charge, and another master who speaks a few seconds after each renewal
    made = told_battery(-2_000.0, 0.0)
    for _ in range(6):
        entry = replace(made.state.sent[BATTERY], last_s=made.now_s)
        made.state = replace(made.state, sent={**made.state.sent, BATTERY: entry})
        made.says({BATTERY: -2_000.0}).advance(4.0)
        made.says({BATTERY: 6_000.0}).advance(16.0)
    # then somebody is told
    assert made.state.alarms[f"{BATTERY}/astray"].cause.why is Why.ANOTHER_MASTER
    # and it is over once it goes on obeying
    made.says({BATTERY: -2_000.0}).advance(12.0)
    assert f"{BATTERY}/astray" not in made.state.alarms


@pytest.mark.parametrize(("told_w", "does_w", "renewed_s"), [(5_000.0, 1_000.0, 1e3), (2_000.0, -4_000.0, -60.0)])
def test_a_battery_that_gives_less_or_is_told_nothing_any_more_is_nobodys_doing(
    told_w: float, does_w: float, renewed_s: float
):
    made = told_battery(told_w, renewed_s).says({BATTERY: does_w}).advance(120.0)
    assert f"{BATTERY}/astray" not in made.state.alarms


def test_a_car_that_takes_less_than_it_may_is_nobodys_doing():
    made = _charging().says({wiring.bay_power(BAY): -1_000.0}).advance(120.0)
    assert not {key for key in made.state.alarms if key.endswith("astray")}


@kept
def _charging() -> Panel:
    made = on_the_grid().says(UNMETERED, car("bay_1", 50.0), {wiring.GRID_POWER: 1_000.0}).advance(5.0)
    assert made.commands(wiring.bay_power(BAY))[-1][1].value < -1_000.0
    return made


def test_uca6_a_charger_that_somebody_else_commands_is_left_alone_until_a_person_has_looked():
    # given a charger that draws twice what it is told, of which somebody has been told
    role = wiring.bay_power(BAY)
    made = _charging()
    told_w = float(made.commands(role)[-1][1].value)
    made.says({role: 2.0 * told_w - 1_000.0}).advance(120.0)
    assert f"{role}/astray" in made.state.alarms
    # when nobody does anything about it, then it is told no power any more, and the alarm stands
    made.steps.clear()
    made.advance(1_800.0, every_s=5.0)
    assert [one.value for _, one in made.commands(role) if one.value] == []
    assert f"{role}/astray" in made.state.alarms
    # and when an hour is over it is tried again, and left alone again
    made.advance(1_900.0, every_s=5.0)
    assert [one.value for _, one in made.commands(role) if one.value] != []
    made.steps.clear()
    made.advance(600.0, every_s=5.0)
    assert [one.value for _, one in made.commands(role) if one.value] == []
    # when the power is cut, then it is told to stop all the same
    made.says(GRID_DEAD, TIE_OPEN).advance(2.0)
    assert made.commands(role)[-1][1].value == 0.0


def test_uca6_a_set_point_that_somebody_else_raises_is_told_though_no_power_shows_it():
    # given a charger that draws what it is told, because its car wants no more
    role = wiring.bay_power(BAY)
    made = _charging()
    made.overruled.add(role)
    # when its set-point has been changed once, that is nobody's doing yet
    made.advance(21.0)
    assert made.state.sent[role].overruled
    made.overruled.clear()
    assert f"{role}/astray" not in made.advance(120.0).state.alarms
    # when it is changed each time, somebody is told, and it is told no power any more
    made.overruled.add(role)
    assert made.advance(120.0).state.alarms[f"{role}/astray"].cause.why is Why.ANOTHER_MASTER
    made.steps.clear()
    assert [one.value for _, one in made.advance(300.0, every_s=5.0).commands(role) if one.value] == []
    # and when a person has looked and has stopped it, all is as before
    made.overruled.clear()
    made.ask(Acknowledge(who="ana", role="operator")).advance(30.0)
    assert made.commands(role)[-1][1].value < 0.0
    assert f"{role}/astray" not in made.state.alarms


def test_uca6_a_set_point_found_changed_as_a_power_is_overtaken_by_another_is_found_all_the_same():
    role, made = wiring.bay_power(BAY), _charging()
    told = made.commands(role)[-1][1]
    late = Outcome(command=replace(told, value=1.0), fate=Fate.CONFIRMED, at_s=made.now_s, overruled=True)
    assert noted(made.state.sent, [late])[role].overruled


def test_uca6_what_was_left_to_somebody_else_is_told_its_power_again_after_an_hour_or_when_a_person_has_looked():
    # given a charger that somebody else has commanded, and that draws little by now
    role = wiring.bay_power(BAY)
    made = _charging()
    told_w = float(made.commands(role)[-1][1].value)
    made.says({role: 2.0 * told_w - 1_000.0}).advance(300.0).says({role: told_w})
    by_person = on_the_grid()
    by_person.values, by_person.state, by_person.now_s = dict(made.values), made.state, made.now_s
    # then nothing is asked of it for an hour
    made.steps.clear()
    made.advance(3_300.0, every_s=10.0)
    assert made.commands(role) == []
    assert made.advance(200.0, every_s=10.0).commands(role)[-1][1].value < 0.0
    assert f"{role}/astray" not in made.state.alarms
    # unless a person has looked
    by_person.steps.clear()
    by_person.ask(Acknowledge(who="ana", role="operator")).advance(5.0)
    assert by_person.commands(role)[-1][1].value < 0.0


@pytest.mark.parametrize(
    ("told_w", "wanted_w", "mode", "said"),
    [
        (-4_000.0, -4_000.0, Mode.GRID_CONNECTED, False),
        (-4_000.0, -6_000.0, Mode.GRID_CONNECTED, False),
        (-4_000.0, 3_000.0, Mode.GRID_CONNECTED, False),
        (-4_000.0, -3_500.0, Mode.GRID_CONNECTED, False),  # a limit that drifts would start the fight anew
        (-4_000.0, -2_000.0, Mode.GRID_CONNECTED, True),
        (-4_000.0, 0.0, Mode.GRID_CONNECTED, True),
        (0.0, 0.0, Mode.GRID_CONNECTED, True),
        (3_000.0, 3_000.0, Mode.ISLANDED, True),
    ],
)
def test_uca6_less_power_is_never_withheld_nor_is_anything_on_an_island(
    told_w: float, wanted_w: float, mode: Mode, said: bool
):
    # given a command that is due again, to a charger that has long followed somebody else
    role, cause, made = wiring.bay_power(BAY), Cause(Why.OVERRIDE), on_the_grid()
    then_s = made.now_s - 200.0
    entry = Sent(value=told_w, cause=cause, sent_s=then_s, last_s=then_s, acknowledged_s=then_s)
    state = replace(
        made.state,
        sent={role: entry},
        bays={BAY: BayMemory(astray_since_s=then_s)},
        mode=replace(made.state.mode, mode=mode),
    )
    # when that or another power is wanted of it
    ruling = Ruling(value=wanted_w, cause=cause)
    sending = send(made.site, {role: ruling}, state, made.params, made.now_s)
    assert bool(sending.commands) is said


def test_a_permit_that_somebody_else_gives_is_reported():
    made = on_an_island()
    made.deaf.add(wiring.TIE_PERMIT)
    made.says({wiring.TIE_PERMIT: True}).advance(11.0)
    assert "tie/permit/contradicts" in made.state.alarms


# Any word that is none -----------------------------------------------------------------------------------------------


def test_a_flag_that_is_a_number_says_neither_open_nor_closed():
    made = on_the_grid(site=replace(flats(), tie=replace(flats().tie, has_contacts=False)))
    made.says(tie(None, None, True), {wiring.TIE_FLAG: -32768.0}).advance(5.0)
    assert made.state.evidence.tie.value is TiePosition.UNKNOWN


# The start -----------------------------------------------------------------------------------------------------------


def test_a_daemon_that_starts_in_an_outage_decides_from_levels_and_waits_the_full_time_for_the_grid():
    # given a building that has been on its own for long
    made = panel().says(GRID_DEAD, TIE_OPEN).advance(1.0)
    assert made.mode is Mode.INIT
    made.advance(20.0)
    assert made.mode is Mode.ISLANDED
    # when the grid comes back, then it must stay good for the whole time
    made.says(utility(230.0))
    back_s = made.now_s
    made.advance(120.0)
    assert made.entered_s(Mode.RECONNECTING) == back_s + made.params.grid.qualify_s


def test_one_bad_reading_at_the_start_is_no_outage():
    made = panel().says(GRID_DEAD, tie(False, True, False)).advance(0.5)
    made.says(utility(230.0), tie(True, False, True), {wiring.GRID_POWER: 36_600.0}).advance(30.0)
    assert {mode for _, mode in made.modes} == {Mode.RECONNECTED_RESTORING}


def test_a_meter_on_the_wrong_side_is_found_out_before_it_can_have_qualified():
    shortest_s = min(code.qualify_s for code in CODES.values())
    longest_s = next(one for one in fields(WitnessParams) if one.name == "alike_s").metadata["within"][1]
    assert longest_s + 10.0 <= shortest_s


# An empty battery on a good grid -------------------------------------------------------------------------------------

EMPTY = {wiring.battery_soc(SourceId("main")): 8.0}


def test_a_start_on_a_good_grid_with_an_empty_battery_switches_nothing_off():
    made = panel().says(EMPTY).advance(60.0)
    assert made.mode is Mode.RECONNECTED_RESTORING
    assert (made.state.band, made.off()) == ("floor", set())


def test_who_works_on_the_plant_with_the_battery_empty_leaves_the_building_on_the_grid():
    made = on_the_grid().says(EMPTY).advance(5.0).ask(order(Task.MAINTENANCE)).advance(30.0)
    assert (made.mode, made.off()) == (Mode.MAINTENANCE, set())
    # but where the grid does not carry it, its last reserve is kept as ever
    made.says(GRID_DEAD, TIE_OPEN).advance(5.0)
    assert {"laundry", "gym", "heat_pump"} <= made.off()
