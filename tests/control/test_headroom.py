"""A nearly full battery keeps room: the sun is held back before a load that goes off needs it."""

from dataclasses import replace
from math import inf

import pytest

from hems.control import headroom
from hems.control.given import Given
from hems.control.params import Params
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.units import SourceId
from tests.control.panel import METERED, Panel, car, on_an_island, snapshot
from tests.given import building, flats

ROOF, MAIN = SourceId("roof"), SourceId("main")
LIMIT = wiring.pv_limit(ROOF)
LARGEST_W = max(one.typical_w for one in flats().circuits)


def site() -> Site:
    """The flats with a roof that can be limited, and without cars."""
    made = flats(bays=())
    return replace(made, pvs=(replace(made.pvs[0], limitable=True),))


def sunny(soc_pct: float, *, sun_w: float, into_w: float) -> Panel:
    """An island under this sun, of which so much flows into the battery."""
    made = on_an_island(site=site(), params=Params())
    made.says({wiring.battery_soc(MAIN): soc_pct, wiring.pv_power(ROOF): sun_w})
    return made.says({wiring.former_phase_w(index): -into_w / 3.0 for index in range(3)}).advance(3.0)


def told_w(made: Panel) -> float:
    entry = made.state.sent.get(LIMIT)
    return inf if entry is None else float(entry.value)


@pytest.mark.parametrize(("soc_pct", "takes_w"), [(95.0, 30_000.0), (98.0, 12_000.0), (100.0, 0.0)])
def test_what_the_largest_load_leaves_would_fit_into_the_battery(soc_pct: float, takes_w: float):
    # given an island with 28 kW of sun, 10 kW of which flow into the battery
    made = sunny(soc_pct, sun_w=28_000.0, into_w=10_000.0)
    # then the sun may give what circuits draw and the battery takes, without the largest load
    load_w = 28_000.0 - 10_000.0
    fits_w = load_w + takes_w - LARGEST_W
    assert told_w(made) == pytest.approx(fits_w, abs=1.0) if fits_w < 30_000.0 else told_w(made) == inf
    if fits_w < 30_000.0:
        assert made.state.sent[LIMIT].cause.why is Why.SUN_HEADROOM


def test_with_room_in_the_battery_nothing_of_the_sun_is_held_back():
    assert told_w(sunny(80.0, sun_w=28_000.0, into_w=25_000.0)) == inf


def test_it_is_let_go_when_the_battery_has_room_again_and_kept_while_nobody_can_see():
    made = sunny(99.0, sun_w=28_000.0, into_w=10_000.0)
    held_w = told_w(made)
    assert held_w < 20_000.0
    # given a former that is silent, the limit stays
    made.says({wiring.former_phase_w(0): None}).advance(5.0)
    assert told_w(made) == held_w
    # and below the threshold it ends
    made.says({wiring.former_phase_w(0): 3_000.0, wiring.battery_soc(MAIN): 80.0}).advance(5.0)
    assert told_w(made) == 30_000.0
    assert made.state.sent[LIMIT].cause.why is Why.SUN_FREE


def test_in_full_sun_with_a_full_battery_there_is_room_for_the_largest_load_at_every_moment():
    # given an island in full sun whose battery is nearly full
    made = building(site=site(), load=0.3, battery_soc_pct=98.5, sun=0.9)
    made.grid_lost().advance(75.0)
    store, roof = made.plant.batteries[MAIN], made.plant.pvs[ROOF]
    assert made.mode is Mode.ISLANDED
    for _ in range(8):
        made.advance(10.0)
        loads_w = [one.power_w for one in made.plant.circuits.values()]
        # when the largest load goes off, the battery takes what the sun gave it, without any shift of frequency
        left_w = roof.wanted_w(0.9) - sum(loads_w) + max(loads_w)
        assert roof.power_w > 5_000.0
        assert left_w <= store.charge_limit_w + 500.0
    assert made.plant.former_trips == 0


