"""The daemon's side of the sockets.  Nothing a client does, or fails to do, may delay the tick."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hems.api.messages import (
    PROTOCOL,
    REQUEST_LIMIT,
    Answer,
    Ask,
    Hello,
    Subscribe,
    answer_line,
    event_line,
    hello_line,
    read_from_client,
    tick_line,
)
from hems.api.sockets import Door, inherited_sockets, open_doors, peer_of
from hems.model.codec import to_plain
from hems.model.contained import contained
from hems.model.errors import PinNeeded, RequestError
from hems.model.event import Event
from hems.model.people import NEEDED_ROLE, PersonRole
from hems.model.picture import Picture
from hems.ports.desk import Desk
from hems.wording.language import say

log = logging.getLogger(__name__)

MOST_CLIENTS = 16
"""Per socket, so that a crowd of viewers never keeps the operator out."""

KERNEL_BUFFER = 64 * 1024
"""Bytes the kernel holds for a client that does not read: a handful of ticks, so that what it wakes up to is young."""

EVENT_BACKLOG = 256 * 1024
"""Bytes of unread events after which a client is cut off: about a thousand."""


class Server:
    """Greets, answers and tells; one per daemon.

    `publish` and `publish_event` return at once and are called from the loop's thread.
    """

    def __init__(self, run_dir: Path, desk: Desk) -> None:
        self._run_dir = run_dir
        self._desk = desk
        self._clients: dict[PersonRole, set[_Client]] = {role: set() for role in PersonRole}
        self.listening = asyncio.Event()
        """Set while clients can connect."""

    async def serve(self) -> None:
        """Listen until cancelled.  Raises: HemsError when a socket cannot be opened."""
        doors = open_doors(self._run_dir, inherited_sockets(os.environ, os.getpid()))
        servers = [await self._open(door) for door in doors]
        self.listening.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.listening.clear()
            for server in servers:
                server.close()
            for client in [client for clients in self._clients.values() for client in clients]:
                client.cut_off()
            for door in doors:
                door.close()

    def publish(self, picture: Picture) -> None:
        """Show the building to everybody who subscribed; whoever has not read the last one yet skips this one."""
        ready = [client for client in self._subscribers() if client.has_read_all]
        if ready:
            line = tick_line(picture)
            for client in ready:
                client.send(line)

    def publish_event(self, event: Event) -> None:
        """Tell everybody who subscribed; whoever has too many events unread is cut off, and asks again later."""
        subscribers = self._subscribers()
        if subscribers:
            line = event_line(event)
            for client in subscribers:
                client.send(line)
                if client.unread > EVENT_BACKLOG:
                    log.warning("client cut off, it does not read its events: %s", client.peer)
                    client.cut_off()

    def _subscribers(self) -> list["_Client"]:
        return [client for clients in self._clients.values() for client in clients if client.subscribed]

    async def _open(self, door: Door) -> asyncio.Server:
        # From Python 3.13 on asyncio removes the file by itself, also systemd's; `Door.close` knows whose it is.
        own_cleanup: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
        welcome = partial(self._welcome, door.role)
        return await asyncio.start_unix_server(welcome, sock=door.socket, limit=REQUEST_LIMIT, **own_cleanup)

    async def _welcome(self, role: PersonRole, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client from its greeting to its end."""
        clients = self._clients[role]
        client = _Client(writer)
        try:
            if len(clients) >= MOST_CLIENTS:
                client.send(answer_line(Answer(id=None, error=f"Too many clients here: {MOST_CLIENTS} is the most.")))
                return
            clients.add(client)
            site, language = self._desk.site_name, self._desk.language
            client.send(hello_line(Hello(protocol=PROTOCOL, site=site, role=role, language=language)))
            while await self._serve_line(role, reader, client):
                pass
        except ConnectionError:
            log.debug("client lost: %s", client.peer)
        finally:
            clients.discard(client)
            client.close()

    async def _serve_line(self, role: PersonRole, reader: asyncio.StreamReader, client: "_Client") -> bool:
        """Read one line and answer it; False when the client is gone or has to go."""
        try:
            line = await reader.readline()
        except ValueError:
            client.send(answer_line(Answer(id=None, error=f"The line is longer than {REQUEST_LIMIT} bytes.")))
            return False
        if not line:
            return False
        try:
            said = read_from_client(line)
        except RequestError as refusal:
            client.send(answer_line(Answer(id=None, error=str(refusal))))
        else:
            await self._act_on(said, role, client)
        await client.drained()  # whoever does not read answers gets no more of them
        return True

    async def _act_on(self, said: Subscribe | Ask, role: PersonRole, client: "_Client") -> None:
        if isinstance(said, Ask):
            client.send(await self._answer(said, role, client.peer))
            return
        client.subscribed = said.on
        picture = self._desk.picture()
        if said.on and picture is not None:
            client.send(tick_line(picture))

    async def _answer(self, ask: Ask, role: PersonRole, peer: str) -> bytes:
        with contained() as request:  # a bug in one request must not cost the other clients their picture
            _check_role(ask.do, role)
            return answer_line(Answer(id=ask.id, ok=await self._do(ask, role, peer)))
        if isinstance(request.fault, RequestError):
            needs = "pin" if isinstance(request.fault, PinNeeded) else ""
            return answer_line(Answer(id=ask.id, error=str(request.fault), needs=needs))
        log.error("request %s failed", ask.do, exc_info=request.fault)
        return answer_line(Answer(id=ask.id, error=say("HEMS failed on this request; its log says where.")))

    async def _do(self, ask: Ask, role: PersonRole, peer: str) -> Any:  # noqa: ANN401  (any JSON)
        if ask.do != "status":
            return await self._desk.request(ask.do, ask.args, role=role, peer=peer)
        picture = self._desk.picture()
        if picture is None:
            raise RequestError(say("HEMS has just started and has seen nothing yet. Ask again in a few seconds."))
        return to_plain(picture)


def _check_role(name: str, role: PersonRole) -> None:
    needed = NEEDED_ROLE.get(name)
    if needed is None:
        raise RequestError(f"There is no request {name[:40]!r}; there are: {', '.join(NEEDED_ROLE)}.")
    if not role.may_act_as(needed):
        raise RequestError(
            say("{name} needs the role {needed}; this socket admits {role} only.", name=name, needed=needed, role=role)
        )


class _Client:
    """One connection, written to without ever waiting."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.subscribed = False
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
        self.peer = peer_of(connection)
        self.drained: Callable[[], Any] = writer.drain

    @property
    def unread(self) -> int:
        """Bytes that wait for the client, beyond what the kernel holds for it."""
        return self._writer.transport.get_write_buffer_size()

    @property
    def has_read_all(self) -> bool:
        return self.unread == 0

    def send(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line)

    def cut_off(self) -> None:
        self.subscribed = False
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()
