"""The whole daemon as a process beside what it is made of: start, memory, punctuality, and an end by the watchdog.

Fifty devices: the demonstration's twelve and boards and inverters more, all emulated over TCP on this machine.
"""

import asyncio
import os
import pty
import re
import signal
import sys
import tempfile
import tomllib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from hems.api.client import NoContact
from hems.model.contained import contained
from hems.model.errors import HemsError
from hems.model.mode import Mode
from hems.sim.rig import load_rig
from hil import ending
from hil.bench_row import Row, failed, noisy
from hil.bench_run import BenchRun, begin
from hil.emulate.remote import Remote
from hil.places import place

DEVICES = 50
STARTS = 5
LOOK_S = 0.005
IMPORTED = "asyncio, pydantic, sqlite3, aiomqtt, pymodbus.client"
IMPORTS = f"""
import time
began_s = time.perf_counter()
import {IMPORTED}
took_s = time.perf_counter() - began_s
class Model(pydantic.BaseModel):
    field: int = 0
print(took_s, open("/proc/self/status").read().split("VmRSS:")[1].split()[0])
"""
PROBED_S, EVERY_S = 20.0, 0.1
PROBE = """
import asyncio, sys
late_s = []
async def probe(every_s):
    loop = asyncio.get_running_loop()
    due_s = loop.time() + every_s
    while True:
        await asyncio.sleep(due_s - loop.time())
        late_s.append(loop.time() - due_s)
        due_s = max(due_s + every_s, loop.time())
def told():
    print(*late_s, file=open(sys.argv[1], "w"))
"""
EMPTY = (
    PROBE
    + """
async def main():
    asyncio.get_running_loop().call_later(float(sys.argv[2]), asyncio.current_task().cancel)
    await probe(float(sys.argv[3]))
try:
    asyncio.run(main())
except asyncio.CancelledError:
    pass
told()
"""
)
FULL = (
    PROBE
    + """
from hems import app, cli
import signal
run = app.Daemon.run
async def probed(daemon):
    await asyncio.sleep(float(sys.argv[2]))
    keeping = asyncio.create_task(probe(float(sys.argv[3])))
    await asyncio.sleep(float(sys.argv[4]))
    keeping.cancel()
    told()
async def with_probe(daemon):
    beside = asyncio.create_task(probed(daemon))
    try:
        await run(daemon)
    finally:
        beside.cancel()
app.Daemon.run = with_probe
sys.exit(cli.main(["run", "--site", sys.argv[5], "--trust-clock"]))
"""
)
WARM_S = 15.0
CALM_S = 30.0
WATCHDOG_S = 6.0
"""`WatchdogSec` of the unit."""
FIRST_SHED_WITHIN_S = 25.0


def rows(minutes: float) -> Iterator[Row]:
    """All of them, each as it is known; memory is watched for so long."""
    with asyncio.Runner() as runner:
        known = _known(minutes)
        try:
            while (row := runner.run(anext(known, None))) is not None:
                yield row
        finally:
            runner.run(known.aclose())


async def _known(minutes: float) -> AsyncGenerator[Row, None]:
    """One after the other on one building; a part that fails is told, and the next one is measured."""
    parts: Mapping[str, Callable[[BenchRun], Awaitable[Sequence[Row]]]] = {
        "exec to the first control tick": _starts,
        "lateness of the loop, screen attached": _lateness,
        "memory of the daemon": lambda run: _memory(run, minutes),
        "hang on an island, watchdog 6 s, first shed": _hang,
    }
    with tempfile.TemporaryDirectory(prefix="hems-bench-") as name:
        chosen, over = place("apartments"), more_devices()
        async with begin(
            chosen, Path(name), rig=more_emulated(), over=over, gateways=True, calm_s=CALM_S, compiled=True
        ) as run:
            for what, measured in parts.items():
                told: Sequence[Row] = ()
                with contained() as part:
                    told = await measured(run)
                if part.fault is not None:
                    told = [failed(what, part.fault)]
                for row in told:
                    yield row


def _more(devices: int) -> list[str]:
    own = len(load_rig(place("apartments").rig).devices)
    return [f"more_{number}" for number in range(devices - own)]


def more_emulated(devices: int = DEVICES) -> dict[str, Any]:
    """So many together with the place's own: boards that nothing hangs on, and inverters of the same roof, in turn."""
    board, inverter = {"emulates": "waveshare-relay"}, {"emulates": "sunspec-inverter", "pv": "roof"}
    return {"devices": {name: (board, inverter)[number % 2] for number, name in enumerate(_more(devices))}}


def more_devices(devices: int = DEVICES) -> dict[str, Any]:
    """The same as the site file knows them."""
    like = tomllib.loads(place("apartments").site.read_text(encoding="utf-8"))["devices"]
    kinds = (like["relays"], like["roof"])
    links = [f"tcp://10.0.30.{number}:502" for number in range(1, DEVICES + 1)]
    return {
        "devices": {name: kinds[number % 2] | {"link": links[number]} for number, name in enumerate(_more(devices))}
    }


async def _starts(run: BenchRun) -> list[Row]:
    """From exec to the first picture, which the first tick has made, beside the imports, in turn."""
    took_s, imports_s = [], []
    for _ in range(STARTS):
        imports_s.append((await _imported())[0])
        run.daemon.send_signal(signal.SIGTERM)
        await run.daemon.wait()
        began_s = asyncio.get_running_loop().time()
        await run.start_daemon()
        await _pictured(run)
        took_s.append(asyncio.get_running_loop().time() - began_s)
    await run.settled(Mode.GRID_CONNECTED, within_s=90.0)
    return [
        Row(
            what="exec to the first control tick",
            yardstick=f"the import of {IMPORTED}",
            figure=f"{median(took_s):.2f} s, imports {1000 * median(imports_s):.0f} ms; {DEVICES} devices",
            value=median(one / other for one, other in zip(took_s, imports_s, strict=True)),
            least=5.0,
            aim=3.0,
            invalid=noisy(imports_s),
        )
    ]