def test_a_limit_is_judged_anew_by_looks_that_can_show_it_and_said_again_when_it_is_no_limit_any_more():
    made = sunny(99.0, sun_w=28_000.0, into_w=10_000.0)
    held_w = told_w(made)
    # given a former that was read after the sun had followed, and a roof that was read before
    made.says({wiring.former_phase_w(index): 0.0 for index in range(3)})
    made.state = replace(
        made.state, sent={**made.state.sent, LIMIT: replace(made.state.sent[LIMIT], sent_s=made.now_s)}
    )
    made.advance(0.5)
    assert told_w(made) == held_w
    # then the two are taken together only when both can show it
    made.advance(2.0)
    assert told_w(made) > held_w
    # and without need of a limit it is said again as long as its lease lasts, that the device need not end it
    made.says({wiring.battery_soc(MAIN): 60.0}).advance(3.0)
    last_s = made.state.sent[LIMIT].last_s
    made.advance(40.0)
    assert told_w(made) == 30_000.0
    assert made.state.sent[LIMIT].last_s > last_s


def test_what_cars_give_is_no_reason_to_hold_the_sun_back():
    # given a circuit's worth of load that a car carries, or the former
    def allowed_w(car_w: float) -> float:
        both = replace(site(), bays=flats().bays[:1])
        made = on_an_island(site=both, params=Params()).says(car("bay_1", 80.0, car_w))
        made.says({wiring.battery_soc(MAIN): 99.0, wiring.pv_power(ROOF): 20_000.0})
        made.says({wiring.former_phase_w(index): (6000.0 - car_w) / 3.0 for index in range(3)})
        return told_w(made.tick() and made)

    assert allowed_w(6000.0) == pytest.approx(allowed_w(0.0), abs=1.0)


def test_what_a_battery_beside_the_former_gives_is_no_reason_either_and_what_it_takes_may_end_at_once():
    # given 6 kW of load, and a second battery
    second = replace(flats().batteries[0], id=SourceId("second"))
    both = replace(site(), batteries=(*flats().batteries, second))

    def allowed_w(second_w: float) -> float:
        made = on_an_island(site=both, params=Params())
        levels = {wiring.battery_soc(key): 99.0 for key in (MAIN, second.id)}
        made.says({**levels, wiring.pv_power(ROOF): 10_000.0, wiring.battery_power(second.id): second_w})
        made.says({wiring.former_phase_w(index): (6000.0 - second_w) / 3.0 for index in range(3)})
        return told_w(made.tick() and made)

    # then the sun may take its place, and what it takes is a load like others
    assert allowed_w(5000.0) == pytest.approx(allowed_w(0.0), abs=1.0)
    # unless it is the largest: then there is room for its end
    assert allowed_w(-8_000.0) == pytest.approx(allowed_w(0.0) + LARGEST_W, abs=1.0)


@pytest.mark.parametrize(("soc_pct", "at_once"), [(99.0, 1), (60.0, 3)])
def test_what_need_not_go_off_at_once_goes_one_by_one_beside_a_nearly_full_battery(soc_pct: float, at_once: int):
    # given an island that carries everything, with the sun feeding most of it, and a band that saves energy
    made = on_an_island(site=site(), params=Params())
    loads = {name: replace(one, shed_because=None, shed_since_s=None) for name, one in made.state.loads.items()}
    sent = {role: replace(one, value=True) if "circuits" in role else one for role, one in made.state.sent.items()}
    made.state = replace(made.state, loads=loads, sent=sent, band="conserve")
    made.says(METERED, {role: True for role in made.values if role.endswith("/closed")})
    made.says({wiring.battery_soc(MAIN): soc_pct, wiring.pv_power(ROOF): 28_000.0})
    made.says({wiring.former_phase_w(index): -1_000.0 for index in range(3)})
    # then they go one after the other, each when the one before has shown; with room in the battery all at once
    first = made.tick()
    assert sum(command.role.endswith("/closed") for command in first.commands) == at_once
    made.advance(10.0)
    assert {"laundry", "gym", "hot_water"} <= made.off()


@pytest.mark.parametrize(
    ("soc_pct", "into_w", "bears_w"), [(98.0, 9000.0, 3000.0), (98.0, 15_000.0, 0.0), (50.0, 0.0, inf)]
)
def test_what_may_go_off_without_need_is_what_the_battery_would_take_beside_what_flows_into_it(
    soc_pct: float, into_w: float, bears_w: float
):
    made = sunny(soc_pct, sun_w=28_000.0, into_w=into_w)
    given = Given(made.site, snapshot(made.site, made.values, made.now_s), Params(), Instant(made.now_s))
    phases_w = (-into_w / 3.0,) * 3
    assert headroom.bears_w(given, made.state, phases_w) == pytest.approx(bears_w)
    assert headroom.bears_w(given, made.state, None) == inf
