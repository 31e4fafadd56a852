"""Hours on screens: by the look ahead while it is young and answers the question that stands, else by division."""

from dataclasses import replace

import pytest

from hems.model.foresight import CircuitReach, Foresight, TierReach, WhatIf
from hems.model.reading import Reading
from hems.model.request import Request, Want
from hems.model.site import Generator, Tier
from hems.model.snapshot import GeneratorReading
from hems.model.units import CircuitId
from hems.runtime import ahead
from hems.runtime.consider import consequence
from hems.runtime.picture.building import paint
from hems.runtime.scene import Scene
from tests.outlook.given import asked, present, scene

GYM = CircuitId("gym")


@pytest.fixture(scope="module")
def outage() -> Scene:
    return scene(present(fails=True))


def seen(at_s: float, *, grid_fails: bool = False) -> Foresight:
    """Ten hours for what is essential, four until the gym goes."""
    return Foresight(
        at_s=at_s,
        grid_fails=grid_fails,
        essential=(8.0, 10.0, 13.0),
        first=(3.0, 4.0, 5.0),
        tiers=(TierReach(tier=Tier.NON_ESSENTIAL, hours=(3.0, 4.2, 5.0)),),
        next_off=(GYM,),
        next_off_h=4.0,
        circuits=(CircuitReach(circuit=GYM, hours=4.0, weighs_h=1.5),),
    )


def test_a_young_look_ahead_gives_the_hours_counted_from_now(outage: Scene):
    picture = paint(replace(outage, foresight=seen(outage.now_s - 180.0)))
    assert picture.ahead_age_s == pytest.approx(180.0)
    assert picture.essential_hours == pytest.approx((7.95, 9.95, 12.95))
    assert picture.next_off_h == pytest.approx(3.95)
    group = next(one for one in picture.tiers if one.tier is Tier.NON_ESSENTIAL)
    assert group.hours_left == picture.next_off_h
    gym = next(one for one in picture.circuits if one.id == GYM)
    assert (gym.next_off, gym.off_h, gym.weighs_h) == (True, pytest.approx(3.95), 1.5)


def test_the_closed_form_counts_fuel_whose_level_is_known(outage: Scene):
    # given a generator with 60 kWh in its tank, or nobody knows how much
    engine = Generator(name="Generator", rated_w=20_000.0, tank_wh=120_000.0)
    reading = GeneratorReading(fuel_pct=Reading(50.0, outage.now_s))
    unknown = replace(outage, site=replace(outage.site, generator=engine))
    known = replace(unknown, snapshot=replace(outage.snapshot, generator=reading))
    _, without_h, _ = paint(unknown).essential_hours or (0.0, 0.0, 0.0)
    _, with_h, _ = paint(known).essential_hours or (0.0, 0.0, 0.0)
    assert paint(unknown).essential_hours == paint(outage).essential_hours
    assert with_h == pytest.approx(without_h + 60_000.0 / sum(ahead.draws(outage).values()))
    assert (paint(unknown).fuel_wh, paint(known).fuel_wh) == (None, 60_000.0)


def test_an_old_one_and_one_that_answers_another_question_give_way_to_the_closed_form(outage: Scene):
    plain = paint(outage)
    assert plain.ahead_age_s is None
    for other in (seen(outage.now_s - ahead.YOUNG_S - 1.0), seen(outage.now_s, grid_fails=True)):
        picture = paint(replace(outage, foresight=other))
        assert picture.ahead_age_s is None
        assert picture.essential_hours == plain.essential_hours
        assert picture.next_off_h is None


def test_what_has_come_back_since_the_look_ahead_is_not_forgotten_among_what_goes_off_next(outage: Scene):
    # given a look ahead from when the laundry was still off, which is on now
    laundry = CircuitReach(circuit=CircuitId("laundry"), hours=0.0, weighs_h=1.0)
    before = seen(outage.now_s - 30.0)
    picture = paint(replace(outage, foresight=replace(before, circuits=(*before.circuits, laundry))))
    # then what goes off next is told from what is on, and no hour is given that leaves it out
    assert picture.next_off_h is None
    assert {one.name for one in picture.circuits if one.next_off} == {"Laundry", "Gym"}


def test_what_an_override_would_do_is_told_by_the_look_ahead_where_there_is_one(outage: Scene):
    what_if = WhatIf(essential_now_h=10.0, essential_then_h=12.0, next_off=GYM, next_off_h=5.0)
    request: Request = asked(Want.OFF)
    told = consequence(outage, request, 28800.0, what_if)
    assert (told.looked_ahead, told.essential_now_h, told.essential_then_h) == (True, 10.0, 12.0)
    assert (told.next_off, told.next_off_h) == ("Gym", 5.0)
    assert not consequence(outage, request, 28800.0).looked_ahead


def test_a_question_does_not_tell_another_hour_than_the_head_of_the_screen(outage: Scene):
    # given a look ahead on all screens, and an answer that reckons from some seconds later
    shown = replace(outage, foresight=seen(outage.now_s))
    head = paint(shown).essential_hours
    assert head is not None
    told = consequence(shown, asked(Want.OFF), 28800.0, WhatIf(essential_now_h=9.0, essential_then_h=11.0))
    # then the question begins at the hour that is shown, and changes it by as much
    assert told.essential_now_h == head[1]
    assert told.essential_then_h == pytest.approx(head[1] + 2.0)