async def _pictured(run: BenchRun) -> None:
    while True:
        with suppress(NoContact, HemsError):
            await run.picture()
            return
        await asyncio.sleep(LOOK_S)


async def _imported() -> tuple[float, float]:
    """Seconds and MB of a fresh process that only imports."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", IMPORTS, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    took_s, rss_kb = out.split()
    return float(took_s), float(rss_kb) / 1000.0


async def _memory(run: BenchRun, minutes: float) -> list[Row]:
    bare = [(await _imported())[1] for _ in range(3)]
    before = _rss_mb(run.daemon.pid)
    await asyncio.sleep(60.0 * minutes)
    after = _rss_mb(run.daemon.pid)
    told = f"{after:.1f} MB after {minutes:g} min, bare imports {median(bare):.1f} MB; {DEVICES} devices"
    return [
        Row(
            what="memory of the daemon",
            yardstick="bare imports",
            figure=told,
            value=after / median(bare),
            least=1.6,
            aim=1.35,
        ),
        Row(
            what="its drift",
            yardstick=f"of itself in {minutes:g} min",
            figure=f"{before:.1f} to {after:.1f} MB",
            value=100.0 * (after / before - 1.0),
            unit="%",
            least=2.0,
            aim=2.0,
        ),
    ]


async def _lateness(run: BenchRun) -> list[Row]:
    """Of a timer of 100 ms in the daemon's own loop, with a screen attached, beside one in an empty loop."""
    late, empty = run.where / "late", run.where / "empty"
    run.daemon.send_signal(signal.SIGTERM)
    await run.daemon.wait()
    code = [
        *ending.taken_along(),
        sys.executable,
        "-c",
        FULL,
        str(late),
        str(WARM_S),
        str(EVERY_S),
        str(PROBED_S),
        str(run.site),
    ]
    with (run.where / "daemon.log").open("ab") as log:
        run.daemon = await asyncio.create_subprocess_exec(*code, stdout=log, stderr=log, env=run.environment)
    await _pictured(run)
    async with _screen(run):
        await asyncio.sleep(WARM_S)
        code = [sys.executable, "-c", EMPTY, str(empty), str(PROBED_S), str(EVERY_S)]
        alone = await asyncio.create_subprocess_exec(*code)
        await asyncio.gather(alone.wait(), asyncio.sleep(PROBED_S + 1.0))
    ours, others = _told(late), _told(empty)
    rare, rare_alone = (quantiles(those, n=100, method="inclusive")[98] for those in (ours, others))
    return [
        Row(
            what="lateness of the loop, screen attached",
            yardstick="an empty loop at the same time, p99",
            figure=f"median {1000 * median(ours):.2f} ms, p99 {1000 * rare:.1f} ms; empty {1000 * rare_alone:.1f} ms",
            value=rare / rare_alone,
            least=3.0,
            aim=2.0,
        )
    ]


def _told(path: Path) -> list[float]:
    return [float(one) for one in path.read_text(encoding="ascii").split()]


@asynccontextmanager
async def _screen(run: BenchRun) -> AsyncIterator[None]:
    """The operator's screen, on a terminal that nobody looks at."""
    near, far = pty.openpty()
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: os.read(near, 65_536))
    command = [*ending.taken_along(), sys.executable, "-m", "hems.cli", "tui", "--run-dir", str(run.run_dir)]
    screen = await asyncio.create_subprocess_exec(*command, stdin=far, stdout=far, stderr=far)
    try:
        yield
    finally:
        loop.remove_reader(near)
        screen.kill()
        await screen.wait()
        os.close(near)
        os.close(far)


async def _hang(run: BenchRun) -> list[Row]:
    """The daemon stops in the moment in which the grid fails; what systemd's watchdog does is done here."""
    async with Remote(run.plant_socket) as bench:
        before = (await bench.status())["next"]
        run.daemon.send_signal(signal.SIGSTOP)
        await bench.do("fail_grid")
        await asyncio.sleep(WATCHDOG_S)
        overload = await bench.status()
        run.daemon.send_signal(signal.SIGKILL)
        await run.daemon.wait()
        await run.start_daemon()
        history: list[dict[str, Any]] = []
        passed: float = overload["former"]["dose"]
        async with asyncio.timeout(FIRST_SHED_WITHIN_S):
            while not (sheds := [one["at_s"] for one in history if one["what"] == "coil" and one["value"] is False]):
                await asyncio.sleep(LOOK_S)
                truth = await bench.status(since=before)
                history, passed = truth["history"], max(passed, truth["former"]["dose"])
    opened_s = next(one["at_s"] for one in history if one["what"] == "contact")
    former = load_rig(place("apartments").rig).site.former
    worst_pu = max(abs(w) / va for w, va in zip(overload["former"]["phase_w"], former.phase_va, strict=True))
    took_s, trips = min(sheds) - opened_s, truth["former"]["trips"]
    return [
        Row(
            what="hang on an island, watchdog 6 s, first shed",
            yardstick=f"the inverter's own time to its trip; {worst_pu:.2f} pu after {WATCHDOG_S:g} s",
            figure=f"{took_s:.1f} s, {trips} trips",
            value=trips + passed,
            least=1.0,
            aim=0.5,
        )
    ]


def _rss_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return 0.0 if found is None else int(found[1]) / 1000.0
