"""Batteries as one: sums whose parts all count."""

from dataclasses import replace

import pytest

from hems.control.dispatch.store import Store, store
from hems.model.site import Battery
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId
from tests.control.fresh import battery_reading

ONE = Battery(id=SourceId("one"), name="One", capacity_wh=10_000.0, charge_max_w=3000.0, discharge_max_w=4000.0)
TWO = replace(
    ONE, id=SourceId("two"), capacity_wh=20_000.0, charge_max_w=500.0, discharge_max_w=700.0, wear_per_kwh=0.07
)


def seen(**pct: float | None) -> Snapshot:
    return Snapshot(batteries={SourceId(name): battery_reading(soc_pct=one) for name, one in pct.items()})


@pytest.mark.parametrize(
    ("one_pct", "two_pct", "have_wh"),
    [(70.0, 60.0, 4000.0 + 2000.0), (70.0, 40.0, 4000.0), (20.0, 60.0, 2000.0), (30.5, 50.0, 50.0), (30.0, 50.0, 0.0)],
)
def test_what_all_have_above_their_reserves(one_pct: float, two_pct: float, have_wh: float):
    found = store((ONE, TWO), (30.0, 50.0), seen(one=one_pct, two=two_pct), 0.0)
    assert found == Store(have_wh=have_wh, full_wh=7000.0 + 10_000.0, take_w=3500.0, give_w=4700.0, wear=0.07)


def test_a_reserve_above_everything_leaves_no_room():
    found = store((ONE, TWO), (110.0, 99.5), seen(one=100.0, two=100.0), 0.0)
    assert found is not None
    assert (found.have_wh, found.full_wh) == (100.0, 100.0)


@pytest.mark.parametrize("snapshot", [seen(one=70.0), seen(one=70.0, two=None)], ids=["never heard", "silent"])
def test_one_that_does_not_tell_leaves_all_unknown(snapshot: Snapshot):
    assert store((ONE, TWO), (30.0, 50.0), snapshot, 0.0) is None


def test_one_at_nothing_tells_and_without_any_there_is_nothing():
    assert store((ONE,), (0.0,), seen(one=0.0), 0.0) is not None
    assert store((), (), seen(), 0.0) == Store(have_wh=0.0, full_wh=0.0, take_w=0.0, give_w=0.0, wear=0.0)
