"""What the building is believed to draw while its meters are read one after the other."""

from dataclasses import replace

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from hems.control import drawn
from hems.control.memory.using import DrawnMemory
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.mode import Mode, TiePosition
from hems.model.reading import Reading
from hems.model.snapshot import Snapshot
from tests.control import pencil
from tests.control.panel import healthy
from tests.given import flats

SITE = flats()
MAIN = SITE.batteries[0].id
HOUSE_W = 20_000.0


def connected(**known: float | None) -> ControlState:
    """A controller on the grid, of which `known` is believed."""
    evidence = pencil.evidence(tie=TiePosition.CLOSED)
    return replace(pencil.state(Mode.GRID_CONNECTED, evidence=evidence), drawn=DrawnMemory(**known))  # type: ignore[arg-type]


def meters(grid: tuple[float, float], battery: tuple[float, float]) -> Snapshot:
    """What grid and battery were read to give, and when; everything else this instant, at rest."""
    (grid_w, grid_s), (battery_w, battery_s) = grid, battery
    now_s = max(grid_s, battery_s)
    seen = pencil.given(SITE, healthy(SITE), now_s).snapshot
    main = replace(seen.batteries[MAIN], power_w=Reading(battery_w, battery_s))
    return replace(seen, grid_w=Reading(grid_w, grid_s), batteries={MAIN: main})


def followed(state: ControlState, *looks: Snapshot) -> list[float | None]:
    """What is believed after each look."""
    found = []
    for seen in looks:
        now_s = max(seen.grid_w.taken_s, seen.batteries[MAIN].power_w.taken_s)
        state = replace(state, drawn=drawn.after(pencil.given(SITE, seen, now_s), state))
        found.append(None if state.drawn.watts is None else round(state.drawn.watts))
    return found


def test_what_a_battery_stops_giving_between_two_readings_is_not_taken_for_circuits():
    # given a building of 20 kW, of which the battery gives 18
    known = connected(watts=HOUSE_W)
    # when the battery rests for a moment, in which the grid's meter is read and its own is not
    believed = followed(
        known,
        meters((2000.0, 9.0), (18_000.0, 9.5)),
        meters((20_000.0, 10.0), (18_000.0, 9.5)),
        meters((20_000.0, 10.0), (18_000.0, 10.5)),
        meters((2000.0, 11.0), (18_000.0, 10.5)),
    )
    # then nothing of it is believed
    assert believed == [20_000, 20_000, 20_000, 20_000]


def test_a_load_that_a_battery_makes_up_for_is_not_counted_twice():
    # given 5 kW more, which the grid's meter shows first; then the battery gives them, and its meter is read first
    believed = followed(
        connected(watts=HOUSE_W),
        meters((7000.0, 10.0), (18_000.0, 9.5)),
        meters((7000.0, 10.0), (23_000.0, 10.5)),
        meters((2000.0, 11.0), (23_000.0, 10.5)),
    )
    assert believed == [20_000, 20_000, 25_000]


def test_the_same_load_read_again_is_no_rise_and_is_as_old_as_it_was_read():
    seen = meters((2000.0, 10.0), (18_000.0, 9.5))
    known = drawn.after(pencil.given(SITE, seen, 10.0), connected(watts=HOUSE_W, seen_s=8.0))
    assert known == DrawnMemory(HOUSE_W, 9.5)


def test_a_rise_is_believed_once_every_meter_has_been_read_again():
    believed = followed(
        connected(watts=HOUSE_W),
        meters((32_000.0, 10.0), (0.0, 9.5)),
        meters((32_000.0, 10.0), (0.0, 10.5)),
        meters((31_000.0, 11.0), (0.0, 10.5)),
    )
    assert believed == [20_000, 20_000, 31_000]


@pytest.mark.parametrize(("later_s", "believed"), [(2.9, 20_000), (3.0, 30_000)])
def test_a_rise_that_lasts_is_believed_even_where_a_meter_is_read_seldom(later_s: float, believed: float):
    slow = (0.0, 9.5)
    looks = meters((30_000.0, 10.0), slow), meters((30_000.0, 10.0 + later_s), slow)
    state = connected(watts=HOUSE_W)
    assert followed(state, *looks)[-1] == believed
    begun = replace(state, drawn=drawn.after(pencil.given(SITE, looks[0], 10.0), state))
    assert drawn.due_s(begun) == 13.0


def test_a_fall_is_believed_at_once():
    assert followed(connected(watts=HOUSE_W), meters((5000.0, 10.0), (0.0, 9.5))) == [5000]


def test_on_an_island_the_formers_meter_is_believed_as_it_is():
    island = replace(pencil.state(), drawn=DrawnMemory(watts=3000.0))
    values = healthy(SITE) | {wiring.former_phase_w(0): 9000.0}
    assert drawn.after(pencil.given(SITE, values), island) == DrawnMemory(watts=9000.0, seen_s=0.0)


def test_of_a_building_that_cannot_be_read_nothing_is_believed():
    blind = healthy(SITE) | {wiring.GRID_POWER: None}
    assert drawn.after(pencil.given(SITE, blind), connected(watts=HOUSE_W)).watts is None
    # and the first sum after it is all there is
    after = drawn.after(pencil.given(SITE, healthy(SITE) | {wiring.GRID_POWER: 1e4}), connected(watts=None))
    assert after == DrawnMemory(watts=1e4, seen_s=0.0)


@whatever(st.lists(st.tuples(st.floats(0.0, 90_000.0), st.booleans()), min_size=1, max_size=12))
def test_nothing_that_a_meter_shows_only_once_is_ever_believed(blips: list[tuple[float, bool]]):
    # given either meter showing more for one reading, and then what is true again
    looks, now_s = [], 10.0
    for more_w, at_grid in blips:
        for extra_w in (more_w, 0.0):
            now_s += 1.0
            grid, battery = (2000.0, now_s), (18_000.0, now_s - 0.5)
            wrong = (grid[0] + extra_w, grid[1]), (battery[0] + extra_w, battery[1])
            looks.append(meters(wrong[0], battery) if at_grid else meters(grid, wrong[1]))
    # then the building draws what it drew
    assert set(followed(connected(watts=HOUSE_W), *looks)) == {20_000}


def test_what_was_read_before_the_tie_opened_is_not_added_to_what_the_former_has_told_since():
    # given a building of 20 kW, half of it from the sun, whose tie opened at 10 s
    apart = pencil.evidence(tie=TiePosition.OPEN, apart_since_s=10.0)
    state = replace(pencil.state(evidence=apart), drawn=DrawnMemory(HOUSE_W, 9.5))

    def believed(sun_s: float, sun_w: float | None, now_s: float = 10.3) -> DrawnMemory:
        told = {
            wiring.former_phase_w(0): Reading(20_000.0, now_s - 0.1),
            wiring.pv_power(SITE.pvs[0].id): Reading(sun_w, sun_s),
        }
        return drawn.after(pencil.given(SITE, healthy(SITE) | told, now_s), state)

    # when the former tells of all of it, and the sun, which has gone too, has not been read yet
    assert believed(9.8, 10_000.0).watts == HOUSE_W
    assert believed(10.25, 1000.0).watts == 21_000.0
    # then what was believed before stands, as old as it is, however long that takes
    assert believed(9.8, 10_000.0, now_s=14.0) == state.drawn
    # but of a sun that cannot be read at all, soon nothing is known any more
    assert believed(9.8, None, now_s=14.0).watts is None
