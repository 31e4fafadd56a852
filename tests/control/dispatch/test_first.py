"""A car that somebody wants to go first: before those that have time, after those that have none."""

from dataclasses import replace

from hems.model.request import CarWish
from hems.model.units import HOUR_S, SourceId
from tests.control.dispatch.street import Street, connected_site

BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")


def narrow() -> Street:
    """Two cars of 11 kW, for which 12 kW are left."""
    return Street(connected_site(import_max_w=22_000.0), house_w=10_000.0).plug("bay_1", "bay_2", soc_pct=50.0)


def test_it_gets_all_that_it_can_take_and_others_what_is_left_until_it_is_unplugged():
    made = narrow().lives(60)
    assert abs(made.car_w("bay_1") - made.car_w("bay_2")) < 500.0
    # when somebody says that the second one goes first
    made.ask(CarWish(bay=BAY_2, who="Ana", first=True))
    made.lives(60)
    assert made.car_w("bay_2") < -10_500.0
    assert made.car_w("bay_1") == 0.0
    # and once it has been unplugged nobody goes first any more
    del made.plugged["bay_2"]
    made.lives(5)
    assert BAY_2 not in made.state.drivers


def test_it_is_taken_back_by_a_word():
    made = narrow()
    made.ask(CarWish(bay=BAY_2, who="Ana", first=True))
    made.lives(60).ask(CarWish(bay=BAY_2, who="Ana", first=False))
    made.lives(60)
    assert abs(made.car_w("bay_1") - made.car_w("bay_2")) < 500.0


def test_a_car_that_would_not_be_ready_goes_before_it():
    made = narrow()
    made.ask(CarWish(bay=BAY_2, who="Ana", first=True))
    made.ask(CarWish(bay=BAY_1, who="Ben", leaves_in_s=HOUR_S, target_pct=90.0))
    made.lives(60)
    assert made.car_w("bay_1") < -10_500.0
    assert made.car_w("bay_2") == 0.0


def test_who_goes_first_does_not_wait_for_the_sun_and_rests_once_it_has_what_it_shall_have():
    site = connected_site()
    bays = tuple(replace(one, sun_first=one.id == BAY_1) for one in site.bays)
    made = Street(replace(site, bays=bays)).plug("bay_1", soc_pct=60.0)
    made.ask(CarWish(bay=BAY_1, who="Ana", leaves_in_s=8.0 * HOUR_S))
    made.lives(60)
    assert made.car_w("bay_1") == 0.0
    made.ask(CarWish(bay=BAY_1, who="Ana", first=True))
    made.lives(60)
    assert made.car_w("bay_1") < -10_500.0
    made.plug("bay_1", soc_pct=81.0).lives(60)
    assert made.car_w("bay_1") == 0.0
