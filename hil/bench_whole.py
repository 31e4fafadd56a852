"""Sheds through the whole daemon: the tie's contacts change on the wire, and twenty relays are told to open.

The daemon runs as it is shipped, with fifty devices and its history.  The tie's contacts and twenty boards of one
circuit each are played by libmodbus in C, which says when it first showed the change and when it acknowledged each
relay: what lies between is the daemon's own.  The yardstick is as many round trips of libmodbus on the same server.
"""

import asyncio
import tempfile
from asyncio import StreamReader
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from hil import foreign
from hil.bench_daemon import DEVICES, more_devices, more_emulated
from hil.bench_row import Row, noisy, unmeasured
from hil.bench_run import begin
from hil.bench_sheds import typical
from hil.places import Place, place

SHEDS = 20
TURNS, LEAST_TURNS = 5, 3
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
        async with foreign.told(SHEDS + 1) as (ports, told):
            links = {"tie_io": ports[0], **dict(zip(_boards(), ports[1:], strict=True))}
            at = {device: f"tcp://127.0.0.1:{port}" for device, port in links.items()}
            others = DEVICES - SHEDS
            rig, over = more_emulated(others), _laid_over(more_devices(others))
            where, chosen = Path(name), _alone(Path(name))
            async with begin(chosen, where, rig=rig, over=over, links=at, gateways=True, calm_s=CALM_S):
                ours_s, in_c_s = [], []
                for _ in range(TURNS):
                    ours_s.append(await _all_shed(ports[0], told))
                    in_c_s.append((await foreign.polled(ports[1], 1, SHEDS))[0])
                    if not await _all_back(ports[0], told):
                        break
    return [
        Row(
            what=WHAT,
            yardstick=f"{SHEDS} round trips of libmodbus, one after the other",
            figure=f"{1000 * median(ours_s):.1f} ms, slowest of {len(ours_s)} {1000 * max(ours_s):.1f} ms",
            value=median(ours_s) / median(in_c_s),
            least=1.5,
            aim=0.6,
            invalid=noisy(typical(in_c_s)) if len(ours_s) >= LEAST_TURNS else f"only {len(ours_s)} turns",
        )
    ]


async def _all_shed(tie: int, told: StreamReader) -> float:
    """Seconds from the answer that shows the open tie to the last acknowledged relay."""
    await _move(tie, opened=True)
    seen_s, off_s = None, dict[str, float]()
    async with asyncio.timeout(WITHIN_S):
        while seen_s is None or len(off_s) < SHEDS:
            what, which, when = (await told.readline()).split()
            if what == b"seen":
                seen_s = float(when)
            elif what == b"off":
                off_s.setdefault(which.decode(), float(when))
    return max(off_s.values()) - seen_s


async def _all_back(tie: int, told: StreamReader) -> bool:
    """The grid is back, and so are all circuits; False where they are not in time, and the turns so far must do."""
    await asyncio.sleep(OPEN_S)
    await _move(tie, opened=False)
    back = set[bytes]()
    try:
        async with asyncio.timeout(WITHIN_S):
            while len(back) < SHEDS:
                what, which, _ = (await told.readline()).split()
                if what == b"on":
                    back.add(which)
    except TimeoutError:
        return False
    await asyncio.sleep(REST_S)
    return True


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
    return {"devices": {**others["devices"], **boards}, "circuits": circuits, "params": {"restore": often}}
