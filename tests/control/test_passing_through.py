"""Inverters that pass the grid through: what they told before the tie opened is no news of the island."""

from dataclasses import replace

import pytest

from hems.control import drawn, present
from hems.control.memory.using import DrawnMemory
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.tick import tick
from hems.model import wiring
from hems.model.instant import Instant
from hems.model.mode import Mode, TiePosition
from hems.model.reading import Quality
from hems.model.snapshot import Snapshot
from tests.control import pencil
from tests.control.panel import GRID_DEAD, TIE_OPEN, healthy, on_the_grid
from tests.given import flats

SITE = flats()
PASSED_W = 22_000.0
"""On each phase of 10 kVA: more than twice what the inverter bears for a third of a second."""


def told(power_w: float, at_s: float, now_s: float, *values: dict[wiring.Role, object]) -> Snapshot:
    """An instant at which the former was read last at `at_s`."""
    known: dict[wiring.Role, object] = healthy(SITE)
    for more in values:
        known |= more
    seen = pencil.given(SITE, known, now_s).snapshot
    phases = tuple(one._replace(value=power_w, taken_s=at_s) for one in seen.former_phase_w)
    return replace(seen, former_phase_w=phases)


def test_the_former_is_not_overloaded_by_what_passed_through_it_before_the_tie_opened():
    # given a building that draws 66 kW through the backup port of an inverter of 30 kVA
    made = on_the_grid(site=SITE).says({wiring.former_phase_w(index): PASSED_W for index in range(3)}).advance(30.0)
    state, opened_s = made.state, made.now_s + 0.5

    def ticked(read_s: float, now_s: float) -> ControlState:
        seen = told(PASSED_W, read_s, now_s, GRID_DEAD, TIE_OPEN)
        return tick(SITE, state, seen, Params(), Instant(now_s, None)).state

    # when the tie opens, everything armed for it goes, and the inverter is not read again for a second
    for later_s in (0.0, 0.1, 0.3, 0.6, 0.9):
        state = ticked(opened_s - 0.4, opened_s + later_s)
        assert state.dose == (0.0, 0.0, 0.0)
    # then nothing goes but that, because nothing is known of an overload
    assert state.mode.mode is Mode.ISLANDED_STABILIZING
    gone = {one for one, memory in state.loads.items() if memory.shed_because is not None}
    assert gone == set(made.state.armed_on_tie_open)
    # and when it is read, what it bears counts
    for later_s in (1.0, 1.1):
        state = ticked(opened_s + later_s, opened_s + later_s)
    assert min(state.dose) > 0.1


@pytest.mark.parametrize(("at_s", "known"), [(9.9, False), (10.0, True), (10.5, True)])
def test_a_reading_counts_from_the_moment_at_which_the_tie_was_seen_open(at_s: float, *, known: bool):
    state = replace(pencil.state(), evidence=pencil.evidence(apart_since_s=10.0))
    given = pencil.given(SITE, told(1000.0, at_s, 11.0), 11.0)
    phases = present.of_the_island(given, state).snapshot.former_phase_w
    assert {one.quality is Quality.GOOD for one in phases} == {known}


def test_on_the_grid_every_reading_counts():
    state = replace(pencil.state(), evidence=pencil.evidence(tie=TiePosition.CLOSED))
    given = pencil.given(SITE, told(1000.0, 1.0, 2.0), 2.0)
    assert present.of_the_island(given, state) is given


@pytest.mark.parametrize(("later_s", "believed_w"), [(2.9, 17_000.0), (3.0, None)])
def test_what_was_believed_stands_for_a_moment_while_the_former_is_not_read(later_s: float, believed_w: float | None):
    island = replace(pencil.state(), drawn=DrawnMemory(17_000.0, 10.0))
    unread = {wiring.former_phase_w(index): None for index in range(3)}
    given = pencil.given(SITE, healthy(SITE) | unread, 10.0 + later_s)
    assert drawn.after(given, island).watts == believed_w
