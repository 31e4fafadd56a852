"""The walk through all steps: asks a person, has the daemon do small things that end by themselves, compares, records.

Nothing is switched that the person has not agreed to in that very step, and nothing is switched on that was off unless
the person says that it may stay on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hems.commission.measure import Judged, Level, Look, judge_power, judge_switch, level, series
from hems.commission.steps import Kind, Step, sign_words
from hems.model import wiring
from hems.model.proof import Verdict
from hems.model.site import Circuit, Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role, Wiring, circuit_of
from hems.wording import duration, kw, tier_name
from hems.wording.language import N_, say

LOOKS = 5
LOOK_EVERY_S = 1.0
OFF_S = 60.0
"""How long a circuit's override lasts at most; it is ended as soon as enough has been seen."""
FOLLOW_S = 15.0
"""Within this a switch must be seen to follow."""
SETTLE_S = 2.0
"""Until meters show what has changed."""
BACK_S = 600.0
"""Longest wait for a circuit to come back: a compressor's pause and the waits after a return of the grid."""
STEER_S = 30.0
TRIES = 3
"""Measurements are repeated as often when another circuit switched in between."""


class Stopped(Exception):
    """The person wants to stop; what was proven so far stays."""


class Person(Protocol):
    """Whoever stands at the panel."""

    def tell(self, text: str) -> None:
        """Say something."""

    async def ask(self, question: str, answers: Mapping[str, str]) -> str:
        """One of the keys of `answers`.  Raises: Stopped."""


