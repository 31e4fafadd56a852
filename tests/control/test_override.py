"""What people ask for, while it lasts."""

import pytest

from hems.control.override import cause
from hems.control.params import Params
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.request import Request, Want
from hems.model.units import CircuitId, SourceId
from tests.control.panel import GRID_DEAD, TIE_OPEN, Panel, on_an_island, on_the_grid, tie
from tests.given import forces

PARAMS = Params().override


def role(name: str) -> wiring.Role:
    return wiring.circuit_closed(CircuitId(name))


def is_on(made: Panel, name: str) -> bool:
    return bool(made.values[role(name)])


def test_a_person_can_switch_off_and_hand_back():
    made = on_the_grid().ask(forces("laundry", Want.OFF)).advance(1.0)
    assert not is_on(made, "laundry")
    made.ask(forces("laundry", Want.AUTO)).advance(120.0)
    assert is_on(made, "laundry")


@pytest.mark.parametrize("name", ["lift", "fire_panel", "no_such_circuit"])
@pytest.mark.parametrize("want", [Want.ON, Want.OFF])
def test_life_safety_and_what_has_no_switch_is_refused(name: str, want: Want):
    made = on_the_grid().ask(forces(name, want)).advance(1.0)
    assert made.state.overrides == ()
    assert "override_refused" in {event.cause.why for _, step in made.steps for event in step.events}


def test_a_protected_circuit_may_be_kept_on_but_never_off():
    made = on_the_grid().ask(forces("network_room", Want.OFF)).advance(1.0)
    assert made.state.overrides == ()


def test_every_wish_ends_to_the_instant():
    made = on_the_grid().ask(forces("laundry", Want.OFF, duration_s=1800.0))
    began_s = made.now_s
    made.advance(1799.999, every_s=600.0)
    assert not is_on(made, "laundry")
    made.advance(30.0, every_s=600.0)
    assert is_on(made, "laundry")
    ended = [t_s for t_s, step in made.steps for event in step.events if event.cause.why == "override_expired"]
    assert ended == [pytest.approx(began_s + 1800.0)]


@pytest.mark.parametrize(("who", "longest_s"), [("operator", 28_800.0), ("engineer", 86_400.0)])
def test_nobody_may_ask_for_longer_than_his_role_allows(who: str, longest_s: float):
    made = on_the_grid().ask(forces("laundry", Want.OFF, duration_s=1e6, role=who)).advance(1.0)
    assert made.state.overrides[0].expires_s == 700.0 + longest_s


def test_a_minimum_off_time_holds_for_people_too():
    # given a compressor that was switched off a moment ago
    made = on_the_grid().ask(forces("heat_pump", Want.OFF)).advance(5.0)
    off_s = made.commands(role("heat_pump"))[0][0]
    # when somebody wants it on at once
    made.ask(forces("heat_pump", Want.ON)).advance(400.0, every_s=1000.0)
    # then it rests first
    on = [t_s for t_s, one in made.commands(role("heat_pump")) if one.value]
    assert on[0] == pytest.approx(off_s + 300.0)


def test_a_wish_for_a_compressor_that_rests_keeps_nobody_elses_waiting():
    # given an island where somebody has switched the heat pump off, and another wants it on again
    made = on_an_island().ask(forces("heat_pump", Want.OFF)).advance(70.0)
    made.ask(forces("heat_pump", Want.ON)).advance(10.0)
    assert not is_on(made, "heat_pump")
    # when somebody wants hot water, and there is room for both
    made.ask(forces("hot_water", Want.ON)).advance(10.0)
    # then it comes at once, and the heat pump when it has rested
    assert is_on(made, "hot_water")
    assert is_on(made.advance(230.0), "heat_pump")


def test_what_is_handed_back_on_stays_on_unless_something_speaks_against_it_now():
    # given an island that had to do without the gym, which somebody wants on as soon as there is room
    full, empty = ({wiring.former_phase_w(index): watts for index in range(3)} for watts in (9_000.0, 1_000.0))
    made = on_an_island().says(full).advance(60.0).ask(forces("gym", Want.ON)).says(empty).advance(10.0)
    assert is_on(made, "gym")
    # when it is handed back, with room for it
    before = len(made.commands(role("gym")))
    made.ask(forces("gym", Want.AUTO)).advance(60.0)
    # then its switch does not move
    assert is_on(made, "gym")
    assert {one.value for _, one in made.commands(role("gym"))[before:]} <= {True}
    # but what waits for plenty of energy goes when nobody keeps it
    made.ask(forces("hot_water", Want.ON)).advance(20.0)
    assert is_on(made, "hot_water")
    assert not is_on(made.ask(forces("hot_water", Want.AUTO)).advance(2.0), "hot_water")


