"""Every way through the modes: all 75 combinations of the axes, all intents, waits taken or not, in any order.

The walk knows the grid axis only as far as it must: the utility counts as good in a step only if it was in its window
in the step before, and an opening tie begins that wait anew, as `axis_grid` has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

from hems.control.conditions import Facts, When
from hems.control.mode import RULES, Rule
from hems.model.mode import ISLAND_MODES, Bus, Grid, Mode, TiePosition

INTENTS = (
    "witnessed",
    "island_calm",
    "restored",
    "may_reconnect",
    "acknowledged",
    "contradiction",
    "maintenance",
    "island_asked",
    "source_lost",
    "may_start",
)
LOOKED_AT = ("island_asked", "may_start")
"""Intents that a test below asks about; of the others it matters only whether any of their ways lets a rule fire."""
IN_WINDOW = (Grid.GOOD, Grid.QUALIFYING)
PERMITTED = {Mode.RECONNECTING, Mode.BLACKOUT_GRID_AVAILABLE}
"""Modes in which the permit may be given."""


@dataclass(frozen=True)
class Place:
    """Where the walk is."""

    mode: Mode
    qualified: bool
    """The utility has been in its window since the tie was last seen to open or the utility was last seen outside."""


@cache
def seen() -> tuple[tuple[Facts, ...], ...]:
    """Everything a rule can be asked about; together what is alike in all that is looked at here."""
    looked_at, others = ways_of(LOOKED_AT), ways_of(tuple(one for one in INTENTS if one not in LOOKED_AT))
    return tuple(
        tuple(Facts(tie=tie, grid=grid, bus=bus, **looked, **other) for other in others)
        for tie, grid, bus in product(TiePosition, Grid, Bus)
        for looked in looked_at
    )


def ways_of(intents: tuple[str, ...]) -> list[dict[str, bool]]:
    """All combinations of these."""
    return [dict(zip(intents, values, strict=True)) for values in product((False, True), repeat=len(intents))]


@cache
def exits(mode: Mode) -> tuple[tuple[Facts, Rule], ...]:
    """The rules that can fire in a mode: each one that holds, whichever waits were over first."""
    return tuple((facts, rule) for rule in RULES if mode in rule.sources for facts in holding(rule.when))


@cache
def holding(when: When) -> tuple[Facts, ...]:
    """What satisfies a condition: of all that is alike, one."""
    found = (next(filter(when, alike), None) for alike in seen())
    return tuple(facts for facts in found if facts is not None)


def steps(place: Place) -> Iterator[tuple[Place, Facts, Rule]]:
    """Every place that can be next."""
    for facts, rule in exits(place.mode):
        if facts.grid is Grid.GOOD and not place.qualified:
            continue  # the axis would still say that it is qualifying
        yield Place(rule.target, facts.grid in IN_WINDOW and _keeps(place.mode, rule)), facts, rule


def _keeps(mode: Mode, rule: Rule) -> bool:
    """A tie that opens begins the wait anew; from the grid into the island it does open."""
    return not (mode not in ISLAND_MODES and rule.target in ISLAND_MODES)


@cache
def reached() -> dict[Place, list[tuple[Place, Facts, Rule]]]:
    """Every place that can be reached from the start, with its ways on."""
    found: dict[Place, list[tuple[Place, Facts, Rule]]] = {}
    ahead = [Place(Mode.INIT, False), Place(Mode.INIT, True)]
    while ahead:
        place = ahead.pop()
        if place not in found:
            found[place] = list({(to, rule): (to, facts, rule) for to, facts, rule in steps(place)}.values())
            ahead += [to for to, _, _ in found[place]]
    return found


def test_every_mode_can_be_reached():
    assert {place.mode for place in reached()} == set(Mode)


def test_no_way_leads_to_a_permit_but_through_a_whole_qualification_of_an_open_tie():
    for mode in Mode:
        for facts, rule in exits(mode):
            if rule.target in PERMITTED and mode not in PERMITTED:
                assert (facts.tie, facts.grid) == (TiePosition.OPEN, Grid.GOOD), (mode, rule)
    # and a grid that is good was qualified: no place is entered with a permit in which the wait had begun anew
    for place, ways in reached().items():
        for to, facts, _ in ways:
            if to.mode in PERMITTED:
                assert place.qualified or facts.grid is not Grid.GOOD


def test_from_every_place_there_is_a_way_to_every_mode():
    ways = {place: {to for to, _, _ in on} for place, on in reached().items()}
    for start in ways:
        found, ahead = set[Place](), [start]
        while ahead:
            place = ahead.pop()
            if place not in found:
                found.add(place)
                ahead += ways[place]
        assert {place.mode for place in found} == set(Mode), start


def test_i4_doubt_can_be_entered_from_every_mode_and_is_left_by_looking_around_afresh_only():
    after = {mode: {rule.target for _, rule in exits(mode)} for mode in Mode}
    assert after[Mode.FAULT_SAFE] == {Mode.INIT, Mode.MAINTENANCE}
    assert after[Mode.MAINTENANCE] == {Mode.INIT}  # whence it may go on doubting
    for mode in set(Mode) - {Mode.FAULT_SAFE, Mode.MAINTENANCE}:
        assert Mode.FAULT_SAFE in after[mode]


def test_nobody_leaves_the_grid_on_purpose_unasked_nor_starts_on_own_power_with_the_grid_in_sight():
    for mode in Mode:
        for facts, rule in exits(mode):
            if rule.target is Mode.ISLANDING_PLANNED:
                assert facts.island_asked
                assert (facts.tie, facts.grid, facts.bus) == (TiePosition.CLOSED, Grid.GOOD, Bus.LIVE)
            if rule.target is Mode.BLACK_START:
                assert facts.may_start
                assert facts.bus is Bus.DEAD
                assert facts.grid is not Grid.GOOD


def test_an_unknown_tie_ends_and_begins_no_island():
    for mode in Mode:
        for facts, rule in exits(mode):
            if facts.tie in (TiePosition.UNKNOWN, TiePosition.INVALID, TiePosition.MOVING):
                assert rule.target in (Mode.FAULT_SAFE, Mode.MAINTENANCE, Mode.INIT), (mode, rule)
