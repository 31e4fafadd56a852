"""When the next tick is due: never at once without end."""

from hems.model import wiring
from tests.control.panel import on_the_grid


def test_a_circuit_that_waits_for_room_on_the_connection_is_no_reason_to_wake_at_once():
    # given a connection far beyond its fuses, for whose sake a flexible circuit goes off and waits
    made = on_the_grid().says({wiring.GRID_POWER: 60_000.0}).advance(60.0, every_s=5.0)
    assert "hot_water" in made.off()
    # then the next tick is not due at this very instant
    assert made.tick().wake_at_s > made.now_s
