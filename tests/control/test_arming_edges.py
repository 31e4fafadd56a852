"""What is made ready beforehand and what everybody wishes for: each rule at its edge."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control import arming, wanting
from hems.control.arbitrate import Rank, Ruling
from hems.control.energy import Band
from hems.control.memory.seeing import TieMemory
from hems.control.memory.using import LoadMemory, SavingMemory
from hems.control.state import ControlState
from hems.control.step import Armed
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Override, Task, Want
from hems.model.site import Generator, Site, Tier
from hems.model.snapshot import BayState
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import car, snapshot
from tests.control.pencil import BECAUSE, PARAMS, evidence, names, outlook, sent, standing, state
from tests.given import flats

LAUNDRY, GYM, HOT = names("laundry", "gym", "hot_water")
ENGINE = Generator(name="Generator", rated_w=20_000.0)
SECOND = replace(flats().batteries[0], id=SourceId("second"))
SITE = flats(batteries=(*flats().batteries, SECOND))
WATTS = {one.id: one.typical_w for one in SITE.circuits}
NOW_S = 1000.0
FULL: dict[str, Any] = {"phase_w": (9000.0, 9000.0, 9000.0), "least": Tier.FLEXIBLE}


def armed(
    values: dict[Role, Any], known: ControlState | None = None, site: Site = SITE, **seen: Any
) -> dict[str, Armed]:
    known = known or state()
    looks = outlook(site, WATTS, **{"mode": known.mode.mode} | FULL | seen)
    lists, _ = arming.arm(site, known, snapshot(site, values, NOW_S), looks, PARAMS, NOW_S)
    return {one.name: one for one in lists}


def off(ready: Armed | None) -> list[str]:
    """Circuits that a list opens."""
    commands = ready.commands if ready else ()
    return [str(circuit) for one in commands if (circuit := wiring.circuit_of(one.role)) is not None]


@pytest.mark.parametrize(
    ("gives_w", "goes"),
    [
        # a kilowatt is left on each phase, and the car feeds all three
        pytest.param(2999.0, [], id="there is room"),
        pytest.param(3000.0, [], id="just"),
        pytest.param(3001.0, ["hot_water"], id="a watt more"),
        pytest.param(9000.0, ["hot_water"], id="as much as the first takes"),
        pytest.param(9003.0, ["hot_water", "laundry", "gym"], id="more: no other is on all phases, but both help"),
    ],
)
def test_when_a_car_leaves_the_former_must_carry_what_it_gave(gives_w: float, goes: list[str]):
    found = armed(car("bay_1", 80.0, gives_w))
    assert off(found.get("bay_1 gone")) == goes
    if goes:
        ready = found["bay_1 gone"]
        assert ready.expires_s == NOW_S + 3.0
        assert [(one.test, one.value) for one in ready.triggers] == [
            ("is", BayState.UNPLUGGED),
            ("below", pytest.approx(0.2 * gives_w)),
        ]


@pytest.mark.parametrize(("told_w", "by_power"), [(None, True), (1000.0, True), (999.0, False)])
def test_a_car_that_was_told_to_give_less_is_not_gone_when_it_does(told_w: float | None, *, by_power: bool):
    known = state(sent={} if told_w is None else {wiring.bay_power(SourceId("bay_1")): sent(told_w)})
    ready = armed(car("bay_1", 80.0, 5000.0), known)["bay_1 gone"]
    assert len(ready.triggers) == (2 if by_power else 1)


def test_cars_that_charge_and_stop_at_once_make_room():
    charging = {wiring.bay_power(SourceId("bay_3")): -500.0}
    gives = car("bay_1", 80.0, 4500.0)
    assert off(armed(gives)["bay_1 gone"]) == ["hot_water"]
    # 500 W of the excess on L1 are paused; the others stay
    bays = (*SITE.bays[:2], replace(SITE.bays[2], phases=SITE.phases), *SITE.bays[3:])
    forms = replace(SITE, bays=bays)
    three = {wiring.bay_power(SourceId("bay_3")): -1500.0}
    assert "bay_1 gone" not in armed(gives | three, site=forms)
    slow = replace(forms, bays=tuple(replace(one, stops_s=9.0) for one in bays))
    assert off(armed(gives | three, site=slow)["bay_1 gone"]) == ["hot_water"]
    assert off(armed(gives | charging)["bay_1 gone"]) == ["hot_water"]


@pytest.mark.parametrize(
    ("sun_w", "band", "goes"),
    [
        pytest.param(3000.0, Band.NORMAL, [], id="room for it"),
        pytest.param(3001.0, Band.NORMAL, ["hot_water"], id="no room"),
        pytest.param(3001.0, Band.SURPLUS, [], id="what a full store holds back"),
    ],
)
def test_when_the_sun_goes_the_former_must_carry_it(sun_w: float, band: Band, goes: list[str]):
    found = armed({wiring.pv_power(SourceId("roof")): sun_w}, band=band)
    assert off(found.get("roof gone")) == goes


@pytest.mark.parametrize(("sun_w", "goes"), [(1000.0, []), (1001.0, ["hot_water"])])
def test_a_sun_behind_the_former_is_missed_by_its_source_and_not_by_its_phases(sun_w: float, goes: list[str]):
    direct = replace(SITE.pvs[0], direct=True)
    site = replace(SITE, pvs=(direct,), former=replace(SITE.former, total_w=28_000.0))
    assert off(armed({wiring.pv_power(direct.id): sun_w}, site=site).get("roof gone")) == goes


def test_so_are_another_battery_and_the_generator():
    site = replace(SITE, generator=ENGINE)
    found = armed({wiring.battery_power(SECOND.id): 3001.0, wiring.GENERATOR_POWER: 3002.0}, site=site)
    assert off(found["second gone"]) == off(found["generator gone"]) == ["hot_water"]
    assert [one.value for one in found["second gone"].triggers] == [pytest.approx(600.2)]
    assert [(one.role, one.value) for one in found["generator gone"].triggers] == [(wiring.GENERATOR_RUNNING, False)]
    none = armed({wiring.battery_power(SECOND.id): -9000.0, wiring.GENERATOR_POWER: 0.0}, site=site)
    assert not {"second gone", "generator gone"} & set(none)
    # the former's own battery is what carries all this
    assert "main gone" not in armed({wiring.battery_power(SourceId("main")): 9000.0}, site=site)


def test_a_jump_of_power_opens_what_brings_its_phase_to_nine_tenths():
    # 1.74 times its rating trips in three seconds: 8.4 kW beyond nine tenths
    found = armed({})
    limit_w = float(found["overload L1"].triggers[0].value)
    assert limit_w == pytest.approx(17_435.0, abs=1.0)
    assert off(found["overload L2"]) == ["hot_water", "laundry", "gym", "ventilation", "heat_pump"]
    # when the kitchen's 1.8 kW are on their way off, 6.6 kW are left
    goes = state(loads={CircuitId("kitchen"): LoadMemory(shed_because=BECAUSE)})
    assert off(armed({}, goes)["overload L2"]) == ["hot_water", "laundry", "gym", "ventilation"]
    assert off(armed({}, goes)["overload L1"]) == ["hot_water", "gym", "ventilation", "heat_pump", "freezers"]
    assert armed({}, phase_w=None) == {}
    # what the source gives together is watched as well, where a battery is it: 16.9 kW, and 11.5 after the kitchen
    small = replace(SITE, former=replace(SITE.former, total_w=20_000.0))
    together = armed({}, site=small)["overload together"]
    assert together.triggers[0].role == wiring.battery_power(SourceId("main"))
    assert together.triggers[0].value == pytest.approx(2.0 * limit_w)
    assert off(together) == ["hot_water", "laundry", "gym", "ventilation", "heat_pump"]
    assert off(armed({}, goes, site=small)["overload together"]) == ["hot_water", "laundry", "gym"]
    car_forms = replace(small, former=replace(small.former, source=SourceId("bay_1")))
    assert "overload together" not in armed({}, site=car_forms)


CLOSED = replace(evidence(TiePosition.CLOSED, Grid.GOOD), tie=TieMemory(value=TiePosition.CLOSED))
MOVED = replace(CLOSED, tie=TieMemory(value=TiePosition.CLOSED, raw=TiePosition.OPEN))
HEAVY = {one.id: LoadMemory(demand_w=3.0 * one.typical_w) for one in SITE.circuits}


@pytest.mark.parametrize(
    ("known", "names_armed"),
    [
        pytest.param(state(Mode.GRID_CONNECTED, evidence=CLOSED, loads=HEAVY), {"tie open"}, id="on the grid"),
        pytest.param(state(Mode.GRID_CONNECTED, evidence=MOVED, loads=HEAVY), set(), id="it has just opened"),
        pytest.param(state(Mode.BLACKOUT, loads=HEAVY), set(), id="in the dark"),
        pytest.param(state(Mode.ISLANDED, by_hand=True), set(), id="people have taken over"),
        pytest.param(state(Mode.ISLANDED), {"overload L1", "overload L2", "overload L3"}, id="on an island"),
        pytest.param(
            state(Mode.FAULT_SAFE, evidence=CLOSED),
            {"tie open", "overload L1", "overload L2", "overload L3"},
            id="in doubt, with the tie closed",
        ),
        pytest.param(
            state(Mode.FAULT_SAFE), {"overload L1", "overload L2", "overload L3"}, id="in doubt, with the tie open"
        ),
    ],
)
def test_what_is_armed_is_what_could_go_wrong_next(known: ControlState, names_armed: set[str]):
    assert set(armed({}, known)) == names_armed


def test_what_people_work_on_is_in_no_list_and_the_fire_alarm_is_until_it_burns():
    locked = standing(Task.MAINTENANCE, subjects=(wiring.circuit_closed(HOT),))
    assert "hot_water" not in off(armed({}, state(orders=locked))["overload L1"])
    wired = replace(SITE, has_fire_alarm=True)
    assert "fire alarm" in armed({}, site=wired)
    assert "fire alarm" not in armed({}, state(orders=standing(Task.FIRE)), site=wired)
    told = {wiring.bay_power(SourceId("bay_1")): sent(-2000.0), wiring.bay_power(SourceId("bay_2")): sent(0.0)}
    commands = armed({}, state(sent=told))["overload L1"].commands
    first = commands[0]
    assert first.role == wiring.bay_power(SourceId("bay_1"))
    assert [one.role for one in armed({}, state(sent=told))["overload L1"].commands if "bays" in one.role] == [
        first.role
    ]


@pytest.mark.parametrize(("contacts", "flag", "count"), [(True, True, 2), (False, True, 1), (False, False, 0)])
def test_the_witnesses_of_an_opening_tie_are_its_contacts_or_else_a_flag(count: int, *, contacts: bool, flag: bool):
    site = replace(SITE, tie=replace(SITE.tie, has_contacts=contacts, has_flag=flag))
    assert len(arming.tie_triggers(site)) == count


# Wishes ---------------------------------------------------------------------------------------------------------------


def wishes(known: ControlState, now_s: float = NOW_S, **seen: Any) -> list[tuple[Rank, float, float, float | None]]:
    looks = outlook(SITE, WATTS, **{"mode": known.mode.mode} | seen)
    found = wanting.circuits(SITE, known, looks, PARAMS, now_s)
    return [(one.rank, one.low, one.high, one.prefer) for one in found if one.role == wiring.circuit_closed(LAUNDRY)]


INF = float("inf")
ON, STAYS_OFF = (Rank.GRID, -INF, INF, 1.0), (Rank.ISLAND, -INF, 0.0, None)
ROLE = wiring.circuit_closed(LAUNDRY)


def wants(want: Want) -> tuple[Override, ...]:
    return (Override(circuit=LAUNDRY, want=want, who="a", role="operator", reason="", set_s=0.0, expires_s=9e9),)


def shed(why: Why, **facts: Any) -> dict[CircuitId, LoadMemory]:
    return {LAUNDRY: LoadMemory(shed_because=Cause(why, facts))}


@pytest.mark.parametrize(
    ("known", "found"),
    [
        pytest.param(state(), [], id="never touched"),
        pytest.param(state(loads=shed(Why.ENERGY_BAND)), [STAYS_OFF, ON], id="off for energy"),
        pytest.param(state(loads=shed(Why.OVERLOAD)), [(Rank.LIMIT, -INF, 0.0, None), ON], id="off for protection"),
        pytest.param(
            state(loads=shed(Why.ENERGY_BAND, band="floor")), [(Rank.LIMIT, -INF, 0.0, None), ON], id="the last reserve"
        ),
        pytest.param(state(sent={ROLE: sent(True)}), [ON], id="told on"),
        pytest.param(state(sent={ROLE: sent(False)}), [ON], id="told off, and nothing against it"),
        pytest.param(state(Mode.BLACKOUT, sent={ROLE: sent(False)}), [], id="told off, in a mode that closes nothing"),
        pytest.param(state(Mode.BLACKOUT, sent={ROLE: sent(True)}), [ON], id="told on, in such a mode"),
        pytest.param(
            state(overrides=wants(Want.OFF)), [(Rank.OVERRIDE, -INF, 0.0, None), ON], id="a person wants it off"
        ),
        pytest.param(
            state(overrides=wants(Want.ON), sent={ROLE: sent(True)}),
            [(Rank.OVERRIDE, 1.0, INF, None), ON],
            id="a person wants it on",
        ),
        pytest.param(
            state(overrides=wants(Want.ON)), [(Rank.OVERRIDE, 1.0, INF, None)], id="a person wants it on, with room"
        ),
        pytest.param(state(Mode.BLACKOUT, overrides=wants(Want.ON)), [], id="a person wants it on in the dark"),
    ],
)
def test_a_circuit_is_off_for_what_was_shed_and_on_for_what_came_back(known: ControlState, found: list[Any]):
    assert wishes(known) == found


def test_a_person_gets_it_on_where_there_is_room():
    full = {"phase_w": (9000.0, 9000.0, 9000.0)}
    assert wishes(state(overrides=wants(Want.ON)), **full) == []
    connected = state(Mode.GRID_CONNECTED, overrides=wants(Want.ON))
    assert wishes(connected, **full) == [(Rank.OVERRIDE, 1.0, INF, None)]


@pytest.mark.parametrize(
    ("mode", "turns_s", "served", "why"),
    [
        (Mode.GRID_CONNECTED, {LAUNDRY: 1.0}, 1, Why.GRID_RESTORED),
        (Mode.ISLANDED, {LAUNDRY: 1.0}, 1, Why.ITS_TURN),
        (Mode.ISLANDED, {}, 1, Why.ROOM_ON_ISLAND),
        (Mode.ISLANDED, {LAUNDRY: 1.0}, 0, Why.ROOM_ON_ISLAND),
    ],
)
def test_why_it_comes_back(mode: Mode, turns_s: dict[CircuitId, float], served: int, why: Why):
    saving = SavingMemory(turns_s=turns_s, served={int(Tier.NON_ESSENTIAL): served})
    known = state(mode, sent={ROLE: sent(True)}, saving=saving)
    looks = outlook(SITE, WATTS, mode=mode)
    (one,) = [one for one in wanting.circuits(SITE, known, looks, PARAMS, NOW_S) if one.role == ROLE]
    assert one.cause.why is why


@pytest.mark.parametrize(
    ("watts", "told"),
    [(-1381.0, -1381.0), (-1380.0, -1380.0), (-1379.0, 0.0), (499.0, 0.0), (500.0, 500.0), (0.0, 0.0)],
)
def test_no_charger_does_anything_between_a_pause_and_its_least(watts: float, told: float):
    role = wiring.bay_power(SourceId("bay_1"))
    found = wanting.whole(SITE, {role: Ruling(watts, BECAUSE), ROLE: Ruling(0.4, BECAUSE)})
    assert (found[role].value, found[ROLE].value) == (told, 0.4)


@pytest.mark.parametrize(
    ("mode", "grid", "gives_w", "permits"),
    [
        pytest.param(Mode.RECONNECTING, Grid.GOOD, 299.0, True, id="cars have stopped"),
        pytest.param(Mode.RECONNECTING, Grid.GOOD, 300.0, False, id="they have not"),
        pytest.param(Mode.RECONNECTING, Grid.QUALIFYING, 0.0, False, id="the grid has wavered"),
        pytest.param(Mode.BLACKOUT_GRID_AVAILABLE, Grid.GOOD, 0.0, True, id="the grid is back to a dark building"),
        pytest.param(Mode.ISLANDED, Grid.GOOD, 0.0, False, id="not asked for"),
    ],
)
def test_the_tie_is_permitted_to_close(mode: Mode, grid: Grid, gives_w: float, *, permits: bool):
    known = state(mode, evidence=evidence(TiePosition.OPEN, grid, Bus.LIVE))
    there = snapshot(SITE, car("bay_1", 80.0, gives_w), NOW_S)
    (one,) = wanting.tie(SITE, known, there, outlook(SITE, mode=mode), PARAMS, NOW_S)
    assert (one.prefer, one.rank) == ((1.0, Rank.GRID) if permits else (0.0, Rank.INTERLOCK))
    unready = replace(known, loads=shed(Why.BLACKOUT))
    (one,) = wanting.tie(SITE, unready, there, outlook(SITE, mode=mode), PARAMS, NOW_S)
    assert one.prefer == (1.0 if permits and mode is Mode.RECONNECTING else 0.0)
    assert (
        list(
            wanting.tie(
                replace(SITE, tie=replace(SITE.tie, has_permit=False)), known, there, outlook(SITE), PARAMS, 0.0
            )
        )
        == []
    )
