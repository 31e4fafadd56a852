"""What was recorded can be asked again of today's code."""

from dataclasses import replace
from functools import cache

from hems.control.frame import frame_of, replayed
from hems.control.params import Params, shortened
from hems.control.state import initial
from hems.model.instant import Instant
from hems.sim.start import Car
from tests import given


@cache
def recorded_outage() -> tuple[given.Building, list[str]]:
    """An outage with a return of the grid, and the text of each of its ticks."""
    building = given.building(cars={"bay_1": Car(soc_pct=75.0)}).grid_lost().advance(20.0).grid_back().advance(30.0)
    state, texts = initial(0.0), []
    for index, ticked in enumerate(building.ticks):
        texts.append(frame_of(Instant(ticked.t_s), state if index % 25 == 0 else None, ticked.snapshot, ticked.step))
        state = ticked.step.state
    return building, texts


def test_the_same_code_decides_the_same_on_what_was_recorded() -> None:
    # given an outage on record
    building, texts = recorded_outage()
    # when it is replayed
    found = list(replayed(texts, building.site, shortened(Params())))
    # then every tick decides as it did
    assert len(found) == len(texts) > 100
    assert set(found) == {None}


def test_other_parameters_show_where_they_would_have_decided_otherwise() -> None:
    # given an outage on record
    building, texts = recorded_outage()
    params = shortened(Params())
    # when it is replayed with a longer rest on the island
    changed = replace(params, island=replace(params.island, stable_s=6.0))
    found = [one for one in replayed(texts, building.site, changed) if one is not None]
    # then the replay shows where
    assert found
    assert found[0].was[0] == "islanded"
    assert found[0].now[0] == "islanded_stabilizing"


def test_frames_before_the_first_state_are_passed_over() -> None:
    building, texts = recorded_outage()
    assert len(list(replayed(texts[1:], building.site, shortened(Params())))) == len(texts) - 25
