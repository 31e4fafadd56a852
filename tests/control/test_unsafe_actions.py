"""The twenty unsafe control actions of the domain reference, 5: one test each, named after it.

Each fails when the constraint that forbids the action is taken out of the code.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.tick import tick
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.reading import Reading
from hems.model.request import Want
from hems.model.site import Generator, Phase, Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from hems.sim.start import Car
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    UNMETERED,
    Panel,
    car,
    on_an_island,
    on_the_grid,
    panel,
    snapshot,
    tie,
    utility,
)
from tests.given import building, flats, forces, reads, silent, stale, volts

BAY = SourceId("bay_1")
BAY_W = wiring.bay_power(BAY)
FORMER = [wiring.former_phase_w(index) for index in range(3)]
DARK = utility(3.0, 0.0, point="bus")


def switch(name: str) -> Role:
    return wiring.circuit_closed(CircuitId(name))


def former(watts: float) -> dict[Role, Any]:
    return dict.fromkeys(FORMER, watts)


def energised(made: Panel) -> list[tuple[float, str]]:
    return [(t_s, str(one.role)) for t_s, one in made.commands() if one.energises]


def closings(made: Panel) -> list[tuple[float, str]]:
    return [(t_s, str(one.role)) for t_s, one in made.commands() if one.value and one.role.endswith("closed")]


def startable() -> Site:
    return replace(flats(), former=replace(flats().former, startable=True))


def test_uca1_on_stale_data_nothing_is_given_more_power():
    # given an island with circuits off, whose former shows much room in a reading that is a minute old
    made = building().grid_lost().advance(60.0)
    off = made.off()
    assert "gym" in off
    made.flawed(stale, *FORMER).wants("kitchen", 500.0).wants("lift", 0.0).wants("heat_pump", 0.0).advance(200.0)
    # then no circuit comes back
    assert off <= made.off()
    # and what must go off still goes
    made.plant.batteries[SourceId("main")].soc_pct = 9.0
    assert off < made.advance(5.0).off()
    # nor does a car begin to give on a charge that was read long ago
    helps = building(cars={"bay_1": Car(soc_pct=80.0)})
    assert helps.grid_lost().advance(60.0).plant.bays[BAY].power_w > 0.0
    unknown = building(cars={"bay_1": Car(soc_pct=80.0)}).flawed(stale, wiring.bay_soc(BAY)).advance(5.0)
    assert unknown.grid_lost().advance(60.0).plant.bays[BAY].power_w == 0.0
    # while one that gives already is counted down, and gives no more than it did (3.2, P3)
    gave_w = helps.plant.bays[BAY].power_w
    assert helps.flawed(stale, wiring.bay_soc(BAY)).advance(10.0).plant.bays[BAY].power_w <= gave_w


@pytest.mark.parametrize("wrong", [False, True])
def test_uca2_with_a_meter_of_the_wrong_sign_no_car_gives_more(wrong: bool):
    # given a car that gives as it was told, and a meter that shows more than all sources give together
    made = on_an_island().says(UNMETERED, car("bay_1", 80.0), former(2_000.0)).advance(62.0)
    made.says(car("bay_1", 80.0, float(made.commands(BAY_W)[-1][1].value)))
    made.says({wiring.circuit_power(CircuitId("lift")): 40_000.0} if wrong else {}).advance(70.0)
    before = float(made.commands(BAY_W)[-1][1].value)
    assert before > 0
    # when the former bears more, then the car is asked for more only where all adds up
    made.says(car("bay_1", 80.0, before), former(6_000.0)).advance(10.0)
    assert (float(made.commands(BAY_W)[-1][1].value) > before) is not wrong


def test_uca3_a_shed_that_is_not_acknowledged_is_followed_by_the_next_circuit():
    made = building(load=1.23)
    made.forward.deaf |= {switch("hot_water"), switch("laundry"), switch("gym")}
    made.grid_lost().advance(60.0)
    assert "circuits/deaf" in made.alarms  # one alarm for three that hang on the same thing
    assert {"heat_pump", "ventilation"} <= made.off()
    assert made.plant.former_trips == 0


def test_uca4_a_restart_in_an_outage_gives_power_to_nothing_for_a_while_and_forgets_no_pause():
    # given an island with a compressor that went off a moment ago, and much else that needs no pause
    circuits = tuple(replace(one, min_off_s=0.0) if one.id != "heat_pump" else one for one in flats().circuits)
    made = on_an_island(site=replace(flats(), circuits=circuits)).says(car("bay_1", 90.0), former(19_000.0))
    assert {"heat_pump", "kitchen"} <= made.advance(3.0).off()
    began_s = made.now_s
    made.state = replace(resumed(made.state, shift_s=0.0, now_s=made.now_s), dose=(0.0, 0.0, 0.0))
    made.steps.clear()
    # when hems starts anew, with all the room in the world and a cool inverter
    made.says(UNMETERED, former(500.0)).advance(900.0)
    # then nothing is given power in the first half minute, and everything rests its whole pause again
    assert min(t_s for t_s, _ in energised(made)) >= began_s + made.params.boot.hold_energise_s
    assert closings(made)
    for back_s, role in closings(made):
        assert back_s >= began_s + made.site.circuit(CircuitId(role.split("/")[1])).min_off_s


@pytest.mark.parametrize("years", [-10.0, 10.0])
def test_uca5_a_wall_clock_that_jumps_changes_no_decision(years: float):
    def told(shift: timedelta) -> list[tuple[float, str, float]]:
        state, commands = on_an_island().state, []
        for second in range(120):
            now_s = 800.0 + second
            utc = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second) + (shift if second > 30 else timedelta())
            values = {**GRID_DEAD, **TIE_OPEN, **former(500.0)} if second < 60 else {**utility(230.0), **TIE_OPEN}
            step = tick(flats(), state, snapshot(flats(), values, now_s), Params(), Instant(now_s, utc))
            state = step.state
            commands += [(now_s, str(one.role), float(one.value)) for one in step.commands]
        return commands

    assert told(timedelta(days=365.0 * years)) == told(timedelta())


def test_uca6_with_a_second_master_on_the_wire_there_is_no_fight():
    made = on_the_grid()
    made.load = 1.0
    made.says(GRID_DEAD, TIE_OPEN).advance(30.0).says(utility(230.0), TIE_CLOSED).advance(1200.0, every_s=10.0)
    assert made.off() == set()
    made.steps.clear()
    for _ in range(20):
        made.says({switch("laundry"): False}).advance(120.0)
    assert len([one for _, one in made.commands(switch("laundry")) if one.value]) <= 3
    assert "circuits/laundry/closed/locked_out" in made.state.alarms


def test_uca7_an_override_that_was_forgotten_ends_and_never_outranks_protection():
    # given hot water that somebody has forgotten to give back
    made = on_an_island().ask(forces("hot_water", Want.ON, duration_s=600.0)).says(UNMETERED, former(500.0))
    made.advance(200.0)
    assert "hot_water" not in made.off()
    # when the inverter nearly trips, then it goes
    made.says(former(12_500.0)).advance(56.0)
    assert "hot_water" in made.off()
    # and the wish ends by itself
    made.says(former(500.0)).advance(600.0)
    assert made.state.overrides == ()


def test_uca8_a_load_that_is_too_much_each_time_it_comes_back_does_not_wear_out_its_relay():
    # given an inverter that bears little, and a ventilation that is too much for it whenever it is on
    site = flats()
    weak = replace(site.former, curve=((1.01, 20.0), (2.0, 1.0)))
    one = replace(site.circuit(CircuitId("ventilation")), phases=(Phase.L1,))
    circuits = tuple(one if circuit.id == one.id else circuit for circuit in site.circuits)
    made = on_an_island(site=replace(site, former=weak, circuits=circuits)).says(UNMETERED)
    made.steps.clear()
    # when that goes on for two hours
    for _ in range(360):
        made.says({FORMER[0]: 5_000.0 if "ventilation" in made.off() else 10_400.0}).advance(20.0, every_s=20.0)
    # then its relay has moved six times at most, and a person is asked
    moves = [bool(one.value) for _, one in made.commands(switch("ventilation"))]
    assert 3 <= len([1 for one, other in pairwise([False, *moves]) if one != other]) <= 6
    assert "circuits/ventilation/closed/locked_out" in made.state.alarms


def test_uca9_a_meter_that_reads_zero_when_it_fails_is_no_outage():
    meters = [wiring.circuit_power(circuit.id) for circuit in flats().circuits]
    made = building().flawed(silent, *meters, *(wiring.bay_power(bay.id) for bay in flats().bays))
    made.flawed(reads(0.0), *volts("bus"), *FORMER).advance(60.0)
    assert not ISLAND_MODES & set(made.modes)
    assert not {Mode.BLACKOUT, Mode.FAULT_SAFE} & set(made.modes)
    assert made.off() == set()


@pytest.mark.parametrize("position", [tie(False, False, False), tie(None, None, False), tie(False, True, True)])
def test_uca10_nothing_is_started_onto_a_line_that_is_not_proven_separate(position: dict[Role, Any]):
    made = on_the_grid(site=startable())
    made.load = 1.0
    made.says(GRID_DEAD, TIE_OPEN, DARK).advance(10.0)
    assert made.mode is Mode.BLACKOUT
    made.says(position).advance(200.0)
    assert not [one for _, one in made.commands(wiring.FORMER_START) if one.value]


def test_uca11_what_comes_back_comes_one_at_a_time():
    made = on_the_grid()
    made.load = 1.0
    made.says(GRID_DEAD, TIE_OPEN).advance(400.0)
    off = made.off()
    made.steps.clear()
    made.says(utility(230.0), TIE_CLOSED).advance(900.0)
    times = [t_s for t_s, _ in closings(made)]
    assert len(times) == len(off) > 2
    assert all(later - earlier >= made.params.restore.step_grid_s for earlier, later in pairwise(times))


@pytest.mark.parametrize("soc_pct", [43.0, 30.0, None])
def test_uca12_a_car_at_its_floor_or_of_unknown_charge_gives_nothing(soc_pct: float | None):
    made = on_an_island().says(UNMETERED, former(6_000.0), car("bay_1", soc_pct)).advance(120.0)
    assert not [one for _, one in made.commands(BAY_W) if one.value > 0]
    # while one above it does
    assert [one for _, one in made.says(car("bay_1", 60.0)).advance(20.0).commands(BAY_W) if one.value > 0]


def test_uca13_a_generator_is_never_asked_to_meet_the_grid():
    # given an island with a generator
    site = replace(flats(), generator=Generator(name="Generator", rated_w=20_000.0))
    soc = wiring.battery_soc(SourceId("main"))
    made = on_an_island(site=site).says(UNMETERED, {wiring.GENERATOR_RUNNING: False}).advance(5.0)

    def asked() -> bool:
        told = made.commands(wiring.GENERATOR_RUN)
        return bool(told) and bool(told[-1][1].value)

    # when energy is short while the tie moves, then it is not asked to run
    made.says(tie(False, False, None), {soc: 10.0}).advance(0.9)
    assert made.mode is Mode.ISLANDED
    assert not asked()
    # with the tie open it is; and nobody is let back to the grid while it runs
    made.says(TIE_OPEN).advance(5.0)
    assert asked()
    made.says({wiring.GENERATOR_RUNNING: True}, utility(230.0)).advance(300.0)
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    # and it is asked no longer at once when the tie closes all the same
    made.says(TIE_CLOSED).advance(0.5)
    assert not asked()


def test_uca14_no_black_start_onto_circuits_that_are_not_proven_off():
    site = replace(startable(), former=replace(startable().former, phase_va=(6_000.0,) * 3))
    made = on_the_grid(site=site)
    made.load = 1.0
    stuck = {switch(name): None for name in ("heat_pump", "hot_water", "kitchen")}
    made.deaf |= set(stuck)
    made.says(GRID_DEAD, TIE_OPEN, DARK, stuck).advance(200.0)
    assert made.mode is Mode.BLACKOUT
    assert not [one for _, one in made.commands(wiring.FORMER_START) if one.value]


def test_uca15_a_frequency_that_is_shifted_to_hold_back_sun_is_neither_an_outage_nor_an_overload():
    made = on_an_island().says(UNMETERED, former(0.0)).advance(5.0)
    off = made.off()
    made.steps.clear()
    for hertz in (51.5, 52.7, 53.0, 65.0, 48.0):
        made.says(utility(230.0, hertz, point="bus")).advance(60.0)
    assert made.mode is Mode.ISLANDED
    assert made.modes == []
    assert made.off() <= off
    assert made.state.alarms == {}


def test_uca16_no_permit_while_a_car_still_gives():
    # given an island that a car helps to carry, whose charger obeys slowly
    made = on_an_island().says(UNMETERED, former(2_000.0), car("bay_1", 90.0)).advance(70.0)
    made.says(car("bay_1", 90.0, 4_000.0), utility(230.0)).advance(60.5)
    assert made.mode is Mode.RECONNECTING
    # then it is told to rest, and the permit waits until it does
    made.advance(20.0)
    assert made.commands(BAY_W)[-1][1].value == 0
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    made.says(car("bay_1", 90.0, 0.0)).advance(2.0)
    assert [one.value for _, one in made.commands(wiring.TIE_PERMIT)][-1] is True


def test_uca17_a_meter_of_the_loads_side_never_brings_the_building_back():
    made = building(load=0.4, params=replace(Params(), grid=replace(Params().grid, qualify_s=120.0)))
    street = volts("street")
    for index, role in enumerate(street):
        made.forward.flaws[role] = lambda reading, index=index: Reading(
            (*made.plant.bus_v, made.plant.bus_hz)[index], reading.taken_s, reading.stale_after_s
        )
    made.grid_lost().advance(20.0)
    for more in range(60):
        made.wants("kitchen", 3_000.0 + 100.0 * more).advance(5.0)
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]


def test_uca18_a_meter_that_falls_silent_is_no_outage_and_starts_nothing():
    # given a building that is back on the grid with circuits still off
    made = on_the_grid()
    made.load = 1.0
    made.says(GRID_DEAD, TIE_OPEN).advance(30.0).says(utility(230.0), TIE_CLOSED).advance(8.0)
    off = made.off()
    made.steps.clear()
    made.says(utility(None, None), {wiring.GRID_POWER: None}).advance(400.0)
    # then it keeps its state: no island, nothing off, nothing on
    assert made.mode is Mode.GRID_CONNECTED_DEGRADED
    assert (made.off(), energised(made)) == (off, [])


def test_uca19_a_switch_that_moves_something_else_is_found_out_and_left_alone():
    # given a relay whose circuit goes on drawing after it was opened
    made = on_an_island()
    assert "laundry" in made.off()
    made.says({wiring.circuit_power(CircuitId("laundry")): 3_000.0}).advance(11.0)
    assert made.state.alarms["circuits/laundry/closed/deaf"].cause.why is Why.SHED_NOT_OBEYED
    made.steps.clear()
    made.advance(600.0)
    assert made.commands(switch("laundry")) == []
    # and life safety is never switched, even if somebody has wired it
    site = flats()
    lift = replace(site.circuit(CircuitId("lift")), switchable=True)
    wired = replace(site, circuits=(lift, *(one for one in site.circuits if one.id != "lift")))
    dark = panel(site=wired).advance(60.0).says(GRID_DEAD, TIE_OPEN, former(20_000.0)).advance(60.0)
    dark.says(DARK).advance(60.0)
    assert wired.circuit(CircuitId("lift")).tier is Tier.LIFE_SAFETY
    assert dark.commands(switch("lift")) == []


@pytest.mark.parametrize("name", ["lift", "network_room", "no_such_circuit"])
@pytest.mark.parametrize("want", [Want.ON, Want.OFF])
def test_uca20_a_request_from_outside_moves_nothing_that_it_may_not(name: str, want: Want):
    made = on_the_grid().ask(forces(name, want))
    made.advance(5.0)
    told = [event.cause.why for _, step in made.steps for event in step.events if event.kind == "request"]
    assert told == [Why.OVERRIDE_REFUSED]
    assert made.state.overrides == ()
    assert made.commands(switch(name)) == []
