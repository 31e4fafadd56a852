"""What batteries were told on the grid, when the grid is gone."""

from dataclasses import replace

import pytest

from hems.control.dispatch import let_go
from hems.control.memory.acting import Sent
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.units import SourceId
from tests.control.panel import GRID_DEAD, TIE_OPEN, on_the_grid
from tests.control.pencil import PARAMS, sent, state
from tests.given import flats

MAIN, SECOND = SourceId("main"), SourceId("second")
NOW_S = 1000.0
OVER = Cause(Why.STORAGE_LET_GO)
OWN = flats().batteries[0]
SITE = flats(batteries=(OWN, replace(OWN, id=SECOND, controllable=True, reserve_pct=20.0)))
POWER = wiring.battery_power(SECOND)


def test_a_battery_beside_the_former_does_not_go_on_charging_from_the_island():
    # given one that fills up to its reserve on the grid
    made = on_the_grid(site=SITE).says({wiring.battery_soc(SECOND): 5.0}).advance(60.0)
    made.says({POWER: -15_000.0}).advance(5.0)
    assert made.commands(POWER)[-1][1].value < 0
    # when the tie opens
    opened_s = made.now_s
    made.says(GRID_DEAD, TIE_OPEN).advance(200.0)
    # then it is told to rest at once, until what it was told before has lapsed anyhow
    told = [(t_s, one.value) for t_s, one in made.commands(POWER) if t_s > opened_s]
    assert told[0] == (pytest.approx(opened_s + made.params.witness.contact_debounce_s), 0)
    assert {value for _, value in told} == {0}
    assert told[-1][0] <= told[0][0] + made.params.command.lease_s


@pytest.mark.parametrize(
    ("entry", "mode", "rests"),
    [
        # a lease of a minute
        pytest.param(sent(-1.0, 940.1), Mode.ISLANDED, True, id="it charges"),
        pytest.param(sent(-1.0, 940.1), Mode.FAULT_SAFE, True, id="and in doubt"),
        pytest.param(sent(-1.0, 940.1), Mode.GRID_CONNECTED, False, id="on the grid it may"),
        pytest.param(sent(-1.0, 940.1), Mode.ISLANDING_PLANNED, False, id="and to let nothing flow"),
        pytest.param(sent(-1.0, 0.0, last_s=940.1), Mode.ISLANDED, True, id="told again within the lease"),
        pytest.param(sent(-1.0, 940.0), Mode.ISLANDED, False, id="its lease is over"),
        pytest.param(sent(5.0, 999.0), Mode.ISLANDED, False, id="it gives"),
        pytest.param(sent(-1.0, 999.0, cause=Cause(Why.GENERATOR_LOAD)), Mode.ISLANDED, False, id="from a generator"),
        pytest.param(sent(0.0, 940.1, cause=OVER), Mode.ISLANDED, True, id="told to rest"),
        pytest.param(sent(0.0, 940.0, last_s=999.0, cause=OVER), Mode.ISLANDED, False, id="for as long as a lease"),
        pytest.param(sent(0.0, 999.0), Mode.ISLANDED, False, id="at rest before"),
        pytest.param(None, Mode.ISLANDED, False, id="never told"),
    ],
)
def test_whose_charging_ends(entry: Sent | None, mode: Mode, *, rests: bool):
    for battery, found in ((SECOND, rests), (MAIN, False)):
        asked = {} if entry is None else {wiring.battery_power(battery): entry}
        made = list(let_go.proposals(SITE, state(mode, sent=asked), PARAMS, NOW_S))
        assert [(one.role, one.low, one.high) for one in made] == ([(POWER, 0.0, 0.0)] if found else [])
