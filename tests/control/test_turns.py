"""Turns: equals get the same over a day, by the hour; rank decides first, and what cools gets its minutes."""

from dataclasses import replace
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from hems.control import turns, wanting
from hems.control.energy import Band
from hems.control.memory.using import LoadMemory, SavingMemory
from hems.control.sheddable import Outlook
from hems.control.state import ControlState, initial
from hems.control.tuning.island import BandParams, RestoreParams
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.site import Circuit, Phase, Site, Tier
from hems.model.units import CircuitId
from tests.control import pencil
from tests.control.panel import on_an_island
from tests.given import circuit, flats

HOMES = tuple(circuit(f"home_{number}", Tier.NON_ESSENTIAL, 900.0, Phase.L1) for number in range(8))
EQUALS = flats(circuits=HOMES)
TURN_S = BandParams().turn_s
OFF = Cause(Why.NOT_ITS_TURN)


def day(site: Site, served: dict[int, int], hours: float = 24.0, every_s: float = 60.0) -> dict[CircuitId, list[bool]]:
    """Whether each circuit is on, minute by minute, when switches do at once as they are told."""
    state: ControlState = replace(initial(0.0), saving=SavingMemory(served=served))
    seen: dict[CircuitId, list[bool]] = {one.id: [] for one in site.circuits}
    for look in range(int(hours * 3600.0 / every_s)):
        now_s = look * every_s
        memory = replace(state.saving, missed_h=turns.missed(site, state, every_s))
        memory, _ = turns.taken(site, state, memory, TURN_S, now_s)
        loads = {one.id: _told(state, one, one.id in memory.resting, now_s) for one in site.circuits}
        state = replace(state, saving=memory, loads=loads)
        for name, line in seen.items():
            line.append(name not in memory.resting)
    return seen


def _told(state: ControlState, one: Circuit, off: bool, now_s: float) -> LoadMemory:
    before = state.loads.get(one.id, LoadMemory())
    if off is (before.shed_because is not None):
        return before
    if off:
        return replace(before, shed_because=OFF, shed_since_s=now_s)
    return replace(before, shed_because=None, shed_since_s=None, restored_s=now_s)


@pytest.mark.parametrize("served", [1, 3, 7])
def test_equal_homes_get_the_same_over_a_day_of_shortage(served: int) -> None:
    # given eight homes of which only some can be served
    seen = day(EQUALS, {int(Tier.NON_ESSENTIAL): served})
    # then always so many are
    assert {sum(now) for now in zip(*seen.values(), strict=True)} == {served}
    # and over the day Jain's index is near 1
    on = [sum(line) for line in seen.values()]
    assert sum(on) ** 2 / (len(on) * sum(one * one for one in on)) >= 0.95


@pytest.mark.parametrize("served", [1, 2])
def test_a_home_with_twice_the_share_goes_without_for_half_as_long(served: int) -> None:
    # given two flats and one that is entitled to as much as both
    homes = (*HOMES[:2], replace(HOMES[2], share=2.0))
    seen = day(flats(circuits=homes), {int(Tier.NON_ESSENTIAL): served}, hours=48.0)
    # then hours without, counted by share, are the same for all
    weighted = [one.share * seen[one.id].count(False) for one in homes]
    assert sum(weighted) ** 2 / (len(weighted) * sum(one * one for one in weighted)) >= 0.99
    # and turns are as long as ever
    changes = [minute for minute, (was, now) in enumerate(pairwise(seen[homes[2].id]), 1) if was is not now]
    assert min(later - earlier for earlier, later in pairwise(changes)) >= 60


def test_a_turn_lasts_an_hour() -> None:
    for line in day(EQUALS, {int(Tier.NON_ESSENTIAL): 3}).values():
        changes = [0, *(minute for minute, (was, now) in enumerate(pairwise(line), 1) if was is not now), len(line)]
        lengths = {later - earlier for earlier, later in pairwise(changes[1:-1])}
        assert min(lengths) >= 60


@pytest.mark.parametrize("served", [1, 4, 7])
def test_turns_and_cooling_stay_within_the_budget_of_a_switch(served: int) -> None:
    # given a day in which homes take turns and the essential tier rests, freezers apart
    site = flats(circuits=(*flats().circuits, *HOMES))
    lines = day(site, {int(Tier.NON_ESSENTIAL): served, int(Tier.ESSENTIAL): 0}).values()
    # then no switch moves more often than may be in a day
    assert max(sum(was is not now for was, now in pairwise(line)) for line in lines) < RestoreParams().moves_day


def test_rank_decides_before_turns() -> None:
    # given one home that its owner ranks before the others
    first = flats(circuits=(*HOMES[:-1], replace(HOMES[-1], rank=-1)))
    assert all(day(first, {int(Tier.NON_ESSENTIAL): 2})[HOMES[-1].id])


