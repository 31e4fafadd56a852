"""What goes off, and for what reason: each rule at its edge, with a former of three times 10 kVA."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control import sheddable, shedding
from hems.control.energy import Band
from hems.control.memory.acting import EffectMemory
from hems.control.memory.seeing import TieMemory
from hems.control.memory.using import LoadMemory
from hems.control.overload import Excess
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Grid, Mode, TiePosition
from hems.model.request import Override, Task, Want
from hems.model.site import Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import snapshot
from tests.control.pencil import PARAMS, evidence, names, outlook, sent, standing, state
from tests.given import flats

SITE = flats()
LAUNDRY, GYM, KITCHEN, SUMP = names("laundry", "gym", "kitchen", "sump_pump")
WATTS: dict[str, float] = {one.id: one.typical_w for one in SITE.circuits}
NOW_S = 1000.0
CALM: dict[str, Any] = {"phase_w": (8000.0,) * 3}


def shed(known: ControlState, values: dict[Role, Any] | None = None, site: Site = SITE, **seen: Any) -> dict[str, Why]:
    """What goes off, and why."""
    watts = seen.pop("watts", WATTS)
    mode = {"mode": known.mode.mode}
    looks = outlook(site, watts, **mode | CALM | seen)
    found = shedding.sheds(site, known, snapshot(site, values or {}, NOW_S), looks, PARAMS, NOW_S)
    return {str(name): cause.why for name, cause in found.items()}


def off(*circuits: str, **memory: Any) -> dict[CircuitId, LoadMemory]:
    return dict.fromkeys(names(*circuits), LoadMemory(**{"shed_because": Cause(Why.OVERLOAD)} | memory))


def keeps(*circuits: str, want: Want = Want.ON) -> tuple[Override, ...]:
    return tuple(
        Override(circuit=name, want=want, who="ana", role="operator", reason="", set_s=0.0, expires_s=9e9)
        for name in names(*circuits)
    )


ALL = {str(one.id) for one in SITE.circuits if one.sheddable}
CRITICAL = {"sump_pump", "medical_sockets"}
ESSENTIAL = {"kitchen", "freezers", "door_entry"}


def test_in_the_dark_all_goes_and_on_the_grid_nothing():
    assert shed(state(Mode.BLACKOUT)) == dict.fromkeys(ALL, Why.BLACKOUT)
    assert shed(state(Mode.BLACK_START)).keys() == ALL
    assert shed(state(Mode.GRID_CONNECTED, dose=(1.0,) * 3), phase_w=(40_000.0,) * 3) == {}
    assert shed(state(Mode.ISLANDED), phase_w=(8000.0,) * 3) == {"hot_water": Why.FLEXIBLE_ON_ISLAND}


@pytest.mark.parametrize(
    ("tie", "since_s", "sheds"),
    [
        pytest.param(TiePosition.UNKNOWN, NOW_S - 1.9, False, id="nobody has told of the tie yet"),
        pytest.param(TiePosition.UNKNOWN, NOW_S - 2.0, True, id="nobody knows it"),
        pytest.param(TiePosition.OPEN, NOW_S, True, id="it is open"),
    ],
)
def test_in_the_first_moments_of_a_start_nobody_is_shed_for_a_tie_that_nobody_has_told_of(
    tie: TiePosition, since_s: float, *, sheds: bool
):
    known = state(Mode.INIT, since_s=since_s, evidence=evidence(tie), dose=(0.0, 0.97, 0.0))
    assert bool(shed(known, phase_w=(9000.0, 10_100.0, 9000.0))) is sheds


@pytest.mark.parametrize(
    ("mode", "for_s", "tie", "goes"),
    [
        pytest.param(Mode.ISLANDED_STABILIZING, 0.0, TieMemory(), True, id="the tie has opened"),
        pytest.param(Mode.ISLANDED_STABILIZING, 0.1, TieMemory(), False, id="a moment ago"),
        pytest.param(Mode.ISLANDING_PLANNED, 0.0, TieMemory(), True, id="it is about to be opened"),
        pytest.param(Mode.ISLANDED, 0.0, TieMemory(value=TiePosition.OPEN), False, id="at rest"),
        pytest.param(Mode.FAULT_SAFE, 0.0, TieMemory(disagree_since_s=1.0), True, id="a device says so"),
        pytest.param(Mode.FAULT_SAFE, 0.0, TieMemory(), False, id="nobody says so"),
        pytest.param(
            Mode.FAULT_SAFE, 0.0, TieMemory(value=TiePosition.CLOSED, disagree_since_s=1.0), False, id="it is closed"
        ),
    ],
)
def test_what_was_armed_for_an_opening_tie_is_confirmed_at_that_moment(
    mode: Mode, for_s: float, tie: TieMemory, *, goes: bool
):
    armed = names("laundry", "hot_water", "gym")
    known = state(mode, since_s=NOW_S, evidence=replace(evidence(), tie=tie), armed_on_tie_open=armed, loads=off("gym"))
    found = shed(known, mode_for_s=for_s, phase_w=(1.0,) * 3, least=Tier.FLEXIBLE)
    wanted = {"laundry": Why.ISLAND_CAPACITY, "hot_water": Why.FLEXIBLE_ON_ISLAND}
    assert found == (wanted if goes else {})


@pytest.mark.parametrize(
    ("ago_s", "sags", "goes"),
    [(2.9, True, False), (3.0, True, True), (30.0, True, True), (30.1, True, False), (10.0, False, False)],
)
def test_what_has_just_come_back_goes_when_the_voltage_does_not_bear_it(ago_s: float, *, sags: bool, goes: bool):
    back = LoadMemory(restored_s=NOW_S - ago_s)
    loads = {GYM: back, LAUNDRY: replace(back, restored_s=1.0), KITCHEN: back}
    known = state(loads=loads, last_restore_s=NOW_S - ago_s, overrides=keeps("kitchen"))
    found = shed(known, sags=sags, least=Tier.FLEXIBLE)
    assert found == ({"gym": Why.VOLTAGE_SAGS} if goes else {})


@pytest.mark.parametrize(
    ("for_s", "vain", "goes"),
    [
        (29.9, 0, set[str]()),
        (30.0, 0, ALL - CRITICAL),
        (30.0, 2, ALL - CRITICAL - ESSENTIAL),
    ],
)
def test_an_island_that_does_not_come_to_rest_keeps_what_is_critical(for_s: float, vain: int, goes: set[str]):
    known = state(Mode.ISLANDED_STABILIZING, since_s=NOW_S - for_s, effect=EffectMemory(vain=vain))
    assert shed(known, sheds_settled=False, least=Tier.FLEXIBLE).keys() == goes
    assert shed(replace(known, mode=replace(known.mode, mode=Mode.ISLANDED)), least=Tier.FLEXIBLE) == {}


@pytest.mark.parametrize(
    ("phase_w", "settled", "goes"),
    [
        pytest.param((8000.0, 8000.0, 8000.0), True, set[str](), id="four fifths"),
        pytest.param((8000.0, 8001.0, 8000.0), True, {"hot_water"}, id="a watt more"),
        pytest.param((8000.0, 10_001.0, 8000.0), True, {"hot_water", "laundry"}, id="more than the first draws"),
        pytest.param((8000.0, 8001.0, 8000.0), False, set[str](), id="what is on its way off has not shown yet"),
        pytest.param(None, True, set[str](), id="the former cannot be read"),
    ],
)
def test_while_stabilising_it_goes_down_to_four_fifths(
    phase_w: tuple[float, ...] | None, goes: set[str], *, settled: bool
):
    known = state(Mode.ISLANDED_STABILIZING, since_s=NOW_S)
    found = shed(known, phase_w=phase_w, sheds_settled=settled, least=Tier.FLEXIBLE)
    assert found == dict.fromkeys(goes, Why.ISLAND_CAPACITY)


def test_what_is_too_much_together_is_taken_from_any_phase():
    small = replace(SITE, former=replace(SITE.former, total_w=20_000.0))
    known = state(Mode.ISLANDED_STABILIZING, since_s=NOW_S)
    for now_w, goes in ((5333.0, set[str]()), (5334.0, {"hot_water"}), (7400.0, {"hot_water", "laundry"})):
        found = shed(known, site=small, phase_w=(now_w,) * 3, least=Tier.FLEXIBLE)
        assert found.keys() == goes


def test_before_reconnecting_there_must_be_room_for_what_cars_have_given():
    known = state(Mode.RECONNECTING)
    more: dict[str, Any] = {"cars_phase_w": (2000.0, 1000.0, 0.0), "going_w": (500.0, 0.0, 0.0), "least": Tier.FLEXIBLE}
    assert shed(known, phase_w=(8500.0, 9000.0, 9999.0), mode_for_s=0.0, **more) == {}
    for phase_w in ((8501.0, 9000.0, 9000.0), (8500.0, 9001.0, 9000.0)):
        assert shed(known, phase_w=phase_w, mode_for_s=0.0, **more) == {"hot_water": Why.BEFORE_RECONNECT}
        assert shed(known, phase_w=phase_w, mode_for_s=0.1, **more) == {}
    assert shed(known, phase_w=None, mode_for_s=0.0, **more) == {}


@pytest.mark.parametrize(
    ("dose", "goes"),
    [
        pytest.param(0.49, set[str](), id="cool"),
        pytest.param(0.5, {"hot_water", "laundry"}, id="the next group"),
        pytest.param(0.7, {"hot_water", "laundry", "gym", "ventilation", "heat_pump"}, id="all comfort"),
        pytest.param(0.9, ALL - CRITICAL, id="what is essential"),
        pytest.param(0.97, ALL, id="what is critical"),
    ],
)
def test_by_the_dose_of_the_former_more_and_more_goes(dose: float, goes: set[str]):
    # 10.1 kW on L2: 2.1 kW beyond four fifths, of which the hot water takes 2 kW
    known = state(dose=(0.0, dose, 0.0))
    found = shed(known, phase_w=(9000.0, 10_100.0, 9000.0), least=Tier.FLEXIBLE)
    assert found == dict.fromkeys(goes, Why.OVERLOAD)
    # at its rating nothing goes, nor where the grid carries the building, nor where nobody can read it
    assert shed(known, phase_w=(9000.0, 10_000.0, 9000.0), least=Tier.FLEXIBLE) == {}
    assert shed(known, phase_w=None, least=Tier.FLEXIBLE) == {}
    if dose < 0.7:
        on_grid = replace(known, evidence=evidence(TiePosition.CLOSED, Grid.GOOD))
        assert shed(on_grid, phase_w=(9000.0, 10_100.0, 9000.0), least=Tier.FLEXIBLE) == {}
        assert shed(known, phase_w=(9000.0, 10_100.0, 9000.0), least=Tier.FLEXIBLE, sheds_settled=False) == {}


def test_what_a_person_keeps_on_goes_with_the_critical_ones_only():
    known = state(overrides=keeps("laundry", "kitchen"), dose=(0.0, 0.7, 0.0))
    over = {"phase_w": (9000.0, 10_100.0, 9000.0), "least": Tier.FLEXIBLE}
    assert "laundry" not in shed(known, **over)
    assert shed(replace(known, dose=(0.0, 0.9, 0.0)), **over).keys() >= {"laundry", "kitchen"}


def test_where_the_former_is_faster_than_three_actuations_it_goes_down_to_nine_tenths_at_once():
    # at twice its rating it trips in a second; 11 kW beyond nine tenths on L2, of which 10.9 are not critical
    found = shed(state(), phase_w=(1.0, 20_000.0, 1.0), least=Tier.FLEXIBLE)
    assert found.keys() == ALL - {"freezers", "medical_sockets"}
    assert set(found.values()) == {Why.OVERLOAD}


@pytest.mark.parametrize(
    ("vain", "dose", "settled", "goes"),
    [
        pytest.param(1, 0.9, True, ALL - CRITICAL, id="it helps"),
        pytest.param(2, 0.89, True, {"hot_water", "laundry", "gym", "ventilation", "heat_pump"}, id="not yet late"),
        pytest.param(
            2, 0.9, True, {"hot_water", "laundry", "gym", "ventilation", "heat_pump", "kitchen"}, id="the largest one"
        ),
        pytest.param(
            2, 0.9, False, {"hot_water", "laundry", "gym", "ventilation", "heat_pump"}, id="what went has not shown"
        ),
    ],
)
def test_late_one_essential_circuit_is_tried_where_nothing_helps(
    vain: int, dose: float, goes: set[str], *, settled: bool
):
    over = {"phase_w": (9000.0, 10_100.0, 9000.0), "least": Tier.FLEXIBLE, "sheds_settled": settled}
    known = state(dose=(0.0, dose, 0.0), effect=EffectMemory(vain=vain))
    assert shed(known, **over).keys() == goes
    # one that has gone for that is enough
    tried = replace(known, loads=off("freezers"))
    assert ("kitchen" in shed(tried, **over)) is (vain < 2)
    saved = replace(known, loads=off("freezers", shed_because=Cause(Why.ENERGY_BAND)))
    assert ("kitchen" in shed(saved, **over)) is ("kitchen" in goes)


def test_only_one_on_a_phase_in_need_is_tried():
    known = state(dose=(0.9, 0.0, 0.0), effect=EffectMemory(vain=2))
    drawn = WATTS | {"freezers": 1500.0, "kitchen": 1400.0, "door_entry": 9000.0}
    found = shed(known, watts=drawn, phase_w=(10_100.0, 10_000.0, 9000.0), least=Tier.FLEXIBLE)
    assert found.keys() & ESSENTIAL == {"freezers"}


# What can go at all ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_phase", "together", "goes"),
    [
        pytest.param((-1.0, 0.0, -1.0), -inf, [], id="no need"),
        pytest.param((-1.0, 0.1, -1.0), -inf, ["laundry"], id="on L2"),
        pytest.param((0.1, -1.0, -1.0), -inf, ["gym"], id="on L1, past one that is not there"),
        pytest.param((1500.0, -1.0, -1.0), -inf, ["gym"], id="as much as it draws"),
        pytest.param((1500.1, -1.0, -1.0), -inf, ["gym", "kitchen"], id="a little more"),
        pytest.param((-1.0, -1.0, -1.0), 5000.0, ["laundry"], id="together"),
        pytest.param((-1.0, -1.0, -1.0), 5000.1, ["laundry", "gym"], id="a little more together"),
        pytest.param((-1.0, 2500.1, -1.0), 100.0, ["laundry", "gym"], id="both"),
    ],
)
def test_the_first_in_line_go_that_take_away_what_is_too_much(
    by_phase: tuple[float, ...], together: float, goes: list[str]
):
    line = [SITE.circuit(name) for name in (LAUNDRY, GYM, KITCHEN)]
    watts = {CircuitId(name): drawn for name, drawn in WATTS.items()}
    chosen = sheddable.smallest_set(line, Excess(by_phase, together), watts, SITE)
    assert [one.id for one in chosen] == goes
    # one that draws nothing helps nobody
    idle = watts | {LAUNDRY: 0.0}
    chosen = sheddable.smallest_set(line, Excess(by_phase, together), idle, SITE)
    assert LAUNDRY not in [one.id for one in chosen]


@pytest.mark.parametrize(
    ("loads", "more", "goes"),
    [
        pytest.param({}, {}, True, id="on"),
        pytest.param(off("gym"), {}, False, id="on its way off"),
        pytest.param(off("gym"), {"overrides": keeps("gym")}, False, id="kept on, and told off"),
        pytest.param(
            off("gym"),
            {"overrides": keeps("gym"), "sent": {wiring.circuit_closed(GYM): sent(True)}},
            True,
            id="kept on, and told on",
        ),
        pytest.param(off("gym"), {"sent": {wiring.circuit_closed(GYM): sent(True)}}, False, id="not kept on"),
        pytest.param({GYM: LoadMemory(deaf=True)}, {}, False, id="deaf"),
        pytest.param(
            {}, {"orders": standing(Task.MAINTENANCE, subjects=(wiring.circuit_closed(GYM),))}, False, id="worked on"
        ),
    ],
)
def test_what_can_go_is_on_and_answers(loads: dict[CircuitId, LoadMemory], more: dict[str, Any], *, goes: bool):
    known = state(loads=loads, **more)
    assert (GYM in [one.id for one in sheddable.can_go(SITE.circuits, known, NOW_S)]) is goes


def test_what_a_person_keeps_on_goes_after_all_but_the_critical_ones():
    order = [one.id for one in sheddable.shed_order(SITE, names("laundry", "sump_pump", "kitchen"))]
    assert order.index(LAUNDRY) > order.index(CircuitId("door_entry"))
    assert order[-4:] == ["kitchen", "laundry", "medical_sockets", "sump_pump"]
    assert [one.id for one in sheddable.shed_order(SITE)][:3] == ["hot_water", "laundry", "gym"]


@pytest.mark.parametrize(
    ("vain", "of_gym", "kept"), [(1, 2, set[str]()), (1, 3, {"gym"}), (2, 2, CRITICAL | ESSENTIAL)]
)
def test_what_has_shown_nothing_three_times_is_passed_over(vain: int, of_gym: int, kept: set[str]):
    known = state(effect=EffectMemory(vain=vain), loads={GYM: LoadMemory(vain=of_gym)})
    on = sheddable.shed_order(SITE)
    assert {str(one.id) for one in on} - {str(one.id) for one in sheddable.helpful(on, known)} == kept


def test_what_the_former_will_deliver_is_less_by_what_goes():
    seen = outlook(SITE, phase_w=(5000.0, 4000.0, 3000.0), going_w=(100.0, 200.0, 300.0))
    assert seen.expected_w == (4900.0, 3800.0, 2700.0)
    assert outlook(SITE, phase_w=None).expected_w is None


# What is armed for an opening tie -------------------------------------------------------------------------------------


def armed(known: ControlState, values: dict[Role, Any], site: Site = SITE, **seen: Any) -> set[str]:
    looks = outlook(site, WATTS, **{"mode": Mode.GRID_CONNECTED, "least": Tier.FLEXIBLE} | seen)
    there = snapshot(site, values, NOW_S)
    return {str(one) for one in shedding.armed_set(site, known, there, looks, PARAMS, NOW_S)}


def drawing(**watts: float) -> dict[CircuitId, LoadMemory]:
    """What circuits drew lately; all others next to nothing, which counts as half of what is typical."""
    return {one.id: LoadMemory(demand_w=watts.get(one.id, 0.0)) for one in SITE.circuits}


def test_what_is_armed_brings_each_phase_to_four_fifths_of_the_former():
    connected = state(Mode.GRID_CONNECTED)
    # all at half: L1 6.1, L2 6.3, L3 5.9 kW, of which the gym has 0.75 on L1 and on L2
    assert armed(replace(connected, loads=drawing()), {}) == set()
    assert armed(replace(connected, loads=drawing(gym=4900.0)), {}) == set()
    assert armed(replace(connected, loads=drawing(gym=4902.0)), {}) == {"hot_water"}
    # what the band has no energy for goes anyway, but not what a person keeps on, until the last reserve
    spared = replace(connected, loads=drawing(), overrides=keeps("gym"))
    assert armed(spared, {}, least=Tier.COMFORT) == {"hot_water", "laundry"}
    assert armed(spared, {}, least=Tier.COMFORT, band=Band.FLOOR) == {"hot_water", "laundry", "gym"}
    # and what is off already is neither counted nor armed
    gone = replace(connected, loads=drawing(gym=9000.0) | off("gym", demand_w=9000.0))
    assert armed(gone, {wiring.circuit_closed(GYM): False}) == set()
    assert armed(gone, {}) == set()


@pytest.mark.parametrize(
    ("stops_s", "charges_w", "goes"),
    [
        # what the former carries until it has stopped, at half of its trip time: 1.25 times for 60 s
        pytest.param(0.0, 8000.0, set[str](), id="it stops at once"),
        pytest.param(30.0, 6390.0, set[str](), id="12.49 kW for half a minute"),
        pytest.param(30.0, 6410.0, {"hot_water"}, id="12.51 kW"),
        pytest.param(inf, 1890.0, set[str](), id="never: up to four fifths"),
        pytest.param(inf, 1910.0, {"hot_water"}, id="never: beyond"),
    ],
)
def test_a_car_that_is_slow_to_stop_is_borne_as_long_as_the_former_can(
    stops_s: float, charges_w: float, goes: set[str]
):
    bays = tuple(replace(one, stops_s=stops_s if one.id == "bay_3" else 0.0) for one in SITE.bays)
    site = replace(SITE, bays=bays)
    known = state(Mode.GRID_CONNECTED, loads=drawing())
    assert armed(known, {wiring.bay_power(SourceId("bay_3")): -charges_w}, site) == goes
