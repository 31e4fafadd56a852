"""Flexible circuits go off on the grid when a limit cannot be met otherwise, and come back when there is room."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.dispatch.excess import SLACK, SLACK_W
from hems.control.resume import resumed
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.units import CircuitId
from tests.control.dispatch.street import Street, connected_site

HOT_WATER = wiring.circuit_closed(CircuitId("hot_water"))


def crowded(house_w: float, soc_pct: float = 80.0) -> Street:
    street = Street(connected_site(import_max_w=20_000.0), house_w=house_w, soc_pct=soc_pct)
    return street.says({wiring.circuit_power(CircuitId("hot_water")): 6000.0})


def test_the_battery_goes_first():
    street = crowded(24_000.0).lives(30)
    assert street.told_w(wiring.battery_power(street.site.batteries[0].id)) > 0.0
    assert HOT_WATER not in street.state.sent


def test_without_a_battery_to_help_what_can_wait_goes_off_within_a_second():
    # given a battery at its reserve, and 4 kW too much
    street = crowded(15_000.0, soc_pct=59.0).lives(10)
    street.house_w = 24_000.0
    street.lives(1)
    # then hot water is told to open, because of the agreed capacity
    assert street.state.sent[HOT_WATER].value is False
    assert street.state.sent[HOT_WATER].cause.why is Why.LIMIT_AGREED


def test_nothing_else_goes_off_however_much_is_drawn():
    street = crowded(60_000.0, soc_pct=59.0).lives(30)
    off = [role for role, entry in street.state.sent.items() if role.endswith("/closed") and entry.value is False]
    assert off == [HOT_WATER]


def test_it_comes_back_only_where_it_fits():
    street = crowded(24_000.0, soc_pct=59.0).lives(5)
    street.says({wiring.circuit_closed(CircuitId("hot_water")): False})
    # when the others leave 2 kW of room, it waits
    street.house_w = 18_000.0
    street.lives(600, every_s=10)
    assert True not in [one.value for _, one in street.commands(HOT_WATER)]
    # when they leave 10 kW, it comes back
    street.house_w = 10_000.0
    street.lives(300, every_s=10)
    assert True in [one.value for _, one in street.commands(HOT_WATER)]


def test_what_is_off_for_a_limit_keeps_nobody_from_normal_running():
    # given hot water that is off for the agreed capacity when hems starts anew
    street = crowded(24_000.0, soc_pct=59.0).lives(5)
    street.says({HOT_WATER: False})
    street.lives(5)
    street.state = resumed(street.state, shift_s=0.0, now_s=street.now_s)
    # then the wait for calm is as long as ever, and cars may give for the limit after it
    street.lives(int(street.params.restore.calm_s) + 60, every_s=5)
    assert street.mode is Mode.GRID_CONNECTED
    assert street.state.loads[CircuitId("hot_water")].shed_because is not None


# Whatever comes -------------------------------------------------------------------------------------------------------

LIMIT_W, HOT_W = 20_000.0, 6000.0


class Plumbed(Street):
    """Its hot water draws what it draws while its switch is on, and obeys."""

    others_w = 5000.0

    def _meters(self) -> None:
        entry = self.state.sent.get(HOT_WATER)
        on = entry is None or bool(entry.value)
        self.house_w = self.others_w + (HOT_W if on else 0.0)
        self.says({HOT_WATER: on, wiring.circuit_power(CircuitId("hot_water")): HOT_W if on else 0.0})
        super()._meters()


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 26_000.0),
            st.sampled_from((55.0, 59.0, 80.0)),
            st.frozensets(st.sampled_from(("bay_1", "bay_2", "bay_3"))),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_others_draw_what_can_wait_and_cars_together_keep_the_limit(
    story: list[tuple[float, float, frozenset[str]]],
):
    street = Plumbed(connected_site(import_max_w=LIMIT_W))
    for others_w, soc_pct, plugged in story:
        street.others_w, street.soc_pct = others_w, soc_pct
        street.plugged = dict.fromkeys(plugged, 50.0)
        # when all have had their time, a circuit that comes back among them
        street.lives(600, every_s=20).lives(8)
        # then the limit is kept, unless what nobody may switch off for it is too much
        slack_w = max(SLACK_W, SLACK * LIMIT_W) + street.params.car.deadband_w * (1 + len(plugged))
        assert street.grid_w <= max(LIMIT_W, others_w) + slack_w
        # and cars wait for a circuit that waits
        on = HOT_WATER not in street.state.sent or bool(street.state.sent[HOT_WATER].value)
        assert on or others_w + HOT_W > LIMIT_W - slack_w
        assert street.battery_w <= 0.0 or soc_pct > 60.0
