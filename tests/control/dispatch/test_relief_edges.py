"""Which flexible circuits go off on the grid, and when they may come back; figures to be worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.dispatch import relief
from hems.control.dispatch.memory import ConnectionMemory, Standing, Steady
from hems.control.given import Given
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Circuit, Panel, Phase, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId, PanelId, SourceId
from tests.control.panel import snapshot
from tests.given import circuit, flats

HALL, YARD = PanelId("hall"), PanelId("yard")
WATER, POOL, SAUNA = CircuitId("water"), CircuitId("pool"), CircuitId("sauna")
WATTS = {WATER: 3000.0, POOL: 600.0, SAUNA: 6000.0, CircuitId("lift"): 900.0}
NOW_S = 1000.0
AGREED = Cause(Why.LIMIT_AGREED)


def site(import_max_w: float | None = 10_000.0, **battery: Any) -> Site:
    """Two flexible circuits, of which the pool's goes first; the battery is down to its reserve."""
    one = replace(
        flats().batteries[0], **{"controllable": True, "reserve_pct": 70.0, "discharge_max_w": 2000.0} | battery
    )
    return replace(
        flats(),
        grid=replace(flats().grid, import_max_w=import_max_w),
        circuits=(
            circuit("lift", Tier.LIFE_SAFETY, 900.0),
            circuit("sauna", Tier.COMFORT, 6000.0, panel=YARD),
            circuit("water", Tier.FLEXIBLE, 3000.0, rank=1, panel=YARD),
            circuit("pool", Tier.FLEXIBLE, 600.0, Phase.L2, rank=2, panel=HALL),
        ),
        panels=(
            Panel(id=HALL, name="Hall", rated_a=50.0),
            Panel(id=YARD, name="Yard", rated_a=25.0, parent=HALL),
        ),
        batteries=(one,),
        bays=(),
    )


def standing(*watts: float) -> tuple[Standing, ...]:
    return tuple(Standing(watts=one) for one in watts)


def state(*watts: float, mode: Mode = Mode.GRID_CONNECTED, **memory: Any) -> ControlState:
    return replace(
        initial(0.0),
        mode=ModeMemory(mode=mode),
        connection=ConnectionMemory(standing=standing(*watts), **memory),
    )


def sees(there: Site, **values: Any) -> Snapshot:
    powers = {wiring.circuit_power(one.id): WATTS[one.id] for one in there.circuits}
    soc = {wiring.battery_soc(SourceId("main")): values.get("soc_pct", 70.0)}
    grid = {wiring.GRID_POWER: values.get("grid_w", 0.0)}
    return snapshot(there, powers | soc | grid, NOW_S)


def off(there: Site, memory: ControlState, **values: Any) -> dict[CircuitId, Cause]:
    return relief.sheds(Given(there, sees(there, **values), Params(), Instant(NOW_S)), memory, WATTS)


@pytest.mark.parametrize(
    ("house_w", "found"),
    [
        pytest.param((4000.0, 3000.0, 3000.0), [], id="at the limit"),
        pytest.param((4000.0, 3000.0, 3200.0), [], id="as much as a meter errs"),
        pytest.param((4000.0, 3000.0, 3201.0), [POOL], id="more: the first to go"),
        pytest.param((4000.0, 3000.0, 3600.0), [POOL], id="as much as it draws"),
        pytest.param((4000.0, 3000.0, 3601.0), [POOL, WATER], id="more than it draws"),
        pytest.param((9000.0, 9000.0, 9000.0), [POOL, WATER], id="nothing but what is flexible"),
    ],
)
def test_what_goes_off_for_the_limit(house_w: tuple[float, ...], found: list[CircuitId]):
    assert off(site(), state(*house_w)) == dict.fromkeys(found, AGREED)


def test_of_a_large_limit_two_percent_are_the_meters_error():
    assert off(site(20_000.0), state(20_400.0)) == {}
    assert set(off(site(20_000.0), state(20_401.0))) == {POOL}


@pytest.mark.parametrize(
    ("there", "memory", "values", "goes"),
    [
        pytest.param(site(), state(12_000.0), {}, True, id="the battery has nothing to give"),
        pytest.param(site(), state(12_000.0), {"soc_pct": 70.1}, False, id="it has"),
        pytest.param(site(), state(12_200.0), {"soc_pct": 71.0}, False, id="nearly enough"),
        pytest.param(site(), state(12_201.0), {"soc_pct": 71.0}, True, id="not enough"),
        pytest.param(site(controllable=False), state(12_000.0), {"soc_pct": 90.0}, True, id="it decides alone"),
        pytest.param(site(), state(12_000.0), {"soc_pct": None}, True, id="it does not tell its charge"),
        pytest.param(site(), state(12_000.0), {"grid_w": None}, False, id="the street is silent"),
        pytest.param(site(), state(12_000.0, mode=Mode.GRID_DISTURBED), {}, False, id="the grid is bad"),
        pytest.param(site(), state(), {}, False, id="nothing was seen yet"),
        pytest.param(
            site(), state(12_000.0, steady=Steady(circuits_w=10_200.0)), {}, False, id="circuits surely draw less"
        ),
        pytest.param(site(), state(12_000.0, steady=Steady(circuits_w=10_201.0)), {}, True, id="they draw it"),
        pytest.param(site(), state(10_100.0, steady=Steady(circuits_w=12_000.0)), {}, False, id="or less than that"),
    ],
)
def test_whether_anything_goes_off(there: Site, memory: ControlState, values: dict[str, Any], goes: bool):
    assert bool(off(there, memory, **values)) is goes


