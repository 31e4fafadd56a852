"""The client's side: asking, watching, and what happens when the daemon goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from hems.api.client import Client, Lost, NoContact, follow
from hems.model.cause import Cause, Why
from hems.model.errors import RequestError
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.picture import Picture
from tests.desk import HandMadeDesk, serving
from tests.pictures import normal_day, power_cut

HAPPENED = Event(Instant(1.0), EventKind.MODE, "islanded", Cause(Why.TIE_OPENED, {"witness": "tie_io"}))


async def next_of(messages: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(5):
        return await anext(messages)


async def test_a_client_asks_and_is_answered_or_refused(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())), Client(run_dir / "operate.sock") as client:
        assert client.hello is not None
        assert client.hello.site == "Maple Court 12"
        assert await client.request("why") == {"done": "why"}
        assert (await client.request("status"))["site"] == "Maple Court 12"
        with pytest.raises(RequestError, match="There is no circuit no_such"):
            await client.request("override", circuit="no_such")


async def test_a_client_may_ask_while_it_watches(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())) as server, Client(run_dir / "view.sock") as client:
        messages = client.subscribe()
        assert await next_of(messages) == normal_day()
        server.publish_event(HAPPENED)
        answers = await asyncio.gather(*(client.request("why") for _ in range(20)))

        assert len(answers) == 20
        assert await next_of(messages) == HAPPENED


async def test_a_caller_that_is_slow_sees_every_event_and_the_newest_picture(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())) as server, Client(run_dir / "view.sock") as client:
        messages = client.subscribe()
        await next_of(messages)
        for number in range(10):
            server.publish(normal_day(mono_s=float(number)))
            server.publish_event(HAPPENED)
        await client.request("why")  # everything before it has arrived

        heard = [await next_of(messages) for _ in range(11)]

    assert heard == [HAPPENED] * 10 + [normal_day(mono_s=9.0)]


async def test_where_nothing_answers_the_client_says_so_in_a_sentence(run_dir: Path) -> None:
    with pytest.raises(NoContact, match="HEMS does not run here"):
        await Client(run_dir / "view.sock").connect()


async def test_a_request_under_way_ends_when_the_daemon_goes(run_dir: Path) -> None:
    class Slow(HandMadeDesk):
        async def request(self, *_: object, **__: object) -> dict[str, str]:
            await asyncio.sleep(60)
            return {}

    async with serving(run_dir, Slow()):
        client = Client(run_dir / "view.sock")
        await client.connect()
        asking = asyncio.create_task(client.request("why"))
        await asyncio.sleep(0.05)

    with pytest.raises(NoContact, match="closed the connection"):
        await asking
    with pytest.raises(NoContact):
        await client.request("why")


async def test_another_protocol_is_not_guessed_at(run_dir: Path) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"hello":{"protocol":2,"site":"x","role":"viewer"}}\n')

    async with await asyncio.start_unix_server(greet, run_dir / "view.sock"):
        with pytest.raises(NoContact, match="another version"):
            await Client(run_dir / "view.sock").connect()


async def test_whoever_follows_is_told_once_of_the_loss_and_then_connected_again(run_dir: Path) -> None:
    async with aclosing(follow(run_dir / "view.sock", first_pause_s=0.02, longest_pause_s=0.05)) as messages:
        # given no daemon, then one
        assert isinstance(await next_of(messages), Lost)
        async with serving(run_dir, HandMadeDesk(normal_day())):
            assert await next_of(messages) == normal_day()

        # when it is gone for several attempts and comes back
        lost = await next_of(messages)
        waiting = asyncio.create_task(next_of(messages))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        async with serving(run_dir, HandMadeDesk(power_cut())) as server:
            assert await waiting == power_cut()
            server.publish_event(HAPPENED)
            assert await next_of(messages) == HAPPENED

    # then there was one word of it, with the time of the last message
    assert isinstance(lost, Lost)
    assert lost.since_s <= asyncio.get_running_loop().time()
    assert lost.reason == "HEMS has closed the connection."


async def test_pictures_keep_their_kind(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(power_cut())), Client(run_dir / "view.sock") as client:
        picture = await next_of(client.subscribe())

    assert isinstance(picture, Picture)
    assert picture == power_cut()
