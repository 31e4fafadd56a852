"""The truth table of the three axes."""

from itertools import product

import pytest

from hems.control.regime import Regime, regime
from hems.model.mode import Bus, Grid, TiePosition

TABLE = """
    tie     bus      GOOD                QUALIFYING         BAD           DEAD           UNKNOWN
    closed  live     connected           returning          disturbed     contradiction  degraded
    closed  dead     contradiction       contradiction      blackout      blackout       blackout
    closed  unknown  degraded            bus_unseen         bus_unseen    bus_unseen     bus_unseen
    open    live     island_grid_back    island_grid_back   island        island         island
    open    dead     blackout_grid_back  blackout           blackout      blackout       blackout
    open    unknown  bus_unseen          bus_unseen         bus_unseen    bus_unseen     bus_unseen
    moving  live     moving              moving             moving        moving         moving
    moving  dead     moving              moving             moving        moving         moving
    moving  unknown  moving              moving             moving        moving         moving
    invalid live     tie_unknown         tie_unknown        tie_unknown   tie_unknown    tie_unknown
    invalid dead     tie_unknown         tie_unknown        tie_unknown   tie_unknown    tie_unknown
    invalid unknown  tie_unknown         tie_unknown        tie_unknown   tie_unknown    tie_unknown
    unknown live     tie_unknown         tie_unknown        tie_unknown   tie_unknown    tie_unknown
    unknown dead     tie_unknown         tie_unknown        tie_unknown   tie_unknown    tie_unknown
    unknown unknown  tie_unknown         tie_unknown        tie_unknown   tie_unknown    tie_unknown
"""
"""Written by hand from the domain reference, 1.2, not from the code."""


def rows() -> dict[tuple[TiePosition, Grid, Bus], Regime]:
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    return {
        (TiePosition(tie), Grid[grid], Bus(bus)): Regime(cell)
        for tie, bus, *cells in lines
        for grid, cell in zip(head[2:], cells, strict=True)
    }


@pytest.mark.parametrize(("axes", "meaning"), rows().items(), ids=lambda value: str(value))
def test_each_combination_of_the_axes_has_its_meaning(axes: tuple[TiePosition, Grid, Bus], meaning: Regime):
    assert regime(axes[0], axes[1], axes[2]) is meaning


def test_the_table_is_total():
    assert set(rows()) == set(product(TiePosition, Grid, Bus))
    assert len(rows()) == 75