def test_a_quarter_of_an_hour_that_costs_more_takes_nobody_off():
    dear = site(None)
    assert off(replace(dear, grid=replace(dear.grid, demand_max_w=5000.0)), state(12_000.0)) == {}


def test_what_draws_nothing_stays_on():
    there, memory = site(), state(12_000.0)
    given = Given(there, sees(there), Params(), Instant(NOW_S))
    assert relief.sheds(given, memory, WATTS | {POOL: 0.0}) == {WATER: AGREED}
    assert relief.sheds(given, memory, WATTS | {POOL: 0.5}) == {POOL: AGREED, WATER: AGREED}


PANEL = Cause(Why.LIMIT_PANEL, {"panel": "Hall"})


def overloaded(*watts: float, since_s: float = 997.0, panel: PanelId = HALL) -> ControlState:
    """Its fuses carry 9,200 W each for hours."""
    return state(1.0, 1.0, 1.0, panels={panel: standing(*watts)}, panels_over_s={panel: since_s})


@pytest.mark.parametrize(
    ("memory", "found"),
    [
        pytest.param(overloaded(1.0, 9300.0, 1.0), [POOL], id="the first that draws on that phase"),
        pytest.param(overloaded(1.0, 9800.0, 1.0), [POOL], id="just enough"),
        pytest.param(overloaded(1.0, 9801.0, 1.0), [POOL, WATER], id="not enough"),
        pytest.param(overloaded(9300.0, 1.0, 1.0), [WATER], id="one that draws elsewhere does not help"),
        pytest.param(overloaded(1.0, 9200.0, 1.0), [], id="circuits do not overload it: cars do"),
        pytest.param(overloaded(1.0, 9300.0, 1.0, since_s=997.1), [], id="not for three seconds yet"),
    ],
)
def test_what_goes_off_for_a_panel(memory: ControlState, found: list[CircuitId]):
    assert off(site(), memory) == dict.fromkeys(found, PANEL)


def test_only_what_hangs_on_it_goes_off():
    # the yard's fuses carry 4,600 W
    found = off(site(), overloaded(1.0, 5000.0, 1.0, panel=YARD))
    assert found == {WATER: Cause(Why.LIMIT_PANEL, {"panel": "Yard"})}


def test_while_its_meter_is_silent_nobody_can_tell():
    assert off(site(), state(1.0, panels_over_s={HALL: 0.0})) == {}


def waits(why: Why | None, draws_w: float, memory: ControlState, name: CircuitId = POOL, **values: Any) -> bool:
    there = site()
    one: Circuit = next(circuit for circuit in there.circuits if circuit.id == name)
    loads = {name: LoadMemory(shed_because=None if why is None else Cause(why))}
    given = Given(there, sees(there, **values), Params(), Instant(NOW_S))
    return relief.obstacle(one, given, replace(memory, loads=loads), draws_w) is not None


@pytest.mark.parametrize(
    ("why", "draws_w", "memory", "values", "found"),
    [
        pytest.param(Why.LIMIT_AGREED, 1000.0, state(9000.0), {}, False, id="it just fits"),
        pytest.param(Why.LIMIT_AGREED, 1001.0, state(9000.0), {}, True, id="a watt too much"),
        pytest.param(Why.LIMIT_AGREED, 1.0, state(1.0), {"grid_w": None}, True, id="the street is silent"),
        pytest.param(Why.LIMIT_AGREED, 9e4, state(1.0, mode=Mode.ISLANDED), {}, False, id="on an island"),
        pytest.param(Why.OVERLOAD, 1200.0, state(9000.0), {}, False, id="after a power cut as much as a meter errs"),
        pytest.param(Why.OVERLOAD, 1201.0, state(9000.0), {}, True, id="it would go off again for the limit"),
        pytest.param(Why.OVERLOAD, 3200.0, state(9000.0), {"soc_pct": 71.0}, False, id="batteries make room for it"),
        pytest.param(Why.OVERLOAD, 1201.0, state(9000.0), {"grid_w": None}, False, id="nobody knows what is drawn"),
        pytest.param(None, 9e4, state(9000.0), {}, False, id="it did not go off"),
    ],
)
def test_when_it_may_come_back(why: Why | None, draws_w: float, memory: ControlState, values: Any, found: bool):
    assert waits(why, draws_w, memory, **values) is found


def test_after_a_power_cut_only_flexible_circuits_wait_for_a_limit():
    assert not waits(Why.ISLAND_CAPACITY, 9e4, state(9000.0), SAUNA)


@pytest.mark.parametrize(
    ("hall_w", "yard_w", "draws_w", "found"),
    [
        pytest.param(8200.0, 3600.0, 3000.0, False, id="both carry 1,000 W more on each phase"),
        pytest.param(8201.0, 3600.0, 3000.0, True, id="the hall does not"),
        pytest.param(8200.0, 3601.0, 3000.0, True, id="the yard does not"),
        pytest.param(None, 3600.0, 3.0, True, id="the hall's meter is silent"),
    ],
)
def test_behind_panels_all_of_them_must_carry_it(hall_w: float | None, yard_w: float, draws_w: float, found: bool):
    known = {panel: standing(watts, watts, watts) for panel, watts in ((HALL, hall_w), (YARD, yard_w)) if watts}
    assert waits(Why.LIMIT_PANEL, draws_w, state(1.0, panels=known), WATER) is found
