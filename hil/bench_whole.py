"""Sheds through the whole daemon: the tie's contacts change on the wire, and twenty relays are told to open.

The daemon runs as it is shipped, with fifty devices and its history.  The tie's contacts and twenty boards of one
circuit each are played by libmodbus in C, which says when it first showed the change and when it acknowledged each
relay: what lies between is the daemon's own.  The yardstick is a client in C which does nothing else than that: it
looks at a tie of its own as often, and switches twenty relays one after the other.  Both are asleep as the tie opens.
"""

import asyncio
import tempfile
from asyncio import StreamReader
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from hil import foreign
from hil.bench_apart import among_devices, at_the_gateway, moved_to_devices
from hil.bench_daemon import DEVICES, more_devices, more_emulated
from hil.bench_row import Row, noisy, paired, unmeasured
from hil.bench_run import BenchRun, begin
from hil.places import Place, place

SHEDS = 20
TURNS, LEAST_TURNS = 5, 3
IN_C = 9
"""Turns of the yardstick for each of the daemon's, of which the middle one counts: single milliseconds are any
system's to lose."""
LEVER = "0001000000060105 0028 {:02x}00"
"""A whole Modbus TCP request: unit 1, function 5, coil 40, which moves the tie of the foreign server."""
CALM_S = 20.0
REST_S = 2.5
"""From the last relay that is back to the next turn: what has come back is measured and armed again."""
OPEN_S = 4.0
"""A cut is no flicker: the island has settled when the grid returns."""
WITHIN_S = 60.0

WHAT = f"tie opens on the wire to the last of {SHEDS} sheds, {DEVICES} devices"


def rows() -> list[Row]:
    """The figure, or why there is none."""
    reason = foreign.missing()
    return [unmeasured(WHAT, reason)] if reason else asyncio.run(_measured())


async def _measured() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="hems-bench-") as name:
        async with AsyncExitStack() as stack:
            with among_devices():
                there, alone = [await stack.enter_async_context(_played()) for _ in range(2)]
            with at_the_gateway():
                await stack.enter_async_context(foreign.reacting(alone.ports))
                run = await stack.enter_async_context(_daemon(Path(name), there))
            moved_to_devices(run.bench.pid)
            ours_s, in_c_s = [], []
            for _ in range(TURNS):
                in_c_s.append(median([await _turn_in_c(alone) for _ in range(IN_C)]))
                ours_s.append(await there.all_shed())
                await asyncio.sleep(OPEN_S)
                if not await there.all_back():
                    break
                await asyncio.sleep(REST_S)
    return [
        Row(
            what=WHAT,
            yardstick=f"libmodbus, which looks at the tie as often and switches {SHEDS} relays one after the other",
            figure=f"{1000 * median(ours_s):.1f} ms, slowest of {len(ours_s)} {1000 * max(ours_s):.1f} ms; "
            f"in C {1000 * median(in_c_s):.1f} ms",
            value=paired(ours_s, in_c_s[: len(ours_s)]),
            least=1.5,
            aim=0.6,
            invalid=noisy(in_c_s) if len(ours_s) >= LEAST_TURNS else f"only {len(ours_s)} turns",
        )
    ]


@asynccontextmanager
async def _daemon(where: Path, played: "Played") -> AsyncIterator[BenchRun]:
    """The real daemon on the demonstration's building, in which tie and boards are played by somebody else."""
    others = DEVICES - SHEDS
    links = {"tie_io": played.ports[0], **dict(zip(_boards(), played.ports[1:], strict=True))}
    at = {device: f"tcp://127.0.0.1:{port}" for device, port in links.items()}
    rig, over = more_emulated(others), _laid_over(more_devices(others))
    async with begin(_alone(where), where, rig=rig, over=over, links=at, gateways=True, calm_s=CALM_S) as run:
        yield run


async def _turn_in_c(played: "Played") -> float:
    took_s = await played.all_shed()
    await played.all_back()
    return took_s


@dataclass(frozen=True, slots=True)
class Played:
    """A tie and boards of relays in C, and what they tell of themselves."""

    ports: Sequence[int]
    told: StreamReader
    boards: int = SHEDS

    async def all_shed(self) -> float:
        """Seconds from the answer that shows the open tie to the last acknowledged relay."""
        await _move(self.ports[0], opened=True)
        seen_s, off_s = None, dict[str, float]()
        async with asyncio.timeout(WITHIN_S):
            while seen_s is None or len(off_s) < self.boards:
                what, which, when = (await self.told.readline()).split()
                if what == b"seen":
                    seen_s = float(when)
                elif what == b"off":
                    off_s.setdefault(which.decode(), float(when))
        return max(off_s.values()) - seen_s

    async def all_back(self) -> bool:
        """The tie is closed, and so are all relays; False where they are not in time, and the turns so far must do."""
        await _move(self.ports[0], opened=False)
        back = set[bytes]()
        try:
            async with asyncio.timeout(WITHIN_S):
                while len(back) < self.boards:
                    what, which, _ = (await self.told.readline()).split()
                    if what == b"on":
                        back.add(which)
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def _played() -> AsyncIterator[Played]:
    async with foreign.told(SHEDS + 1) as (ports, told):
        yield Played(ports, told)


async def _move(tie: int, *, opened: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", tie)
    writer.write(bytes.fromhex(LEVER.format(0xFF if opened else 0)))
    await reader.readexactly(12)
    writer.close()


def _boards() -> Sequence[str]:
    return [f"board_{number}" for number in range(SHEDS)]


def _alone(where: Path) -> Place:
    """The demonstration's building, in which the contacts alone tell where the tie is: only they are played here."""
    chosen, site = place("apartments"), where / "alone.toml"
    lines = chosen.site.read_text(encoding="utf-8").splitlines(keepends=True)
    site.write_text("".join(line for line in lines if not line.startswith("grid_connected = ")), encoding="utf-8")
    return replace(chosen, site=site)


def _laid_over(others: dict[str, Any]) -> dict[str, Any]:
    """What the site file says more: a flexible circuit on a board of its own, as often as there are sheds."""
    boards = {
        name: {
            "driver": "modbus",
            "profile": "waveshare-relay",
            "link": f"tcp://10.0.40.{number + 1}:502",
            "params": {"inputs_ms": 1000},  # nothing hangs on them
        }
        for number, name in enumerate(_boards())
    }
    circuits = {
        f"circuit_{name}": {
            "name": f"Circuit of {name}",
            "tier": "flexible",
            "phases": [f"L{number % 3 + 1}"],
            "typical_kw": 0.1,
            "switch": f"{name}/coil_1",
        }
        for number, name in enumerate(_boards())
    }
    often = {"moves_hour": 60, "moves_day": 500}  # a relay that has moved six times in an hour would rest
    # The emulated building stays on the grid, whose meter goes on telling of power through a tie that says open: a slow
    # turn must not end as the contradiction that it is.
    params = {"restore": often, "witness": {"crossed_s": 60.0}}
    return {"devices": {**others["devices"], **boards}, "circuits": circuits, "params": params}
