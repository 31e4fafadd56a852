"""The whole life of a daemon as a process: its event loop, its signals, and an end that nothing can hold up."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from hems.app import END_WITHIN_S, STOP_WITHIN_S, Daemon
from hems.config.site_file import SiteFile
from hems.model.errors import ConfigError, HemsError
from hems.outlook.process import OutlookProcess
from hems.plan.process import PlanProcess
from hems.ports.clock import Clock
from hems.ports.device import DriverFactory
from hems.runtime.outlook import WithPlan
from hems.runtime.process import gone_within, one_heap, sole_instance
from hems.wording.language import use

log = logging.getLogger(__name__)

SETTLED_S = 10.0
"""After so long everything that stays has been made."""


def run(
    site_file: SiteFile,
    drivers: Mapping[str, DriverFactory],
    *,
    clock: Clock,
    last_good: Path | None = None,
    card: Callable[[], str] | None = None,
) -> int:
    """The whole life of a daemon; returns its exit code."""
    one_heap()
    use(site_file.site.language)
    try:
        with sole_instance(site_file.settings.run_dir), asyncio.Runner(loop_factory=_fastest_loop()) as runner:
            seed = int.from_bytes(os.urandom(4))
            runner.run(serve(site_file, drivers, clock=clock, seed=seed, last_good=last_good, card=card))
    except ConfigError:
        raise
    except HemsError as error:
        log.error("%s", error)
        return 1
    return 0


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop of the extra `fast`, where that is installed; else Python's own."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    make: Callable[[], asyncio.AbstractEventLoop] = new_event_loop
    return make


async def serve(
    site_file: SiteFile,
    drivers: Mapping[str, DriverFactory],
    *,
    clock: Clock,
    seed: int,
    last_good: Path | None,
    card: Callable[[], str] | None = None,
) -> None:
    """Run the daemon until a signal asks it to stop: SIGTERM and SIGINT in good order, SIGHUP holding all as it is."""
    daemon = Daemon(
        site_file,
        drivers,
        clock=clock,
        seed=seed,
        told_to_stop=lambda: gone_within(STOP_WITHIN_S, "stopping"),
        outlook=WithPlan(OutlookProcess(), PlanProcess()),
        last_good=last_good,
        card=card,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stop)
    loop.add_signal_handler(signal.SIGHUP, daemon.hang_up)
    loop.call_later(SETTLED_S, _settle)
    try:
        await daemon.run()
    finally:
        gone_within(END_WITHIN_S, ", ".join(daemon.left_behind) or "the interpreter")


def _settle() -> None:
    """What is there now is never looked at again for garbage, which would stop the cycle for a tenth of a second."""
    gc.collect()
    gc.freeze()
    gc.enable()
