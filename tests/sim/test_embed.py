"""The controller inside another simulator: observations in, set-points out, at any step, and nothing else."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hems.control.params import Params
from hems.model.errors import ConfigError
from hems.model.event import EventKind
from hems.model.mode import Mode
from hems.model.site import Site, Tier
from hems.sim.embed import CarSeen, Controller, Observation, ObservationError, Setpoints, site_from
from tests.given import circuit, flats

SITE = flats()
HOUR_S = 3600.0


class Building:
    """Somebody else's building, as simple as can be: constant loads, a battery, no sun."""

    def __init__(self, site: Site = SITE, *, load: float = 0.5, soc_pct: float = 80.0) -> None:
        self.site, self.load, self.soc_pct, self.t_s = site, load, soc_pct, 0.0
        self.cars: dict[str, CarSeen] = {}
        self.controller = Controller(site)
        self.told: list[tuple[float, Setpoints]] = []

    def observation(self, **changes: object) -> Observation:
        seen = Observation(
            time_s=self.t_s,
            grid=True,
            circuits_w={one.id: self.load * one.typical_w for one in self.site.circuits},
            battery_soc_pct={"main": self.soc_pct},
            cars=self.cars,
        )
        return replace(seen, **changes)  # type: ignore[arg-type]

    def run(self, until_s: float, every_s: float, **changes: object) -> "Building":
        while self.t_s < until_s:
            told = self.controller.step(self.observation(**changes))
            self.told.append((self.t_s, told))
            if told.mode.on_island:
                on_w = sum(self.load * one.typical_w for one in self.site.circuits if told.circuits[one.id])
                self.soc_pct -= (on_w - sum(told.cars_w.values())) * every_s / HOUR_S / 800.0
            self.t_s += every_s
        return self

    @property
    def last(self) -> Setpoints:
        return self.told[-1][1]


def off(told: Setpoints) -> set[str]:
    return {name for name, on in told.circuits.items() if not on}


@pytest.mark.parametrize("every_s", [15.0, 60.0, 300.0, 900.0])
def test_an_outage_at_any_step_sheds_what_is_flexible_at_once_saves_and_comes_back(every_s: float):
    # given a building on the grid for a quarter of an hour
    made = Building(soc_pct=52.0).run(900.0, every_s)
    assert made.last.mode is Mode.GRID_CONNECTED
    assert off(made.last) == set()
    # when the grid fails, the very answer to that says what goes off
    made.run(900.1, every_s, grid=False)
    assert "hot_water" in off(made.last)
    made.run(2700.0, every_s, grid=False)
    assert made.last.mode is Mode.ISLANDED
    assert {"laundry", "gym"} <= off(made.last)  # stored energy has fallen below half
    assert not off(made.last) & {one.id for one in SITE.circuits if one.tier <= Tier.COMFORT}
    # when it is back, it waits as long as it must, permits, and everything comes back
    made.run(made.t_s + 3600.0, every_s)
    assert made.last.mode in (Mode.GRID_CONNECTED, Mode.RECONNECTED_RESTORING)
    assert off(made.last) == set()


def test_at_steps_of_a_second_the_first_answer_sheds():
    made = Building().run(60.0, 1.0)
    made.run(61.0, 1.0, grid=False)
    assert "hot_water" in off(made.last)
    made.run(75.0, 1.0, grid=False)
    assert made.last.mode is Mode.ISLANDED


def test_decisions_carry_their_cause_in_words_and_their_own_time():
    made = Building().run(1800.0, 900.0)
    made.run(3600.0, 900.0, grid=False)
    decisions = [one for _, told in made.told for one in told.decisions if one.subject == "circuits/hot_water/closed"]
    assert [one.kind for one in decisions] == [EventKind.COMMAND]
    assert decisions[0].words.startswith("It can wait until the grid returns")
    modes = {one.subject: one.time_s for _, told in made.told for one in told.decisions if one.kind is EventKind.MODE}
    assert modes["islanded"] == pytest.approx(1810.0, abs=0.1)  # between two observations, when it was due


