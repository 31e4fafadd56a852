"""Cars wait for cheaper hours, and are ready all the same."""

from dataclasses import replace

from hems.control.dispatch.cheap import pays, prices, waiting
from hems.control.dispatch.memory import MarketMemory
from hems.control.dispatch.visit import Visit
from hems.model.cause import Why
from hems.model.request import CarWish
from hems.model.tariff import Price, Rate, Tariff, Window
from hems.model.units import SourceId
from hems.model.wiring import bay_power
from tests.control.dispatch.street import Street, connected_site

BAY = SourceId("bay_1")
CHEAP_AT_THREE = Tariff(buy=0.40, sell=0.05, rates=(Rate(window=Window(from_h=15.0, to_h=18.0), buy=0.15),))


ROOMY = [1e6] * 96


def visit(wh: float, hours: float, **more: float) -> Visit:
    return Visit(bay=BAY, last=int(4 * hours), leaves_wh=0.9 * wh + more.get("have_wh", 0.0), most_w=11_000.0, **more)


def waits(costs: list[float], car: Visit, rooms_w: list[float] = ROOMY) -> bool:
    """In the first quarter of an hour."""
    market = MarketMemory(now=Price(buy=costs[0] if costs else None, sell=0.0), cars=prices([car], costs, rooms_w))
    return bool(waiting(market, [BAY]))


def test_it_waits_where_enough_cheaper_quarters_lie_before_it_leaves():
    later = [0.4] * 8 + [0.1] * 8
    assert waits(later, visit(5000.0, 4.0))
    # not where the cheap ones come after it has left, or are too few
    assert not waits(later, visit(5000.0, 2.0))
    assert not waits(later, visit(30_000.0, 4.0))
    # or leave too little room for it below the peak
    assert not waits(later, visit(5000.0, 4.0), [1e6] * 8 + [2000.0] * 8)


def test_it_does_not_wait_in_the_cheap_hours_nor_for_next_to_nothing():
    assert not waits([0.1] * 8 + [0.4] * 8, visit(5000.0, 4.0))
    assert not waits([0.302] * 8 + [0.30] * 8, visit(5000.0, 4.0))


def test_it_does_not_wait_for_prices_that_nobody_knows():
    assert not waits([0.4] * 6, visit(5000.0, 4.0))
    assert not waits([], visit(5000.0, 4.0))
    # but for those that are known, if they are enough
    assert waits([0.4] * 2 + [0.1] * 8, visit(5000.0, 4.0))
    assert waiting(MarketMemory(), [BAY]) == frozenset()


def test_giving_pays_where_energy_is_dearer_than_it_will_be_again_with_losses_and_wear():
    def gives(dear: float, **more: float) -> bool:
        costs = [dear] * 4 + [0.10] * 28
        car = visit(0.0, 8.0, **{"gives_w": 10_000.0, "have_wh": 8000.0, "wear": 0.03} | more)
        return pays(MarketMemory(now=Price(buy=dear, sell=0.0), cars=prices([car], costs, ROOMY)), BAY, car.have_wh)

    # by pencil: 0.10 / 0.81 + 0.03 + 0.005
    assert gives(0.16)
    assert not gives(0.155)
    # not from a car that may not, nor where it could not be charged again
    assert not gives(0.16, gives_w=0.0)
    assert not gives(0.16, have_wh=80_000.0)


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
