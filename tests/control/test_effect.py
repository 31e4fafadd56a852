"""Whether a shed has helped, judged by what the former delivers afterwards."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control import effect
from hems.control.demand import per_phase
from hems.control.given import Given
from hems.control.memory.acting import EffectMemory, Sent
from hems.control.state import ControlState, LoadMemory
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.request import Acknowledge
from hems.model.site import Generator, Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control import pencil
from tests.control.panel import UNMETERED, Panel, on_an_island
from tests.given import flats

TIERS = {one.id: one.tier for one in flats().circuits}


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def overloaded(dose: float, *phase_w: float) -> Panel:
    """An island that carries everything, with some of its overload curve used up."""
    made = on_an_island().says(UNMETERED)
    loads = {name: replace(memory, shed_because=None, shed_since_s=None) for name, memory in made.state.loads.items()}
    sent = {role: replace(one, value=True) if "circuits" in role else one for role, one in made.state.sent.items()}
    made.state = replace(made.state, loads=loads, sent=sent, dose=(dose, 0.0, 0.0))
    made.says({role: True for role in made.values if role.endswith("/closed")})
    return made.says(former(*phase_w))


def tiers_off(made: Panel) -> set[Tier]:
    return {TIERS[CircuitId(name)] for name in made.off()}


def test_when_nothing_that_is_switched_off_helps_the_house_is_not_walked_dark():
    # given a former that says it delivers too much, whatever goes off
    made = overloaded(0.5, 10_800.0, 4_000.0, 4_000.0)
    made.advance(600.0, every_s=20.0)
    assert made.state.dose[0] == pytest.approx(1.0), "it would have tripped long ago, if it were true"
    # then hems has tried twice, and late one essential circuit, and gone no further: not by dose, and not by time
    assert {name for name in made.off() if TIERS[CircuitId(name)] is Tier.ESSENTIAL} <= {"kitchen", "freezers"}
    assert {Tier.FLEXIBLE, Tier.NON_ESSENTIAL, Tier.COMFORT} <= tiers_off(made)
    assert Tier.CRITICAL not in tiers_off(made)
    assert "door_entry" not in made.off(), "essential, and on another phase"
    # and a person is told
    assert made.state.alarms["futile"].cause.why is Why.SHED_FUTILE
    # and what the reflex holds ready spares them as well
    armed = [command.role for step in made.steps[-1:] for one in step[1].armed for command in one.commands]
    assert not {wiring.circuit_closed(name) for name, tier in TIERS.items() if tier <= Tier.ESSENTIAL} & set(armed)


def test_as_long_as_switching_off_helps_it_goes_on_down_to_critical_circuits():
    # given a load that life safety and critical circuits alone make too high
    made = overloaded(0.5, 10_000.0, 4_000.0, 4_000.0)
    made.load = 5.0
    made.advance(60.0)
    assert Tier.CRITICAL in tiers_off(made)
    assert "futile" not in made.state.alarms


def test_the_guard_ends_with_the_overload():
    made = overloaded(0.5, 12_000.0, 4_000.0, 4_000.0)
    made.advance(60.0, every_s=5.0)
    assert "futile" in made.state.alarms
    made.says(former(6_000.0, 3_000.0, 3_000.0)).advance(2.0)
    assert made.state.effect.vain == 0


def growing(made: Panel, *more_w: float, metered: bool = False) -> Panel:
    """A quarter of a second in which the lift draws so much more by phase, and other circuits what they usually do."""
    on = [one for one in made.site.circuits if str(one.id) not in made.off()]
    net_w = per_phase(made.site, {one.id: one.typical_w for one in on}, on)
    lift = {wiring.circuit_power(CircuitId("lift")): 3_000.0 + sum(more_w)} if metered else {}
    former_w = (watts - 1_400.0 + more for watts, more in zip(net_w, more_w, strict=True))
    made.says(former(*former_w), lift).tick()
    made.now_s += 0.25
    return made


def gone_w(made: Panel) -> tuple[float, ...]:
    """What has gone off by phase."""
    off = [one for one in made.site.circuits if str(one.id) in made.off()]
    return per_phase(made.site, {one.id: one.typical_w for one in off}, off)


@pytest.mark.parametrize("metered", [True, False])
def test_a_load_that_grows_as_fast_as_circuits_go_is_shed_against_until_there_is_room(metered: bool):
    # given a former that is too warm, and a lift that draws more each time by what has just gone off
    made, more_w = overloaded(0.6, 10_800.0, 4_000.0, 4_000.0), (0.0, 0.0, 0.0)
    for quarter in range(200):
        growing(made, *more_w, metered=metered)
        if quarter == 20:  # five minutes later, if nothing has changed
            made.state = replace(made.state, dose=tuple(one and max(one, 0.89) for one in made.state.dose))
        more_w = tuple(min(6_900.0, max(pair)) for pair in zip(more_w, gone_w(made), strict=True))
    # then essential circuits go before the inverter does
    assert Tier.ESSENTIAL in tiers_off(made)
    assert max(one.state.dose[0] for _, one in made.steps) < 0.97
    assert made.state.effect.vain == 0
    assert "futile" not in made.state.alarms


def test_what_another_meter_says_has_grown_is_not_held_against_a_shed():
    # given a shed, in whose instant the lift begins to draw as much, which its meter tells
    made = overloaded(0.5, 10_800.0, 4_000.0, 4_000.0).says({wiring.circuit_power(CircuitId("lift")): 3_000.0})
    made.tick()
    made.now_s += 0.25
    expected_w = sum(gone_w(made))
    made.says({wiring.circuit_power(CircuitId("lift")): 3_000.0 + expected_w}).tick()
    assert made.state.effect.vain == 0
    assert all(memory.vain == 0 for memory in made.state.loads.values())


def test_a_load_that_nobody_measures_is_taken_to_go_on_growing():
    # given an overload that grows by 6 kW a second, so that what goes off is made good before it is seen
    made = overloaded(0.3, 10_800.0, 4_000.0, 4_000.0)
    for quarter in range(16):
        growing(made, 1_500.0 * quarter, 1_500.0 * quarter, 1_500.0 * quarter)
        # then nobody says that it has not helped
        assert made.state.effect.vain == 0
    assert gone_w(made)[0] > 0.0


def test_a_former_that_delivers_far_more_after_a_shed_proves_nothing():
    # given a shed, and in the same instant a motor that nobody measures
    made = overloaded(0.5, 10_800.0, 4_000.0, 4_000.0)
    made.tick()
    made.now_s += 0.25
    made.says(former(18_000.0, 4_000.0, 4_000.0)).tick()
    assert not made.state.effect.vain


def vain(made: Panel, name: str, times: int) -> Panel:
    made.state = replace(
        made.state, loads={**made.state.loads, CircuitId(name): LoadMemory(vain=times, read_back=True)}
    )
    return made


def test_a_circuit_whose_shedding_shows_nothing_is_marked_and_the_next_one_taken():
    # given the first circuit in line, whose switch has moved twice without any effect, and does so again
    made = vain(overloaded(0.5, 11_000.0, 3_000.0, 3_000.0), "gym", 2)
    made.tick()
    assert "gym" in made.off()
    made.advance(3.0)
    # then it is marked, and a person is told
    assert made.state.loads[CircuitId("gym")].vain == 3
    assert made.state.alarms["circuits/gym/closed/vain"].cause.why is Why.SHED_IN_VAIN
    # and when it is on again and load must go, it is passed over
    again = vain(overloaded(0.5, 11_000.0, 3_000.0, 3_000.0), "gym", 3).advance(1.0)
    assert "ventilation" in again.off()
    assert "gym" not in again.off()


def test_one_that_helps_is_cleared_and_a_person_clears_all():
    helped = vain(overloaded(0.5, 11_000.0, 3_000.0, 3_000.0), "hot_water", 2)
    helped.tick()
    helped.says(former(5_000.0, 1_000.0, 1_000.0)).advance(2.0)
    assert helped.state.loads[CircuitId("hot_water")].vain == 0
    looked = vain(on_an_island(), "laundry", 3).ask(Acknowledge(who="ana", role="operator")).advance(1.0)
    assert looked.state.loads[CircuitId("laundry")].vain == 0


def test_a_circuit_with_a_meter_is_judged_by_that():
    made = overloaded(0.5, 11_000.0, 3_000.0, 3_000.0)
    made.says({wiring.circuit_power(name): 2_000.0 for name in TIERS}).advance(4.0)
    assert made.off()
    assert all(memory.vain == 0 for memory in made.state.loads.values())


def test_a_former_that_cannot_be_read_and_a_shed_too_small_to_be_seen_judge_nobody():
    blind = overloaded(0.5, 12_000.0, 4_000.0, 4_000.0)
    blind.tick()
    blind.says(dict.fromkeys(former(0.0, 0.0, 0.0))).advance(20.0)
    assert blind.state.effect.vain == 0
    assert not blind.state.effect.expected_w


# What is worked out with a pencil: a former of three times 10 kVA, and only those meters that are named.

LAUNDRY, GYM, KITCHEN = pencil.names("laundry", "gym", "kitchen")
BARE = replace(flats(), generator=Generator(name="Generator", rated_w=20_000.0))


def instant(values: dict[Role, Any], now_s: float = 20.0, site: Site = BARE) -> Given:
    return pencil.given(site, UNMETERED | values, now_s)


def off(name: str, acknowledged_s: float | None = 12.0, **more: Any) -> dict[Role, Sent]:
    return {wiring.circuit_closed(CircuitId(name)): pencil.sent(False, 10.0, acknowledged_s=acknowledged_s, **more)}


METERS: dict[Role, Any] = {
    wiring.circuit_power(KITCHEN): 300.0,  # a third on each phase
    wiring.circuit_power(GYM): 200.0,  # L1 and L2
    wiring.circuit_power(LAUNDRY): 400.0,  # L2 and L3
    wiring.pv_power(SourceId("roof")): 900.0,
    wiring.bay_power(SourceId("bay_1")): 600.0,
    wiring.bay_power(SourceId("bay_3")): -150.0,  # charges, L1
    wiring.GENERATOR_POWER: 60.0,
}


def test_what_the_former_delivers_is_known_by_what_every_other_meter_explains():
    # given 5, 6 and 7 kW, of which the laundry's share is watched from now on
    outlook = pencil.outlook(BARE, {"laundry": 400.0}, phase_w=(5000.0, 6000.0, 7000.0))
    before = pencil.state(effect=EffectMemory(rest_w=(1.0, 2.0, 3.0), vain=1))
    memory = effect.watching(instant(METERS), before, [LAUNDRY], outlook).effect
    # then each phase is less by circuits and by what charges, and more by what feeds
    assert memory.before_w == pytest.approx((5170.0, 6320.0, 7420.0))
    assert (memory.since_s, memory.rest_w, memory.vain) == (20.0, (), 1)
    assert memory.expected_w == {LAUNDRY: 400.0}
    # and what follows at once is judged with it: its meter has explained it until now
    later = pencil.outlook(BARE, {"laundry": 400.0, "gym": 200.0}, phase_w=(1.0, 1.0, 1.0))
    more = effect.watching(instant(METERS, 21.0), pencil.state(effect=memory), [GYM, LAUNDRY], later).effect
    assert more.before_w == pytest.approx((5270.0, 6420.0, 7420.0))
    assert (more.since_s, more.expected_w) == (20.0, {LAUNDRY: 400.0, GYM: 200.0})
    # and what has no meter was explained by nobody
    blind = effect.watching(instant({}, 21.0), pencil.state(effect=memory), [GYM], later).effect
    assert blind.before_w == memory.before_w


def test_a_sun_behind_the_former_and_the_car_that_forms_the_island_explain_nothing():
    hidden = replace(BARE.pvs[0], id=SourceId("carport"), direct=True)
    forms = replace(BARE, pvs=(*BARE.pvs, hidden), former=replace(BARE.former, source=SourceId("bay_1")))
    there = instant(METERS | {wiring.pv_power(hidden.id): 3000.0}, site=forms)
    outlook = pencil.outlook(forms, {"laundry": 400.0}, phase_w=(5000.0, 6000.0, 7000.0))
    memory = effect.watching(there, pencil.state(), [LAUNDRY], outlook).effect
    assert memory.before_w == pytest.approx((4970.0, 6120.0, 7220.0))
    # a plant that nobody reads is none
    unread = replace(there, snapshot=replace(there.snapshot, pvs={}))
    memory = effect.watching(unread, pencil.state(), [LAUNDRY], outlook).effect
    assert memory.before_w == pytest.approx((4670.0, 5820.0, 6920.0))


@pytest.mark.parametrize(("battery_w", "vain"), [(6000.0, 2), (3000.0, 0)])
def test_a_battery_beside_the_former_that_gives_less_from_then_on_is_not_held_against_a_shed(
    battery_w: float, vain: int
):
    # given a shed of 3 kW after which the former gives what it gave, beside a battery that gave 6 kW
    batteries = (*BARE.batteries, replace(BARE.batteries[0], id=SourceId("shed")))
    site, role = replace(BARE, batteries=batteries), wiring.battery_power(SourceId("shed"))
    outlook = pencil.outlook(site, {"kitchen": 3000.0}, phase_w=(11_000.0,) * 3)
    before = pencil.state(effect=EffectMemory(vain=1))
    watched = effect.watching(instant({role: 6000.0}, 10.0, site), before, [KITCHEN], outlook)
    # when its own meter has told what it gives since
    told = replace(watched, sent=off("kitchen"), loads={KITCHEN: LoadMemory()})
    overloaded_still = pencil.outlook(site, phase_w=(11_000.0,) * 3)
    assert effect.judged(instant({role: battery_w}, 14.0, site), told, overloaded_still).effect.vain == vain


@pytest.mark.parametrize(
    ("shed", "more"),
    [
        pytest.param([], {}, id="nothing went off"),
        pytest.param([LAUNDRY], {"mode": Mode.GRID_CONNECTED}, id="on the grid"),
        pytest.param([LAUNDRY], {"mode_for_s": 0.0}, id="the tie has just opened"),
        pytest.param([LAUNDRY], {"phase_w": None}, id="the former cannot be read"),
    ],
)
def test_nothing_is_looked_out_for(shed: list[CircuitId], more: dict[str, Any]):
    before = pencil.state()
    assert effect.watching(instant({}), before, shed, pencil.outlook(BARE, {"laundry": 1.0}, **more)) is before


def test_a_moment_after_the_tie_has_opened_it_is():
    outlook = pencil.outlook(BARE, {"laundry": 400.0}, mode_for_s=0.1)
    assert effect.watching(instant({}), pencil.state(), [LAUNDRY], outlook).effect.expected_w == {LAUNDRY: 400.0}


def seen_after(
    after_w: tuple[float, float, float], expected: dict[str, float], *, now_s: float = 14.0, **more: Any
) -> ControlState:
    """What is judged of sheds at 10 s, when the former gives so much; all are told and acknowledged at 12 s."""
    watched = {CircuitId(name): watts for name, watts in expected.items()}
    memory = EffectMemory(since_s=10.0, expected_w=watched, vain=1, **{"before_w": (12_000.0,) * 3} | more)
    told = {role: entry for name in expected for role, entry in off(name).items()}
    loads = {name: LoadMemory(vain=1) for name in watched}
    outlook = pencil.outlook(BARE, phase_w=after_w)
    before = pencil.state(effect=memory, sent=told, loads=loads)
    return effect.judged(instant({}, now_s), before, outlook)


@pytest.mark.parametrize(
    ("after_w", "vain", "of_laundry"),
    [
        # 2 kW are expected on L2 and L3; L2 was growing by 50 W a second for four seconds, L3 was not
        pytest.param((20_000.0, 12_100.0, 11_900.0), 2, 2, id="400 W of 2 kW do not show"),
        pytest.param((20_000.0, 12_000.0, 11_900.0), 2, 2, id="nor do 499"),
        pytest.param((20_000.0, 11_900.0, 11_800.0), 0, 0, id="500 W do: a quarter"),
        pytest.param((20_000.0, 11_900.0, 11_801.0), 2, 2, id="a watt less does not"),
        pytest.param((20_000.0, 12_500.0, 12_200.0), 2, 2, id="500 W more are no help"),
        pytest.param((20_000.0, 12_500.0, 12_201.0), 1, 1, id="of still more nobody can tell"),
    ],
)
def test_what_goes_is_a_quarter_of_what_was_expected_at_least(
    after_w: tuple[float, float, float], vain: int, of_laundry: int
):
    state = seen_after(after_w, {"laundry": 2000.0}, rising_w=(7.0, 50.0, -20.0))
    assert (state.effect.vain, state.loads[LAUNDRY].vain) == (vain, of_laundry)
    assert (state.effect.expected_w, state.effect.before_w) == ({}, ())


@pytest.mark.parametrize(("left_w", "vain"), [(10_500.0, 0), (10_500.5, 1)])
def test_of_several_all_are_cleared_by_three_quarters_of_the_whole(left_w: float, vain: int):
    # 1,500 W of the laundry on each of L2 and L3, and 500 W of the gym on each of L1 and L2: 3 of 4 kW went
    state = seen_after((12_000.0, 10_500.0, left_w), {"laundry": 3000.0, "gym": 1000.0})
    assert state.effect.vain == 0
    assert {state.loads[one].vain for one in (LAUNDRY, GYM)} == {vain}


@pytest.mark.parametrize(("watts", "judged"), [(599.0, False), (600.0, True)])
def test_less_than_a_fiftieth_of_the_former_is_too_little_to_be_seen(watts: float, judged: bool):
    assert (seen_after((12_000.0,) * 3, {"laundry": watts}).effect.vain == 2) is judged


@pytest.mark.parametrize(("watts", "judged"), [(499.0, False), (500.0, True)])
def test_so_is_less_than_half_a_kilowatt_where_the_former_is_small(watts: float, judged: bool):
    small = replace(BARE, former=replace(BARE.former, phase_va=(5000.0,) * 3))
    memory = EffectMemory(since_s=10.0, before_w=(6000.0,) * 3, expected_w={LAUNDRY: watts}, vain=1)
    before = pencil.state(effect=memory, sent=off("laundry"))
    after = effect.judged(instant({}, 14.0, small), before, pencil.outlook(small, phase_w=(6000.0,) * 3))
    assert (after.effect.vain == 2) is judged


def test_one_that_its_own_meter_has_shown_off_is_not_marked_for_what_the_former_shows():
    memory = EffectMemory(since_s=10.0, before_w=(12_000.0,) * 3, expected_w={LAUNDRY: 2000.0})
    before = pencil.state(effect=memory, sent=off("laundry"))
    there = instant({wiring.circuit_power(LAUNDRY): 0.0}, 14.0)
    after = effect.judged(there, before, pencil.outlook(BARE, phase_w=(12_000.0,) * 3))
    assert (after.effect.vain, LAUNDRY in after.loads) == (1, False)


@pytest.mark.parametrize(
    ("told", "now_s", "waits"),
    [
        pytest.param({}, 14.0, True, id="not told yet"),
        pytest.param(off("laundry", None), 19.9, True, id="not acknowledged"),
        pytest.param(off("laundry", None), 20.0, False, id="given up after ten seconds"),
        pytest.param(off("laundry", 13.95), 14.0, True, id="acknowledged a moment ago"),
        pytest.param(off("laundry", 13.0), 13.1, False, id="a tenth of a second is enough"),
        pytest.param(off("laundry", observed=True), 14.0, True, id="only decided, not sent"),
        pytest.param({wiring.circuit_closed(LAUNDRY): pencil.sent(True, acknowledged_s=1.0)}, 14.0, True, id="is on"),
    ],
)
def test_a_shed_is_awaited_until_it_can_be_seen_or_ten_seconds_are_over(
    told: dict[Role, Sent], now_s: float, waits: bool
):
    memory = EffectMemory(since_s=10.0, before_w=(12_000.0,) * 3, expected_w={LAUNDRY: 2000.0})
    before = pencil.state(effect=memory, sent=told)
    after = effect.judged(instant({}, now_s), before, pencil.outlook(BARE, phase_w=(12_000.0,) * 3))
    assert bool(after.effect.expected_w) is waits


def test_who_is_deaf_is_not_awaited_and_what_cannot_be_read_is():
    memory = EffectMemory(since_s=10.0, before_w=(12_000.0,) * 3, expected_w={LAUNDRY: 2000.0})
    deaf = pencil.state(effect=memory, loads={LAUNDRY: LoadMemory(deaf=True)})
    assert not effect.judged(instant({}, 14.0), deaf, pencil.outlook(BARE)).effect.expected_w
    blind = pencil.state(effect=memory, sent=off("laundry"))
    assert effect.judged(instant({}, 30.0), blind, pencil.outlook(BARE, phase_w=None)).effect.expected_w


@pytest.mark.parametrize("kept", [{"vain": 2}, {"rising_w": (1.0,) * 3}, {"rest_w": (1.0,) * 3}])
def test_at_its_rating_the_former_is_at_ease_and_beyond_it_nothing_is_forgotten(kept: dict[str, Any]):
    memory = EffectMemory(**kept)
    eased = effect.judged(instant({}), pencil.state(effect=memory), pencil.outlook(BARE, phase_w=(10_000.0, 1.0, 1.0)))
    assert eased.effect == EffectMemory()
    over = effect.judged(instant({}), pencil.state(effect=memory), pencil.outlook(BARE, phase_w=(10_001.0, 1.0, 1.0)))
    assert (over.effect.vain, bool(over.effect.rest_w)) == (memory.vain, True)
    # on the grid nothing of it is kept
    home = effect.judged(instant({}), pencil.state(effect=memory), pencil.outlook(BARE, mode=Mode.GRID_CONNECTED))
    assert home.effect == EffectMemory()


def test_what_nobody_measures_is_seen_to_grow_from_one_measurement_to_the_next():
    def looked(before: EffectMemory, now_s: float, *phase_w: float) -> EffectMemory:
        outlook = pencil.outlook(BARE, phase_w=phase_w)
        return effect.judged(instant({}, now_s), pencil.state(effect=before), outlook).effect

    first = looked(EffectMemory(), 10.0, 11_000.0, 5000.0, 4000.0)
    assert (first.rest_w, first.rest_s, first.rising_w) == ((11_000.0, 5000.0, 4000.0), 10.0, ())
    assert looked(first, 10.0, 12_000.0, 1.0, 1.0) == first
    # 300 W more in three seconds, 60 W less, and as much as before
    assert looked(first, 10.5, 11_001.0, 5000.0, 4000.0).rising_w == (2.0, 0.0, 0.0)
    second = looked(first, 13.0, 11_300.0, 4940.0, 4000.0)
    assert (second.rising_w, second.rest_s) == ((100.0, -20.0, 0.0), 13.0)
    # then three seconds in which nothing grows: a time constant, and 37 % are left
    third = looked(second, 16.0, 11_300.0, 4940.0, 4060.0)
    assert third.rising_w == pytest.approx((36.8, -7.4, 12.6), abs=0.1)


def test_what_is_watched_comes_due_ten_seconds_after_it_began():
    assert effect.due_s(pencil.state()) == inf
    watched = EffectMemory(since_s=7.0, expected_w={LAUNDRY: 1.0})
    assert effect.due_s(pencil.state(effect=watched)) == 17.0
