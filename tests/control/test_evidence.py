"""From signals to three facts; unknown is an answer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.evidence import Evidence, estimate
from hems.control.measure import Measure
from hems.control.memory.seeing import EvidenceMemory, GridMemory, TieMemory
from hems.control.params import Params
from hems.control.sight import Sight, sight
from hems.model import wiring
from hems.model.mode import Bus, Grid, TiePosition
from hems.model.reading import Reading
from hems.model.site import Location, Site, Supply, Tie, VoltagePoint
from hems.model.snapshot import Snapshot, VoltageReading
from hems.model.units import PointId
from hems.model.wiring import Role
from tests.control.panel import bus, healthy, readings, snapshot, tie, utility
from tests.given import flats

SITE = flats()
PARAMS = replace(Params(), grid=replace(Params().grid, qualify_s=300.0))
CLOSED, OPEN, MOVING, INVALID, UNKNOWN = (
    TiePosition.CLOSED,
    TiePosition.OPEN,
    TiePosition.MOVING,
    TiePosition.INVALID,
    TiePosition.UNKNOWN,
)
NOBODY_FEEDS: dict[Role, Any] = {role: 0.0 for role in healthy(SITE) if role.endswith("power_w")}


class Eyes:
    """The evidence of one building, instant by instant."""

    def __init__(self, site: Site = SITE) -> None:
        self.site, self.memory, self.now_s = site, EvidenceMemory(), 0.0
        self.values: dict[Role, Any] = {}

    def see(self, *values: Mapping[Role, Any], after_s: float = 0.0) -> Evidence:
        """What is made of these changes, so much later."""
        self.now_s += after_s
        for some in values:
            self.values |= dict(some)
        seen, self.memory = estimate(
            self.site, self.memory, snapshot(self.site, self.values, self.now_s), PARAMS, self.now_s
        )
        return seen


def on_grid(site: Site = SITE) -> Eyes:
    eyes = Eyes(site)
    eyes.see()
    seen = eyes.see(after_s=60.0)
    assert (seen.grid, seen.tie, seen.bus) == (Grid.GOOD, CLOSED, Bus.LIVE)
    return eyes


def on_island(site: Site = SITE) -> Eyes:
    eyes = on_grid(site)
    eyes.see(utility(0.0, 0.0), utility(0.0, 0.0, point="second"), tie(False, True, False))
    seen = eyes.see(after_s=1.0)
    assert (seen.grid, seen.tie, seen.bus) == (Grid.DEAD, OPEN, Bus.LIVE)
    return eyes


# One voltage point ---------------------------------------------------------------------------------------------------

NAN = float("nan")


@pytest.mark.parametrize(
    ("volts", "hertz", "seen"),
    [
        ((230.0, 230.0, 230.0), 50.0, Sight.INSIDE),
        ((196.0, 230.0, 252.0), 50.0, Sight.INSIDE),
        ((195.0, 230.0, 230.0), 50.0, Sight.OUTSIDE),
        ((230.0, 230.0, 254.0), 50.0, Sight.OUTSIDE),
        ((230.0, 0.0, 230.0), 50.0, Sight.OUTSIDE),
        ((230.0, 230.0, 230.0), 49.4, Sight.OUTSIDE),
        ((230.0, 230.0, 230.0), 50.2, Sight.OUTSIDE),
        ((100.0, 90.0, 80.0), 50.0, Sight.DEAD),
        ((5.0, 0.0, 0.0), 0.0, Sight.DEAD),
        ((0.0, 0.0, 0.0), 50.0, Sight.DEAD),
        ((0.0, 0.0, 0.0), 0.0, Sight.ZERO),
        ((0.0, 0.0, 0.0), None, Sight.ZERO),
        ((230.0, None, 230.0), 50.0, Sight.UNKNOWN),
        ((180.0, None, 230.0), 50.0, Sight.OUTSIDE),
        ((230.0, 230.0, 230.0), None, Sight.UNKNOWN),
        ((None, None, None), 50.0, Sight.UNKNOWN),
        # sentinels that a profile has overlooked
        ((-32768.0, -32768.0, -32768.0), -32768.0, Sight.UNKNOWN),
        ((6553.5, 6553.5, 6553.5), 655.35, Sight.UNKNOWN),
        ((NAN, NAN, NAN), NAN, Sight.UNKNOWN),
        ((NAN, 230.0, 230.0), 50.0, Sight.UNKNOWN),
        ((230.0, 230.0, 230.0), NAN, Sight.UNKNOWN),
    ],
)
def test_a_voltage_point_is_judged_by_its_worst_phase(
    volts: tuple[float | None, ...], hertz: float | None, seen: Sight
):
    roles = [Role(f"l{index}") for index in range(3)]
    taken = readings(dict(zip(roles, volts, strict=True)) | {Role("hz"): hertz}, 100.0)
    reading = VoltageReading(volts=tuple(taken[role] for role in roles), hertz=taken[Role("hz")])
    assert sight(reading, SITE, PARAMS, 100.0) is seen


def test_a_stale_reading_says_nothing():
    seen = snapshot(SITE, {}, 0.0).voltages[PointId("street")]
    assert sight(seen, SITE, PARAMS, 5.0) is Sight.INSIDE
    assert sight(seen, SITE, PARAMS, 5.1) is Sight.UNKNOWN


# The grid ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "grid"),
    [
        (utility(None, None), Grid.UNKNOWN),
        (utility(-32768.0, -32768.0), Grid.UNKNOWN),
        (utility(float("nan"), float("nan")), Grid.UNKNOWN),
        (utility(0.0, 0.0), Grid.UNKNOWN),
        (utility(230.0, None), Grid.UNKNOWN),
        (utility(170.0), Grid.BAD),
        (utility(230.0, 48.0), Grid.BAD),
        (utility(80.0), Grid.DEAD),
    ],
)
def test_what_one_meter_shows_behind_a_closed_tie_and_a_live_bus(values: Mapping[Role, Any], grid: Grid):
    eyes = on_grid()
    eyes.see(values)
    assert eyes.see(after_s=0.5).grid is grid
    assert eyes.see(after_s=30.0).grid is grid


def test_zero_volts_upstream_mean_a_dead_grid_once_the_tie_is_open():
    eyes = on_grid()
    assert eyes.see(utility(0.0, 0.0)).grid is Grid.GOOD
    eyes.see(tie(False, True, False), after_s=0.1)
    assert eyes.see(after_s=0.1).tie is OPEN
    assert eyes.see(after_s=0.3).grid is Grid.DEAD


def test_a_flicker_shorter_than_the_debounce_is_no_outage():
    eyes = on_grid()
    assert eyes.see(utility(80.0)).grid is Grid.GOOD
    assert eyes.see(after_s=0.49).grid is Grid.GOOD
    assert eyes.see(utility(230.0), after_s=0.005).grid is Grid.QUALIFYING
    assert eyes.see(after_s=9.99).grid is Grid.QUALIFYING
    assert eyes.see(after_s=0.02).grid is Grid.GOOD


def test_the_debounce_ends_when_it_says():
    eyes = on_grid()
    due_s = eyes.see(utility(80.0)).due_s
    assert due_s == pytest.approx(eyes.now_s + 0.5)
    assert eyes.see(after_s=due_s - eyes.now_s).grid is Grid.DEAD


def test_with_the_tie_open_any_excursion_restarts_the_qualification_at_once():
    # given an island to which the grid has returned for 299 s
    eyes = on_island()
    assert eyes.see(utility(230.0)).grid is Grid.QUALIFYING
    seen = eyes.see(after_s=299.0)
    assert (seen.grid, seen.qualifying_left_s) == (Grid.QUALIFYING, pytest.approx(1.0))
    # when it dips for a tenth of a second
    eyes.see(utility(180.0), after_s=0.5)
    seen = eyes.see(utility(230.0), after_s=0.1)
    # then a second full 300 s are needed
    assert seen.qualifying_left_s == pytest.approx(300.0)
    assert eyes.see(after_s=299.9).grid is Grid.QUALIFYING
    assert eyes.see(after_s=0.2).grid is Grid.GOOD
    # and a grid that had qualified is no longer good from the first instant of a dip
    assert eyes.see(utility(180.0), after_s=10.0).grid is Grid.QUALIFYING


@pytest.mark.parametrize("gap", [utility(None, None), utility(0.0, 0.0), utility(230.0, None)])
def test_a_witness_that_falls_silent_restarts_the_qualification(gap: Mapping[Role, Any]):
    eyes = on_island()
    eyes.see(utility(230.0))
    eyes.see(gap, after_s=200.0)
    assert eyes.see(utility(230.0), after_s=1.0).qualifying_left_s == pytest.approx(300.0)


def test_a_tie_that_opens_restarts_the_qualification_of_a_grid_that_seems_good():
    eyes = on_grid()
    eyes.see(tie(False, True, False))
    seen = eyes.see(after_s=0.2)
    assert (seen.tie, seen.grid) == (OPEN, Grid.QUALIFYING)
    assert seen.qualifying_left_s == pytest.approx(300.0)


def test_what_a_slow_meter_read_before_the_tie_opened_says_nothing_about_the_grid_since():
    # given an island just formed, whose utility meter is polled so seldom that it still shows the good grid of before
    eyes = on_grid()
    eyes.see(tie(False, True, False), after_s=1.0)
    opened_s = eyes.now_s
    old = {role: Reading(value, opened_s - 0.5, 600.0) for role, value in utility(230.0).items()}
    latest = readings(healthy(SITE) | dict(eyes.values), opened_s + 0.2) | old
    # when it is looked at again before the meter has answered
    seen, _ = estimate(SITE, eyes.memory, Measure(SITE).snapshot(latest), PARAMS, opened_s + 0.2)
    # then the grid is unknown, not on its way back
    assert (seen.tie, seen.grid) == (OPEN, Grid.UNKNOWN)


def with_two_meters() -> Site:
    second = VoltagePoint(id=PointId("second"), location=Location.UTILITY, powered_from=Supply.UPS)
    return replace(SITE, voltage_points=(*SITE.voltage_points, second))


@pytest.mark.parametrize("other", [0.0, 100.0, 180.0, 260.0])
def test_two_meters_that_disagree_never_prove_a_good_grid(other: float):
    eyes = on_island(with_two_meters())
    eyes.see(utility(230.0), utility(other, point="second"))
    for _ in range(10):
        assert eyes.see(after_s=100.0).grid in (Grid.BAD, Grid.DEAD)


def test_of_two_meters_one_may_be_silent():
    eyes = on_island(with_two_meters())
    eyes.see(utility(230.0), utility(None, None, point="second"))
    assert eyes.see(after_s=300.0).grid is Grid.GOOD


def test_the_load_side_never_proves_a_good_grid():
    eyes = on_island()
    for _ in range(5):
        assert eyes.see(bus(230.0), utility(None, None), after_s=100.0).grid is Grid.UNKNOWN


# The tie -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contacts", "position"),
    [((True, False), CLOSED), ((False, True), OPEN), ((True, True), INVALID), ((False, False), MOVING)],
)
def test_two_contacts_tell_four_things(contacts: tuple[bool, bool], position: TiePosition):
    eyes = Eyes()
    assert eyes.see(tie(*contacts)).tie is position


@pytest.mark.parametrize("contacts", [(None, True), (False, None), (None, None)])
def test_one_contact_alone_tells_nothing(contacts: tuple[bool | None, bool | None]):
    eyes = on_grid()
    assert eyes.see(tie(*contacts)).tie is UNKNOWN


def test_a_bounce_shorter_than_the_debounce_is_passed_over():
    eyes = on_grid()
    assert eyes.see(tie(False, False, True)).tie is CLOSED
    assert eyes.see(tie(False, True, True), after_s=0.05).tie is CLOSED
    assert eyes.see(tie(True, False, True), after_s=0.05).tie is CLOSED
    assert eyes.memory.tie.seen is CLOSED
    # and what is seen at once, without debounce, is there for whoever must not energise
    eyes.see(tie(False, True, True))
    assert eyes.memory.tie.seen is OPEN


def test_an_opened_tie_is_believed_after_the_debounce():
    eyes = on_grid()
    seen = eyes.see(tie(False, True, False))
    assert seen.tie is CLOSED
    assert seen.due_s == pytest.approx(eyes.now_s + 0.1)
    assert eyes.see(after_s=0.1).tie is OPEN


def test_a_tie_that_travels_too_long_is_invalid():
    eyes = on_grid()
    eyes.see(tie(False, False, None))
    seen = eyes.see(after_s=0.1)
    assert (seen.tie, seen.due_s) == (MOVING, pytest.approx(eyes.now_s + 0.9))
    assert eyes.see(after_s=0.85).tie is MOVING
    assert eyes.see(after_s=0.05).tie is INVALID


def test_a_flag_that_lags_is_given_its_time():
    eyes = on_grid()
    eyes.see(utility(0.0, 0.0), tie(False, True, True))
    assert eyes.see(after_s=4.9).tie is OPEN
    assert eyes.see(tie(False, True, False), after_s=0.05).disputed is False


def test_contacts_and_flag_that_disagree_make_the_tie_unknown():
    eyes = on_grid()
    eyes.see(utility(0.0, 0.0), tie(False, True, True))
    seen = eyes.see(after_s=5.0)
    assert (seen.tie, seen.disputed) == (UNKNOWN, True)


def test_a_false_flag_with_a_good_grid_and_a_closed_contact_is_only_an_alarm():
    # the bug of inverters that claim to be off-grid at zero watts
    eyes = on_grid()
    eyes.see(tie(True, False, False))
    seen = eyes.see(after_s=5.0)
    assert (seen.tie, seen.disputed) == (CLOSED, True)
    assert eyes.see(tie(True, False, True), after_s=1.0).disputed is False


WITHOUT_CONTACTS = replace(SITE, tie=Tie(has_contacts=False, has_flag=True, has_permit=True))


def test_a_flag_alone_may_open_but_needs_voltage_upstream_to_close():
    eyes = Eyes(WITHOUT_CONTACTS)
    assert eyes.see(tie(None, None, True)).tie is CLOSED
    assert eyes.see(tie(None, None, False)).tie is OPEN
    assert eyes.see(tie(None, None, True), utility(None, None)).tie is UNKNOWN
    assert eyes.see(utility(0.0, 0.0)).tie is UNKNOWN
    assert eyes.see(tie(None, None, None), utility(230.0)).tie is UNKNOWN


# The bus -------------------------------------------------------------------------------------------------------------


def test_an_all_zero_frame_while_something_consumes_is_a_live_bus():
    eyes = on_grid()
    for later_s in (0.0, 1.0, 10.0):
        assert eyes.see(bus(0.0, 0.0), after_s=later_s).bus is Bus.LIVE


def test_an_all_zero_frame_behind_a_closed_tie_and_a_good_grid_is_never_a_dead_bus():
    eyes = on_grid()
    eyes.see(bus(0.0, 0.0), NOBODY_FEEDS)
    for _ in range(5):
        assert eyes.see(after_s=2.0).bus is Bus.UNKNOWN


def test_an_all_zero_frame_on_the_island_is_believed_after_a_while_when_nothing_contradicts_it():
    eyes = on_island()
    assert eyes.see(bus(0.0, 0.0), NOBODY_FEEDS).bus is Bus.LIVE
    assert eyes.see(after_s=0.5).bus is Bus.UNKNOWN
    assert eyes.see(after_s=2.4).bus is Bus.UNKNOWN
    assert eyes.see(after_s=0.2).bus is Bus.DEAD


def test_sun_on_the_inverters_own_side_tells_nothing_of_the_bus():
    # given modules that charge the battery of a dark building
    eyes = on_island(replace(SITE, pvs=tuple(replace(pv, direct=True) for pv in SITE.pvs)))
    shining = {wiring.pv_power(pv.id): 7000.0 for pv in SITE.pvs}
    eyes.see(bus(0.0, 0.0), NOBODY_FEEDS, shining)
    # then the building is dark all the same
    assert eyes.see(after_s=5.0).bus is Bus.DEAD
    # and a meter that says nothing leaves it unknown
    assert eyes.see(bus(None, None)).bus is Bus.UNKNOWN


def test_sun_that_needs_the_bus_to_feed_proves_that_it_is_live():
    eyes = on_island()
    shining = {wiring.pv_power(pv.id): 7000.0 for pv in SITE.pvs}
    eyes.see(bus(0.0, 0.0), NOBODY_FEEDS, shining)
    assert eyes.see(after_s=5.0).bus is Bus.LIVE


def test_a_dead_bus_with_a_trace_of_voltage_is_dead_at_once():
    eyes = on_island()
    assert eyes.see(bus(12.0, 0.0), NOBODY_FEEDS).bus is Bus.DEAD


def test_two_devices_that_read_zero_agree_on_a_dead_bus():
    point = VoltagePoint(id=PointId("source"), location=Location.SOURCE, powered_from=Supply.DC)
    eyes = on_island(replace(SITE, voltage_points=(*SITE.voltage_points, point)))
    assert eyes.see(bus(0.0, 0.0), utility(0.0, 0.0, point="source"), NOBODY_FEEDS).bus is Bus.DEAD


def test_a_silent_bus_meter_is_an_unknown_bus_unless_something_feeds_or_consumes():
    eyes = on_grid()
    assert eyes.see(bus(None, None)).bus is Bus.LIVE
    assert eyes.see(NOBODY_FEEDS).bus is Bus.UNKNOWN


# Any history ---------------------------------------------------------------------------------------------------------

ODD: list[Mapping[Role, Any]] = [
    *(utility(*one) for one in ((230.0, 50.0), (180.0, 50.0), (0.0, 0.0), (None, None), (-32768.0, -32768.0))),
    *(bus(*one) for one in ((230.0, 50.0), (0.0, 0.0), (None, None))),
    *(tie(*one) for one in ((True, False), (False, True), (False, False), (True, True), (None, None))),
    *({wiring.TIE_FLAG: flag} for flag in (True, False, None)),
]


@given(st.lists(st.tuples(st.sampled_from(ODD), st.floats(0.0, 400.0)), min_size=1, max_size=20))
@settings(max_examples=100)
def test_a_good_grid_has_always_been_seen_good_without_a_break_for_as_long_as_needed(
    history: list[tuple[Mapping[Role, Any], float]],
):
    eyes, good_since_s = Eyes(), None
    for values, later_s in history:
        seen = eyes.see(values, after_s=later_s)
        inside = _inside(snapshot(SITE, eyes.values, eyes.now_s))
        good_since_s = (eyes.now_s if good_since_s is None else good_since_s) if inside else None
        if seen.grid is Grid.GOOD and seen.tie is not CLOSED:
            assert good_since_s is not None
            assert eyes.now_s >= good_since_s + PARAMS.grid.qualify_s
        if seen.due_s < float("inf"):
            assert seen.due_s > eyes.now_s


def _inside(now: Snapshot) -> bool:
    return all(phase.value == 230.0 for phase in now.voltages[PointId("street")].volts)


@given(st.sampled_from(ODD), st.sampled_from(ODD), st.floats(0.0, 500.0), st.floats(0.001, 400.0))
@settings(max_examples=100)
def test_what_is_due_changes_by_its_time_alone_and_not_before(
    first: Mapping[Role, Any], second: Mapping[Role, Any], after_s: float, part: float
):
    # given any two things seen one after the other
    eyes = Eyes()
    eyes.see(first)
    seen = eyes.see(second, after_s=after_s)
    # when time passes, but not until anything is due
    early = Eyes()
    early.memory, early.values = eyes.memory, eyes.values
    early.now_s = min(eyes.now_s + part, (eyes.now_s + seen.due_s) / 2.0)
    # then nothing has changed
    later = early.see()
    assert (later.grid, later.tie, later.bus) == (seen.grid, seen.tie, seen.bus)


def test_memories_start_without_knowledge():
    assert (GridMemory().value, TieMemory().value, EvidenceMemory().bus.value) == (Grid.UNKNOWN, UNKNOWN, Bus.UNKNOWN)
