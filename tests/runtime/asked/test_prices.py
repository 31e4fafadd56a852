"""Prices that a process outside tells, over real sockets."""

from pathlib import Path
from typing import Any

import pytest

from hems.control.resume import resumed
from hems.model.errors import RequestError
from hems.model.prices import Prices
from tests.runtime.test_desk import ask, desk, refused
from tests.store.given import rows


def prices(*slots: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"source": "day ahead", "told_s": 0.0, "slots": list(slots or [slot()])} | more


def slot(begins_s: float = 3600.0, **values: Any) -> dict[str, Any]:
    return {"begins_s": begins_s, "ends_s": begins_s + 3600.0, "buy": 0.31} | values


async def test_prices_that_are_told_reach_the_tick_and_survive_a_restart(run_dir: Path):
    async with desk(run_dir) as made:
        answer = await ask(run_dir, "operate", "prices", **prices(slot(), slot(7200.0, buy=-0.02, co2_g=120.0)))
        assert answer == {"slots": 2, "until_s": 10800.0}
        await made.cycle()
        known = made.loop.state.prices
        assert known is not None
        assert [one.buy for one in known.slots] == [0.31, -0.02]
        assert resumed(made.loop.state, shift_s=500.0, now_s=0.0).prices == known
        # and nobody's audit fills with them
        made.store.drain()
        assert rows(run_dir, "state.db", "SELECT action FROM audit WHERE action = 'prices'") == []


async def test_newer_prices_take_the_place_of_all_older_ones(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "prices", **prices(slot(), slot(7200.0)))
        await ask(run_dir, "operate", "prices", **prices(slot(7200.0, buy=0.1), source="another"))
        await made.cycle()
        assert isinstance(made.loop.state.prices, Prices)
        assert (made.loop.state.prices.source, len(made.loop.state.prices.slots)) == ("another", 1)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({}, "These are no prices: Prices lacks slots."),
        (prices(slot(buy="cheap")), "These are no prices: slots: buy: expected one of"),
        (prices(source="  "), "Say where the prices come from"),
        (prices(slots=[]), "Give 1 to 400 slots; these are 0."),
        (prices(*[slot(3600.0 * n) for n in range(401)]), "Give 1 to 400 slots; these are 401."),
        (prices(slot(), slot()), "in order of time"),
        (prices(slot(ends_s=0.0)), "in order of time"),
        (prices(slot(buy=10**400)), "These are no prices"),
        (prices(slot(buy=1e6)), "Prices are between -1000 and 1000 for a kWh"),
        (prices(slot(co2_g=-1.0)), "CO2 is between 0 and 5000 g"),
        (prices(slot(ends_s=1e9)), "a slot lasts 24 hours at most"),
        (prices(slot(sell={"$float": "nan"})), "Prices are between"),
    ],
)
async def test_what_cannot_be_a_price_is_refused_in_a_sentence_and_the_old_ones_stay(
    run_dir: Path, told: dict[str, Any], says: str
):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "prices", **prices())
        assert says in await refused(run_dir, "operate", "prices", **told)
        await made.cycle()
        known = made.loop.state.prices
        assert known is not None
        assert known.slots[0].buy == 0.31


async def test_who_only_looks_tells_no_prices(run_dir: Path):
    async with desk(run_dir):
        with pytest.raises(RequestError, match="needs the role operator"):
            await ask(run_dir, "view", "prices", **prices())
