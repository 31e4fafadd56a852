"""Which cars carry an island, what is left in store, and what counts at the moment: each rule at its edge."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control import energy, giving, present
from hems.control.cars.memory import BayMemory, Charge, DriverMemory
from hems.control.energy import Band
from hems.control.memory.acting import Sent
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.request import Task
from hems.model.site import Circuit, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import car, snapshot
from tests.control.pencil import PARAMS, given, sent, standing, state
from tests.given import flats

SITE = flats()
ONE, TWO, THREE = SITE.bays[:3]
MAIN = SourceId("main")
NOW_S = 1000.0
HERE = {one.id: BayMemory(plugged_since_s=0.0) for one in SITE.bays}


@pytest.mark.parametrize(
    ("target_w", "giving_now", "gives"),
    [
        pytest.param(999.0, {}, [TWO.id], id="one, the fullest"),
        pytest.param(4000.0, {}, [TWO.id], id="one can do 4 kW well"),
        pytest.param(4001.0, {}, [TWO.id, THREE.id], id="two above"),
        pytest.param(8001.0, {}, [TWO.id, THREE.id, ONE.id], id="three"),
        pytest.param(1999.0, {ONE.id: 1.0, THREE.id: 1.0}, [THREE.id], id="too little for two that give"),
        pytest.param(2000.0, {ONE.id: 1.0, THREE.id: 1.0}, [THREE.id, ONE.id], id="just enough for both"),
        pytest.param(0.0, {}, [TWO.id], id="nothing to do"),
    ],
)
def test_as_many_cars_give_as_can_work_well(target_w: float, giving_now: dict[SourceId, float], gives: list[SourceId]):
    # a car that gives counts as 2 kWh fuller, and cars within a kilowatt-hour are alike
    free = {ONE.id: 10_000.0, TWO.id: 11_600.0, THREE.id: 10_900.0}
    assert list(giving.carriers(free, giving_now, target_w, {})) == gives


def test_of_cars_that_are_alike_the_one_gives_that_has_given_least():
    free = {ONE.id: 10_400.0, TWO.id: 9600.0}
    assert list(giving.carriers(free, {}, 1.0, {ONE.id: 5.0})) == [TWO.id]
    assert list(giving.carriers(free, {}, 1.0, {TWO.id: 5.0})) == [ONE.id]
    assert list(giving.carriers(free, {}, 1.0, {})) == [ONE.id]


def supported(
    values: dict[Role, Any], known: ControlState | None = None, soc_pct: float | None = 60.0
) -> dict[str, tuple[float, Why]]:
    """What each car is asked for, and why."""
    there = snapshot(SITE, {wiring.battery_soc(MAIN): soc_pct} | values, NOW_S)
    found = giving.supporting([ONE, TWO], SITE, known or state(bays=HERE), there, PARAMS, NOW_S)
    return {str(bay): (wish.power_w, wish.cause.why) for bay, wish in found.items()}


@pytest.mark.parametrize(
    ("told", "gives"),
    [
        # a lease of a minute, and six seconds for a car to follow
        pytest.param(None, False, id="never told"),
        pytest.param(sent(5000.0, 900.0, last_s=940.1), True, id="told to give, and again within the lease"),
        pytest.param(sent(5000.0, 900.0, last_s=940.0, acknowledged_s=900.0), False, id="its lease is over"),
        pytest.param(sent(0.0, 994.0, last_s=994.0, acknowledged_s=994.1), True, id="told to rest a moment ago"),
        pytest.param(sent(0.0, 993.0, last_s=993.0, acknowledged_s=994.0), False, id="it has had time to follow"),
        pytest.param(sent(-3000.0, 980.0, last_s=980.0, acknowledged_s=981.0), False, id="told to charge"),
        pytest.param(sent(0.0, 940.1, last_s=999.0), True, id="told to rest, unanswered"),
        pytest.param(sent(0.0, 940.0, last_s=999.0), False, id="what it was told before has lapsed"),
    ],
)
def test_a_car_whose_power_nobody_can_tell_may_still_give(told: Sent | None, gives: bool):
    asked = {} if told is None else {wiring.bay_power(ONE.id): told}
    silent = snapshot(SITE, {wiring.bay_power(ONE.id): None}, NOW_S)
    assert giving.may_give(SITE, state(sent=asked), silent, PARAMS, NOW_S) is gives
    # one that tells it is judged by that
    seen = snapshot(SITE, {wiring.bay_power(ONE.id): 0.0}, NOW_S)
    assert not giving.may_give(SITE, state(sent=asked), seen, PARAMS, NOW_S)
    # and one that makes the island is no car that follows
    former = replace(SITE, former=replace(SITE.former, source=ONE.id))
    assert not giving.may_give(former, state(sent=asked), silent, PARAMS, NOW_S)


def drawn(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


@pytest.mark.parametrize(
    ("soc_pct", "give_w"),
    [
        pytest.param(50.0, 4000.0, id="four fifths of 5 kW"),
        pytest.param(35.0, 4500.0, id="halfway down to critical: nine tenths"),
        pytest.param(20.0, 5000.0, id="critical: all"),
        pytest.param(15.0, 6500.0, id="and something to refill the battery"),
        pytest.param(10.0, 8000.0, id="as much as that may be"),
        pytest.param(None, 4000.0, id="unread"),
    ],
)
def test_cars_give_more_the_emptier_the_battery(soc_pct: float | None, give_w: float):
    # the former bears 2.5 kW and the car gives as much
    found = supported(drawn(500.0, 1000.0, 1000.0) | car("bay_1", 93.0, 2500.0), soc_pct=soc_pct)
    assert found["bay_1"] == (pytest.approx(give_w), Why.SUPPORT_ISLAND)


@pytest.mark.parametrize(("permits_w", "give_w"), [(1250.0, 4000.0), (1000.0, 4200.0), (1.0, 5000.0)])
def test_cars_take_over_what_a_cold_battery_permits_no_more(permits_w: float, give_w: float):
    # given 5 kW to carry, of which cars would give four fifths
    former = replace(SITE.former, total_w=permits_w)
    there = snapshot(SITE, drawn(500.0, 1000.0, 1000.0) | car("bay_1", 93.0, 2500.0), NOW_S)
    found = giving.supporting([ONE], replace(SITE, former=former), state(bays=HERE), there, PARAMS, NOW_S)
    # then the battery is left with four fifths of what it permits
    assert found[ONE.id].power_w == pytest.approx(give_w, abs=1.0)


@pytest.mark.parametrize(
    ("watts", "gives_w", "soc_pct", "give_w"),
    [
        pytest.param(699.0, 0.0, 71.0, 0.0, id="little to do"),
        pytest.param(699.0, 0.0, 70.0, 3000.0, id="little to do for long: a batch"),
        pytest.param(399.0, 300.0, 79.9, 3000.0, id="a batch goes on"),
        pytest.param(399.0, 300.0, 80.0, 0.8 * 699.0, id="until the battery is up"),
        pytest.param(700.0, 0.0, 60.0, 560.0, id="enough to do"),
        pytest.param(-5.0, 0.0, 60.0, 0.0, id="the sun does all"),
    ],
)
def test_with_little_to_do_a_car_gives_in_batches(watts: float, gives_w: float, soc_pct: float, give_w: float):
    found = supported(drawn(watts, 0.0, 0.0) | car("bay_1", 93.0, gives_w), soc_pct=soc_pct)
    assert found["bay_1"][0] == pytest.approx(give_w)


def test_cars_share_by_what_they_have_to_spare_within_what_they_can_do():
    # 25 and 5 kWh to spare above 43 and 53 %, of 9.6 kW: 8 and 1.6
    first = car("bay_1", 43.0 + 250.0 / 6.0)
    found = supported(drawn(4000.0, 4000.0, 4000.0) | first | car("bay_2", 53.0 + 50.0 / 6.0))
    assert [watts for watts, _ in found.values()] == pytest.approx([8000.0, 1600.0])
    # no charger does more than 10 kW, nor less than half of one
    found = supported(drawn(6000.0, 6000.0, 6000.0) | first | car("bay_2", 53.0 + 5.0 / 6.0))
    assert found == {"bay_1": (10_000.0, Why.SUPPORT_ISLAND), "bay_2": (0.0, Why.CAR_IDLE)}


@pytest.mark.parametrize(
    ("more", "memory", "why"),
    [
        pytest.param({wiring.bay_discharge_ready(ONE.id): False}, {}, Why.NO_CHARGE_ON_ISLAND, id="its charger is not"),
        pytest.param({wiring.bay_discharge_ready(ONE.id): None}, {}, Why.NO_CHARGE_ON_ISLAND, id="nobody knows"),
        pytest.param({wiring.bay_soc(ONE.id): None}, {}, Why.CAR_SOC_UNKNOWN, id="its charge is unknown"),
        pytest.param({}, {"at_floor": True}, Why.CAR_AT_FLOOR, id="it has come down to its floor"),
        pytest.param({wiring.bay_soc(ONE.id): 43.0}, {}, Why.CAR_AT_FLOOR, id="nothing above it"),
        pytest.param({}, {"plugged_since_s": NOW_S - 59.9}, Why.NO_CHARGE_ON_ISLAND, id="it has just come"),
        pytest.param({}, {"plugged_since_s": NOW_S - 60.0}, Why.SUPPORT_ISLAND, id="a minute ago"),
        pytest.param({}, {"plugged_since_s": None}, Why.NO_CHARGE_ON_ISLAND, id="nobody knows since when"),
    ],
)
def test_a_car_gives_that_may(more: dict[Role, Any], memory: dict[str, Any], why: Why):
    bays = {ONE.id: BayMemory(**{"plugged_since_s": 0.0} | memory)}
    found = supported(drawn(2000.0, 2000.0, 1000.0) | car("bay_1", 80.0) | more, state(bays=bays))
    assert found["bay_1"][1] is why
    leaves = state(bays=bays, drivers={ONE.id: DriverMemory(leaving_since_s=1.0)})
    assert supported(drawn(2000.0, 2000.0, 1000.0) | car("bay_1", 80.0) | more, leaves)["bay_1"][1] is Why.CAR_LEAVES


@pytest.mark.parametrize(
    ("sent_s", "gives_w", "goes_on"),
    [
        pytest.param(NOW_S - 0.8, 4000.0, True, id="no reading can show it"),
        pytest.param(NOW_S - 1.0, 4000.0, False, id="it shows"),
        pytest.param(NOW_S - 1.0, 3699.0, True, id="its charger has not followed"),
        pytest.param(NOW_S - 1.0, 3701.0, False, id="as good as followed"),
        pytest.param(NOW_S - 5.9, 0.0, True, id="and has a while for it"),
        pytest.param(NOW_S - 6.0, 0.0, False, id="and no longer"),
    ],
)
def test_cars_go_on_as_told_until_former_and_chargers_show_it(sent_s: float, gives_w: float, goes_on: bool):
    # given a car that was told 4 kW, and a former that bears 6 kW beside it
    known = state(bays=HERE, sent={wiring.bay_power(ONE.id): sent(4000.0, sent_s, cause=Cause(Why.SUPPORT_ISLAND))})
    found = supported(drawn(2000.0, 2000.0, 2000.0) | car("bay_1", 93.0, gives_w), known)
    assert found["bay_1"][0] == (4000.0 if goes_on else pytest.approx(0.8 * (6000.0 + gives_w)))


def test_a_charger_that_answers_again_is_not_held_to_what_it_was_told_while_it_was_silent():
    # given a car that gives 4 kW, and was told to rest while its charger was silent
    known = state(bays=HERE, sent={wiring.bay_power(ONE.id): sent(0.0, NOW_S - 2.0, cause=Cause(Why.CAR_SOC_UNKNOWN))})
    found = supported(drawn(2000.0, 2000.0, 2000.0) | car("bay_1", 93.0, 4000.0), known)
    assert found["bay_1"][0] == pytest.approx(8000.0)


def test_while_others_are_waited_for_a_charger_that_answers_again_goes_on_giving_what_it_gives():
    # given a car that gives 9 kW, told to rest while its charger was silent, and another that has just been told more
    told = {
        wiring.bay_power(ONE.id): sent(0.0, NOW_S - 2.0, cause=Cause(Why.CAR_SOC_UNKNOWN)),
        wiring.bay_power(TWO.id): sent(5000.0, NOW_S - 2.0, cause=Cause(Why.SUPPORT_ISLAND)),
    }
    both = car("bay_1", 93.0, 9000.0) | car("bay_2", 93.0, 2000.0)
    found = supported(drawn(2000.0, 2000.0, 2000.0) | both, state(bays=HERE, sent=told))
    assert found == {"bay_1": (9000.0, Why.SUPPORT_ISLAND), "bay_2": (5000.0, Why.SUPPORT_ISLAND)}
    # but who rests because there was nothing to do goes on resting
    idle = told | {wiring.bay_power(ONE.id): sent(0.0, NOW_S - 2.0, cause=Cause(Why.CAR_IDLE))}
    assert supported(drawn(2000.0, 2000.0, 2000.0) | both, state(bays=HERE, sent=idle))["bay_1"][0] == 0.0


def test_a_silent_charger_holds_nobody_up():
    because = Cause(Why.SUPPORT_ISLAND)
    told = {
        wiring.bay_power(ONE.id): sent(4000.0, NOW_S - 1.0, cause=because),
        wiring.bay_power(TWO.id): sent(0.0, NOW_S - 1.0, cause=because),
    }
    quiet = car("bay_1", 93.0) | {wiring.bay_power(ONE.id): None}
    found = supported(drawn(2000.0, 2000.0, 2000.0) | quiet | car("bay_2", 93.0), state(bays=HERE, sent=told))
    assert sum(watts for watts, _ in found.values()) == pytest.approx(4800.0)


@pytest.mark.parametrize(("shines_w", "give_w"), [(9001.0, 0.0), (8999.0, 4000.0)])
def test_no_car_gives_what_the_sun_would_were_it_not_held_back(shines_w: float, give_w: float):
    # given a roof that may give 10 of its 30 kW
    roof = replace(SITE.pvs[0], limitable=True)
    known = state(bays=HERE, sent={wiring.pv_limit(roof.id): sent(10_000.0)})
    values = {wiring.battery_soc(MAIN): 60.0, wiring.pv_power(roof.id): shines_w} | drawn(5000.0, 0.0, 0.0)
    there = snapshot(replace(SITE, pvs=(roof,)), values | car("bay_1", 93.0), NOW_S)
    found = giving.supporting([ONE], replace(SITE, pvs=(roof,)), known, there, PARAMS, NOW_S)
    assert found[ONE.id].power_w == pytest.approx(give_w)


def test_while_the_former_cannot_be_read_cars_go_on_as_they_are():
    blind = drawn(2000.0, 2000.0) | {wiring.former_phase_w(2): None} | car("bay_1", 80.0)
    told = {wiring.bay_power(ONE.id): sent(1234.0), wiring.bay_power(TWO.id): sent(-500.0)}
    found = supported(blind | car("bay_2", 90.0), state(bays=HERE, sent=told))
    assert found == {"bay_1": (1234.0, Why.OVERLOAD), "bay_2": (0.0, Why.OVERLOAD)}
    assert supported(blind, state(bays=HERE, sent=told))["bay_2"] == (0.0, Why.NO_CHARGE_ON_ISLAND)
    assert supported(blind, state(bays=HERE))["bay_1"] == (0.0, Why.CAR_IDLE)


def test_what_cars_give_is_what_the_former_would_have_to_take_over():
    values = car("bay_1", 80.0, 3000.0) | car("bay_3", 80.0, 700.0) | car("bay_2", 80.0, -900.0)
    there = snapshot(SITE, values)
    assert giving.giving_w(SITE, there, 0.0) == {"bay_1": 3000.0, "bay_2": 0.0, "bay_3": 700.0, "bay_4": 0.0}
    assert giving.phase_w_of_cars(SITE, there, 0.0) == (1700.0, 1000.0, 1000.0)
    forms = replace(SITE, former=replace(SITE.former, source=ONE.id))
    assert giving.phase_w_of_cars(forms, there, 0.0) == (700.0, 0.0, 0.0)


# What is left ---------------------------------------------------------------------------------------------------------


def test_what_a_car_keeps_is_what_its_driver_or_its_maker_says():
    picky = replace(ONE, floor_pct=30.0, maker_floor_pct=35.0)
    assert energy.floor_pct(picky, PARAMS.car) == 38.0


@pytest.mark.parametrize(
    ("band", "pct", "since_s", "after", "better_since_s", "due_s"),
    [
        pytest.param("normal", 50.1, None, Band.NORMAL, None, inf, id="nothing to do"),
        pytest.param("normal", 50.0, None, Band.CONSERVE, None, inf, id="half"),
        pytest.param("normal", 20.0, None, Band.CRITICAL, None, inf, id="a fifth"),
        pytest.param("normal", 10.0, None, Band.FLOOR, None, inf, id="a tenth"),
        pytest.param("normal", 5.0, None, Band.SHUTDOWN, None, inf, id="the end"),
        pytest.param("critical", 45.0, None, Band.CRITICAL, NOW_S, NOW_S + 900.0, id="better, since now"),
        pytest.param("critical", 29.9, 1.0, Band.CRITICAL, None, inf, id="not good enough"),
        pytest.param("critical", 30.0, NOW_S - 899.0, Band.CRITICAL, NOW_S - 899.0, NOW_S + 1.0, id="not long enough"),
        pytest.param("critical", 30.0, NOW_S - 900.0, Band.CONSERVE, None, inf, id="for long enough"),
        pytest.param("critical", 60.0, NOW_S - 900.0, Band.CONSERVE, NOW_S, NOW_S + 900.0, id="and better still"),
        pytest.param("normal", 95.0, NOW_S - 900.0, Band.SURPLUS, None, inf, id="to spare"),
        pytest.param("surplus", 90.1, None, Band.SURPLUS, None, inf, id="still to spare"),
        pytest.param("surplus", 90.0, None, Band.NORMAL, None, inf, id="no more"),
        pytest.param("conserve", None, 1.0, Band.CONSERVE, None, inf, id="unread"),
    ],
)
def test_a_band_is_worse_at_once_and_better_after_a_while(
    band: str, pct: float | None, since_s: float | None, after: Band, better_since_s: float | None, due_s: float
):
    step = energy.band_after(state(band=band, band_better_since_s=since_s), pct, PARAMS.band, NOW_S)
    assert (step.band, step.better_since_s, step.due_s) == (after, better_since_s, due_s)


@pytest.mark.parametrize(
    ("tier", "pct"),
    [
        (Tier.NON_ESSENTIAL, 50.0),
        (Tier.COMFORT, 20.0),
        (Tier.ESSENTIAL, 10.0),
        (Tier.CRITICAL, 5.0),
        (Tier.LIFE_SAFETY, None),
    ],
)
def test_each_tier_goes_off_at_its_charge(tier: Tier, pct: float | None):
    assert energy.shedding_pct(tier, PARAMS.band) == pct


# What counts now ------------------------------------------------------------------------------------------------------

LAUNDRY = CircuitId("laundry")


@pytest.mark.parametrize(
    ("temp_c", "was", "warm"),
    [
        (8.0, False, False),
        (8.1, False, True),
        (7.1, True, True),
        (7.0, True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_what_is_too_warm_stays_so_until_it_has_cooled_by_a_degree(temp_c: float | None, *, was: bool, warm: bool):
    site = flats(circuits=tuple(replace(one, temp_max_c=8.0 if one.id == LAUNDRY else None) for one in SITE.circuits))
    known = state(warm=frozenset({LAUNDRY} if was else ()))
    there = snapshot(site, {wiring.circuit_temperature(LAUNDRY): temp_c})
    assert (LAUNDRY in present.warm_after(site, known, there, 0.0)) is warm
    assert present.warm_after(SITE, known, there, 0.0) == frozenset()


@pytest.mark.parametrize(
    ("tier", "raised"),
    [
        (Tier.FLEXIBLE, Tier.NON_ESSENTIAL),
        (Tier.ESSENTIAL, Tier.CRITICAL),
        (Tier.CRITICAL, Tier.CRITICAL),
        (Tier.LIFE_SAFETY, Tier.LIFE_SAFETY),
    ],
)
def test_what_is_too_warm_counts_one_tier_more(tier: Tier, raised: Tier):
    one: Circuit = replace(SITE.circuits[0], tier=tier)
    site = flats(circuits=(one, SITE.circuits[11]))
    now = present.present(site, state(warm=frozenset({one.id})), PARAMS, NOW_S)
    assert [circuit.tier for circuit in now.circuits] == [raised, SITE.circuits[11].tier]
    assert present.present(site, state(), PARAMS, NOW_S) is site


@pytest.mark.parametrize(
    ("permits_w", "sun_w", "total_w"),
    [
        pytest.param(None, 5000.0, None, id="nobody tells"),
        pytest.param(30_000.0, 5000.0, None, id="as much as the phases"),
        pytest.param(29_000.0, 5000.0, 34_000.0, id="less, and the sun"),
        pytest.param(29_000.0, None, 29_000.0, id="less, and a sun that nobody reads"),
        pytest.param(29_000.0, -5.0, 29_000.0, id="the sun takes nothing"),
        pytest.param(0.0, 0.0, 1.0, id="nothing"),
    ],
)
def test_the_former_gives_what_its_battery_permits_and_its_own_sun(
    permits_w: float | None, sun_w: float | None, total_w: float | None
):
    site = replace(SITE, pvs=(replace(SITE.pvs[0], direct=True), replace(SITE.pvs[0], id=SourceId("shed"))))
    values = {
        wiring.battery_limit(MAIN): permits_w,
        wiring.pv_power(SITE.pvs[0].id): sun_w,
        wiring.pv_power(SourceId("shed")): 7.0,
    }
    assert present.permitted(site, snapshot(site, values), 0.0).former.total_w == total_w
    declared = replace(site, former=replace(site.former, total_w=12_000.0))
    least_w = min(12_000.0, 12_000.0 if permits_w is None else permits_w)
    found = present.permitted(declared, snapshot(site, values), 0.0).former.total_w
    assert found == max(1.0, least_w + max(0.0, sun_w or 0.0))


def test_a_way_to_safety_is_kept_until_a_driver_says_otherwise():
    # 80 km of 0.2 kWh, a third more in the cold, and 2 kWh to arrive with: 22.8 of 56 kWh
    assert present.way_pct(80.0, 56_000.0, PARAMS.car) == pytest.approx(22_800.0 / 560.0)
    assert present.way_pct(800.0, 56_000.0, PARAMS.car) == 100.0
    known = state(bays={one.id: BayMemory(charge=Charge(pct=70.0, capacity_wh=56_000.0)) for one in SITE.bays})
    floors = [bay.floor_pct for bay in present.present(SITE, known, PARAMS, NOW_S).bays]
    assert floors == [pytest.approx(22_800.0 / 560.0), 50.0, 40.0, 40.0], "the last two give nothing"
    said = replace(known, drivers={ONE.id: DriverMemory(keeps_pct=25.0)})
    assert present.present(SITE, said, PARAMS, NOW_S).bays[0].floor_pct == 25.0
    nowhere = replace(PARAMS, car=replace(PARAMS.car, evacuation_km=0.0))
    assert present.present(SITE, known, nowhere, NOW_S).bays[0].floor_pct == 40.0


@pytest.mark.parametrize(
    ("by_hand", "pressed", "after"), [(False, True, True), (True, False, False), (True, None, True)]
)
def test_people_have_taken_over_by_the_red_button(pressed: bool | None, *, by_hand: bool, after: bool):
    there = snapshot(SITE, {wiring.RED_BUTTON: pressed})
    assert present.by_hand(state(by_hand=by_hand), there, 0.0) is after


def test_while_people_may_have_to_leave_every_car_keeps_four_fifths():
    leaving = state(orders=standing(Task.EVACUATION))
    found = present.present(SITE, leaving, PARAMS, NOW_S)
    assert [bay.floor_pct for bay in found.bays] == [80.0] * 4
    more = replace(SITE, bays=(replace(ONE, floor_pct=85.0),))
    assert present.present(more, leaving, PARAMS, NOW_S).bays[0].floor_pct == 85.0
    told = state(drivers={ONE.id: DriverMemory(keeps_pct=30.0), TWO.id: DriverMemory(never=True)})
    assert [bay.floor_pct for bay in present.present(SITE, told, PARAMS, NOW_S).bays] == [30.0, 100.0, 40.0, 40.0]


@pytest.mark.parametrize(("by_hand", "switch"), [(True, False), (False, True), (None, True)])
def test_what_a_hand_switch_has_taken_has_no_switch_and_says_nothing(by_hand: bool | None, *, switch: bool):
    values = {wiring.circuit_by_hand(LAUNDRY): by_hand, wiring.circuit_closed(LAUNDRY): False}
    found = present.counted(given(SITE, values), state(Mode.GRID_CONNECTED))
    assert found.site.circuit(LAUNDRY).switchable is switch
    assert found.snapshot.circuits[LAUNDRY].closed.known(0.0) is (False if switch else None)
