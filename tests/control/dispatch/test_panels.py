"""Sub-panels: cars behind one share what its meter leaves, and what the board that feeds it leaves."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hems.model import wiring
from hems.model.cause import Why
from hems.model.site import CONTINUOUS, Panel, Site
from hems.model.units import CircuitId, PanelId, SourceId
from tests.control.dispatch.street import Street, connected_site

BASEMENT, GARAGE = PanelId("basement"), PanelId("garage")
BEHIND = {"bay_1": GARAGE, "bay_2": GARAGE, "bay_3": BASEMENT}
"""The garage hangs on the basement, which hangs on the main board as bay_4 does."""


def branched(**amps: float) -> Site:
    site = connected_site()
    rated = {"basement": 63.0, "garage": 40.0} | amps
    panels = (
        Panel(id=BASEMENT, name="Basement", rated_a=rated["basement"]),
        Panel(id=GARAGE, name="Garage", rated_a=rated["garage"], parent=BASEMENT),
    )
    return replace(site, panels=panels, bays=tuple(replace(one, panel=BEHIND.get(str(one.id))) for one in site.bays))


class Branched(Street):
    """With meters at the panels; what circuits behind each draw is the test's, None for a meter that is silent."""

    circuits_w: dict[PanelId, float | None]

    def __init__(self, site: Site, **more: Any) -> None:
        self.circuits_w = {BASEMENT: 0.0, GARAGE: 0.0}
        super().__init__(site, **more)

    def _meters(self) -> None:
        super()._meters()
        for panel in self.site.panels:
            for place in range(3):
                watts = self.drawn_w(panel)
                self.says({wiring.panel_phase_w(panel.id, place): None if watts is None else watts[place]})

    def drawn_w(self, panel: Panel) -> list[float] | None:
        """What really flows through a panel, phase by phase; None while nobody measures it."""
        mine = {BASEMENT, GARAGE} if panel.id == BASEMENT else {GARAGE}
        if self.circuits_w[panel.id] is None:
            return None
        total = [sum(self.circuits_w[one] or 0.0 for one in mine) / 3.0] * 3
        for bay in self.site.bays:
            if bay.panel in mine:
                for place, watts in enumerate(self.site.per_phase(self.car_w(str(bay.id)), bay.phases)):
                    total[place] -= watts
        return total


def test_cars_behind_a_panel_share_what_its_fuses_carry_beside_its_circuits():
    # given 40 A of which circuits draw 10 kW, and 32 A may flow for hours
    made = Branched(branched(), house_w=10_000.0)
    made.circuits_w[GARAGE] = 10_000.0
    made.plug("bay_1", "bay_2", "bay_4").lives(60)
    # then both cars behind it get what is left together, and the one at the main board all it can take
    left_w = CONTINUOUS * 40.0 * 230.0 * 3 - 10_000.0
    assert -left_w <= made.car_w("bay_1") + made.car_w("bay_2") < -0.8 * left_w
    assert made.car_w("bay_4") <= -7000.0


def test_a_board_that_feeds_a_panel_narrows_it_too():
    made = Branched(branched(basement=20.0), house_w=5000.0).plug("bay_1", "bay_2", "bay_3").lives(60)
    assert -CONTINUOUS * 20.0 * 230.0 * 3 <= sum(made.car_w(bay) for bay in ("bay_1", "bay_2", "bay_3")) < 0.0


def test_behind_a_meter_that_is_silent_nobody_charges_and_the_reason_is_said():
    made = Branched(branched(), house_w=5000.0).plug("bay_2", "bay_4").lives(60)
    assert made.car_w("bay_2") < 0.0
    made.circuits_w[GARAGE] = None
    made.lives(3)
    assert made.car_w("bay_2") == 0.0
    cause = made.state.sent[wiring.bay_power(SourceId("bay_2"))].cause
    assert (cause.why, cause.facts["panel"]) == (Why.LIMIT_PANEL, "Garage")
    assert made.car_w("bay_4") < 0.0


# Circuits behind a panel ----------------------------------------------------------------------------------------------

HOT_WATER = wiring.circuit_closed(CircuitId("hot_water"))


