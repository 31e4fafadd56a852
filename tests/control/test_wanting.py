"""Wishes while nobody decides about cars."""

from dataclasses import replace

from hems.control import wanting
from hems.control.arbitrate import Rank
from hems.model import wiring
from hems.model.units import SourceId
from tests.given import flats

SITE = flats()


def test_while_nobody_decides_every_car_that_may_be_told_rests_but_for_the_one_that_forms_the_island():
    # given a charger that nobody commands, and a car that makes the island's voltage
    bays = (replace(SITE.bays[0], controllable=False), *SITE.bays[1:])
    site = replace(SITE, bays=bays, former=replace(SITE.former, source=SourceId("bay_2")))
    found = list(wanting.resting_cars(site))
    assert [one.role for one in found] == [wiring.bay_power(SourceId(name)) for name in ("bay_3", "bay_4")]
    assert {(one.rank, one.low, one.high, one.prefer) for one in found} == {(Rank.INTERLOCK, 0.0, 0.0, 0.0)}
