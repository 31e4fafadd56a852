"""What one signal shows and what follows for grid, tie and bus: each rule at its edge."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control import axis_bus, axis_grid, axis_tie, due, evidence, surplus
from hems.control.memory.acting import Failing
from hems.control.memory.seeing import BusMemory, GridMemory, TieMemory
from hems.control.memory.using import LoadMemory, SurplusMemory
from hems.control.sight import Sight, news, presence, sight
from hems.model import wiring
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.reading import Quality, Reading, missing
from hems.model.snapshot import VoltageReading
from hems.model.units import CircuitId, PointId, SourceId
from hems.model.wiring import Role
from tests.control.panel import snapshot, tie
from tests.control.pencil import PARAMS, given, state
from tests.given import flats

SITE = flats()
NOW_S = 1000.0
ROOF = replace(SITE.pvs[0], direct=True)


def seen(volts: tuple[float | None, ...], hertz: float | None) -> VoltageReading:
    def says(value: float | None) -> Reading[Any]:
        return Reading(value, NOW_S)

    return VoltageReading(volts=tuple(says(value) for value in volts), hertz=says(hertz))


@pytest.mark.parametrize(
    ("volts", "hertz", "shows"),
    [
        # 230 V: in the window from 195.5 to 253, dead below 115; 50 Hz: from 49.5 to 50.1
        pytest.param((195.5, 230.0, 253.0), 50.0, Sight.INSIDE, id="the whole window"),
        pytest.param((195.4, 230.0, 230.0), 50.0, Sight.OUTSIDE, id="one too low"),
        pytest.param((230.0, 230.0, 253.1), 50.0, Sight.OUTSIDE, id="one too high"),
        pytest.param((230.0,) * 3, 49.5, Sight.INSIDE, id="slow"),
        pytest.param((230.0,) * 3, 49.49, Sight.OUTSIDE, id="too slow"),
        pytest.param((230.0,) * 3, 50.11, Sight.OUTSIDE, id="too fast"),
        pytest.param((115.0, 115.0, 115.0), 50.0, Sight.OUTSIDE, id="half"),
        pytest.param((114.9, 1.0, 1.0), 50.0, Sight.DEAD, id="less than half on all"),
        pytest.param((0.0, 0.0, 0.0), 0.0, Sight.ZERO, id="all zero"),
        pytest.param((0.0, 0.0, 0.0), None, Sight.ZERO, id="zero volts alone"),
        pytest.param((0.0, 0.0, 0.0), 50.0, Sight.DEAD, id="zero volts, and a frequency"),
        pytest.param((0.0, 0.1, 0.0), 0.0, Sight.DEAD, id="nearly zero"),
        pytest.param((None, 230.0, 230.0), 50.0, Sight.UNKNOWN, id="one unread"),
        pytest.param((None, 100.0, 230.0), 50.0, Sight.OUTSIDE, id="one unread, one too low"),
        pytest.param((230.0,) * 3, None, Sight.UNKNOWN, id="no frequency"),
        pytest.param((None,) * 3, 50.0, Sight.UNKNOWN, id="nothing"),
        pytest.param((690.1, 230.0, 230.0), 50.0, Sight.UNKNOWN, id="a sentinel"),
        pytest.param((690.0, 230.0, 230.0), 50.0, Sight.OUTSIDE, id="three times as much is none"),
        pytest.param((-0.1, 230.0, 230.0), 50.0, Sight.UNKNOWN, id="below zero"),
        pytest.param((230.0,) * 3, 150.1, Sight.UNKNOWN, id="a sentinel for a frequency"),
    ],
)
def test_what_a_voltage_point_shows(volts: tuple[float | None, ...], hertz: float | None, shows: Sight):
    assert sight(seen(volts, hertz), SITE, PARAMS, NOW_S) is shows


@pytest.mark.parametrize(
    ("volts", "hertz", "shows"),
    [
        ((115.0, 0.0, 0.0), None, Sight.INSIDE),
        ((114.9, 0.0, 0.0), 50.0, Sight.DEAD),
        ((0.0, 0.0, 0.0), 0.0, Sight.ZERO),
        ((0.0, 0.0, 0.0), 50.0, Sight.DEAD),
        ((None, None, None), 50.0, Sight.UNKNOWN),
    ],
)
def test_there_is_voltage_when_one_phase_has_it(volts: tuple[float | None, ...], hertz: float | None, shows: Sight):
    assert presence(seen(volts, hertz), SITE, PARAMS, NOW_S) is shows


@pytest.mark.parametrize(
    ("others", "point", "voltage"),
    [
        pytest.param(Reading(230.0, NOW_S - 10.0), Sight.OUTSIDE, Sight.UNKNOWN, id="live when read last"),
        pytest.param(Reading(None, NOW_S, quality=Quality.INVALID), Sight.OUTSIDE, Sight.UNKNOWN, id="a sentinel"),
        pytest.param(Reading(6553.5, NOW_S), Sight.OUTSIDE, Sight.UNKNOWN, id="one that a profile has overlooked"),
        pytest.param(missing(), Sight.DEAD, Sight.DEAD, id="never measured here"),
    ],
)
@pytest.mark.parametrize("volts_v", [0.0, 3.0])
def test_one_dead_phase_makes_no_dead_point_while_others_that_it_measures_are_silent(
    others: Reading[float], point: Sight, voltage: Sight, volts_v: float
):
    reading = VoltageReading(volts=(Reading(volts_v, NOW_S), others, others), hertz=Reading(50.0, NOW_S))
    assert sight(reading, SITE, PARAMS, NOW_S) is point
    assert presence(reading, SITE, PARAMS, NOW_S) is voltage


@pytest.mark.parametrize(
    ("shows", "apart_s", "tells"),
    [
        (Sight.INSIDE, NOW_S, Sight.INSIDE),
        (Sight.INSIDE, NOW_S + 0.1, Sight.UNKNOWN),
        (Sight.INSIDE, None, Sight.INSIDE),
        (Sight.DEAD, NOW_S + 0.1, Sight.DEAD),
    ],
)
def test_a_grid_seen_before_the_tie_opened_is_no_news(shows: Sight, apart_s: float | None, tells: Sight):
    reading = seen((230.0,) * 3, 50.0)
    reading = replace(reading, volts=(*reading.volts[:2], Reading(230.0, NOW_S + 5.0)))
    assert news(shows, reading, apart_s) is tells


LIT = BusMemory(value=Bus.LIVE)


@pytest.mark.parametrize(
    ("sights", "memory", "flows", "fed", "found"),
    [
        pytest.param([Sight.INSIDE, Sight.DEAD], BusMemory(), False, False, (Bus.LIVE, None), id="one says live"),
        pytest.param([Sight.OUTSIDE], BusMemory(), False, False, (Bus.LIVE, None), id="out of its window is live"),
        pytest.param([Sight.UNKNOWN], BusMemory(), True, False, (Bus.LIVE, None), id="something flows"),
        pytest.param([], LIT, False, False, (Bus.UNKNOWN, None), id="nobody says anything"),
        pytest.param([Sight.DEAD], BusMemory(), True, False, (Bus.DEAD, NOW_S), id="dead"),
        pytest.param([Sight.ZERO] * 2, BusMemory(), False, False, (Bus.DEAD, NOW_S), id="two frames of zeros"),
        pytest.param([Sight.ZERO], BusMemory(), True, False, (Bus.LIVE, NOW_S), id="one, while something flows"),
        pytest.param([Sight.ZERO], LIT, False, False, (Bus.LIVE, NOW_S), id="one, just now"),
        pytest.param(
            [Sight.ZERO],
            replace(LIT, zero_since_s=999.5),
            False,
            False,
            (Bus.UNKNOWN, 999.5),
            id="half a s",
        ),
        pytest.param(
            [Sight.ZERO],
            replace(LIT, zero_since_s=997.1),
            False,
            False,
            (Bus.UNKNOWN, 997.1),
            id="nearly 3",
        ),
        pytest.param([Sight.ZERO], BusMemory(zero_since_s=997.0), False, False, (Bus.DEAD, 997.0), id="for three s"),
        pytest.param([Sight.ZERO], BusMemory(zero_since_s=997.0), False, True, (Bus.UNKNOWN, 997.0), id="a fed bus"),
        pytest.param(
            [Sight.ZERO],
            replace(LIT, value=Bus.DEAD, zero_since_s=999.0),
            False,
            False,
            (Bus.DEAD, 999.0),
            id="it was dead",
        ),
    ],
)
def test_the_bus_is_live_when_anything_says_so(
    sights: list[Sight], memory: BusMemory, found: tuple[Bus, float | None], *, flows: bool, fed: bool
):
    after = axis_bus.judged(memory, sights, PARAMS, NOW_S, power_flows=flows, fed=fed)
    assert (after.value, after.zero_since_s) == found


@pytest.mark.parametrize(
    ("values", "flows"),
    [
        ({wiring.circuit_power(CircuitId("gym")): 50.1}, True),
        ({wiring.circuit_power(CircuitId("gym")): 50.0}, False),
        ({wiring.bay_power(SourceId("bay_1")): -50.1}, True),
        ({wiring.former_phase_w(1): -50.1}, True),
        ({wiring.pv_power(ROOF.id): 900.0}, False),
    ],
)
def test_what_moves_power_proves_a_live_bus_but_for_a_sun_behind_the_former(values: dict[Role, Any], *, flows: bool):
    site = replace(SITE, pvs=(ROOF,))
    still = {role: 0.0 for one in SITE.circuits for role in (wiring.circuit_power(one.id),)}
    assert axis_bus.feeding(site, snapshot(site, still | values), 0.0) is flows
    plain = snapshot(SITE, still | {wiring.pv_power(ROOF.id): 900.0})
    assert axis_bus.feeding(SITE, plain, 0.0)
    assert not axis_bus.feeding(SITE, replace(plain, pvs={}), 0.0)


def grid(sights: list[Sight], memory: GridMemory, *, closed: bool = False, zero_is_dead: bool = False) -> Any:
    after = axis_grid.judged(memory, sights, PARAMS, NOW_S, zero_is_dead=zero_is_dead, needed_s=60.0, closed=closed)
    return after.value, after.inside_since_s, after.outside_since_s


GOOD = GridMemory(value=Grid.GOOD, inside_since_s=1.0)
IN, OUT = Sight.INSIDE, Sight.OUTSIDE


LEFT = GridMemory(value=Grid.GOOD, inside_since_s=1.0, outside_since_s=999.5)


@pytest.mark.parametrize(
    ("sights", "memory", "more", "found"),
    [
        pytest.param([IN], GridMemory(), {}, (Grid.QUALIFYING, NOW_S, None), id="it has come"),
        pytest.param([IN], GridMemory(inside_since_s=940.0), {}, (Grid.GOOD, 940.0, None), id="for long enough"),
        pytest.param([IN], GridMemory(inside_since_s=940.1), {}, (Grid.QUALIFYING, 940.1, None), id="not yet"),
        pytest.param([IN, Sight.UNKNOWN], GOOD, {}, (Grid.GOOD, 1.0, None), id="one silent"),
        pytest.param([Sight.UNKNOWN], GOOD, {}, (Grid.UNKNOWN, None, None), id="all silent"),
        pytest.param([IN, OUT], GOOD, {"closed": True}, (Grid.GOOD, None, NOW_S), id="one outside, just now"),
        pytest.param([IN, OUT], GOOD, {}, (Grid.QUALIFYING, None, NOW_S), id="the same beside an open tie"),
        pytest.param(
            [OUT], GridMemory(outside_since_s=999.5), {}, (Grid.BAD, None, 999.5), id="outside for half a second"
        ),
        pytest.param(
            [OUT], replace(GOOD, outside_since_s=999.6), {"closed": True}, (Grid.GOOD, None, 999.6), id="for less"
        ),
        pytest.param([OUT], GridMemory(value=Grid.DEAD), {}, (Grid.BAD, None, NOW_S), id="no more dead"),
        pytest.param([Sight.DEAD, OUT], GridMemory(value=Grid.BAD), {}, (Grid.DEAD, None, NOW_S), id="dead at once"),
        pytest.param([Sight.ZERO], GOOD, {"closed": True}, (Grid.GOOD, None, NOW_S), id="zeros, just now"),
        pytest.param(
            [Sight.ZERO],
            LEFT,
            {"closed": True},
            (Grid.UNKNOWN, None, 999.5),
            id="zeros",
        ),
        pytest.param(
            [Sight.ZERO],
            LEFT,
            {"zero_is_dead": True},
            (Grid.DEAD, None, 999.5),
            id="zeros that are believed",
        ),
    ],
)
def test_the_grid_is_good_when_all_have_seen_it_inside_for_long(
    sights: list[Sight], memory: GridMemory, more: dict[str, bool], found: Any
):
    assert grid(sights, memory, **more) == found


def test_what_is_left_of_the_wait():
    assert axis_grid.qualifying_left(GridMemory(value=Grid.QUALIFYING, inside_since_s=950.0), 60.0, NOW_S) == 10.0
    assert axis_grid.qualifying_left(GridMemory(value=Grid.QUALIFYING, inside_since_s=1.0), 60.0, NOW_S) == 0.0
    assert axis_grid.qualifying_left(GOOD, 60.0, NOW_S) is None
    assert axis_grid.qualifying_left(GridMemory(value=Grid.QUALIFYING), 60.0, NOW_S) is None


def judged(values: dict[Role, Any], memory: TieMemory, *, present: bool = True, has: bool = True) -> TiePosition:
    there = snapshot(SITE, values, NOW_S).tie
    after = axis_tie.judged(SITE, memory, there, PARAMS, NOW_S, utility_present=present, has_utility=has)
    return after.value


SHUT = TieMemory(value=TiePosition.CLOSED, raw=TiePosition.CLOSED, raw_since_s=1.0)
NOWHERE = {"present": False, "has": False}


def moved(raw: TiePosition, since_s: float) -> TieMemory:
    return replace(SHUT, raw=raw, raw_since_s=since_s)


@pytest.mark.parametrize(
    ("values", "memory", "more", "found"),
    [
        pytest.param(tie(True, False, True), SHUT, {}, TiePosition.CLOSED, id="closed"),
        pytest.param(tie(False, True), SHUT, {}, TiePosition.CLOSED, id="it may bounce"),
        pytest.param(tie(False, True), moved(TiePosition.OPEN, 999.9), {}, TiePosition.OPEN, id="no more"),
        pytest.param(
            tie(False, True),
            moved(TiePosition.OPEN, 999.91),
            {},
            TiePosition.CLOSED,
            id="still",
        ),
        pytest.param(tie(False, True), TieMemory(), {}, TiePosition.OPEN, id="of a tie that nobody knew"),
        pytest.param(
            tie(False, False),
            moved(TiePosition.MOVING, 999.0),
            {},
            TiePosition.INVALID,
            id="slow",
        ),
        pytest.param(
            tie(False, False),
            moved(TiePosition.MOVING, 999.1),
            {},
            TiePosition.MOVING,
            id="moves",
        ),
        pytest.param(tie(True, True), TieMemory(), {}, TiePosition.INVALID, id="both"),
        pytest.param(tie(None, False, False), SHUT, {}, TiePosition.OPEN, id="by its flag"),
        pytest.param(tie(None, False, True), SHUT, {}, TiePosition.CLOSED, id="by its flag and the grid's voltage"),
        pytest.param(tie(None, False, True), SHUT, {"present": False}, TiePosition.UNKNOWN, id="without voltage"),
        pytest.param(
            tie(None, False, True),
            SHUT,
            {"present": False, "has": False},
            TiePosition.CLOSED,
            id="where nobody measures",
        ),
        pytest.param(tie(None, False, None), SHUT, {}, TiePosition.UNKNOWN, id="by nothing"),
        pytest.param(
            tie(True, False, False),
            replace(SHUT, disagree_since_s=995.0),
            {},
            TiePosition.CLOSED,
            id="it lags",
        ),
        pytest.param(
            tie(True, False, False),
            replace(SHUT, disagree_since_s=995.0),
            {"present": False},
            TiePosition.UNKNOWN,
            id="contradicted",
        ),
        pytest.param(
            tie(True, False, False),
            replace(SHUT, disagree_since_s=995.1),
            {"present": False},
            TiePosition.CLOSED,
            id="not for long",
        ),
    ],
)
def test_where_the_tie_is(values: dict[Role, Any], memory: TieMemory, more: dict[str, bool], found: TiePosition):
    assert judged(values, memory, **more) is found


def looked(values: dict[Role, Any], tie_s: float | None = 1.0, **memory: Any) -> tuple[evidence.Evidence, Any]:
    known = state().evidence
    known = replace(known, tie=TieMemory(value=TiePosition.OPEN, raw=TiePosition.OPEN), apart_since_s=tie_s, **memory)
    there = snapshot(SITE, tie(False, True, False) | values, NOW_S)
    return evidence.estimate(SITE, known, there, PARAMS, NOW_S)


@pytest.mark.parametrize(
    ("grid_w", "since_s", "after_s", "crossed"),
    [
        pytest.param(100.1, None, NOW_S, False, id="power flows"),
        pytest.param(-100.1, 990.1, 990.1, False, id="for less than ten seconds"),
        pytest.param(-100.1, 990.0, 990.0, True, id="for ten"),
        pytest.param(99.9, 5.0, None, False, id="next to nothing"),
        pytest.param(None, 5.0, None, False, id="unread"),
    ],
)
def test_contacts_that_say_open_while_power_flows_are_not_believed_for_long(
    grid_w: float | None, since_s: float | None, after_s: float | None, *, crossed: bool
):
    found, memory = looked({wiring.GRID_POWER: grid_w}, crossed_since_s=since_s)
    assert (memory.crossed_since_s, found.crossed) == (after_s, crossed)
    assert found.tie is (TiePosition.INVALID if crossed else TiePosition.OPEN)


@pytest.mark.parametrize(
    ("grid_w", "apart_w", "crossed"),
    [
        pytest.param(3996.0, 3996.0, False, id="as ever since the tie opened"),
        pytest.param(3995.0, None, True, id="it moves"),
        pytest.param(None, 3996.0, False, id="unread"),
    ],
)
def test_power_that_stays_the_same_to_the_last_digit_is_a_meter_that_repeats_itself(
    grid_w: float | None, apart_w: float | None, *, crossed: bool
):
    # given 4 kW that were read when the tie opened
    found, memory = looked({wiring.GRID_POWER: grid_w}, crossed_since_s=5.0, apart_w=3996.0)
    # then nobody says that they flow through the open tie, until they move as the power of a building does
    assert (found.crossed, memory.apart_w) == (crossed, apart_w)
    assert found.tie is (TiePosition.INVALID if crossed else TiePosition.OPEN)


def test_witnesses_say_of_what_they_speak_and_how_old_they_are():
    known = state().evidence
    there = snapshot(SITE, tie(False, True, False) | {wiring.TIE_FLAG: Reading(False, 997.0)}, NOW_S)
    found, _ = evidence.estimate(SITE, known, there, PARAMS, NOW_S, told_lost=True)
    assert [(one.axis, one.name, one.says, one.age_s) for one in found.witnesses] == [
        ("tie", "auxiliary contacts", "open", 0.0),
        ("tie", "grid flag", "islanded", 3.0),
        ("grid", "street", "in window", 0.0),
        ("bus", "bus", "in window", 0.0),
        ("grid", "a person", "lost", 0.0),
    ]


def test_a_socket_that_is_read_on_one_phase_says_that_voltage_is_there():
    # given a point of the building of which no more than one phase is wired, read two seconds ago
    unwired = {wiring.voltage(PointId("bus"), index): missing() for index in (1, 2)}
    there = snapshot(SITE, {wiring.voltage(PointId("bus"), 0): Reading(230.0, 998.0), **unwired}, NOW_S)
    # when it is asked what it says
    found, _ = evidence.estimate(SITE, state().evidence, there, PARAMS, NOW_S)
    (bus,) = [one for one in found.witnesses if one.axis == "bus"]
    # then that is what counts of it, and how old that is
    assert (bus.says, bus.age_s) == ("voltage is there", 2.0)


# What comes due, and the sun to spare ---------------------------------------------------------------------------------


def comes_due(**known: Any) -> list[float]:
    """What this adds to the times that come due anyway."""
    now = given(SITE, {}, NOW_S)
    plain = due.expiries(now, state(at_s=NOW_S))
    return [end_s for end_s in due.expiries(now, state(at_s=NOW_S, **known)) if end_s not in plain]


def test_whatever_holds_or_ends_by_time_comes_due():
    assert comes_due(nulled_since_s=NOW_S) == [NOW_S + 5.0]
    assert comes_due(nulled_since_s=NOW_S - 5.0) == []
    assert comes_due(boot_s=NOW_S - 29.0) == [NOW_S + 1.0]
    assert comes_due(failing={"cars": Failing(times=3, until_s=NOW_S + 7.0, error="")}) == [NOW_S + 7.0]
    assert comes_due(unbalanced_since_s=NOW_S) == [NOW_S + 60.0]
    assert comes_due(astray_s={SourceId("main"): NOW_S}) == [NOW_S + 90.0]
    assert comes_due(loads={CircuitId("gym"): LoadMemory(restored_s=NOW_S)}) == [NOW_S + 60.0]
    settling = due.expiries(given(SITE, {}, NOW_S), state(Mode.ISLANDED_STABILIZING, since_s=NOW_S, at_s=NOW_S))
    assert NOW_S + 30.0 in settling


@pytest.mark.parametrize(
    ("soc_pct", "band", "since_s", "more", "found"),
    [
        pytest.param(90.0, "normal", None, {}, (NOW_S, 0.0), id="it begins"),
        pytest.param(89.9, "normal", None, {}, (None, 0.0), id="not yet"),
        pytest.param(92.5, "normal", 5.0, {}, (5.0, 0.5), id="half of it"),
        pytest.param(85.0, "normal", 5.0, {}, (5.0, 0.0), id="it goes on"),
        pytest.param(84.9, "normal", 5.0, {}, (None, 0.0), id="until there is room"),
        pytest.param(91.0, "surplus", 5.0, {}, (5.0, 1.0), id="all of it"),
        pytest.param(99.0, "normal", 5.0, {}, (5.0, 1.0), id="never more"),
        pytest.param(95.0, "normal", 5.0, {"dose": (0.3,)}, (None, 0.0), id="the former is warm"),
        pytest.param(95.0, "normal", 5.0, {"dose": (0.29,)}, (5.0, 1.0), id="it is cool enough"),
    ],
)
def test_from_nine_tenths_on_a_part_of_the_sun_is_to_spare(
    soc_pct: float, band: str, since_s: float | None, more: dict[str, Any], found: tuple[float | None, float]
):
    values = {wiring.battery_soc(SourceId("main")): soc_pct}
    known = state(surplus=SurplusMemory(since_s=since_s), band=band, **more)
    after = surplus.after(given(SITE, values, NOW_S), known)
    assert (after.since_s, after.part) == found
    overloaded = given(SITE, values | {wiring.former_phase_w(0): 10_001.0}, NOW_S)
    assert surplus.after(overloaded, known).since_s is None
    assert surplus.after(given(SITE, values | {wiring.former_phase_w(0): None}, NOW_S), known).since_s is None
