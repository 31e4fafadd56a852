"""What energy costs at an instant, as somebody has told it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.model.codec import from_plain, to_plain
from hems.model.prices import Prices, Slot, out_of_order
from hems.model.request import Asked

HOUR_S = 3600.0


def told(*slots: Slot) -> Prices:
    return Prices(source="day ahead", told_s=0.0, slots=slots)


def hour(number: int, **values: float) -> Slot:
    return Slot(begins_s=number * HOUR_S, ends_s=(number + 1) * HOUR_S, **values)


def test_a_price_holds_from_the_first_second_of_its_slot_to_the_last() -> None:
    prices = told(hour(1, buy=0.2), hour(2, buy=-0.01))
    assert [slot and slot.buy for slot in map(prices.at, (3600.0, 7199.9, 7200.0))] == [0.2, 0.2, -0.01]


def test_before_between_and_after_the_slots_no_price_is_known() -> None:
    prices = told(hour(1, buy=0.2), hour(3, buy=0.3))
    assert [prices.at(utc_s) for utc_s in (0.0, 2.5 * HOUR_S, 4.0 * HOUR_S, 1e9)] == [None] * 4


def test_what_was_not_told_of_a_slot_is_not_known_and_not_nothing() -> None:
    slot = told(hour(1, co2_g=300.0)).at(HOUR_S)
    assert slot is not None
    assert (slot.buy, slot.sell) == (None, None)


@pytest.mark.parametrize("slots", [(hour(2), hour(1)), (hour(1), hour(1)), (Slot(begins_s=5.0, ends_s=5.0),)])
def test_slots_that_overlap_go_back_or_last_no_time_are_out_of_order(slots: tuple[Slot, ...]) -> None:
    assert out_of_order(slots)
    assert not out_of_order((hour(1), hour(2), hour(5)))


@given(st.floats(-20.0, 40.0))
def test_the_slot_found_is_the_one_around_the_instant(hours: float) -> None:
    prices = told(*(hour(number, buy=float(number)) for number in range(0, 24, 2)))
    slot = prices.at(hours * HOUR_S)
    around = [one for one in prices.slots if one.begins_s <= hours * HOUR_S < one.ends_s]
    assert slot == (around[0] if around else None)


def test_prices_come_back_from_the_journal_as_what_they_were() -> None:
    prices = told(hour(1, buy=0.2, sell=0.08, co2_g=210.0))
    asked: Asked = from_plain(Asked, json.loads(json.dumps(to_plain(prices))))  # type: ignore[arg-type]
    assert asked == prices
