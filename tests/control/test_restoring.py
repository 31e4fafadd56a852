"""What comes back, when, and into which room."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.energy import Band
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.restoring import fits, fruitless_after, locked_out, room_w
from hems.control.sheddable import Outlook
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.request import Acknowledge, Want
from hems.model.site import Circuit, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    Panel,
    bus,
    kept,
    on_an_island,
    on_the_grid,
    panel,
    tie,
    utility,
)
from tests.given import building, flats, forces

SITE, PARAMS = flats(), Params()


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def stored(soc_pct: float) -> dict[Role, Any]:
    return {wiring.battery_soc(SourceId("main")): soc_pct}


def back(made: Panel, since_s: float = 0.0) -> list[tuple[float, str]]:
    """Circuits switched on, each when first told."""
    found: dict[str, float] = {}
    for t_s, one in made.commands():
        if t_s >= since_s and one.role.endswith("closed") and one.value:
            found.setdefault(str(one.role).split("/")[1], round(t_s, 2))
    return [(t_s, name) for name, t_s in found.items()]


# On an island --------------------------------------------------------------------------------------------------------


def test_on_an_island_one_circuit_comes_back_at_a_time_the_most_important_first():
    # given an island that has shed four circuits at 700.1 s and has room for all
    made = on_an_island()
    assert made.state.last_shed_s == pytest.approx(700.1)
    # when time passes, however rarely anybody looks
    made.advance(600.0, every_s=600.0)
    # then the first waits a minute and the others half a minute each; flexible loads wait for plenty of energy
    assert back(made) == [(760.1, "ventilation"), (790.1, "gym"), (820.1, "laundry")]
    assert made.off() == {"hot_water"}


def test_flexible_loads_come_back_only_when_energy_is_plentiful():
    made = on_an_island().advance(200.0, every_s=50.0).says(stored(96.0)).advance(1000.0, every_s=50.0)
    assert made.state.band == Band.SURPLUS
    assert made.off() == set()


def test_a_minimum_off_time_is_kept():
    # given an island where the heat pump had to go as well
    made = on_an_island().says(stored(20.0)).advance(5.0)
    shed_s = made.state.loads[CircuitId("heat_pump")].shed_since_s
    assert shed_s is not None
    # when there is plenty of energy again at once
    made.state = replace(made.state, band=Band.NORMAL)
    made.says(stored(90.0)).advance(500.0, every_s=500.0)
    # then the compressor waits its five minutes, and who has room beside it does not wait with it
    times = {name: t_s for t_s, name in back(made)}
    assert times["heat_pump"] == pytest.approx(shed_s + 300.0, abs=0.01)
    assert times["ventilation"] < times["gym"] < times["heat_pump"]


def test_the_room_of_a_compressor_that_rests_is_kept_for_it():
    # given an island where the heat pump had to go as well, with room for it or for what matters less
    made = on_an_island().says(stored(20.0), former(4_500.0, 4_500.0, 4_500.0)).advance(5.0)
    made.state = replace(made.state, band=Band.NORMAL)
    made.says(stored(90.0)).advance(290.0, every_s=50.0)
    # then nothing takes it, and it comes back when it may
    assert {name for _, name in back(made)} == {"ventilation"}
    assert "heat_pump" in {name for _, name in back(made.advance(30.0))}


def test_on_the_grid_nobody_waits_behind_a_compressor_that_has_to_rest():
    # given a power cut that took everything but the essential, and is over after a minute
    made = on_an_island().says(stored(20.0)).advance(5.0)
    shed_s = made.state.loads[CircuitId("heat_pump")].shed_since_s
    assert shed_s is not None
    made.says(stored(90.0), utility(230.0), TIE_CLOSED).advance(500.0, every_s=10.0)
    # then the others are back while it rests
    times = {name: t_s for t_s, name in back(made)}
    assert max(times[name] for name in ("gym", "laundry", "hot_water")) < times["heat_pump"]
    assert times["heat_pump"] >= shed_s + 300.0


def test_nothing_comes_back_onto_a_bus_that_shows_no_voltage():
    # given an island with room for one more, a moment before a circuit comes back
    made = on_an_island().advance(44.0)
    assert back(made) == []
    # when what makes it is gone, and carries nothing any more
    made.says(bus(0.0, 0.0), former(0.0, 0.0, 0.0)).advance(3.0)
    # then nothing is switched on, neither by itself nor for a person
    made.ask(forces("hot_water", Want.ON)).advance(0.4)
    assert back(made) == []


def test_what_does_not_fit_waits_and_nothing_behind_it_jumps_the_queue():
    # given room for the gym, but not for ventilation, which comes first
    made = on_an_island().says(former(7_600.0, 3_000.0, 7_600.0)).advance(300.0)
    assert back(made) == []
    # when room appears, then the order is kept
    made.says(former(3_000.0, 3_000.0, 3_000.0)).advance(300.0)
    assert [name for _, name in back(made)] == ["ventilation", "gym", "laundry"]


def test_what_layer_0_holds_off_is_not_switched_on_without_the_grid_and_nobody_waits_behind_it():
    # given ventilation behind a contactor that the tie itself drops
    circuits = tuple(replace(one, layer_0=one.id == "ventilation") for one in SITE.circuits)
    made = building(site=replace(SITE, circuits=circuits), params=Params(), load=1.23).advance(60.0)
    made.grid_lost().advance(30.0)
    assert {"ventilation", "gym", "laundry"} <= made.off()
    # when there is room on the island
    made.wants("heat_pump", 0.0).wants("kitchen", 0.0).advance(400.0)
    # then only what can come back does
    assert made.off() & {"ventilation", "gym", "laundry"} == {"ventilation"}
    # and with the grid it does, too
    made.grid_back().advance(600.0)
    assert "ventilation" not in made.off()


@pytest.mark.parametrize(
    ("name", "now_w", "off_for_s", "does"),
    [
        # laundry 5.0 kW over L2 and L3, 2.75 kW each with a tenth on top: up to 5.25 kW may flow there already
        ("laundry", (9_999.0, 5_249.0, 5_249.0), 60.0, True),
        ("laundry", (0.0, 5_251.0, 0.0), 60.0, False),
        # freezers 1.5 kW on L1, after two hours two and a half times that
        ("freezers", (6_499.0, 0.0, 0.0), 0.0, True),
        ("freezers", (4_249.0, 0.0, 0.0), 7200.0, True),
        ("freezers", (4_251.0, 0.0, 0.0), 7200.0, False),
        # heat pump 6 kW with 6 kW on top for a moment: 4 kW a phase, up to 15 kW may flow for 3 s
        ("heat_pump", (5_999.0, 5_999.0, 5_999.0), 0.0, True),
        ("heat_pump", (6_001.0, 0.0, 0.0), 0.0, False),
        # what the sun feeds back is no room: it may go at any time
        ("laundry", (0.0, -9_000.0, 5_251.0), 60.0, False),
    ],
)
def test_room_is_what_every_phase_still_carries(name: str, now_w: tuple[float, ...], off_for_s: float, does: bool):
    circuit = SITE.circuit(CircuitId(name))
    state = replace(
        initial(0.0),
        loads={circuit.id: LoadMemory(shed_because=Cause(Why.ISLAND_CAPACITY), shed_since_s=1000.0)},
    )
    assert fits(circuit, SITE, state, outlook(now_w), PARAMS, 1000.0 + off_for_s) is does


@given(
    st.sampled_from([one for one in SITE.circuits if one.switchable]),
    st.lists(st.floats(-10_000.0, 20_000.0), min_size=3, max_size=3),
    st.lists(st.floats(0.0, 8_000.0), min_size=3, max_size=3),
    st.floats(0.0, 90_000.0),
    st.floats(1.0, 9_000.0),
    st.floats(0.0, 40_000.0),
)
def test_nothing_ever_comes_back_that_would_not_fit_with_its_cold_pick_up_and_its_inrush(
    circuit: Circuit, now_w: list[float], owed_w: list[float], off_for_s: float, drew_w: float, inrush_w: float
):
    circuit = replace(circuit, inrush_w=inrush_w)
    off = LoadMemory(shed_because=Cause(Why.ISLAND_CAPACITY), shed_since_s=1000.0)
    seen = replace(outlook(tuple(now_w)), owed_w=tuple(owed_w), watts={one.id: drew_w for one in SITE.circuits})
    state = replace(initial(0.0), loads={circuit.id: off})
    if fits(circuit, SITE, state, seen, PARAMS, 1000.0 + off_for_s):
        # then, reckoned anew from the domain's formula, no phase that it draws on is beyond its room or its surge
        hungry = 1.0 + 1.5 * min(1.0, off_for_s / 7200.0)
        draws_w = hungry * max(drew_w, circuit.typical_w) if circuit.thermostatic else drew_w
        for phase, was_w, owes_w in zip(SITE.phases, now_w, owed_w, strict=True):
            if phase in circuit.phases:
                parts = len(circuit.phases)
                assert max(0.0, was_w) + draws_w / parts + owes_w <= 0.8 * 10_000.0 + 1e-6
                assert max(0.0, was_w) + (drew_w + circuit.inrush_w) / parts <= 1.5 * 10_000.0 + 1e-6


def test_room_is_what_the_source_still_gives_where_that_is_less_than_its_phases():
    # given 12 kW for all phases together; the laundry's 5.5 kW fit up to eight tenths of that
    weak = replace(SITE, former=replace(SITE.former, total_w=12_000.0))
    laundry = SITE.circuit(CircuitId("laundry"))
    off = {laundry.id: LoadMemory(shed_because=Cause(Why.ISLAND_CAPACITY), shed_since_s=1000.0)}
    state = replace(initial(0.0), loads=off)
    assert fits(laundry, weak, state, outlook((1_300.0,) * 3), PARAMS, 1060.0)
    assert not fits(laundry, weak, state, outlook((1_400.0,) * 3), PARAMS, 1060.0)
    assert room_w(weak, (1_400.0,) * 3, PARAMS) == pytest.approx(9_600.0 - 4_200.0)


def outlook(now_w: tuple[float, ...] | None) -> Outlook:
    return Outlook(
        watts={one.id: one.typical_w for one in SITE.circuits},
        phase_w=now_w,
        going_w=(0.0, 0.0, 0.0),
        band=Band.NORMAL,
        least=Tier.NON_ESSENTIAL,
        mode=Mode.ISLANDED,
        mode_for_s=100.0,
        cars_phase_w=(0.0, 0.0, 0.0),
        sheds_settled=True,
    )


def test_a_motor_starts_only_where_its_inrush_is_carried():
    pump = replace(SITE.circuit(CircuitId("sump_pump")), inrush_w=28_000.0)
    assert fits(pump, SITE, initial(0.0), outlook((5_000.0,) * 3), PARAMS, 1000.0)
    assert not fits(pump, SITE, initial(0.0), outlook((5_200.0,) * 3), PARAMS, 1000.0)


def test_no_room_is_known_while_the_former_is_silent():
    assert not fits(SITE.circuit(CircuitId("laundry")), SITE, initial(0.0), outlook(None), PARAMS, 0.0)
    made = on_an_island().says(dict.fromkeys(former(0.0, 0.0, 0.0))).advance(300.0)
    assert back(made) == []


def test_a_hot_inverter_starts_nothing_until_it_has_cooled():
    made = on_an_island()
    made.state = replace(made.state, dose=(0.6, 0.0, 0.0))
    began_s = made.now_s
    made.advance(300.0, every_s=600.0)
    assert back(made)[0][0] == pytest.approx(began_s + 90.0, abs=0.01)


def test_a_circuit_that_overloads_three_times_is_locked_out_until_a_person_has_looked():
    # given an island on which the laundry overloads the inverter each time it comes back
    made = on_an_island().advance(95.0)
    for _ in range(3):
        seconds = 0.0
        while "laundry" in made.off() and seconds < 4000.0:  # the third time its relay has to rest first
            made.advance(10.0, every_s=10.0)
            seconds += 10.0
        assert "laundry" not in made.off()
        made.says(former(3_000.0, 12_500.0, 12_500.0))
        while "laundry" not in made.off():
            made.advance(1.0)
        made.says(former(3_000.0, 3_000.0, 3_000.0))
    # when there is room again for an hour
    made.advance(3600.0, every_s=60.0)
    # then it stays off, and somebody is told
    assert "laundry" in made.off()
    assert "circuits/laundry/closed/locked_out" in made.state.alarms
    # and what is behind it does not wait for it
    assert "gym" not in made.off()
    # until a person has looked
    made.ask(Acknowledge(who="Alex", role="operator")).advance(60.0)
    assert "laundry" not in made.off()
    assert "circuits/laundry/closed/locked_out" not in made.state.alarms


# On the grid ---------------------------------------------------------------------------------------------------------


def returned(made: Panel) -> Panel:
    """The certified device has closed by itself."""
    return made.says(utility(230.0), TIE_CLOSED)


@kept
def long_island() -> Panel:
    """With the essential circuits off too, none resting any more."""
    made = on_an_island().says(stored(10.0)).advance(5.0)
    assert len(made.off()) == 8
    return made.advance(400.0, every_s=50.0)


def test_back_on_the_grid_essential_circuits_wait_10_seconds_the_rest_a_minute_each_10_seconds_apart():
    made = returned(long_island())
    made.advance(200.0, every_s=200.0)
    good_s = made.state.grid_solid_since_s
    assert good_s is not None
    assert [(round(t_s - good_s, 1), name) for t_s, name in back(made, good_s)] == [
        (10.0, "door_entry"),
        (20.0, "freezers"),
        (30.0, "kitchen"),
        (60.0, "heat_pump"),
        (70.0, "ventilation"),
        (80.0, "gym"),
        (90.0, "laundry"),
        (100.0, "hot_water"),
    ]


def test_an_excursion_of_the_grid_restarts_the_hold():
    made = returned(long_island()).advance(30.0)
    already = len(back(made, 1100.0))
    # when the voltage dips for a tenth of a second
    made.says(utility(150.0)).advance(0.1)
    made.says(utility(230.0)).advance(19.9, every_s=60.0)
    # then nothing comes back for the 10 s that make the grid good again and the 10 s of the hold
    assert len(back(made, 1100.0)) == already
    made.advance(0.2)
    assert len(back(made, 1100.0)) == already + 1


@pytest.mark.parametrize("doubt", [utility(None, None), utility(150.0), utility(230.0, 48.0)])
def test_nothing_comes_back_on_a_grid_that_is_not_good(doubt: dict[Role, Any]):
    made = returned(long_island()).says(doubt)
    since_s = made.now_s
    made.advance(300.0, every_s=20.0)
    assert back(made, since_s) == []


@pytest.mark.parametrize("doubt", [tie(False, False, None), tie(True, True, None), tie(None, None, None)])
def test_nothing_comes_back_while_the_tie_moves_or_is_unknown(doubt: dict[Role, Any]):
    made = returned(long_island()).advance(17.0)
    before = len(back(made, 1100.0))
    made.says(doubt).advance(50.0)
    assert len(back(made, 1100.0)) == before


# At a start ----------------------------------------------------------------------------------------------------------


def shed_before(*names: str) -> ControlState:
    loads = {CircuitId(name): LoadMemory(shed_because=Cause(Why.ISLAND_CAPACITY), shed_since_s=0.0) for name in names}
    return replace(initial(0.0), loads=loads)


@pytest.mark.parametrize("where", [{**GRID_DEAD, **TIE_OPEN}, {}])
def test_nothing_comes_back_in_the_first_half_minute_of_a_start(where: dict[Role, Any]):
    made = panel().says(where, {wiring.circuit_closed(CircuitId("gym")): False})
    made.state = shed_before("gym")
    made.advance(29.9)
    assert back(made) == []
    made.advance(200.0, every_s=50.0)
    # and its minimum off time counts from the start, because nobody knows when it went off
    assert back(made)[0][0] >= 60.0


# Any history ---------------------------------------------------------------------------------------------------------

WORLD = [
    {**GRID_DEAD, **TIE_OPEN},
    {**utility(230.0), **TIE_CLOSED},
    utility(230.0),
    utility(170.0),
    tie(False, False, None),
    bus(230.0),
    bus(1.0, 0.0),
    stored(15.0),
    stored(80.0),
    former(12_500.0, 3_000.0, 3_000.0),
    former(2_000.0, 2_000.0, 2_000.0),
    former(-4_000.0, 6_000.0, 2_000.0),
]


@given(st.lists(st.tuples(st.sampled_from(WORLD), st.floats(0.5, 200.0)), min_size=2, max_size=12))
@settings(max_examples=15)
def test_restores_come_singly_after_their_rest_and_in_modes_that_allow_them(
    history: list[tuple[dict[Role, Any], float]],
):
    made = panel()
    for values, seconds in history:
        made.says(values).advance(seconds, every_s=7.0)
    off_since: dict[str, float] = {}
    ons: list[float] = []
    for t_s, step in made.steps:
        told = [one for one in step.commands if one.role.startswith("circuits/")]
        new = [one for one in told if one.value and str(one.role) in off_since]
        assert len(new) <= 1
        for one in told:
            circuit = SITE.circuit(CircuitId(str(one.role).split("/")[1]))
            if not one.value:
                off_since.setdefault(str(one.role), t_s)
            elif str(one.role) in off_since:
                assert t_s >= off_since.pop(str(one.role)) + circuit.min_off_s - 1e-6
                assert t_s >= PARAMS.boot.hold_energise_s
                assert step.state.mode.mode in (
                    Mode.ISLANDED,
                    Mode.GRID_RETURN_QUALIFYING,
                    Mode.RECONNECTED_RESTORING,
                    Mode.GRID_CONNECTED,
                )
                ons.append(t_s)
    assert all(later - earlier >= PARAMS.restore.step_grid_s - 1e-6 for earlier, later in pairwise(ons))


def test_a_grid_that_is_good_from_the_beginning_has_nothing_to_restore():
    assert back(on_the_grid()) == []


def test_what_would_not_fit_even_if_all_lesser_circuits_were_off_keeps_nobody_waiting():
    # given room on L1 and L2, and 7.6 kW on L3 that no lesser circuit draws, so that ventilation cannot come
    made = on_an_island().says(former(1_000.0, 1_000.0, 7_600.0)).advance(300.0)
    # then the gym does not wait for it, and the laundry, which needs L3 too, waits
    assert [name for _, name in back(made)] == ["gym"]


def test_what_was_drawn_in_a_cold_pick_up_is_not_taken_for_what_is_usually_drawn():
    # given a freezer of 1.5 kW that was on for ten minutes, and drew 3.7 kW then because it had been off before
    name = CircuitId("freezers")
    memory = LoadMemory(shed_because=Cause(Why.ENERGY_BAND), restored_s=400.0, shed_since_s=1000.0, hungry=1.0)
    seen = replace(
        outlook((3_000.0, 0.0, 0.0)), watts={one.id: one.typical_w for one in SITE.circuits} | {name: 3700.0}
    )
    hungry, fed = (replace(initial(0.0), loads={name: one}) for one in (memory, replace(memory, restored_s=-7000.0)))
    # when it has been off for two hours again
    # then two and a half times its usual draw must fit, and not of what it drew then
    assert fits(SITE.circuit(name), SITE, hungry, seen, PARAMS, 8200.0)
    assert not fits(SITE.circuit(name), SITE, fed, seen, PARAMS, 8200.0)


def test_room_that_a_circuit_just_back_will_need_is_not_given_to_the_next():
    # given room for the laundry, and none once what has come back draws what it will
    idle = outlook((4_000.0, 4_000.0, 4_000.0))
    laundry = SITE.circuit(CircuitId("laundry"))
    assert fits(laundry, SITE, initial(0.0), idle, PARAMS, 60.0)
    assert not fits(laundry, SITE, initial(0.0), replace(idle, owed_w=(4_000.0, 4_000.0, 4_000.0)), PARAMS, 60.0)


# Tries ---------------------------------------------------------------------------------------------------------------


def test_a_restore_counts_as_failed_up_to_the_very_end_of_its_time_and_for_want_of_power_only():
    laundry, overload = CircuitId("laundry"), Cause(Why.OVERLOAD)
    state = replace(initial(0.0), loads={laundry: LoadMemory(restored_s=1000.0, fruitless=1)})
    ends_s = 1000.0 + Params().restore.after_shed_s
    assert fruitless_after(state, laundry, overload, Params(), ends_s) == 2
    assert fruitless_after(state, laundry, Cause(Why.ISLAND_CAPACITY), Params(), ends_s) == 2
    assert fruitless_after(state, laundry, overload, Params(), ends_s + 0.1) == 0
    assert fruitless_after(state, laundry, Cause(Why.ENERGY_BAND), Params(), ends_s) == 0
    assert fruitless_after(initial(0.0), laundry, overload, Params(), ends_s) == 0


@pytest.mark.parametrize(("failed", "locked"), [(2, False), (3, True), (4, True)])
def test_it_is_locked_out_after_exactly_so_many_tries(failed: int, locked: bool):
    laundry = flats().circuit(CircuitId("laundry"))
    state = replace(initial(0.0), loads={laundry.id: LoadMemory(fruitless=failed)})
    assert locked_out(laundry, state, Params()) is locked
