"""The narrowest of all limits, one by one; figures to be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from hems.control.dispatch.envelope import Envelope, envelope, foreseen_w, phase_w
from hems.control.dispatch.memory import ConnectionMemory, FlexibleMemory, Hours, QuarterMemory
from hems.model.cause import Why
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.supply import FlexibleLimits, LimitHours
from hems.model.tariff import Window
from tests.given import flats

FUSES_W = 0.8 * 100.0 * 230.0
"""18,400 W on each of three phases."""
TOLD = FlexibleLimits(failsafe_import_w=4200.0, failsafe_export_w=700.0)


def site(**grid: Any) -> Site:
    return replace(flats(), grid=replace(flats().grid, **grid))


def holds(there: Site, **memory: Any) -> Envelope:
    return envelope(there, ConnectionMemory(**memory), Snapshot(), 1000.0)


def test_a_fuse_carries_four_fifths_for_hours():
    assert phase_w(site()) == FUSES_W


@pytest.mark.parametrize(
    ("there", "memory", "import_w", "why"),
    [
        pytest.param(site(), {}, 3 * FUSES_W, Why.LIMIT_SERVICE, id="the fuses"),
        pytest.param(site(import_max_w=9000.0), {}, 9000.0, Why.LIMIT_AGREED, id="as agreed"),
        pytest.param(site(import_max_w=0.0), {}, 0.0, Why.LIMIT_AGREED, id="nothing, as agreed"),
        pytest.param(site(import_max_w=99_000.0), {}, 3 * FUSES_W, Why.LIMIT_SERVICE, id="more than fuses carry"),
        pytest.param(
            site(import_max_w=9000.0),
            {"hours": Hours(import_w=8000.0)},
            8000.0,
            Why.LIMIT_HOURS,
            id="less at this hour",
        ),
        pytest.param(
            site(flexible=TOLD),
            {"flexible": FlexibleMemory(heard_s=999.0, import_w=5000.0)},
            5000.0,
            Why.LIMIT_FLEXIBLE,
            id="as the utility says",
        ),
        pytest.param(
            site(flexible=TOLD),
            {"flexible": FlexibleMemory(failsafe_since_s=900.0, import_w=5000.0)},
            4200.0,
            Why.LIMIT_FAILSAFE,
            id="the utility is silent",
        ),
        pytest.param(
            site(demand_max_w=4000.0),
            {"quarter": QuarterMemory(begun_s=550.0, drawn_wh=750.0)},
            2000.0,
            Why.LIMIT_DEMAND,
            id="what the quarter of an hour has left",
        ),
    ],
)
def test_the_narrowest_limit_of_what_is_drawn(there: Site, memory: dict[str, Any], import_w: float, why: Why):
    found = holds(there, **memory)
    assert (found.import_w, found.import_by.why) == (pytest.approx(import_w), why)


def test_the_limit_of_a_quarter_tells_what_it_is():
    assert holds(site(demand_max_w=4000.0)).import_by.facts == {"limit_w": 4000.0}


@pytest.mark.parametrize(
    ("there", "memory", "export_w", "why"),
    [
        pytest.param(site(), {}, inf, Why.LIMIT_AGREED, id="nobody limits it"),
        pytest.param(site(export_max_w=0.0), {}, 0.0, Why.LIMIT_AGREED, id="nothing, as agreed"),
        pytest.param(
            site(export_max_w=900.0), {"hours": Hours(export_w=800.0)}, 800.0, Why.LIMIT_HOURS, id="this hour"
        ),
        pytest.param(
            site(flexible=TOLD),
            {"flexible": FlexibleMemory(heard_s=999.0, export_w=600.0)},
            600.0,
            Why.LIMIT_FLEXIBLE,
            id="as the utility says",
        ),
        pytest.param(
            site(flexible=TOLD, export_max_w=900.0),
            {"flexible": FlexibleMemory(failsafe_since_s=900.0)},
            700.0,
            Why.LIMIT_FAILSAFE,
            id="the utility is silent",
        ),
    ],
)
def test_the_narrowest_limit_of_what_is_fed_in(there: Site, memory: dict[str, Any], export_w: float, why: Why):
    found = holds(there, **memory)
    assert (found.export_w, found.export_by.why) == (export_w, why)


EVENING = LimitHours(window=Window(from_h=17.0, to_h=21.0), import_max_w=8000.0)


@pytest.mark.parametrize(
    ("there", "hour", "import_w"),
    [
        pytest.param(site(), 18, 3 * FUSES_W, id="the fuses"),
        pytest.param(site(import_max_w=9000.0), 18, 9000.0, id="as agreed"),
        pytest.param(site(import_max_w=9000.0, schedule=(EVENING,)), 18, 8000.0, id="in the evening"),
        pytest.param(site(import_max_w=9000.0, schedule=(EVENING,)), 16, 9000.0, id="not yet in the evening"),
        pytest.param(site(flexible=TOLD), 18, 5000.0, id="what the utility says now"),
        pytest.param(site(demand_max_w=4000.0), 18, 4000.0, id="a quarter of an hour as a whole"),
        pytest.param(site(demand_max_w=4000.0, import_max_w=3000.0), 18, 3000.0, id="less than that"),
    ],
)
def test_what_is_foreseen_for_an_hour(there: Site, hour: int, import_w: float):
    memory = ConnectionMemory(flexible=FlexibleMemory(heard_s=999.0, import_w=5000.0), hours=Hours(import_w=100.0))
    local = datetime(2026, 6, 1, hour, tzinfo=UTC)
    assert foreseen_w(there, memory, Snapshot(), local, 1000.0) == pytest.approx(import_w)
