"""What a stored kilowatt-hour is worth."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hems.control.dispatch.store import Store
from hems.control.dispatch.worth import Slot, held_wh, target_w, worth

HALF = Store(have_wh=5000.0, full_wh=10_000.0, take_w=5000.0, give_w=5000.0, wear=0.04)


def hours(*ones: Slot) -> list[Slot]:
    """Four quarters of each."""
    return [one for one in ones for _ in range(4)]


def test_with_a_flat_price_and_no_sun_it_is_worth_no_more_than_it_saves():
    found = worth(HALF, [hours(*[Slot(1000.0, 0.30, 0.08)] * 24)])
    assert 0.8 * 0.30 < found <= 0.30
    assert found / HALF.given + HALF.wear <= 0.30 + 0.03


def test_a_dear_evening_makes_it_worth_keeping():
    # given little energy, a cheap day and an evening that takes all of it
    day = hours(*[Slot(1000.0, 0.20, 0.05)] * 6, *[Slot(3000.0, 0.60, 0.05)] * 4)
    # then nobody gives it away in the cheap hours
    assert worth(HALF, [day]) / HALF.given + HALF.wear > 0.20


def test_plenty_of_sun_to_come_makes_it_nearly_worthless():
    sunny = hours(*[Slot(500.0, 0.30, 0.08)] * 2, *[Slot(-6000.0, 0.30, 0.08)] * 6)
    assert worth(HALF, [sunny]) < 0.12


def test_sun_that_pays_more_when_it_is_fed_in_is_not_counted_on():
    # given nearly empty batteries, much sun that the utility pays well for, and then a dear evening
    few = replace(HALF, have_wh=500.0)
    day = hours(*[Slot(-5000.0, 0.90, 0.90)] * 4, *[Slot(3000.0, 0.95, 0.01)] * 4)
    assert worth(few, [day]) > 0.7
    # and sun that pays little makes it worth little
    assert worth(few, [hours(*[Slot(-5000.0, 0.90, 0.01)] * 4, *[Slot(3000.0, 0.95, 0.01)] * 4)]) < 0.1


def test_many_kinds_of_day_are_averaged():
    poor, good = hours(*[Slot(1000.0, 0.30, 0.08)] * 24), hours(*[Slot(-6000.0, 0.30, 0.08)] * 8)
    assert worth(HALF, [good]) < worth(HALF, [poor, good]) < worth(HALF, [poor])


def test_the_peak_is_shaved_as_deep_as_the_energy_reaches():
    # given two hours of 8 kW after three quiet ones, and room for 9 kWh that may be counted on
    day = hours(*[Slot(2000.0, 0.2, 0.05, True)] * 3, Slot(8000.0, 0.2, 0.05, True), Slot(8000.0, 0.2, 0.05, True))
    limit_w = target_w(HALF, day, 500.0)
    # then it is filled up before, below the limit, and lasts through the peak
    assert 3700.0 < limit_w < 3800.0  # 9 kWh x 0.95 over two hours are 4.3 kW
    kept_wh = held_wh(HALF, day[12:], limit_w)
    assert 0.9 * 2.0 * (8000.0 - limit_w) < kept_wh < 1.3 * 2.0 * (8000.0 - limit_w)


def test_a_month_that_is_dear_already_is_not_made_cheaper():
    day = hours(Slot(8000.0, 0.2, 0.05, True))
    assert target_w(HALF, day, 7500.0) == 7500.0


def test_hours_that_nobody_counts_have_no_peak():
    assert target_w(HALF, hours(Slot(9000.0, 0.2, 0.05)), 500.0) == 500.0


SLOTS = st.lists(
    st.builds(
        Slot,
        st.floats(-10_000.0, 20_000.0),
        st.floats(-0.2, 1.0),
        st.floats(-0.2, 0.5),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(slots=SLOTS, have=st.floats(0.0, 1.0))
def test_it_is_always_a_price_somebody_could_pay(slots, have):
    store = Store(have_wh=have * 10_000.0, full_wh=10_000.0, take_w=5000.0, give_w=5000.0, wear=0.04)
    found = worth(store, [slots])
    assert min(0.0, *(min(one.cost, one.gain) for one in slots)) <= found
    assert found <= max(0.0, *(one.cost for one in slots)) / store.charged + 1e-9


@given(slots=SLOTS, have=st.floats(0.0, 1.0), least_w=st.floats(500.0, 9000.0))
def test_what_is_held_for_the_peak_is_never_more_than_fits(slots, have, least_w):
    store = Store(have_wh=have * 10_000.0, full_wh=10_000.0, take_w=5000.0, give_w=5000.0, wear=0.04)
    limit_w = target_w(store, slots, least_w)
    assert limit_w >= least_w
    assert 0.0 <= held_wh(store, slots, limit_w) <= store.full_wh
