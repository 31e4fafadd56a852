"""Looking for devices while the daemon runs: it asks through its own links where it has some, and opens others itself.

The search works in a thread of its own, because comparing what answers with all known products takes longer than a
cycle may; only its questions to links in use are put in the daemon's own event loop.  It reads only, lets everything
else go first, and ends when an outage begins or nobody waits for it any more.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hems.model.codec import to_plain
from hems.model.contained import contained
from hems.model.errors import HemsError, RequestError
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.people import PersonRole
from hems.ports.device import DriverFactory, Found, Held, Sought
from hems.runtime.asked.words import is_number
from hems.runtime.toolbox import Do
from hems.wording.language import N_, say

log = logging.getLogger(__name__)

OUTAGE = ISLAND_MODES | {Mode.ISLANDING_PLANNED, Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START}
NOT_NOW = N_("Nothing is looked for while the building is without the grid: the lines belong to what keeps it on.")
LOOK_S = 0.1
"""Between two looks at whether to go on."""
FORGOTTEN_S = 5.0
"""Without a question for progress, whoever asked is gone."""
MOST_UNITS, LONGEST_LISTEN_S = 256, 120.0
MOST_SAID = 5000


@dataclass(slots=True, kw_only=True)
class Looking:
    """One search under way; filled by its thread, read by the daemon."""

    number: int
    sought: Sought
    drivers: Sequence[str]
    said: list[str] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    trouble: str = ""
    done: bool = False
    asked_s: float = 0.0
    loop: asyncio.AbstractEventLoop | None = None
    end: asyncio.Event | None = None

    def tell(self, text: str) -> None:
        """Progress."""
        if len(self.said) < MOST_SAID:
            self.said.append(text)

    def stop(self, why: str) -> None:
        """Ask the thread to end."""
        self.trouble = self.trouble or why
        if self.loop is not None and self.end is not None:
            with suppress(RuntimeError):  # it has just ended by itself
                self.loop.call_soon_threadsafe(self.end.set)


class Search:
    """Answers the requests `probe` and `probed`."""

    def __init__(
        self,
        factories: Mapping[str, DriverFactory],
        shared: Mapping[str, Any],
        *,
        mode: Callable[[], Mode],
    ) -> None:
        self._factories = factories
        self._shared = shared
        self._mode = mode
        self._last: Looking | None = None
        self._watching: asyncio.Task[None] | None = None
        self.does: Mapping[str, Do] = {"probe": self._begin, "probed": self._told}
        """Requests by name."""

    async def _begin(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Begin to look; what comes of it is asked for with `probed`."""
        if self._mode() in OUTAGE:
            raise RequestError(say(NOT_NOW))
        if self._last is not None and not self._last.done:
            busy = N_("Somebody is looking for devices at {place}: wait until that ends.")
            raise RequestError(say(busy, place=self._last.sought.place))
        sought, home = _sought(args), asyncio.get_running_loop()
        number = 1 if self._last is None else self._last.number + 1
        looking = Looking(number=number, sought=sought, drivers=self._chosen(args), asked_s=home.time())
        self._last = looking
        held = Held(shared=dict(self._shared), there=lambda asked: _in(home, asked))
        threading.Thread(target=self._look, args=(looking, held), name="probe", daemon=True).start()
        self._watching = asyncio.create_task(self._watch(looking), name="watch the probe")
        return {"search": number}

    async def _told(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """What a search has said after the first `after` lines, and whether it is over."""
        looking = self._last
        if looking is None or looking.number != args.get("search"):
            raise RequestError(say("There is no such search any more: begin it again."))
        looking.asked_s = asyncio.get_running_loop().time()
        after = args.get("after", 0)
        done = looking.done  # before the rest, so that nothing said in between is missed
        said = looking.said[after if isinstance(after, int) and after >= 0 else 0 :]
        return {"said": said, "done": done, "found": to_plain(looking.found), "trouble": looking.trouble}

    def _chosen(self, args: Mapping[str, Any]) -> list[str]:
        asked = args.get("driver")
        if asked is not None and asked not in self._factories:
            raise RequestError(
                f"There is no driver {str(asked)[:40]}; installed are {', '.join(sorted(self._factories))}."
            )
        return sorted(self._factories) if asked is None else [str(asked)]

    async def _watch(self, looking: Looking) -> None:
        home = asyncio.get_running_loop()
        while not looking.done:
            if self._mode() in OUTAGE:
                looking.stop(f"{say('The search was ended.')} {say(NOT_NOW)}")
            elif home.time() - looking.asked_s > FORGOTTEN_S:
                looking.stop(say("The search was ended, because nobody waited for it."))
            await asyncio.sleep(LOOK_S)

    def _look(self, looking: Looking, held: Held) -> None:
        """The thread."""
        try:
            looking.trouble = self._looked(looking, held) or looking.trouble
        finally:
            looking.done = True  # last: whoever sees it reads what is told

    def _looked(self, looking: Looking, held: Held) -> str:
        """What went wrong, if anything that nobody has told yet."""
        with contained() as search:  # a fault in looking must not show as one in control
            asyncio.run(self._until_told(looking, held))
        if search.fault is None:
            return ""
        if isinstance(search.fault, HemsError):
            return looking.trouble or str(search.fault)
        log.error("The search at %s failed.", looking.sought.place, exc_info=search.fault)
        return say("The search failed; the log of HEMS says where.")

    async def _until_told(self, looking: Looking, held: Held) -> None:
        looking.end, looking.loop = asyncio.Event(), asyncio.get_running_loop()
        work = asyncio.create_task(self._everything(looking, held))
        end = asyncio.create_task(looking.end.wait())
        try:
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, end):
                task.cancel()
            await asyncio.wait({work, end})

    async def _everything(self, looking: Looking, held: Held) -> None:
        for name in looking.drivers:
            async for one in self._factories[name].probe(looking.sought, looking.tell, held):
                looking.found.append(one)


async def _in(home: asyncio.AbstractEventLoop, asked: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked, home))


def _sought(args: Mapping[str, Any]) -> Sought:
    """Raises: RequestError."""
    kind, place, port = args.get("kind"), args.get("place"), args.get("port")
    units, listen_s = args.get("units", [1]), args.get("listen_s", 15.0)
    if kind not in ("tcp", "rtu", "mqtt") or not isinstance(place, str) or not place:
        raise RequestError("Say where to look: kind is tcp, rtu or mqtt, and place the host, port or broker.")
    if not (port is None or _is_whole(port, 1, 65535)):
        raise RequestError("A port is a number from 1 to 65535.")
    if not isinstance(units, list) or len(units) > MOST_UNITS or not all(_is_whole(unit, 0, 255) for unit in units):
        raise RequestError("Give the units as a list of numbers from 0 to 255.")
    if not is_number(listen_s) or not 0.0 <= listen_s <= LONGEST_LISTEN_S:
        raise RequestError(f"Say for how many seconds to listen: at most {LONGEST_LISTEN_S:g}.")
    return Sought(kind=kind, place=place, port=port, units=tuple(units), listen_s=float(listen_s))


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
