"""The quarters of an hour ahead, as batteries and cars decide about them."""

from datetime import datetime
from math import inf

from hems.control.dispatch.expected import slots
from hems.model.tariff import DemandCharge, Price, Tariff, Window

EVENING = Tariff(buy=0.3, sell=0.1, demand=(DemandCharge(per_kw=10.0, window=Window(from_h=18.0, to_h=19.0)),))
KNOWN = Price(buy=0.3, sell=0.1)


def test_a_quarter_of_an_hour_counts_for_a_peak_if_its_middle_lies_in_the_charge_s_hours():
    found = slots(EVENING, [KNOWN] * 8, [1000.0] * 8, [inf] * 8, datetime(2026, 6, 3, 17, 45))
    assert [one.counts for one in found] == [False, True, True, True, True, False, False, False]


def test_it_ends_before_the_first_price_that_is_not_known():
    for unknown in (Price(buy=None, sell=0.1), Price(buy=0.3, sell=None)):
        found = slots(EVENING, [KNOWN, KNOWN, unknown, KNOWN], [1000.0] * 4, [inf] * 4, datetime(2026, 6, 3, 12, 0))
        assert [(one.net_w, one.cost, one.gain) for one in found] == [(1000.0, 0.3, 0.1)] * 2
