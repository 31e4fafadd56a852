"""Cars wait for cheaper hours, and are ready all the same."""

from dataclasses import replace

from hems.control.dispatch.cheap import waiting
from hems.control.dispatch.departure import Need
from hems.control.dispatch.memory import MarketMemory
from hems.model.cause import Why
from hems.model.request import CarWish
from hems.model.tariff import Rate, Tariff, Window
from hems.model.units import SourceId
from hems.model.wiring import bay_power
from tests.control.dispatch.street import Street, connected_site

BAY = SourceId("bay_1")
CHEAP_AT_THREE = Tariff(buy=0.40, sell=0.05, rates=(Rate(window=Window(from_h=15.0, to_h=18.0), buy=0.15),))


def need(wh: float, hours: float) -> Need:
    return Need(BAY, wh, 3600.0 * hours, 11_000.0, told=True)


def market(*costs: float) -> MarketMemory:
    return MarketMemory(costs=costs, costs_s=0.0)


def test_it_waits_where_enough_cheaper_quarters_lie_before_it_leaves():
    later = market(*[0.4] * 8, *[0.1] * 8)
    assert waiting(later, [need(5000.0, 4.0)], 0.0) == {BAY}
    # not where the cheap ones come after it has left, or are too few
    assert waiting(later, [need(5000.0, 2.0)], 0.0) == frozenset()
    assert waiting(later, [need(30_000.0, 4.0)], 0.0) == frozenset()


def test_it_does_not_wait_in_the_cheap_hours_nor_for_next_to_nothing():
    assert waiting(market(*[0.1] * 8, *[0.4] * 8), [need(5000.0, 4.0)], 0.0) == frozenset()
    assert waiting(market(*[0.302] * 8, *[0.30] * 8), [need(5000.0, 4.0)], 0.0) == frozenset()


def test_it_does_not_wait_for_prices_that_nobody_knows():
    assert waiting(market(*[0.4] * 6), [need(5000.0, 4.0)], 0.0) == frozenset()
    assert waiting(market(), [need(5000.0, 4.0)], 0.0) == frozenset()
    # but for those that are known, if they are enough
    assert waiting(market(*[0.4] * 2, *[0.1] * 8), [need(5000.0, 4.0)], 0.0) == {BAY}
    assert waiting(MarketMemory(), [need(5000.0, 4.0)], 0.0) == frozenset()


def plugged(leaves_h: float) -> Street:
    """At noon, a car at 60 % whose driver leaves in so many hours; cheap from three to six."""
    street = Street(replace(connected_site(), tariff=CHEAP_AT_THREE), house_w=6000.0).plug("bay_1", soc_pct=60.0)
    street.ask(CarWish(bay=BAY, who="Ana", leaves_in_s=3600.0 * leaves_h))
    return street.lives(320, every_s=10)


def test_a_car_that_leaves_in_the_evening_waits_for_the_afternoon():
    street = plugged(leaves_h=6.0)
    assert street.car_w("bay_1") == 0.0
    assert street.state.sent[bay_power(BAY)].cause.why is Why.CHARGE_WAITS_FOR_PRICE
    street.lives(3 * 3600, every_s=60)
    assert street.car_w("bay_1") < -5000.0


def test_a_car_that_would_be_late_charges_now_whatever_it_costs():
    street = plugged(leaves_h=1.5)
    assert street.car_w("bay_1") < -5000.0


def test_a_car_that_is_as_full_as_its_driver_wants_costs_nothing_more():
    # given a car at 85 %, of a driver who has said nothing: 80 % is what drivers usually want
    street = Street(replace(connected_site(), tariff=CHEAP_AT_THREE), house_w=6000.0).plug("bay_1", soc_pct=85.0)
    street.lives(320, every_s=10)
    assert street.car_w("bay_1") == 0.0
    assert street.state.sent[bay_power(BAY)].cause.why is Why.CAR_READY
    # but where nobody knows what energy costs it charges on
    assert (
        Street(connected_site(), house_w=6000.0).plug("bay_1", soc_pct=85.0).lives(320, every_s=10).car_w("bay_1") < 0.0
    )
