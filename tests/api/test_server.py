"""The daemon's sockets, with real clients that behave badly."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from hems.api.messages import REQUEST_LIMIT
from hems.api.server import EVENT_BACKLOG, MOST_CLIENTS
from hems.model.cause import Cause, Why
from hems.model.errors import HemsError
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.people import NEEDED_ROLE
from tests.desk import HandMadeDesk, serving
from tests.pictures import normal_day, power_cut


class Caller:
    """A client made of nothing but lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def at(cls, path: Path) -> "Caller":
        return cls(*await asyncio.open_unix_connection(path, limit=1 << 22))

    def say(self, line: Any) -> None:
        self.writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    async def hear(self) -> Any:
        async with asyncio.timeout(5):
            line = await self.reader.readline()
        return json.loads(line) if line else None

    async def ask(self, do: str, **args: Any) -> Any:
        self.say({"id": 7, "do": do, "args": args})
        return await self.hear()


def something_happened(number: int, padding: int = 0) -> Event:
    return Event(Instant(float(number)), EventKind.SYSTEM, "x" * padding, Cause(Why.STARTED))


def modes_in(run_dir: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in run_dir.iterdir()}


def put_a_file_at(path: Path) -> None:
    path.write_text("a file")


async def test_the_greeting_says_the_protocol_the_site_and_the_highest_role(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk()):
        for name, role in (("view", "viewer"), ("operate", "operator"), ("admin", "engineer")):
            caller = await Caller.at(run_dir / f"{name}.sock")

            hello = {"protocol": 1, "site": "Maple Court 12", "role": role, "language": ""}
            assert await caller.hear() == {"hello": hello}


async def test_the_socket_is_the_ceiling_of_the_role(run_dir: Path) -> None:
    allowed: dict[str, set[str]] = {}

    async with serving(run_dir, HandMadeDesk(normal_day())):
        for name in ("view", "operate", "admin"):
            caller = await Caller.at(run_dir / f"{name}.sock")
            await caller.hear()
            allowed[name] = {do for do in NEEDED_ROLE if "ok" in await caller.ask(do)}

    assert allowed["view"] == {"status", "why", "events", "read", "ask", "proofs", "history", "configuration", "card"}
    assert allowed["operate"] == allowed["view"] | {
        "consider",
        "override",
        "acknowledge",
        "order",
        "seen",
        "export",
        "rehearse",
        "enter",
        "leave",
        "code",
        "car",
        "aside",
        "unaside",
        "prices",
    }
    assert allowed["admin"] == set(NEEDED_ROLE)


async def test_a_request_above_the_ceiling_never_reaches_the_desk(run_dir: Path) -> None:
    desk = HandMadeDesk()
    async with serving(run_dir, desk):
        caller = await Caller.at(run_dir / "view.sock")
        await caller.hear()

        answer = await caller.ask("override", circuit="laundry", want="on")

    assert answer == {"id": 7, "error": "override needs the role operator; this socket admits viewer only."}
    assert desk.asked == []


async def test_the_desk_is_told_role_and_peer(run_dir: Path) -> None:
    desk = HandMadeDesk()
    async with serving(run_dir, desk):
        caller = await Caller.at(run_dir / "operate.sock")
        await caller.hear()

        assert await caller.ask("override", circuit="laundry") == {"id": 7, "ok": {"done": "override"}}

    [(name, args, role, peer)] = desk.asked
    assert (name, args, role) == ("override", {"circuit": "laundry"}, "operator")
    assert peer.startswith("uid=")


async def test_what_the_desk_refuses_or_breaks_on_is_answered_in_one_sentence(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk()):
        caller = await Caller.at(run_dir / "operate.sock")
        await caller.hear()

        refused, broken = [await caller.ask("override", circuit=circuit) for circuit in ("no_such", "bug")]
        assert refused["error"] == "There is no circuit no_such."
        assert broken["error"] == "HEMS failed on this request; its log says where."
        assert (await caller.ask("status"))["error"].startswith("HEMS has just started")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\xff\xfe garbage\n", "not JSON"),
        (b"\n", "not JSON"),
        (b"[" * 60000 + b"\n", "not JSON"),
        (b"9" * 6000 + b"\n", "not JSON"),
        (b'{"id":1,"do":"why","args":{"x":NaN}}\n', "not JSON"),
        (b"[1]\n", "must be a JSON object"),
        (b"{}\n", 'needs an "id"'),
        (b'{"id":true,"do":"why"}\n', 'needs an "id"'),
        (b'{"id":1}\n', 'needs a "do"'),
        (b'{"id":1,"do":"why","args":[]}\n', '"args"'),
        (b'{"id":1,"do":"dance"}\n', "There is no request 'dance'"),
        (b'{"subscribe":1}\n', 'needs an "id"'),
    ],
)
async def test_garbage_is_answered_and_the_connection_goes_on(run_dir: Path, line: bytes, says: str) -> None:
    async with serving(run_dir, HandMadeDesk()):
        caller = await Caller.at(run_dir / "view.sock")
        await caller.hear()

        caller.say(line)

        assert says in (await caller.hear())["error"]
        assert (await caller.ask("why"))["ok"] == {"done": "why"}


