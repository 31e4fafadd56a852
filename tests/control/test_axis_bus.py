"""What proves that the bus is live, and what is too little for it."""

import pytest

from hems.control.axis_bus import FEEDING_W, feeding
from hems.model import wiring
from tests.control.panel import healthy, snapshot
from tests.given import flats

SITE = flats()
ROOF = wiring.pv_power(SITE.pvs[0].id)
NOTHING_MOVES = {role: 0.0 for role in healthy(SITE) if role.endswith("power_w")}


@pytest.mark.parametrize(("watts", "moves"), [(FEEDING_W, False), (FEEDING_W + 0.5, True), (-FEEDING_W - 0.5, True)])
def test_what_moves_more_than_fifty_watts_is_fed(watts: float, *, moves: bool):
    assert FEEDING_W == 50.0
    assert feeding(SITE, snapshot(SITE, NOTHING_MOVES | {ROOF: watts}), 0.0) is moves
