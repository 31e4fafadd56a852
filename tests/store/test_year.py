"""A year of records of a site with thirty devices: how large they become, and that nothing grows with them."""

import random
import resource
from pathlib import Path

import pytest

from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.store import reader
from hems.store.keeping import DAY_S
from hems.store.store import Store, StoreLimits
from hems.store.trends import trend
from hems.store.writer import AtOnce
from tests.store.given import at, event

YEAR_DAYS = 365
EVENTS_A_DAY = 40
SERIES = [f"circuits/circuit_{number}/power_w" for number in range(33)]


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_year_of_records_fits_a_card_and_leaves_memory_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a gateway that is started anew each month, the first half of the year without a clock
    chance, grown_kb = random.Random(1), []
    for month in range(12):
        store = Store(tmp_path, boot_id=f"boot-{month}", writer=AtOnce(), limits=StoreLimits(flush_s=3600.0))
        first = month * YEAR_DAYS // 12
        up_s, clock = first * DAY_S, month >= 6
        store.start(at(0.0, clock=False))
        for day in range((month + 1) * YEAR_DAYS // 12 - first):
            _day(store, day * DAY_S, up_s if clock else None, chance)
        store.stop()
        grown_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    # then it is small, old days are there as days or quarters, and memory did not grow after the first months
    size_mb = {name: (tmp_path / name).stat().st_size / 1e6 for name in ("history.db", "state.db")}
    with capsys.disabled():
        print(f"\na year: {size_mb}, memory by month {grown_kb} kB")
    assert size_mb["history.db"] < 400.0
    assert size_mb["state.db"] < 10.0
    assert grown_kb[-1] < 1.1 * grown_kb[3]
    (curve,) = trend(tmp_path, SERIES[:1], at=_now(), span_s=150 * DAY_S, steps=50).curves
    assert None not in curve.points
    with pytest.raises(StoreError):
        reader.series(tmp_path / "elsewhere", SERIES[0])


def _day(store: Store, mono_s: float, shift_s: float | None, chance: random.Random) -> None:
    for minute in range(1440):
        now = at(mono_s + 60.0 * minute, clock=False)
        if shift_s is not None:
            now = type(now)(now.mono_s, at(now.mono_s + shift_s).utc)
        store.record_samples(now, {name: 100.0 * chance.random() for name in SERIES})
        if minute % (1440 // EVENTS_A_DAY) == 0:
            store.record_events([event(now.mono_s, clock=False)])


def _now() -> Instant:
    return at(YEAR_DAYS * DAY_S)
