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
