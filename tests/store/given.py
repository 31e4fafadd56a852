"""Builders for the store's tests."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.units import CircuitId
from hems.model.wiring import circuit_closed
from hems.store.store import Store, StoreLimits

EPOCH_S = 1_800_000_000.0


def at(mono_s: float, *, clock: bool = True) -> Instant:
    return Instant(mono_s, datetime.fromtimestamp(EPOCH_S + mono_s, UTC) if clock else None)


def switch(circuit: str, closed: bool) -> Command:
    cause = Cause(Why.ISLAND_CAPACITY, {"need_w": 3100})
    return Command(role=circuit_closed(CircuitId(circuit)), value=closed, cause=cause, energises=closed)


def event(mono_s: float, subject: str = "islanded", *, clock: bool = True, text: str = "") -> Event:
    return Event(
        at(mono_s, clock=clock), EventKind.MODE, subject, Cause(Why.TIE_OPENED, {"witness": text or "contact"})
    )


def started(
    directory: Path, *, boot_id: str = "boot-a", limits: StoreLimits | None = None, mono_s: float = 0.0
) -> Store:
    store = Store(directory, limits=limits, boot_id=boot_id)
    store.start(at(mono_s))
    return store


def rows(directory: Path, file: str, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(directory / file)) as connection:
        return connection.execute(sql).fetchall()