def test_on_the_island_what_two_people_hand_back_comes_one_by_one_into_room_that_is_there():
    # given an island from which two circuits were kept off by hand, and no room
    made = on_an_island().ask(forces("kitchen", Want.OFF)).ask(forces("ventilation", Want.OFF)).advance(200.0)
    made.says({wiring.former_phase_w(index): 7_900.0 for index in range(3)})
    # when both are handed back at once
    made.ask(forces("kitchen", Want.AUTO)).ask(forces("ventilation", Want.AUTO)).advance(100.0)
    # then they wait for room
    assert not is_on(made, "kitchen")
    # and come apart
    made.says({wiring.former_phase_w(index): 1_000.0 for index in range(3)})
    began = len(made.steps)
    made.advance(100.0)
    ons = [(t_s, one.role) for t_s, one in made.commands() if one.role.endswith("closed") and one.value]
    ons = [one for one in ons if one[0] >= made.steps[began][0]]
    assert [one for _, one in ons[:2]] == [role("kitchen"), role("ventilation")]
    assert ons[1][0] - ons[0][0] >= 30.0


def test_what_was_kept_on_after_it_had_been_kept_off_stays_on_at_the_end():
    made = on_the_grid().ask(forces("gym", Want.OFF)).advance(100.0)
    made.ask(forces("gym", Want.AUTO)).ask(forces("gym", Want.ON, duration_s=400.0)).advance(600.0, every_s=50.0)
    assert made.state.overrides == ()
    assert is_on(made, "gym")


def test_on_an_island_nothing_is_forced_on_without_room():
    made = on_an_island().says({wiring.former_phase_w(index): 7_000.0 for index in range(3)})
    made.ask(forces("hot_water", Want.ON)).advance(200.0)
    assert not is_on(made, "hot_water")
    made.says({wiring.former_phase_w(index): 1_000.0 for index in range(3)}).advance(5.0)
    assert is_on(made, "hot_water")


@pytest.mark.parametrize(
    "change",
    [{**GRID_DEAD, **TIE_OPEN}, tie(None, None, None), tie(False, False, None)],
)
def test_nothing_is_forced_on_while_the_building_settles_or_doubts(change: dict[wiring.Role, bool]):
    made = on_the_grid().says({role("gym"): False}, change).advance(2.0)
    made.ask(forces("gym", Want.ON)).advance(6.0)
    assert made.mode in (Mode.ISLANDED_STABILIZING, Mode.FAULT_SAFE)
    assert not is_on(made, "gym")


def test_forcing_on_ends_where_the_last_reserve_begins():
    made = on_an_island().ask(forces("hot_water", Want.ON)).advance(90.0)
    assert is_on(made, "hot_water")
    made.says({wiring.battery_soc(SourceId("main")): 8.0}).advance(2.0)
    assert not is_on(made, "hot_water")


def test_an_energy_band_does_not_switch_off_what_a_person_keeps_on():
    made = on_an_island().ask(forces("hot_water", Want.ON)).advance(90.0)
    made.says({wiring.battery_soc(SourceId("main")): 30.0}).advance(60.0)
    assert is_on(made, "hot_water")


def test_at_the_end_of_a_wish_automation_has_its_way_again():
    made = on_an_island().ask(forces("hot_water", Want.ON, duration_s=600.0)).advance(590.0, every_s=50.0)
    assert is_on(made, "hot_water")
    made.advance(20.0)
    assert not is_on(made, "hot_water")


def test_a_circuit_that_somebody_wants_on_and_that_hems_never_touched_still_needs_room_on_the_island():
    # given an island at its limit, and a circuit that was off by hand before
    full = {wiring.former_phase_w(index): 9_900.0 for index in range(3)}
    made = on_an_island().says(full, {wiring.circuit_closed(CircuitId("kitchen")): False})
    assert wiring.circuit_closed(CircuitId("kitchen")) not in made.state.sent
    # when somebody wants it on
    made.ask(forces("kitchen", Want.ON)).advance(10.0)
    # then it waits for room
    assert not [one for _, one in made.commands(wiring.circuit_closed(CircuitId("kitchen"))) if one.value]


@pytest.mark.parametrize("between", [(), (Want.AUTO,)])
def test_what_was_kept_off_and_is_now_wanted_on_needs_room_on_the_island_as_well(between: tuple[Want, ...]):
    # given an island on which a circuit was kept off by hand, and which has come to its limit
    made = on_an_island().ask(forces("kitchen", Want.OFF)).advance(70.0)
    made.says({wiring.former_phase_w(index): 9_900.0 for index in range(3)}).advance(2.0)
    # when somebody wants it on, whether or not it was handed back before
    for want in between:
        made.ask(forces("kitchen", want)).advance(2.0)
    made.ask(forces("kitchen", Want.ON, duration_s=30.0)).advance(20.0)
    assert not is_on(made, "kitchen")
    # then it waits for room, also when the wish is over
    made.advance(20.0)
    assert made.state.overrides == ()
    assert not is_on(made, "kitchen")
    # and comes back into it
    made.says({wiring.former_phase_w(index): 1_000.0 for index in range(3)}).advance(70.0)
    assert is_on(made, "kitchen")


@pytest.mark.parametrize(("want", "told"), [(Want.OFF, {"duration_s"}), (Want.ON, {"duration_s"}), (Want.AUTO, set())])
def test_for_how_long_is_told_of_a_wish_that_has_an_end(want: Want, told: set[str]):
    request = Request(circuit=CircuitId("gym"), want=want, who="ana", role="operator", reason="", duration_s=60.0)
    assert set(cause(request).facts) - {"who", "want", "reason"} == told