class House(Protocol):
    """The daemon, as far as it is needed here."""

    async def look(self) -> Look:
        """Everything that is believable now.  Raises: HemsError."""

    async def trial(self, device: str) -> None:
        """Let the device be written to for a while.  Raises: HemsError, in an outage for one."""

    async def override(self, circuit: CircuitId, want: str, seconds: float) -> None:
        """An ordinary override, which ends by itself.  Raises: HemsError."""

    async def steer(self, source: SourceId, power_w: float, seconds: float) -> None:
        """Ask a source for a power for a while.  Raises: HemsError."""

    async def prove(self, step: str, judged: Judged, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        """Record how a step ended.  Raises: HemsError."""

    async def rest(self, seconds: float) -> None:
        """Let time pass."""


VERDICTS = {Verdict.PROVEN: N_("PROVEN."), Verdict.FAILED: N_("FAILED.")}
GIVE = N_("May HEMS have {source} give {kw} for {span}?")
CHARGE = N_("May HEMS have {source} charge with {kw} for {span}?")


def yes_no() -> dict[str, str]:
    """What a person may answer."""
    return {"y": say("yes"), "n": say("no"), "s": say("skip this step")}


def yes_or_skip() -> dict[str, str]:
    """Where a no would prove nothing."""
    return {"y": say("yes"), "s": say("skip this step")}


@dataclass(frozen=True, slots=True)
class Engine:
    """One walk; it can be stopped after any step and taken up again later."""

    site: Site
    wires: Wiring
    house: House
    person: Person

    async def walk(self, steps: Sequence[Step]) -> dict[str, Verdict | None]:
        """Do the steps in order; None for one that was skipped.  Raises: Stopped, HemsError."""
        ends: dict[str, Verdict | None] = {}
        for number, step in enumerate(steps, start=1):
            self.person.tell(
                "\n"
                + say(
                    "Step {number} of {all}: {title}, {place}",
                    number=number,
                    all=len(steps),
                    title=step.title,
                    place=step.place,
                )
            )
            judged = await self._do(step)
            ends[step.id] = judged.verdict if judged is not None else None
            if judged is not None and judged.verdict is not None:
                self.person.tell(f"  {say(VERDICTS[judged.verdict])} {judged.note}".rstrip())
            else:
                self.person.tell(say("  Skipped; it stays open."))
        return ends

    async def _do(self, step: Step) -> Judged | None:
        match step.kind:
            case Kind.READING:
                return await self._reading(step)
            case Kind.RELAY if step.circuit is not None:
                return await self._relay(step, step.circuit)
            case Kind.SETPOINT if step.source is not None:
                return await self._setpoint(step, step.source)
            case _:
                return await self._by_eye(step)

    async def _reading(self, step: Step) -> Judged | None:
        """A person compares a reading with the device's own display."""
        role = step.id.removeprefix("reading/")
        value = (await self.house.look()).get(role)
        if not isinstance(value, int | float):
            self.person.tell(say("  HEMS cannot read it now."))
            return None
        question = say(
            "HEMS reads {watts:+.0f} W {means}. Does the device's own display agree, sign included?",
            watts=value,
            means=sign_words(role),
        )
        answer = await self.person.ask(question, yes_no())
        if answer == "s":
            return None
        judged = Judged(Verdict.PROVEN if answer == "y" else Verdict.FAILED, say("compared with its display"))
        await self.house.prove(step.id, judged, {role: float(value)}, {})
        return judged

    async def _by_eye(self, step: Step) -> Judged | None:
        """Nothing is switched: a person follows the wire."""
        question = say(
            "Follow the wire of {place}. Does it go to the input of the islanding device that permits reconnection, "
            "and does the device stay open without it?",
            place=step.place,
        )
        answer = await self.person.ask(question, yes_no())
        if answer == "s":
            return None
        judged = Judged(Verdict.PROVEN if answer == "y" else Verdict.FAILED, say("seen on the wire, not switched"))
        await self.house.prove(step.id, judged, {}, {})
        return judged

    async def _relay(self, step: Step, circuit: Circuit) -> Judged | None:
        """Open it for a moment, or close one that is off, and see what moves."""
        closed = (await self.house.look()).get(str(wiring.circuit_closed(circuit.id)))
        if not isinstance(closed, bool):
            self.person.tell(say("  The switch of {name} does not answer.", name=circuit.name))
            return None
        if not await self._agreed(circuit, closed):
            return None
        await self.house.trial(step.device)
        try:
            before, after = await self._switched(circuit, on=not closed)
            judged = await self._judged(circuit, before, after, on=not closed)
        finally:
            await self.house.override(circuit.id, "auto", 0.0)
        if judged.verdict is not None:
            await self.house.prove(step.id, judged, before.mean, after.mean if after is not None else {})
        if closed:
            await self._comes_back(circuit)
        return judged

    async def _agreed(self, circuit: Circuit, closed: bool) -> bool:
        if not closed:
            question = say("{name} is OFF. May HEMS switch it ON now, and leave it on afterwards?", name=circuit.name)
        else:
            span = duration(max(OFF_S, circuit.min_off_s))  # once off it rests as long as after any other switching
            ask_people = N_(
                "{name} is in the group {group}. Do its people know, and may HEMS switch it OFF for about {span}?"
            )
            form = ask_people if circuit.tier <= Tier.ESSENTIAL else N_("May HEMS switch {name} OFF for about {span}?")
            question = say(form, name=circuit.name, group=tier_name(circuit.tier), span=span)
        return await self.person.ask(question, yes_or_skip()) == "y"

    async def _switched(self, circuit: Circuit, *, on: bool) -> tuple[Level, Level | None]:
        """Levels before and after; no second one if the switch has not followed."""
        for _ in range(TRIES):
            others = await self._positions(circuit)
            before = await self._level(circuit)
            await self.house.override(circuit.id, "on" if on else "off", OFF_S)
            if not await self._until(circuit, closed=on, within_s=FOLLOW_S):
                return before, None
            await self.house.rest(SETTLE_S)
            after = await self._level(circuit)
            if await self._positions(circuit) == others or on:
                return before, after
            self.person.tell(say("  Another circuit switched meanwhile; measuring again."))
            await self.house.override(circuit.id, "auto", 0.0)
            if not await self._until(circuit, closed=True, within_s=BACK_S):
                return before, after
        return before, after

    async def _judged(self, circuit: Circuit, before: Level, after: Level | None, *, on: bool) -> Judged:
        """By the meters; that it was this circuit and no other, only its own meter or a person can say."""
        way = say("ON") if on else say("OFF")
        if after is None:
            return Judged(Verdict.FAILED, say("its switch did not go {way} when told to", way=way))
        judged = judge_switch(circuit, self.site, before, after, on=on)
        if judged.verdict is Verdict.FAILED or (judged.verdict and str(wiring.circuit_power(circuit.id)) in after.mean):
            return judged
        self.person.tell(say("  Measured: {note}.", note=judged.note))
        question = say("Did {name} go {way}, and nothing else?", name=circuit.name, way=way)
        answer = await self.person.ask(question, yes_no())
        verdict = {"y": Verdict.PROVEN, "n": Verdict.FAILED}.get(answer)
        seen = say("seen at the panel") if answer == "y" else say("not what was seen at the panel")
        return Judged(verdict, f"{judged.note}; {seen}")

    async def _comes_back(self, circuit: Circuit) -> None:
        self.person.tell(say("  {name} is handed back; waiting for HEMS to switch it on again.", name=circuit.name))
        if not await self._until(circuit, closed=True, within_s=BACK_S):
            self.person.tell(
                say("  {name} IS STILL OFF. See `hems status`, or use its hand switch.", name=circuit.name)
            )

    async def _setpoint(self, step: Step, source: SourceId) -> Judged | None:
        """A small power for a moment, and what its own meter shows."""
        asked_w, role = self._trial_w(source), self._power_role(source)
        battery = any(one.id == source for one in self.site.batteries)
        ready = "" if battery else say("Is a car plugged in that may do this? ")
        question = ready + say(GIVE if asked_w > 0.0 else CHARGE, source=source, kw=kw(asked_w), span=duration(STEER_S))
        if await self.person.ask(question, yes_or_skip()) != "y":
            return None
        await self.house.trial(step.device)
        before = await self._level(None)
        try:
            await self.house.steer(source, asked_w, STEER_S)
            await self.house.rest(STEER_S / 2.0)
            after = await self._level(None)
        finally:
            await self.house.steer(source, 0.0, 1.0)
        judged = judge_power(asked_w, before, after, role)
        if judged.verdict is None:
            self.person.tell(f"  {judged.note}.")
            return judged
        await self.house.prove(step.id, judged, before.mean, after.mean)
        return judged

    def _trial_w(self, source: SourceId) -> float:
        """Small, but more than the smallest it can do."""
        bay = next((one for one in self.site.bays if one.id == source), None)
        if bay is None:
            return min(2000.0, 0.5 * next(one for one in self.site.batteries if one.id == source).discharge_max_w)
        return 2.0 * bay.discharge_min_w if bay.bidirectional else -1.1 * bay.charge_min_w

    def _power_role(self, source: SourceId) -> str:
        bays = {one.id for one in self.site.bays}
        return str(wiring.bay_power(source) if source in bays else wiring.battery_power(source))

    async def _level(self, circuit: Circuit | None) -> Level:
        """Some looks, one after the other, at the load by phase and at every power that is read."""
        looks = []
        for number in range(LOOKS):
            if number:
                await self.house.rest(LOOK_EVERY_S)
            look = await self.house.look()
            wanted = [str(wiring.circuit_power(circuit.id))] if circuit is not None else list(look)
            powers = {
                name: float(value)
                for name in wanted
                if name.endswith("power_w") and isinstance(value := look.get(name), int | float)
            }
            looks.append({**series(look, self.site, self.wires), **powers})
        return level(looks)

    async def _positions(self, circuit: Circuit) -> dict[str, object]:
        """Where all other switches are."""
        look, own = await self.house.look(), str(wiring.circuit_closed(circuit.id))
        return {name: value for name, value in look.items() if circuit_of(Role(name)) and name != own}

    async def _until(self, circuit: Circuit, *, closed: bool, within_s: float) -> bool:
        role, waited_s = str(wiring.circuit_closed(circuit.id)), 0.0
        while (await self.house.look()).get(role) is not closed:
            if waited_s >= within_s:
                return False
            await self.house.rest(LOOK_EVERY_S)
            waited_s += LOOK_EVERY_S
        return True
