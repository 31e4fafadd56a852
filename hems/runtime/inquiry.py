"""A question of its own to one device, because a person wants to see it answer.

It goes through the device's driver and its queue, after every command; the tick neither waits for it nor learns of it.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from hems.model.errors import RequestError
from hems.model.units import DeviceId
from hems.ports.clock import Clock
from hems.ports.device import Answer, Heard
from hems.runtime.board import Board
from hems.runtime.fleet import Fleet
from hems.wording import duration
from hems.wording.language import N_, say

WITHIN_S = 5.0
"""Longest time that somebody waits for an answer."""
PAUSE_S = 1.0
"""After an answer, before the next question to any device: nobody may keep a line busy by holding down a key."""
GOOD = N_("{device} was asked just now and answered in {ms:.0f} ms.")
NO_GOOD = N_("{device} was asked just now and gave no good answer in {took_s:.1f} s: {why}.")
SPEAKS = N_("{device} speaks by itself and cannot be asked. Its last word came {age} ago.")
SPEAKS_NOT = N_("{device} speaks by itself and cannot be asked. It has said nothing yet.")
BUSY = N_(
    "Nothing is asked of {device} now: commands wait for its line, or the building is only just on its own power."
)
LEFT_ALONE = N_("Nothing is asked of {device} now: it went away with the grid.")
NOT_TRUSTED = N_("HEMS leaves {device} alone: {why}.")
ONE_AT_A_TIME = N_("Another device is being asked just now: try again in a second.")


class Inquiry:
    """One question at a time, in the whole building."""

    def __init__(self, fleet: Fleet, board: Board, clock: Clock) -> None:
        self._fleet = fleet
        self._board = board
        self._clock = clock
        self._asking = False
        self._free_s = float("-inf")

    async def ask(self, device: DeviceId) -> Mapping[str, Any]:
        """What became of it, in s and in a sentence.  Raises: RequestError for what is not asked now."""
        begun_s = self._now_s()
        if self._asking or begun_s < self._free_s:
            raise RequestError(say(ONE_AT_A_TIME))
        self._asking = True
        try:
            heard = await self._heard(device)
        finally:
            self._asking, self._free_s = False, self._now_s() + PAUSE_S
        took_s = self._now_s() - begun_s
        return {"device": device, "answer": heard.answer, "took_s": took_s, "said": self._said(device, heard, took_s)}

    async def _heard(self, device: DeviceId) -> Heard:
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._fleet.devices[device].ask(device)
        except TimeoutError:
            return Heard(answer=Answer.NONE, detail=say("it was waited for no longer"))

    def _said(self, device: DeviceId, heard: Heard, took_s: float) -> str:
        match heard.answer:
            case Answer.GOOD:
                return say(GOOD, device=device, ms=took_s * 1000.0)
            case Answer.NONE:
                return say(NO_GOOD, device=device, took_s=took_s, why=heard.detail.rstrip("."))
            case Answer.SPEAKS:
                return self._last_word(device)
            case Answer.BUSY:
                raise RequestError(say(BUSY, device=device))
            case Answer.LEFT_ALONE if heard.detail:
                raise RequestError(say(NOT_TRUSTED, device=device, why=heard.detail.rstrip(".")))
            case Answer.LEFT_ALONE:
                raise RequestError(say(LEFT_ALONE, device=device))

    def _last_word(self, device: DeviceId) -> str:
        taken_s = [reading.taken_s for port, reading in self._board.points.items() if port.device == device]
        if not taken_s:
            return say(SPEAKS_NOT, device=device)
        return say(SPEAKS, device=device, age=duration(self._now_s() - max(taken_s)))

    def _now_s(self) -> float:
        return self._clock.mono_s()
