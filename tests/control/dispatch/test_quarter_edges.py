"""The quarter of an hour that is counted, second by second; figures to be worked out by hand."""

from datetime import UTC, datetime

import pytest

from hems.control.dispatch import quarter
from hems.control.dispatch.memory import QuarterMemory
from hems.model.instant import Instant

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def counted(begun_s: float, drawn_wh: float) -> QuarterMemory:
    return QuarterMemory(begun_s=begun_s, drawn_wh=drawn_wh)


def at(mono_s: float, minute: int | None = None, second: int = 0) -> Instant:
    return Instant(mono_s, None if minute is None else NOON.replace(minute=minute, second=second))


@pytest.mark.parametrize(
    ("before", "import_w", "dt_s", "now", "begun_s", "drawn_wh"),
    [
        pytest.param(QuarterMemory(), 3600.0, 10.0, at(5000.0, 20), 4700.0, 10.0, id="the first of it"),
        pytest.param(counted(4700.0, 5.0), 3600.0, 10.0, at(5000.0, 20), 4700.0, 15.0, id="more"),
        pytest.param(counted(4700.0, 5.0), -3600.0, 10.0, at(5000.0, 20), 4700.0, 5.0, id="fed in"),
        pytest.param(counted(4700.0, 5.0), None, 10.0, at(5000.0, 20), 4700.0, 25.0, id="not measured"),
        pytest.param(counted(3800.0, 5.0), 3600.0, 10.0, at(4704.0, 15, 4), 4700.0, 4.0, id="a new one"),
        pytest.param(
            counted(4699.0, 5.0),
            3600.0,
            10.0,
            at(5000.0, 20),
            4700.0,
            15.0,
            id="a clock that slips",
        ),
        pytest.param(counted(4698.9, 5.0), 3600.0, 10.0, at(5000.0, 20), 4700.0, 10.0, id="slips too much"),
        pytest.param(QuarterMemory(), 3600.0, 10.0, at(5000.0), 5000.0, 0.0, id="no clock: it begins with hems"),
        pytest.param(
            counted(5000.0, 5.0),
            3600.0,
            10.0,
            at(5899.0),
            5000.0,
            15.0,
            id="no clock: it goes on",
        ),
        pytest.param(counted(5000.0, 5.0), 3600.0, 10.0, at(5900.0), 5900.0, 0.0, id="no clock: it ends"),
        pytest.param(counted(5000.0, 5.0), 3600.0, 10.0, at(7704.0), 7700.0, 4.0, id="no clock: the third"),
        pytest.param(counted(5000.0, 5.0), 3600.0, 10.0, at(4900.0), 4100.0, 15.0, id="never backwards"),
        pytest.param(counted(4800.0, 5.0), 3600.0, 10.0, at(5000.0), 4800.0, 15.0, id="no clock yet"),
        pytest.param(
            counted(4800.0, 5.0),
            3600.0,
            10.0,
            at(5000.0, 20),
            4700.0,
            5.0 + 10.0 + 200.0,
            id="a clock that comes to be known: what nobody counted counts as all that was allowed",
        ),
        pytest.param(counted(4700.9, 5.0), 3600.0, 10.0, at(5000.0, 20), 4700.0, 15.0, id="one that slips back"),
    ],
)
def test_what_is_counted(
    before: QuarterMemory, import_w: float | None, dt_s: float, now: Instant, begun_s: float, drawn_wh: float
):
    found = quarter.after(before, import_w, 7200.0, dt_s, now)
    assert (found.begun_s, found.drawn_wh) == (begun_s, pytest.approx(drawn_wh))


@pytest.mark.parametrize(
    ("memory", "now_s", "left_w"),
    [
        pytest.param(QuarterMemory(), 5000.0, 4000.0, id="nothing is counted yet"),
        pytest.param(QuarterMemory(begun_s=5000.0), 5000.0, 4000.0, id="at its beginning"),
        pytest.param(QuarterMemory(begun_s=5000.0), 5450.0, 8000.0, id="nothing drawn in half of it"),
        pytest.param(counted(5000.0, 500.0), 5450.0, 4000.0, id="half of it drawn"),
        pytest.param(counted(5000.0, 750.0), 5450.0, 2000.0, id="more than half of it"),
        pytest.param(counted(5000.0, 1000.0), 5450.0, 0.0, id="all of it"),
        pytest.param(counted(5000.0, 1100.0), 5450.0, 0.0, id="more than all"),
        pytest.param(counted(5000.0, 999.0), 5899.5, 3600.0, id="in its last second"),
        pytest.param(counted(5000.0, 999.0), 5900.0, 3600.0, id="at its end"),
    ],
)
def test_what_is_left(memory: QuarterMemory, now_s: float, left_w: float):
    assert quarter.left_w(memory, 4000.0, now_s) == pytest.approx(left_w)


@pytest.mark.parametrize(
    ("seen_s", "begun_s", "drawn_wh"),
    [
        pytest.param(4990.0, 4700.0, 5.0 + 10.0, id="no gap"),
        pytest.param(4980.0, 4700.0, 5.0 + 20.0 + 10.0, id="ten seconds at the pace of the last look"),
        pytest.param(4650.0, 4600.0, 580.0 + 10.0, id="a new quarter: as much as it allows, from its beginning"),
        pytest.param(5020.0, 4700.0, 5.0 + 10.0, id="a clock that slips takes nothing back"),
    ],
)
def test_what_nobody_saw_is_counted_too(seen_s: float, begun_s: float, drawn_wh: float):
    # 7,200 W may be drawn, and 7,200 W could be at the last look; a new quarter begins at 4,700 s
    before = QuarterMemory(begun_s=begun_s if begun_s == 4700.0 else 3800.0, drawn_wh=5.0, seen_s=seen_s, pace_w=7200.0)
    found = quarter.after(before, 3600.0, 7200.0, 10.0, at(5000.0, 20))
    assert found.seen_s == 5000.0
    assert found.drawn_wh == pytest.approx(drawn_wh)


def test_the_pace_of_the_last_look_counts_and_not_what_is_allowed():
    before = QuarterMemory(begun_s=4700.0, drawn_wh=5.0, seen_s=4980.0, pace_w=1800.0)
    assert quarter.after(before, 3600.0, 7200.0, 10.0, at(5000.0, 20)).drawn_wh == pytest.approx(5.0 + 5.0 + 10.0)


@pytest.mark.parametrize(("import_w", "pace_w"), [(9000.0, 9000.0), (100.0, 6000.0)])
def test_the_pace_is_what_flows_or_what_may_flow_until_the_end(import_w: float, pace_w: float):
    # 300 s of 900 are over, 800 Wh of 1,800 drawn: 1,000 Wh may be drawn in 600 s
    before = QuarterMemory(begun_s=4700.0, drawn_wh=800.0, seen_s=5000.0)
    assert quarter.after(before, import_w, 7200.0, 0.0, at(5000.0, 20)).pace_w == pytest.approx(pace_w)