def test_what_keeps_food_cool_runs_a_quarter_of_the_time_and_heating_does_not() -> None:
    site = flats()
    seen = day(site, {int(Tier.ESSENTIAL): 0, int(Tier.COMFORT): 0}, hours=12.0)
    assert 5 * 30 <= sum(seen[CircuitId("freezers")]) <= 6 * 30 + 30
    assert not any(seen[CircuitId("heat_pump")])
    assert not any(seen[CircuitId("kitchen")])


def test_what_is_never_switched_never_rests() -> None:
    seen = day(flats(), {int(tier): 0 for tier in Tier if tier >= Tier.ESSENTIAL}, hours=1.0)
    assert all(all(seen[one.id]) for one in flats().circuits if one.tier <= Tier.CRITICAL)


def test_whoever_comes_back_in_turn_is_told_so() -> None:
    # given an island on which one of the homes' group is served, and it is the gym's turn
    made = on_an_island()
    gym = CircuitId("gym")
    saving = SavingMemory(served={int(Tier.NON_ESSENTIAL): 1}, turns_s={gym: made.now_s}, missed_h={gym: 2.0})
    outlook = Outlook(
        watts={one.id: one.typical_w for one in made.site.circuits},
        phase_w=(1_000.0,) * 3,
        going_w=(0.0,) * 3,
        band=Band.NORMAL,
        least=Tier.NON_ESSENTIAL,
        mode=Mode.ISLANDED,
        mode_for_s=100.0,
        cars_phase_w=(0.0,) * 3,
        sheds_settled=True,
    )
    state = replace(made.state, saving=saving)
    wishes = wanting.circuits(made.site, state, outlook, made.params, made.now_s)
    (cause,) = [one.cause for one in wishes if one.role == wiring.circuit_closed(gym) and one.prefer == 1.0]
    assert cause.why is Why.ITS_TURN
    assert (cause.facts["served"], cause.facts["of"], cause.facts["without_s"]) == (1, 2, 7_200)


# With a pencil --------------------------------------------------------------------------------------------------------

ONE, TWO, THREE = HOMES[:3]
TRIO = flats(circuits=HOMES[:3])


def rests(memory: SavingMemory, now_s: float = 10_000.0, site: Site = TRIO, **loads: LoadMemory) -> SavingMemory:
    known = pencil.state(loads={CircuitId(name): one for name, one in loads.items()})
    return turns.taken(site, known, memory, TURN_S, now_s)[0]


def due_s(memory: SavingMemory, now_s: float = 10_000.0, site: Site = TRIO, **loads: LoadMemory) -> float:
    known = pencil.state(loads={CircuitId(name): one for name, one in loads.items()})
    return turns.taken(site, known, memory, TURN_S, now_s)[1]


def serving(count: int, **more: Any) -> SavingMemory:
    return SavingMemory(served={int(Tier.NON_ESSENTIAL): count}, **more)


def test_hours_without_are_half_forgotten_after_two_days_and_counted_while_it_is_off_for_that() -> None:
    off = LoadMemory(shed_because=OFF)
    saving = SavingMemory(missed_h={ONE.id: 8.0, TWO.id: 8.0}, resting=frozenset({TWO.id, THREE.id}))
    known = pencil.state(saving=saving, loads={ONE.id: off, TWO.id: off})
    days = turns.missed(TRIO, known, 48.0 * 3600.0)
    # who was off as long as half is forgotten in has missed 48 h / (2 ln 2)
    assert days == pytest.approx({ONE.id: 4.0, TWO.id: 4.0 + 34.62}, abs=0.01)
    # over a short while hours are hours
    assert turns.missed(TRIO, known, 3600.0)[TWO.id] == pytest.approx(8.0 + 1.0 - 0.122, abs=0.001)
    # and what is never switched off misses nothing
    fixed = replace(TRIO, circuits=(replace(ONE, switchable=False),))
    assert turns.missed(fixed, known, 3600.0) == {}


@pytest.mark.parametrize(
    ("missed_h", "serves"),
    [
        pytest.param({}, ONE, id="equal: by name"),
        pytest.param({TWO.id: 1.0}, TWO, id="who has missed most"),
        pytest.param({TWO.id: 1.0, THREE.id: 1.1}, THREE, id="who has missed more"),
    ],
)
def test_who_has_gone_without_for_longest_is_served(missed_h: dict[CircuitId, float], serves: Circuit) -> None:
    after = rests(serving(1, missed_h=missed_h))
    assert after.resting == {one.id for one in HOMES[:3]} - {serves.id}
    assert after.turns_s == {serves.id: 10_000.0}


@pytest.mark.parametrize(
    ("missed_h", "begun_s", "serves"),
    [
        pytest.param({TWO.id: 9.0}, 6401.0, ONE, id="in the middle of a turn"),
        pytest.param({TWO.id: 9.0}, 6400.0, TWO, id="its turn is over"),
        pytest.param({TWO.id: 0.9}, 6400.0, ONE, id="nobody has missed a turn more"),
        pytest.param({TWO.id: 1.1}, 6400.0, TWO, id="somebody has"),
    ],
)
def test_a_turn_goes_on_for_an_hour_and_until_somebody_has_missed_one_more(
    missed_h: dict[CircuitId, float], begun_s: float, serves: Circuit
) -> None:
    memory = serving(1, missed_h=missed_h, turns_s={ONE.id: begun_s})
    assert rests(memory).resting == {one.id for one in HOMES[:3]} - {serves.id}


