"""Conditions, one by one: a test that walks all modes says the same, but late."""

import pytest

from hems.control import conditions
from hems.model.mode import Bus, Grid, TiePosition
from tests.control.test_mode import facts


def test_a_dark_building_is_started_only_where_it_is_dark_and_may_be():
    dark = (TiePosition.OPEN, Grid.DEAD, Bus.DEAD)
    assert conditions.may_start(facts(*dark, may_start=True))
    assert not conditions.may_start(facts(*dark))
    assert not conditions.may_start(facts(TiePosition.OPEN, Grid.DEAD, Bus.LIVE, may_start=True))


@pytest.mark.parametrize("wish", ["island_asked", "island_still_asked"])
def test_the_grid_is_left_only_from_a_good_one_and_only_when_asked(wish: str):
    holds = getattr(conditions, wish)
    assert holds(facts(island_asked=True))
    assert not holds(facts())
    assert not holds(facts(grid=Grid.BAD, island_asked=True))
