"""Turns: equals get the same over a day, by the hour; rank decides first, and what cools gets its minutes."""

from dataclasses import replace
from itertools import pairwise

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