async def test_a_line_beyond_the_limit_is_answered_and_ends_the_connection(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())):
        caller = await Caller.at(run_dir / "view.sock")
        await caller.hear()

        caller.say(b"x" * 100_000)

        assert str(REQUEST_LIMIT) in (await caller.hear())["error"]
        with pytest.raises((ConnectionError, AssertionError)):
            assert await caller.hear()
        other = await Caller.at(run_dir / "view.sock")
        assert "hello" in await other.hear()


async def test_a_subscriber_sees_the_building_at_once_and_then_every_tick(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())) as server:
        caller = await Caller.at(run_dir / "view.sock")
        await caller.hear()

        caller.say({"subscribe": True})
        assert (await caller.hear())["tick"]["mode"] == "grid_connected"
        server.publish(power_cut())
        assert (await caller.hear())["tick"]["mode"] == "islanded"


async def test_nobody_who_did_not_subscribe_is_told_anything(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())) as server:
        caller = await Caller.at(run_dir / "view.sock")
        await caller.hear()

        server.publish(power_cut())
        server.publish_event(something_happened(1))

        assert "ok" in await caller.ask("why")


async def test_a_slow_client_skips_ticks_and_gets_every_event(run_dir: Path) -> None:
    # given a client that does not read while much happens
    async with serving(run_dir, HandMadeDesk(normal_day())) as server:
        caller = await Caller.at(run_dir / "view.sock")
        await caller.hear()
        caller.say({"subscribe": True})
        await caller.hear()
        caller.reader._transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(200):
            server.publish(normal_day(mono_s=float(number)))
            server.publish_event(something_happened(number))
            await asyncio.sleep(0)

        # when it reads again, and one more tick comes when it has read all
        caller.reader._transport.resume_reading()  # type: ignore[attr-defined]
        ticks, events = [], []
        while len(events) < 200:
            line = await caller.hear()
            if "tick" in line:
                ticks.append(line["tick"]["mono_s"])
            else:
                events.append(line["event"]["at"]["mono_s"])
        await asyncio.sleep(0.05)
        server.publish(normal_day(mono_s=1000.0))
        latest = await caller.hear()

    # then every event is there, in order, few ticks are, and the newest is
    assert events == [float(number) for number in range(200)]
    assert len(ticks) < 20
    assert latest["tick"]["mono_s"] == 1000.0


async def test_a_client_that_never_reads_its_events_is_cut_off_and_the_others_are_not(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk()) as server:
        asleep, awake = [await Caller.at(run_dir / "view.sock") for _ in range(2)]
        for caller in (asleep, awake):
            await caller.hear()
            caller.say({"subscribe": True})
        await asyncio.sleep(0.05)
        asleep.reader._transport.pause_reading()  # type: ignore[attr-defined]

        for number in range(3 * EVENT_BACKLOG // 10_000):
            server.publish_event(something_happened(number, padding=10_000))
            assert "event" in await awake.hear()

        asleep.reader._transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, AssertionError)):
            while True:
                assert await asleep.hear()
        assert "ok" in await awake.ask("why")


async def test_a_client_that_dies_costs_nobody_anything(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())) as server:
        dying, living = [await Caller.at(run_dir / "view.sock") for _ in range(2)]
        for caller in (dying, living):
            await caller.hear()
            caller.say({"subscribe": True})
            await caller.hear()

        dying.writer.transport.abort()
        for _ in range(5):
            server.publish(power_cut())
            assert "tick" in await living.hear()


async def test_a_crowd_on_one_socket_is_turned_away_and_leaves_the_others_free(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(normal_day())):
        crowd = [await Caller.at(run_dir / "view.sock") for _ in range(MOST_CLIENTS)]
        for caller in crowd:
            assert "hello" in await caller.hear()

        late = await Caller.at(run_dir / "view.sock")
        assert "Too many clients" in (await late.hear())["error"]
        operator = await Caller.at(run_dir / "operate.sock")
        assert "hello" in await operator.hear()

        crowd[0].writer.close()
        await asyncio.sleep(0.05)
        assert "hello" in await (await Caller.at(run_dir / "view.sock")).hear()


async def test_the_sockets_are_for_owner_and_group_only_and_gone_at_the_end(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk()):
        modes = modes_in(run_dir)

    assert modes == {"view.sock": 0o660, "operate.sock": 0o660, "admin.sock": 0o660}
    assert modes_in(run_dir) == {}


async def test_a_socket_left_by_a_killed_daemon_is_replaced_and_a_living_one_is_not(run_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(run_dir / "view.sock"))

    async with serving(run_dir, HandMadeDesk()):
        assert "hello" in await (await Caller.at(run_dir / "view.sock")).hear()
        with pytest.raises(HemsError, match="Another hems answers"):
            async with serving(run_dir, HandMadeDesk()):
                pass
        assert "hello" in await (await Caller.at(run_dir / "view.sock")).hear()


async def test_a_file_in_the_way_or_too_long_a_path_is_said_in_one_sentence(run_dir: Path) -> None:
    put_a_file_at(run_dir / "operate.sock")
    with pytest.raises(HemsError, match="in the way and is not a socket"):
        async with serving(run_dir, HandMadeDesk()):
            pass
    assert list(modes_in(run_dir)) == ["operate.sock"]
    with pytest.raises(HemsError, match="too long for a socket"):
        async with serving(run_dir / ("x" * 100), HandMadeDesk()):
            pass
