"""What energy costs, from files, web addresses and a broker to the daemon."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hems.config.tables.outward import PricesTable, SourceTable
from hems.model.instant import Instant
from hems.model.prices import MOST_SLOTS
from hems.northbound.prices.fetch import document
from hems.northbound.prices.mapping import Span, Unreadable, merged, spans
from hems.northbound.prices.service import Told, read_all, serve
from tests.brokers import Broker, broker
from tests.desk import HandMadeDesk, serving, until
from tests.northbound.given import ear, running
from tests.northbound.servers import RUBBISH, Babbler, WebServer, up
from tests.pictures import normal_day

__all__ = ["broker"]

NOON_S = datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp()
HOUR_S = 3600.0
PER_MWH = ((NOON_S, 200), (NOON_S + HOUR_S, 300))


@dataclass
class Clock:
    """Stands where it is put; None is a gateway that does not know the time."""

    utc: datetime | None = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def now(self) -> Instant:
        return Instant(self.mono_s(), self.utc)

    def mono_s(self) -> float:
        return 0.0


def source(**changes: Any) -> SourceTable:
    return SourceTable.model_validate({"file": "none.json"} | changes)


def day_ahead(*prices: float | None) -> list[dict[str, Any]]:
    return [
        {"start": datetime.fromtimestamp(NOON_S + hour * HOUR_S, UTC).isoformat(), "price": price}
        for hour, price in enumerate(prices)
    ]


# What a source says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, day_ahead(0.2, 0.3)),
        ({"rows": "d", "value": "cost.0"}, {"d": [one | {"cost": [one["price"]]} for one in day_ahead(0.2, 0.3)]}),
        (
            {"rows": "data", "begins": "a", "ends": "b", "value": "p", "time": "ms", "per": "MWh"},
            {
                "data": [
                    {"a": 1e3 * begins_s, "b": 1e3 * (begins_s + HOUR_S), "p": price} for begins_s, price in PER_MWH
                ]
            },
        ),
        (
            {"begins": "unix_seconds", "time": "s", "hundredths": True},
            {"unix_seconds": [NOON_S, NOON_S + HOUR_S], "price": [20, 30]},
        ),
    ],
)
def test_usual_forms_of_day_ahead_prices_are_read_by_naming_their_keys(keys: dict[str, Any], told: Any):
    found = spans("buy", source(**keys), told, NOON_S)
    assert found == (Span(NOON_S, NOON_S + HOUR_S, 0.2), Span(NOON_S + HOUR_S, NOON_S + 2 * HOUR_S, 0.3))


def test_a_price_that_is_missing_is_a_gap_and_not_a_free_hour():
    found = spans("buy", source(), day_ahead(0.2, None, 0.4), NOON_S)
    assert [one.begins_s - NOON_S for one in found] == [0.0, 2 * HOUR_S]
    slots = merged({"buy": found}, NOON_S)
    assert [slot.ends_s - slot.begins_s for slot in slots] == [HOUR_S, HOUR_S]


def test_the_last_quarter_of_an_hour_lasts_a_quarter_of_an_hour():
    quarters = [{"start": NOON_S + 900.0 * n, "price": 0.1} for n in range(4)]
    found = spans("buy", source(time="s"), quarters, NOON_S)
    assert found[-1].ends_s == NOON_S + HOUR_S


def test_prices_below_zero_are_prices():
    assert spans("buy", source(), day_ahead(-0.05), NOON_S)[0].value == -0.05


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([], "holds no price"),
        (day_ahead(None), "holds no price"),
        ({"data": []}, "has no start in what it tells"),
        ([{"start": "2026-11-20T12:00:00", "price": 0.2}], "which says no zone"),
        ([{"start": "noon", "price": 0.2}], "'noon' for a time, which is not iso"),
        ([{"start": "2026-11-20T12:00:00Z", "price": "cheap"}], "'cheap' for a price, which is no number"),
        ([{"start": "2026-11-20T12:00:00Z", "price": "nan"}], "'nan' for a price, which is no number"),
        ([{"start": "2026-11-20T12:00:00Z", "price": 10**400}], "for a price, which is no number"),
        ({"start": [1, 2], "price": [1]}, "neither a list of slots nor lists of the same length"),
        ("text", "has no start"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(told: Any, says: str):
    with pytest.raises(Unreadable, match=says):
        spans("buy", source(), told, NOON_S)


@pytest.mark.parametrize("time", ["nan", float("inf"), 10**400], ids=["nan", "inf", "huge"])
def test_a_time_that_never_comes_is_one_sentence(time: Any):
    with pytest.raises(Unreadable, match="for a time, which is not s"):
        spans("buy", source(time="s"), [{"start": time, "price": 0.2}], NOON_S)


def test_what_is_over_is_not_told_and_kinds_are_cut_where_one_of_them_changes():
    buy = (Span(NOON_S - HOUR_S, NOON_S, 0.1), Span(NOON_S, NOON_S + HOUR_S, 0.2))
    co2 = (Span(NOON_S + 1800.0, NOON_S + 2 * HOUR_S, 300.0),)
    slots = merged({"buy": buy, "co2": co2}, NOON_S)
    assert [(slot.begins_s - NOON_S, slot.buy, slot.sell, slot.co2_g) for slot in slots] == [
        (0.0, 0.2, None, None),
        (1800.0, 0.2, None, 300.0),
        (3600.0, None, None, 300.0),
    ]


def test_a_source_that_tells_a_year_is_cut_to_what_the_daemon_takes():
    year = tuple(Span(NOON_S + HOUR_S * n, NOON_S + HOUR_S * (n + 1), 0.1) for n in range(8760))
    assert len(merged({"buy": year}, NOON_S)) == MOST_SLOTS


def test_a_csv_file_is_read_by_the_names_in_its_first_line(tmp_path: Path):
    file = tmp_path / "feed-in.csv"
    file.write_text("start,price\n2026-11-20T12:00:00Z,0.08\n2026-11-20T13:00:00Z,\n")
    rows = document("sell", source(file=str(file)))
    assert spans("sell", source(file=str(file)), rows, NOON_S) == (Span(NOON_S, NOON_S + HOUR_S, 0.08),)


# On the way to the daemon ---------------------------------------------------------------------------------------------


def asked(desk: HandMadeDesk) -> list[Any]:
    return [args for name, args, _, _ in desk.asked if name == "prices"]


@asynccontextmanager
async def telling(run_dir: Path, **table: Any) -> AsyncIterator[HandMadeDesk]:
    desk = HandMadeDesk(normal_day())
    prices = PricesTable.model_validate(table)
    async with serving(run_dir, desk), running(serve(prices, run_dir, Clock(), retry_s=0.05)):
        yield desk


@pytest.mark.wire
async def test_a_web_address_is_read_with_its_token_and_told_to_the_daemon(run_dir: Path, tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("t0p\n")
    token.chmod(0o600)
    with up(WebServer()) as web:
        web.page = json.dumps(day_ahead(0.2, 0.3)).encode()
        async with telling(run_dir, name="the exchange", buy={"url": web.url, "token": str(token)}) as desk:
            await until(lambda: asked(desk))
    [told] = asked(desk)
    assert (told["source"], told["told_s"]) == ("the exchange", NOON_S)
    assert [slot["buy"] for slot in told["slots"]] == [0.2, 0.3]
    assert web.asked[0]["Authorization"] == "Bearer t0p"


@pytest.mark.wire
async def test_a_broker_tells_prices_and_a_number_of_now_unless_it_had_kept_it(run_dir: Path, broker: Broker):
    async with ear(broker) as other:
        # given a CO2 figure that the broker has kept since nobody knows when, and a list that says its times itself
        await other.client.publish("co2", "500", qos=1, retain=True)
        await other.client.publish("prices", json.dumps(day_ahead(0.2)), qos=1, retain=True)
        table = {
            "broker": {"host": "127.0.0.1", "port": broker.port},
            "buy": {"topic": "prices"},
            "co2": {"topic": "co2"},
        }
        async with telling(run_dir, **table) as desk:
            # then the list is told, and the figure is not
            await until(lambda: asked(desk))
            assert [(slot["buy"], slot["co2_g"]) for slot in asked(desk)[0]["slots"]] == [(0.2, None)]
            # until there is a fresh one, for an hour
            await other.client.publish("co2", "210.5", qos=1)
            await until(lambda: len(asked(desk)) == 2)
            assert [(slot["buy"], slot["co2_g"]) for slot in asked(desk)[1]["slots"]] == [(0.2, 210.5)]


@pytest.mark.wire
async def test_a_source_that_fails_leaves_what_was_known_and_invents_nothing():
    with up(WebServer()) as web:
        told = Told(PricesTable.model_validate({"buy": {"url": web.url}}), Clock())
        web.page = json.dumps(day_ahead(0.2, 0.3)).encode()
        await read_all(told)
        # when it breaks
        web.code = 500
        await read_all(told)
        assert "refuses prices.buy: 500" in told.trouble["buy"]
        # then an hour later the next price still holds, and two hours later there is none
        told.clock = Clock(datetime(2026, 11, 20, 13, 30, tzinfo=UTC))
        later = told.prices()
        assert later is not None
        assert [slot.buy for slot in later.slots] == [0.3]
        told.clock = Clock(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
        assert told.prices() is None


@pytest.mark.wire
@pytest.mark.parametrize("says", RUBBISH, ids=["babble", "broken off"])
async def test_a_web_server_that_talks_rubbish_keeps_no_other_price_back(says: bytes, tmp_path: Path):
    file = tmp_path / "today.json"
    file.write_text(json.dumps(day_ahead(0.2)))
    with up(Babbler(says)) as web:
        sources = {"buy": {"url": web.url}, "sell": {"file": str(file)}}
        told = Told(PricesTable.model_validate(sources), Clock())
        await read_all(told)
    assert "cannot be reached for prices.buy" in told.trouble["buy"]
    assert [one.value for one in told.spans["sell"]] == [0.2]


async def test_without_a_clock_a_price_of_now_is_not_believed():
    told = Told(PricesTable.model_validate({"co2": {"topic": "co2"}}), Clock(None))
    told.hear("co2", 210)
    assert told.prices() is None
    assert "nobody knows what time it is" in told.trouble["co2"]


@pytest.mark.wire
async def test_a_daemon_that_starts_later_is_told(run_dir: Path, tmp_path: Path):
    file = tmp_path / "today.json"
    file.write_text(json.dumps(day_ahead(0.2)))
    table = PricesTable.model_validate({"buy": {"file": str(file)}})
    desk = HandMadeDesk(normal_day())
    async with running(serve(table, run_dir, Clock(), retry_s=0.05)), serving(run_dir, desk):
        await until(lambda: asked(desk))
