"""What batteries were told on the grid, when the grid is gone."""

from dataclasses import replace

import pytest

from hems.control.dispatch import let_go
from hems.control.memory.acting import Sent
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.units import SourceId
from tests.control.pencil import PARAMS, sent, state
from tests.given import flats

MAIN, SECOND = SourceId("main"), SourceId("second")
NOW_S = 1000.0
OVER = Cause(Why.STORAGE_LET_GO)
OWN = flats().batteries[0]
SITE = flats(batteries=(OWN, replace(OWN, id=SECOND, controllable=True, reserve_pct=20.0)))
POWER = wiring.battery_power(SECOND)


@pytest.mark.parametrize(
    ("entry", "mode", "rests"),
    [
        # a lease of a minute
        pytest.param(sent(-1.0, 940.1), Mode.BLACKOUT, True, id="it charges"),
        pytest.param(sent(-1.0, 940.1), Mode.FAULT_SAFE, True, id="and in doubt"),
        pytest.param(sent(-1.0, 940.1), Mode.GRID_CONNECTED, False, id="on the grid it may"),
        pytest.param(sent(-1.0, 940.1), Mode.ISLANDED, False, id="on an island that is told what it does"),
        pytest.param(sent(-1.0, 940.1), Mode.ISLANDING_PLANNED, False, id="and to let nothing flow"),
        pytest.param(sent(-1.0, 0.0, last_s=940.1), Mode.BLACKOUT, True, id="told again within the lease"),
        pytest.param(sent(-1.0, 940.0), Mode.BLACKOUT, False, id="its lease is over"),
        pytest.param(sent(5.0, 999.0), Mode.BLACKOUT, False, id="it gives"),
        pytest.param(sent(-1.0, 999.0, cause=Cause(Why.GENERATOR_LOAD)), Mode.BLACKOUT, False, id="from a generator"),
        pytest.param(sent(0.0, 940.1, cause=OVER), Mode.BLACKOUT, True, id="told to rest"),
        pytest.param(sent(0.0, 940.0, last_s=999.0, cause=OVER), Mode.BLACKOUT, False, id="for as long as a lease"),
        pytest.param(sent(0.0, 999.0), Mode.BLACKOUT, False, id="at rest before"),
        pytest.param(None, Mode.BLACKOUT, False, id="never told"),
    ],
)
def test_whose_charging_ends(entry: Sent | None, mode: Mode, *, rests: bool):
    for battery, found in ((SECOND, rests), (MAIN, False)):
        asked = {} if entry is None else {wiring.battery_power(battery): entry}
        made = list(let_go.proposals(SITE, state(mode, sent=asked), PARAMS, NOW_S))
        assert [(one.role, one.low, one.high) for one in made] == ([(POWER, 0.0, 0.0)] if found else [])