def test_a_car_helps_down_to_what_its_driver_keeps():
    made = Building(load=0.6)
    made.cars = {"bay_1": CarSeen(soc_pct=60.0), "bay_2": CarSeen(soc_pct=40.0), "bay_3": CarSeen(soc_pct=None)}
    made.run(600.0, 60.0)
    assert made.last.cars_w["bay_1"] < 0.0  # charges while there is a grid
    made.run(1200.0, 60.0, grid=False)
    assert made.last.cars_w["bay_1"] > 1000.0
    assert made.last.cars_w["bay_2"] == made.last.cars_w["bay_3"] == 0.0


def test_less_capacity_means_less_load():
    made = Building(load=0.6).run(1200.0, 300.0)
    made.run(2400.0, 300.0, grid=False)
    before = off(made.last)
    made.run(3600.0, 60.0, grid=False, capacity_va=(4000.0, 4000.0, 4000.0))
    assert off(made.last) > before


def test_the_switch_to_the_grid_may_be_simulated_by_the_caller():
    made = Building().run(900.0, 60.0)
    made.run(1800.0, 60.0, grid=False, tie_closed=False)
    assert not made.last.permit
    # when the grid has been back for long enough, the permit waits for the caller's switch
    made.run(2400.0, 60.0, grid=True, tie_closed=False)
    assert made.last.permit
    assert made.last.mode is Mode.RECONNECTING
    made.run(3600.0, 60.0, grid=True, tie_closed=True)
    assert not made.last.mode.on_island


def test_a_circuit_that_is_not_where_it_was_told_to_be_is_seen_and_said():
    made = Building().run(900.0, 60.0)
    made.run(1800.0, 60.0, grid=False, on={"hot_water": True})
    decisions = [one for _, told in made.told for one in told.decisions]
    assert any(one.kind is EventKind.ALARM_RAISED and "hot_water" in one.subject for one in decisions)


def test_the_same_observations_give_the_same_answers():
    assert Building().run(3600.0, 300.0).told == Building().run(3600.0, 300.0).told


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"circuits_w": {"sauna": 1.0}}, "circuits_w names sauna"),
        ({"battery_soc_pct": {"main": 180.0}}, "charge of main is 180"),
        ({"capacity_va": (1.0,)}, "one for each of the 3 phases"),
        ({"pv_w": {"roof": float("nan")}}, "not a number"),
        ({"time_s": -5.0}, "give 1 to 900 s"),
        ({"time_s": 5000.0}, "give 1 to 900 s"),
    ],
)
def test_what_cannot_be_observed_is_refused_in_one_sentence(changes: dict[str, object], says: str):
    made = Building().run(60.0, 60.0)
    with pytest.raises(ObservationError, match=says):
        made.controller.step(made.observation(**changes))


def test_the_building_of_a_site_file_can_be_used_and_its_mistakes_are_told(tmp_path: Path):
    site, params = site_from(Path("examples/apartments.toml"))
    assert (len(site.circuits), params.grid.qualify_s) == (14, Params().grid.qualify_s)
    wrong = tmp_path / "site.toml"
    wrong.write_text("name = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        site_from(wrong)


def test_importing_it_brings_no_screen_no_protocol_and_no_event_loop():
    heavy = ("textual", "pymodbus", "aiomqtt", "asyncio", "pydantic", "sqlite3", "apscheduler", "hems.runtime")
    code = f"import sys, hems.sim.embed; print([one for one in {heavy} if one in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_day_of_twenty_circuits_in_steps_of_five_minutes_takes_less_than_a_second():
    more = (circuit(f"flat_{n}", Tier.NON_ESSENTIAL, 900.0, rank=n) for n in range(6))
    site = flats(circuits=(*SITE.circuits, *more))
    made = Building(site, load=0.4)
    began_s = time.process_time()
    made.run(8 * HOUR_S, 300.0)
    made.run(16 * HOUR_S, 300.0, grid=False)
    made.run(24 * HOUR_S, 300.0)
    assert len(made.told) == 288
    assert time.process_time() - began_s < 2.0  # quietly 0.6 s; a busy machine's processor counts for less
