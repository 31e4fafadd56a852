"""What the utility says, and for how long it counts: both sides of every wait."""

from dataclasses import replace

import pytest

from hems.control.dispatch import flexible
from hems.control.dispatch.memory import FlexibleMemory
from hems.model.cause import Cause, Why
from hems.model.reading import Reading, missing
from hems.model.snapshot import LimitReading
from hems.model.supply import FlexibleLimits
from tests.control.fresh import fresh

TOLD = FlexibleLimits(failsafe_import_w=4200.0, failsafe_export_w=700.0, heartbeat_s=120.0)
BEATS = replace(TOLD, has_heartbeat=True)
HEARD = FlexibleMemory(heard_s=1000.0, import_w=9000.0, export_w=800.0)
SILENT = replace(HEARD, failsafe_since_s=1200.0)


def says(
    import_w: float | None = None, export_w: float | None = None, beat: float | None = None, *, at_s: float = 1300.0
) -> LimitReading:
    def one(value: float | None) -> Reading[float]:
        return missing() if value is None else Reading(value, at_s)

    return LimitReading(import_w=one(import_w), export_w=one(export_w), heartbeat=one(beat))


@pytest.mark.parametrize(
    ("site", "before", "reading", "now_s", "after"),
    [
        pytest.param(TOLD, FlexibleMemory(), says(), 50.0, FlexibleMemory(failsafe_since_s=50.0), id="never heard"),
        pytest.param(TOLD, HEARD, says(), 1120.0, HEARD, id="silent for as long as it may be"),
        pytest.param(TOLD, HEARD, says(), 1120.5, replace(HEARD, failsafe_since_s=1120.5), id="silent for longer"),
        pytest.param(TOLD, SILENT, says(), 1400.0, SILENT, id="silent since long"),
        pytest.param(
            TOLD,
            HEARD,
            says(5000.0, at_s=1299.0),
            1300.0,
            replace(HEARD, heard_s=1299.0, import_w=5000.0),
            id="a limit",
        ),
        pytest.param(
            TOLD, HEARD, says(None, 50.0), 1300.0, replace(HEARD, heard_s=1300.0, export_w=50.0), id="the other one"
        ),
        pytest.param(
            TOLD,
            HEARD,
            says(-5.0, -6.0),
            1300.0,
            FlexibleMemory(heard_s=1300.0, import_w=0.0, export_w=0.0),
            id="below 0",
        ),
        pytest.param(
            TOLD,
            HEARD,
            says(0.5, 0.0),
            1300.0,
            FlexibleMemory(heard_s=1300.0, import_w=0.5, export_w=0.0),
            id="nothing",
        ),
        pytest.param(TOLD, HEARD, says(5.0, at_s=1000.0), 1110.0, HEARD, id="a limit of long ago"),
        pytest.param(TOLD, HEARD, says(beat=1.0), 1110.0, HEARD, id="a sign of life where limits are those"),
        pytest.param(BEATS, HEARD, says(5.0), 1300.0, replace(HEARD, failsafe_since_s=1300.0), id="no sign of life"),
        pytest.param(BEATS, HEARD, says(beat=1.0), 1300.0, replace(HEARD, heard_s=1300.0), id="a sign of life"),
        pytest.param(BEATS, SILENT, says(beat=1.0), 1300.0, replace(SILENT, heard_s=1300.0), id="alive, but no limit"),
        pytest.param(
            BEATS,
            SILENT,
            says(5000.0, beat=1.0),
            1300.0,
            FlexibleMemory(heard_s=1300.0, import_w=5000.0, export_w=800.0),
            id="alive, and a limit",
        ),
        pytest.param(
            BEATS,
            replace(SILENT, failsafe_since_s=1300.0),
            says(5000.0, beat=1.0),
            1300.0,
            replace(SILENT, failsafe_since_s=1300.0, heard_s=1300.0),
            id="a limit of just when it fell silent",
        ),
        pytest.param(
            BEATS,
            SILENT,
            says(None, 40.0, beat=1.0),
            1300.0,
            FlexibleMemory(heard_s=1300.0, import_w=9000.0, export_w=40.0),
            id="alive, and the other limit",
        ),
    ],
)
def test_what_is_known_after_one_more_instant(
    site: FlexibleLimits, before: FlexibleMemory, reading: LimitReading, now_s: float, after: FlexibleMemory
):
    assert flexible.after(site, before, reading, now_s) == after


def test_the_latest_sign_of_either_limit_counts():
    reading = LimitReading(import_w=Reading(5000.0, 1297.0), export_w=Reading(60.0, 1299.0))
    assert flexible.after(TOLD, HEARD, reading, 1300.0).heard_s == 1299.0


CONTACT = replace(TOLD, told=False, reduced_import_w=3000.0)
UTILITY, FAILSAFE = Cause(Why.LIMIT_FLEXIBLE), Cause(Why.LIMIT_FAILSAFE)
REDUCED = (3000.0, Cause(Why.LIMIT_REDUCED))


@pytest.mark.parametrize(
    ("site", "memory", "reduced", "bounds"),
    [
        pytest.param(TOLD, FlexibleMemory(), None, [], id="nothing said"),
        pytest.param(TOLD, HEARD, None, [(9000.0, UTILITY)], id="said"),
        pytest.param(TOLD, SILENT, None, [(4200.0, FAILSAFE)], id="silent"),
        pytest.param(replace(TOLD, told=False), SILENT, None, [(9000.0, UTILITY)], id="silent, but it tells no watts"),
        pytest.param(CONTACT, FlexibleMemory(), True, [REDUCED], id="its contact is closed"),
        pytest.param(CONTACT, FlexibleMemory(), False, [], id="its contact is open"),
        pytest.param(CONTACT, FlexibleMemory(), None, [REDUCED], id="nobody knows its contact"),
        pytest.param(TOLD, FlexibleMemory(), True, [], id="it has no contact"),
        pytest.param(replace(CONTACT, told=True), HEARD, True, [(9000.0, UTILITY), REDUCED], id="both"),
    ],
)
def test_what_may_be_drawn(
    site: FlexibleLimits, memory: FlexibleMemory, reduced: bool | None, bounds: list[flexible.Bound]
):
    assert flexible.imports(site, memory, LimitReading(reduced=fresh(reduced)), 1300.0) == bounds


@pytest.mark.parametrize(
    ("site", "memory", "bounds"),
    [
        pytest.param(TOLD, FlexibleMemory(), [], id="nothing said"),
        pytest.param(TOLD, HEARD, [(800.0, UTILITY)], id="said"),
        pytest.param(TOLD, SILENT, [(700.0, FAILSAFE)], id="silent"),
        pytest.param(CONTACT, SILENT, [(800.0, UTILITY)], id="silent, but it tells no watts"),
    ],
)
def test_what_may_be_fed_in(site: FlexibleLimits, memory: FlexibleMemory, bounds: list[flexible.Bound]):
    assert flexible.exports(site, memory) == bounds