def test_a_turn_begins_when_its_switch_has_closed_and_the_next_change_is_due_when_it_ends() -> None:
    memory = serving(1, turns_s={ONE.id: 9000.0})
    assert due_s(memory) == 12_600.0
    assert due_s(memory, home_0=LoadMemory(restored_s=9500.0)) == 13_100.0
    assert due_s(memory, home_0=LoadMemory(restored_s=500.0)) == 12_600.0
    assert due_s(memory, 12_600.0) == inf
    # nobody's turn comes due where none are served
    assert due_s(serving(0, turns_s={ONE.id: 9000.0})) == inf
    assert rests(serving(0, turns_s={ONE.id: 9000.0})).resting == {one.id for one in HOMES[:3]}


def test_a_share_counts_hours_without_twice() -> None:
    site = replace(TRIO, circuits=(ONE, replace(TWO, share=2.0), THREE))
    after = rests(serving(1, missed_h={ONE.id: 1.5, TWO.id: 1.0}), site=site)
    assert after.turns_s.keys() == {TWO.id}


def test_where_the_band_has_others_off_only_equals_take_turns_and_a_turn_that_has_begun_is_finished() -> None:
    ranked = replace(TRIO, circuits=(ONE, TWO, replace(THREE, rank=5)))
    memory = serving(1, equals_only=True, turns_s={ONE.id: 9000.0, TWO.id: 9000.0})
    assert [one.id for one in turns.group(ranked, memory, Tier.NON_ESSENTIAL)] == [ONE.id, TWO.id]
    assert len(turns.group(ranked, serving(1), Tier.NON_ESSENTIAL)) == 3
    assert turns.group(ranked, memory, Tier.COMFORT) == []
    assert rests(memory, site=ranked).resting == frozenset()
    assert rests(serving(1, turns_s=memory.turns_s), site=ranked).resting == {TWO.id, THREE.id}
    assert turns.in_turn(ranked, memory) == {ONE.id, TWO.id}
    assert turns.in_turn(ranked, replace(memory, resting=frozenset({TWO.id}))) == {ONE.id}
    assert turns.in_turn(ranked, serving(1)) == frozenset()


COLD = circuit("cold_room", Tier.ESSENTIAL, 900.0, Phase.L1, thermostatic=True)


@pytest.mark.parametrize(
    ("memory", "price", "cools", "due"),
    [
        pytest.param(LoadMemory(shed_since_s=4600.0), None, True, inf, id="off for an hour and a half"),
        pytest.param(LoadMemory(shed_since_s=4601.0), None, False, 10_001.0, id="not yet"),
        pytest.param(LoadMemory(restored_s=8201.0), None, True, 10_001.0, id="on for less than half an hour"),
        pytest.param(LoadMemory(restored_s=8200.0), None, False, inf, id="for half an hour"),
        pytest.param(LoadMemory(), None, False, inf, id="on for ever"),
        pytest.param(LoadMemory(shed_since_s=4600.0), 59.9, True, inf, id="energy costs twice its worth, nearly"),
        pytest.param(LoadMemory(shed_since_s=4600.0), 60.0, False, inf, id="twice its worth"),
    ],
)
def test_what_cools_runs_for_half_an_hour_after_an_hour_and_a_half(
    memory: LoadMemory, price: float | None, due: float, *, cools: bool
) -> None:
    site = flats(circuits=(COLD,))
    saving = SavingMemory(served={int(Tier.ESSENTIAL): 0}, price=price)
    assert (rests(saving, site=site, cold_room=memory).resting == frozenset()) is cools
    assert price is not None or due_s(saving, site=site, cold_room=memory) == due


def test_heating_and_what_does_not_spoil_do_not_run_now_and_then() -> None:
    for one in (replace(COLD, tier=Tier.COMFORT), replace(COLD, thermostatic=False)):
        saving = SavingMemory(served={int(one.tier): 0})
        site = flats(circuits=(one,))
        assert rests(saving, site=site, cold_room=LoadMemory(shed_since_s=1.0)).resting == {COLD.id}


def test_who_waits_is_told_how_many_are_served_and_for_how_long_others_did_without() -> None:
    memory = serving(2, missed_h={ONE.id: 1.5, TWO.id: 2.25})
    facts = turns.told(TRIO, memory, ONE)
    assert facts == {"served": 2, "of": 3, "without_s": 5400, "most_s": 8100}
    assert turns.told(TRIO, SavingMemory(), THREE) == {"served": 3, "of": 3, "without_s": 0, "most_s": 0}
    assert turns.rotating(serving(1), Tier.NON_ESSENTIAL)
    assert not turns.rotating(serving(0), Tier.NON_ESSENTIAL)
    assert not turns.rotating(serving(1), Tier.COMFORT)
