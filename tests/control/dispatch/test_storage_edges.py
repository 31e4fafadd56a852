"""What each battery is asked to do, watt by watt; figures to be worked out by hand."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.arbitrate import Rank
from hems.control.dispatch import storage
from hems.control.dispatch.envelope import Envelope
from hems.control.dispatch.flows import Flows
from hems.control.dispatch.memory import ConnectionMemory, MarketMemory, Standing
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import BusMemory, EvidenceMemory, ModeMemory, TieMemory
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Mode, TiePosition
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.tariff import Price
from hems.model.units import SourceId
from tests.control.fresh import battery_reading, fresh
from tests.given import flats

A, B, C = (SourceId(name) for name in ("a", "b", "c"))
NOW_S = 1000.0
BY = Cause(Why.LIMIT_AGREED)


def site(**first: Any) -> Site:
    """Two batteries that are dispatched, one of which gives and takes three times as much; one decides alone."""
    one = replace(
        flats().batteries[0],
        **{
            "id": A,
            "controllable": True,
            "reserve_pct": 20.0,
            "capacity_wh": 10_000.0,
            "charge_max_w": 3000.0,
            "discharge_max_w": 3000.0,
        }
        | first,
    )
    two = replace(one, id=B, charge_max_w=1000.0, discharge_max_w=1000.0)
    return replace(flats(), batteries=(one, two, replace(two, id=C, controllable=False)), bays=())


def state(mode: Mode = Mode.GRID_CONNECTED, sent_s: float = 0.0, **told_w: float) -> ControlState:
    sent = {
        wiring.battery_power(SourceId(name)): Sent(value=watts, cause=BY, sent_s=sent_s, last_s=sent_s)
        for name, watts in told_w.items()
    }
    return replace(initial(0.0), mode=ModeMemory(mode=mode), sent=sent)


def seen(a_pct: float | None = 50.0, b_pct: float | None = 50.0, at_s: float = 999.0, **power_w: float) -> Snapshot:
    batteries = {
        SourceId(name): battery_reading(soc_pct=pct, power_w=power_w.get(name, 0.0))
        for name, pct in (("a", a_pct), ("b", b_pct), ("c", 50.0))
    }
    batteries = {name: replace(one, power_w=one.power_w._replace(taken_s=at_s)) for name, one in batteries.items()}
    return Snapshot(grid_w=fresh(0.0)._replace(taken_s=at_s), batteries=batteries)


def asked(
    without_w: float, memory: ControlState | None = None, snapshot: Snapshot | None = None, **limits: float
) -> dict[SourceId, float]:
    """Without a tariff the building is served and the sun is stored."""
    bounds = Envelope(limits.get("import_w", inf), BY, limits.get("export_w", inf), BY)
    found = storage.powers(site(), memory or state(), snapshot or seen(), Flows(without_w, 0.0, 0.0), bounds, NOW_S)
    return {bay: watts for bay, (watts, _) in found.items()}


def test_who_is_steered():
    assert [one.id for one in storage.steered(site())] == [A, B]
    assert storage.steered(site(reserve_pct=None)) == ()


@pytest.mark.parametrize(
    ("without_w", "told", "a_w", "b_w"),
    [
        pytest.param(2000.0, {"a": 1500.0, "b": 500.0}, 1500.0, 500.0, id="each its part"),
        pytest.param(9000.0, {"a": 3000.0, "b": 1000.0}, 3000.0, 1000.0, id="no more than they can"),
        pytest.param(-2000.0, {"a": -1500.0, "b": -500.0}, -1500.0, -500.0, id="of the sun too"),
        pytest.param(-9000.0, {"a": -3000.0, "b": -1000.0}, -3000.0, -1000.0, id="no more than they take"),
        pytest.param(2000.0, {}, 750.0, 500.0, id="half of the way, or all of a short one"),
        pytest.param(-2000.0, {}, -750.0, -500.0, id="half of the way down"),
        pytest.param(2000.0, {"a": 900.0}, 1200.0, 500.0, id="600 W are not near"),
        pytest.param(2000.0, {"a": 901.0}, 1500.0, 500.0, id="599 W are"),
        pytest.param(2000.0, {"a": 2099.0}, 1500.0, 500.0, id="from above, too"),
        pytest.param(800.0, {"a": 2500.0}, 600.0, 200.0, id="never more than is drawn"),
        pytest.param(0.0, {}, 0.0, 0.0, id="nothing flows"),
    ],
)
def test_batteries_share_what_is_asked(without_w: float, told: dict[str, float], a_w: float, b_w: float):
    assert asked(without_w, state(**told)) == {A: pytest.approx(a_w), B: pytest.approx(b_w)}


@pytest.mark.parametrize(
    ("a_pct", "told_w", "gives"),
    [
        pytest.param(22.0, 0.0, False, id="just where it begins"),
        pytest.param(22.1, 0.0, True, id="above it"),
        pytest.param(20.1, 500.0, True, id="it gives, and goes on"),
        pytest.param(20.0, 500.0, False, id="until its reserve"),
        pytest.param(21.0, 0.0, False, id="not once it has stopped"),
        pytest.param(21.0, -500.0, False, id="nor while it takes"),
        pytest.param(21.0, 0.5, True, id="it gives next to nothing"),
        pytest.param(None, 500.0, False, id="it does not tell its charge"),
    ],
)
def test_above_its_reserve_a_battery_gives_and_the_others_give_for_it(a_pct: float | None, told_w: float, gives: bool):
    found = asked(900.0, state(a=told_w, b=600.0), seen(a_pct))
    assert (found[A] > 0.0) is gives
    assert found[B] == pytest.approx(225.0 if gives else 900.0)


def test_a_battery_that_is_full_takes_nothing():
    assert asked(-800.0, state(a=-600.0, b=-200.0), seen(99.5)) == {
        A: 0.0,
        B: -800.0 / 1.0 + 300.0 if False else -500.0,
    }


@pytest.mark.parametrize(
    ("a_pct", "power_w", "why"),
    [
        pytest.param(17.9, -3000.0, Why.REFILL_RESERVE, id="as fast as it takes"),
        pytest.param(18.0, 0.0, Why.RESERVE_KEPT, id="so near its reserve it waits"),
        pytest.param(None, 0.0, Why.RESERVE_KEPT, id="it does not tell its charge"),
    ],
)
def test_below_its_reserve_a_battery_is_filled(a_pct: float | None, power_w: float, why: Why):
    found = storage.powers(site(), state(), seen(a_pct), Flows(500.0, 0.0, 0.0), Envelope(inf, BY, inf, BY), NOW_S)
    assert (found[A][0], found[A][1].why) == (power_w, why)


@pytest.mark.parametrize(("import_w", "power_w"), [(2500.0, -2000.0), (500.0, 0.0)])
def test_it_is_filled_from_what_the_limit_leaves(import_w: float, power_w: float):
    bounds = Envelope(import_w, BY, inf, BY)
    found = storage.powers(site(), state(), seen(10.0), Flows(500.0, 0.0, 0.0), bounds, NOW_S)
    assert found[A][0] == power_w


def test_while_a_limit_needs_it_nothing_is_filled_and_what_is_filled_tells_its_aim():
    bounds = Envelope(400.0, BY, inf, BY)
    found = storage.powers(site(), state(), seen(10.0, 50.0), Flows(1500.0, 0.0, -1100.0), bounds, NOW_S)
    assert found[A] == (0.0, Cause(Why.RESERVE_KEPT))
    wide = storage.powers(site(), state(), seen(10.0), Flows(500.0, 0.0, 0.0), Envelope(inf, BY, inf, BY), NOW_S)
    assert wide[A][1] == Cause(Why.REFILL_RESERVE, {"target_pct": 20.0})


@pytest.mark.parametrize(
    ("without_w", "pct", "why"),
    [
        pytest.param(500.0, 20.0, Why.RESERVE_KEPT, id="it may not give"),
        pytest.param(-500.0, 100.0, Why.STORAGE_RESTS, id="it cannot take"),
        pytest.param(0.0, 100.0, Why.OWN_USE, id="nothing is asked"),
    ],
)
def test_why_a_battery_does_nothing(without_w: float, pct: float, why: Why):
    bounds = Envelope(inf, BY, inf, BY)
    found = storage.powers(site(), state(), seen(pct, pct), Flows(without_w, 0.0, 0.0), bounds, NOW_S)
    assert found == {A: (0.0, Cause(why)), B: (0.0, Cause(why))}


@pytest.mark.parametrize(
    ("told_w", "sent_s", "a_w"),
    [
        pytest.param(0.0, 999.0, 1500.0, id="more, at once"),
        pytest.param(2000.0, 995.1, 2000.0, id="less, but not within five seconds"),
        pytest.param(2000.0, 995.0, 1500.0, id="after five seconds"),
    ],
)
def test_a_limit_is_met_at_once_and_not_let_go_at_once(told_w: float, sent_s: float, a_w: float):
    # 4,000 W, of which a car takes 2,000; no more than 2,000 may be drawn: the limit asks for 2,000 from both
    memory = state(sent_s=sent_s, a=told_w, b=told_w / 3.0)
    bounds = Envelope(2000.0, BY, inf, BY)
    found = storage.powers(site(), memory, seen(), Flows(4000.0, 0.0, -2500.0), bounds, NOW_S)
    assert found[A] == (pytest.approx(a_w), BY)


@pytest.mark.parametrize(("at_s", "a_w"), [(990.9, 1500.0), (990.8, 1450.0)])
def test_what_pays_waits_until_meters_show_the_last_step(at_s: float, a_w: float):
    found = asked(2000.0, state(sent_s=990.0, a=1450.0, b=500.0), seen(at_s=at_s))
    assert found[A] == pytest.approx(a_w)


@pytest.mark.parametrize("mode", [Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED])
def test_in_doubt_about_the_grid_batteries_rest(mode: Mode):
    assert asked(2000.0, state(mode, a=1000.0)) == {A: 0.0, B: 0.0}
    assert asked(2000.0, state(mode, a=1000.0), import_w=500.0) == {A: 0.0, B: 0.0}


def test_while_nobody_measures_they_rest_and_say_so():
    memory = replace(state(), connection=ConnectionMemory(standing=(Standing(watts=900.0),)))
    found = storage.powers(site(), memory, seen(), None, Envelope(inf, BY, inf, BY), NOW_S)
    assert found == {A: (0.0, Cause(Why.STORAGE_BLIND)), B: (0.0, Cause(Why.STORAGE_BLIND))}


@pytest.mark.parametrize(
    ("pct", "above"), [(20.0, False), (20.1, True), (None, False)], ids=["at its reserve", "above it", "not told"]
)
def test_whether_a_battery_has_more_than_it_keeps(pct: float | None, above: bool):
    assert storage.above_reserve(site().batteries[0], seen(pct), NOW_S) is above
    assert not storage.above_reserve(site(reserve_pct=None).batteries[0], seen(pct), NOW_S)


def test_the_reserve_is_a_bound_above_everything_that_pays():
    found = list(storage.proposals(site(), state(), seen(20.0, 50.0), NOW_S))
    bounds = [(one.role, one.high) for one in found if one.rank is Rank.LIMIT]
    assert bounds == [(wiring.battery_power(A), 0.0)]
    assert [one.role for one in found if one.rank is Rank.GRID] == [wiring.battery_power(one) for one in (A, B)]
    assert list(storage.proposals(site(), state(Mode.ISLANDED), seen(), NOW_S)) == []


@pytest.mark.parametrize(
    ("a_pct", "power_w", "due"),
    [
        pytest.param(50.0, 1900.0, [NOW_S + 5400.0], id="30 % of 10 kWh, of which 95 % arrive"),
        pytest.param(50.0, 0.0, [], id="it rests"),
        pytest.param(50.0, -900.0, [], id="it takes"),
        pytest.param(20.0, 1900.0, [], id="it is down already"),
        pytest.param(20.0001, 1900.0, [NOW_S + 1.0], id="it is nearly down"),
        pytest.param(None, 1900.0, [], id="it does not tell its charge"),
    ],
)
def test_when_a_battery_comes_down_to_its_reserve(a_pct: float | None, power_w: float, due: list[float]):
    assert storage.due_s(site(), state(), seen(a_pct, a=power_w), NOW_S) == pytest.approx(due)


CLOSED, LIVE = TiePosition.CLOSED, Bus.LIVE


def blind(
    tie: TiePosition = CLOSED,
    raw: TiePosition = CLOSED,
    bus: Bus = LIVE,
    mode: Mode = Mode.GRID_CONNECTED,
) -> ControlState:
    """Circuits drew 2,000 W when they were seen last."""
    evidence = EvidenceMemory(tie=TieMemory(value=tie, raw=raw), bus=BusMemory(value=bus))
    memory = ConnectionMemory(standing=(Standing(watts=2000.0),))
    return replace(state(mode), evidence=evidence, connection=memory)


@pytest.mark.parametrize(
    ("memory", "import_w", "a_w"),
    [
        pytest.param(blind(), 1500.0, 450.0, id="2,100 W may be drawn, 1,500 are let through"),
        pytest.param(blind(), 0.0, 1500.0, id="no more is given than was seen"),
        pytest.param(blind(mode=Mode.GRID_CONNECTED_DEGRADED), 1500.0, 450.0, id="a doubtful grid"),
        pytest.param(blind(mode=Mode.GRID_DISTURBED), 1500.0, 0.0, id="a bad grid"),
        pytest.param(blind(tie=TiePosition.UNKNOWN), 1500.0, 0.0, id="nobody knows the tie"),
        pytest.param(blind(raw=TiePosition.OPEN), 1500.0, 0.0, id="the tie was seen to open just now"),
        pytest.param(blind(bus=Bus.UNKNOWN), 1500.0, 0.0, id="nobody knows the bus"),
        pytest.param(blind(), 2100.0, 0.0, id="nothing is too much"),
        pytest.param(replace(blind(), connection=ConnectionMemory()), 0.0, 0.0, id="nothing was ever seen"),
    ],
)
def test_a_limit_is_held_while_nobody_measures_if_the_street_surely_feeds(
    memory: ControlState, import_w: float, a_w: float
):
    found = storage.powers(site(), memory, seen(), None, Envelope(import_w, BY, inf, BY), NOW_S)
    assert found[A][0] == pytest.approx(a_w)


def test_on_a_doubtful_grid_a_limit_is_held_by_what_is_measured():
    memory = blind(mode=Mode.GRID_CONNECTED_DEGRADED)
    bounds = Envelope(2000.0, BY, inf, BY)
    found = storage.powers(site(), memory, seen(), Flows(3000.0, 0.0, 0.0), bounds, NOW_S)
    assert found == {A: (750.0, BY), B: (250.0, BY)}


@pytest.mark.parametrize(("limit_wh", "why"), [(6000.0, Why.KEPT_FOR_LIMIT), (5999.0, Why.OWN_USE)])
def test_what_is_kept_counts_above_the_reserves_of_all(limit_wh: float, why: Why):
    market = MarketMemory(now=Price(buy=0.5, sell=0.1), worth=0.1, limit_wh=limit_wh)
    memory = replace(state(), connection=ConnectionMemory(market=market))
    found = storage.powers(site(), memory, seen(), Flows(500.0, 0.0, 0.0), Envelope(inf, BY, inf, BY), NOW_S)
    assert found[A][1].why is why


@pytest.mark.parametrize(
    ("without_w", "a_w"),
    [pytest.param(0.0, -3000.0, id="nothing flows"), pytest.param(-500.0, -375.0, id="there is sun to take")],
)
def test_a_reserve_is_filled_unless_there_is_sun(without_w: float, a_w: float):
    assert asked(without_w, snapshot=seen(10.0))[A] == a_w
