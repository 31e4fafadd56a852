"""What engineers ask about single devices: what they say, and whether they may be commanded."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hems.model.codec import to_plain
from hems.model.errors import RequestError, StoreError
from hems.model.listing import REMEDY
from hems.model.people import PersonRole
from hems.model.point import row_of
from hems.model.proof import Proof, Unproven, Verdict
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.clock import Clock
from hems.runtime.asked.words import SHORTEST_REASON, is_number, who_asks, words
from hems.runtime.board import Board
from hems.runtime.fleet import Fleet
from hems.runtime.goes_on import GoesOn
from hems.runtime.inquiry import Inquiry
from hems.runtime.proving import Proving
from hems.wording.language import N_, say

Answer = Awaitable[Mapping[str, Any]]
Do = Callable[[Mapping[str, Any], PersonRole, str], Answer]


HAND_BACK_WITHIN_S = 3.0
"""A person waits for it, and a device that does not answer is left as it is."""
TRIAL_MAX_S = 1800.0
"""Longest time a device may be written to on trial before that is asked for again."""


class Toolbox:
    """Answers requests about devices; the desk passes them on."""

    def __init__(
        self,
        fleet: Fleet,
        board: Board,
        proving: Proving,
        clock: Clock,
        *,
        islanded: Callable[[], bool],
        goes_on: GoesOn,
        more: Mapping[str, Do] | None = None,
    ) -> None:
        """`more` are requests that are answered elsewhere, such as those of `hems.runtime.archive`."""
        self._fleet = fleet
        self._board = board
        self._proving = proving
        self._clock = clock
        self._islanded = islanded
        self._goes_on = goes_on
        self._inquiry = Inquiry(fleet, board, clock)
        self.does: Mapping[str, Do] = {
            "read": self._read,
            "ask": self._ask,
            "proofs": self._proofs,
            "trial": self._trial,
            "prove": self._prove,
            "arm": self._arm,
            "disarm": self._disarm,
            **(more or {}),
        }
        """Requests by name."""

    async def _read(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Every point of one device, or of all, as it was last delivered; asks the devices nothing."""
        if "device" not in args:
            return {"devices": [self._table(device) for device in self._fleet.devices]}
        return self._table(self._one(args["device"]))

    async def _ask(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Put one question to a device, which changes nothing, and tell how it answered."""
        return await self._inquiry.ask(self._one(args.get("device")))

    def _table(self, device: DeviceId) -> Mapping[str, Any]:
        now_s = self._clock.mono_s()
        rows = [
            row_of(
                name,
                self._board.points.get(Port(device, name)),
                now_s,
                serves=tuple(self._board.roles_at(Port(device, name))),
            )
            for name in self._fleet.vocabulary[device]
        ]
        health = self._fleet.health(now_s)[device]
        lost_s = None if health.lost_since_s is None else now_s - health.lost_since_s
        told = {"device": device, "link": health.link, "detail": health.detail, "armed": health.armed}
        told |= {"reads_only": health.reads_only, "lost_for_s": lost_s}
        return {**told, "points": [to_plain(row) for row in rows]}

    async def _proofs(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Every step there is, how it stands, and which devices may be armed."""
        proving = self._proving
        steps = [
            {
                "step": step,
                "device": proving.device_of(step),
                "state": proving.state_of(step),
                "proof": to_plain(proving.shown(step)),
            }
            for step in proving.steps()
        ]
        missing = {device: list(proving.missing(device)) for device in self._fleet.devices}
        unproven = {device: one.reason for device, one in proving.record.unproven().items()}
        return {"steps": steps, "missing": missing, "unproven": unproven}

    async def _trial(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Let a device be written to for a while, so that it can be proven; never during an outage."""
        device, now = self._one(args.get("device")), self._clock.now()
        seconds = args.get("seconds", 0.0)
        if not is_number(seconds) or not 0.0 <= seconds <= TRIAL_MAX_S:
            raise RequestError(say("Say for how many seconds: 0 to end it, at most {most_s:.0f}.", most_s=TRIAL_MAX_S))
        if seconds and self._islanded():
            raise RequestError(say("The building runs on its own power: nothing is tried out now. Wait for the grid."))
        if seconds:
            self._require_listed([device])
            self._fleet.try_out(device, until_s=now.mono_s + seconds)
        else:
            self._fleet.end_trial(device)
        return {"device": device, "seconds": seconds}

    async def _prove(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Record how a step ended.  It disarms the device if that was armed for other proofs."""
        step, now = str(args.get("step")), self._clock.now()
        device = self._proving.device_of(step)
        if device is None:
            raise RequestError(say("There is no step {step} in this building.", step=step[:60]))
        proof = self._read_proof(args, step, device)
        try:
            await asyncio.to_thread(self._proving.record.add, proof)
            if self._fleet.is_armed(device):
                self._fleet.disarm(device, at=now, keep_trial=True)
                await asyncio.to_thread(self._proving.record.forget_unproven, device)
        except StoreError as error:
            raise RequestError(say("The result is not recorded: {error}", error=error)) from error
        return {"step": step, "device": device, "missing": list(self._proving.missing(device))}

    def _read_proof(self, args: Mapping[str, Any], step: str, device: DeviceId) -> Proof:
        who, utc = words(args, "who"), self._clock.now().utc
        if not who:
            raise RequestError(say("Say who has proven it: a name stands for each result."))
        try:
            verdict = Verdict(str(args.get("verdict")))
            before, after = _numbers(args.get("before", {})), _numbers(args.get("after", {}))
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise RequestError("A result needs a verdict, proven or failed, and numbers before and after.") from error
        return Proof(
            step=step,
            device=device,
            verdict=verdict,
            who=who,
            at="" if utc is None else utc.isoformat(timespec="seconds"),
            basis=self._proving.basis(step, device),
            before=before,
            after=after,
            note=words(args, "note"),
        )

    async def _arm(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Arm what is proven; what is not, only with a reason, which is recorded."""
        devices, armed, reason = self._named(args), list[DeviceId](), words(args, "unproven")
        disarmings = self._fleet.disarmings
        self._require_listed(devices)
        lacking = {device: missing for device in devices if (missing := self._proving.missing(device))}
        if lacking and len(reason) < SHORTEST_REASON:
            raise RequestError(_not_proven(lacking))
        try:
            for device in devices:
                await self._arm_one(device, reason if device in lacking else "", args, disarmings)
                armed.append(device)
        except StoreError as error:
            still = [device for device in armed if self._fleet.is_armed(device)]
            done = f" Armed were {', '.join(still)}." if still else ""
            raise RequestError(f"Not armed: {error}{done}") from error
        return {"armed": armed, "unproven": sorted(lacking)}

    async def _arm_one(self, device: DeviceId, reason: str, args: Mapping[str, Any], disarmings: int) -> None:
        who, now = who_asks(args), self._clock.now()
        if reason:
            at = "" if now.utc is None else now.utc.isoformat(timespec="seconds")
            one = Unproven(device=device, reason=reason, who=who, at=at)
            await asyncio.to_thread(self._proving.record.arm_unproven, one)
        else:
            await asyncio.to_thread(self._proving.record.forget_unproven, device)
        await self._fleet.arm(device, who=who, at=now, disarmings=disarmings)

    def _require_listed(self, devices: Sequence[DeviceId]) -> None:
        """Raises: RequestError for what may only be watched until the certified device is declared."""
        watched = [device for device in devices if device in self._fleet.watched]
        if watched:
            raise RequestError(
                "No certified disconnect device (MID) is declared, so what feeds the building or lets it rejoin the "
                f"grid may only be watched ({', '.join(watched)}): {REMEDY}."
            )

    async def _disarm(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Hand back and forbid writing; that it was unproven is forgotten as far as the disk allows.

        `as_it_is` when nothing at all shall be sent any more, not even what hands back.
        """
        devices = self._named(args)
        back = self._goes_on.may_be_handed_back and args.get("as_it_is") is not True
        failed = await self._fleet.dismiss(devices, at=self._clock.now(), hand_back=back, within_s=HAND_BACK_WITHIN_S)
        for device in devices:
            with contextlib.suppress(StoreError):
                await asyncio.to_thread(self._proving.record.forget_unproven, device)
        return {"disarmed": list(devices), "goes_on": self._goes_on.told(devices, failed, handed_back=back)}

    def _named(self, args: Mapping[str, Any]) -> tuple[DeviceId, ...]:
        asked = args.get("devices", "all")
        if asked == "all":
            return tuple(self._fleet.devices)
        names = [asked] if isinstance(asked, str) else asked
        if not isinstance(names, list) or not names:
            raise RequestError(say("Name the devices in a list, or say all."))
        return tuple(self._one(name) for name in names)

    def _one(self, asked: object) -> DeviceId:
        """The device of that name.  Raises: RequestError, naming all there are."""
        if str(asked) not in self._fleet.devices:
            known = ", ".join(sorted(self._fleet.devices))
            raise RequestError(say("There is no device {name}; there are {known}.", name=str(asked)[:40], known=known))
        return DeviceId(str(asked))


def _numbers(given: Mapping[str, Any]) -> dict[str, float]:
    return {words({"name": name}, "name")[:60]: round(float(value), 1) for name, value in list(given.items())[:20]}


def _not_proven(lacking: Mapping[DeviceId, tuple[Role, ...]]) -> str:
    device, steps = next(iter(lacking.items()))
    names = f"{device} ({', '.join(steps[:3])}{', ...' if len(steps) > 3 else ''})"
    told = N_("Not proven is {devices}. Run hems commission, or arm with --unproven REASON, which is recorded.")
    return say(told, devices=", ".join([names, *list(lacking)[1:]]))