def crowded(circuits_w: float) -> Branched:
    """Hot water hangs on the garage's panel, whose fuses carry 22 kW for hours, and draws 6 kW of that."""
    site = branched()
    circuits = tuple(replace(one, panel=GARAGE) if one.id == "hot_water" else one for one in site.circuits)
    made = Branched(replace(site, circuits=circuits), house_w=30_000.0)
    made.circuits_w[GARAGE] = circuits_w
    return made.says({wiring.circuit_power(CircuitId("hot_water")): 6000.0})


def test_flexible_circuits_behind_a_panel_go_off_when_its_circuits_overload_it_and_no_others():
    made = crowded(24_000.0).lives(6)
    off = [role for role, entry in made.state.sent.items() if role.endswith("/closed") and entry.value is False]
    assert off == [HOT_WATER]
    assert (made.state.sent[HOT_WATER].cause.why, made.state.sent[HOT_WATER].cause.facts["panel"]) == (
        Why.LIMIT_PANEL,
        "Garage",
    )


def test_a_car_behind_it_rests_first():
    # given a panel that circuits and a car fill together
    made = crowded(10_000.0).plug("bay_1").lives(60)
    assert made.car_w("bay_1") < -8000.0
    # when circuits draw 6 kW more
    made.circuits_w[GARAGE] = 16_000.0
    made.lives(30)
    # then the car draws less, and no circuit goes off for it
    assert made.car_w("bay_1") > -8000.0
    assert HOT_WATER not in made.state.sent


def test_it_comes_back_where_the_panel_carries_it_and_waits_while_its_meter_is_silent():
    made = crowded(24_000.0).lives(6).says({wiring.circuit_closed(CircuitId("hot_water")): False})
    # when the others behind it leave 4 kW, it waits; and while nobody measures them
    for watts in (18_000.0, None):
        made.circuits_w[GARAGE] = watts
        made.lives(600, every_s=10)
        assert True not in [one.value for _, one in made.commands(HOT_WATER)]
    # when they leave 12 kW, it comes back
    made.circuits_w[GARAGE] = 10_000.0
    made.lives(300, every_s=10)
    assert True in [one.value for _, one in made.commands(HOT_WATER)]


def test_a_panel_that_nothing_relieves_is_an_alarm_until_it_is_relieved():
    made = crowded(40_000.0).lives(5)
    assert "panels/garage" not in made.state.alarms
    made.lives(30)
    # then it says what flows through its worst fuse, what that carries for hours, and what hems has done
    told = made.state.alarms["panels/garage"].cause
    assert told.why is Why.PANEL_OVERLOADED
    carries = {"panel": "Garage", "limit_a": 32.0, "phase": "L1", "drawn_a": 58.0, "off": "Hot water"}
    assert told.facts == carries | {"w": 40_000.0 / 3.0}
    # and silence of its meter does not end it
    made.circuits_w[GARAGE] = None
    assert "panels/garage" in made.lives(30).state.alarms
    made.circuits_w[GARAGE] = 5000.0
    assert "panels/garage" not in made.lives(30).state.alarms


# Whatever comes -------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    st.floats(10.0, 80.0),
    st.floats(10.0, 80.0),
    st.lists(
        st.tuples(st.floats(0.0, 25_000.0), st.floats(0.0, 15_000.0), st.frozensets(st.sampled_from(sorted(BEHIND)))),
        min_size=1,
        max_size=5,
    ),
)
def test_whatever_circuits_draw_and_whoever_comes_cars_never_overload_a_panel(
    basement_a: float, garage_a: float, story: list[tuple[float, float, frozenset[str]]]
):
    made = Branched(branched(basement=basement_a, garage=garage_a), house_w=5000.0)
    for basement_w, garage_w, plugged in story:
        made.circuits_w = {BASEMENT: basement_w, GARAGE: garage_w}
        made.house_w = 2000.0 + basement_w + garage_w
        made.plugged = dict.fromkeys(plugged, 50.0)
        made.lives(90, every_s=15).lives(4)
        for panel in made.site.panels:
            circuits_w = sum(watts or 0.0 for one, watts in made.circuits_w.items() if panel.id in (one, BASEMENT))
            cars_w = [watts - circuits_w / 3.0 for watts in made.drawn_w(panel) or ()]
            room_w = max(0.0, CONTINUOUS * panel.rated_a * 230.0 - circuits_w / 3.0)
            assert max(cars_w) <= room_w + made.params.car.deadband_w
