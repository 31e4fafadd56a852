"""Circuits and their groups as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from hems.model.mode import Bus
from hems.model.picture import CircuitPicture, Picture, TierPicture
from hems.model.site import Tier
from hems.tui.format import UNKNOWN, Part, Row, Tone, row
from hems.tui.when import bare, roughly, since
from hems.wording import duration, kw, tier_name
from hems.wording.language import say

ROOMY = 58
"""Columns from which a circuit's row says in words what it otherwise says in one."""
STATE_WIDTH = 36
"""Columns that a group's state and outlook have in a window of 80."""


def group_heading() -> Row:
    """Names of the columns of `group_row`."""
    return row(say(" GROUP                 CIRCUITS       NOW   STATE"))


def group_row(picture: Picture, group: TierPicture) -> Row:
    """`Comfort   3 circuits   1.2 kW   ON   goes off NEXT`."""
    noun = f"{say('circuit') if group.circuits == 1 else say('circuits'):<8}"
    state, outlooks = _group_state(picture, group)
    tone = Tone.STRONG if group.next_off else Tone.PLAIN
    told = [f"{state:<5}{note}" if len(state) < 5 else f"{state}  {note}" for note in outlooks]
    return row(
        f" {tier_name(group.tier):<20}{group.circuits:3} {noun}{kw(group.power_w):>8}   ",
        Part(next((text for text in told if len(text) <= STATE_WIDTH), told[-1]), tone),
    )


def _group_state(picture: Picture, group: TierPicture) -> tuple[str, Sequence[str]]:
    """On or off, and until when: in words, and in fewer for where these do not fit."""
    mine = [circuit for circuit in picture.circuits if circuit.tier is group.tier]
    silent = [circuit for circuit in mine if circuit.closed is None and circuit.sheddable]
    if picture.bus is Bus.DEAD:
        return say("NO POWER"), [""]
    if silent:
        return UNKNOWN, [say("{len} of {circuits} do not answer", len=len(silent), circuits=group.circuits)]
    if group.tier is Tier.LIFE_SAFETY:
        return say("ON"), [say("never switched off")]
    if group.on == 0:
        return say("OFF"), [since(picture, group.off_since_s) if group.off_since_s is not None else ""]
    state = (
        say("ON") if group.on == group.circuits else say("{on} of {circuits} ON", on=group.on, circuits=group.circuits)
    )
    return state, _group_outlook(picture, group)


def _group_outlook(picture: Picture, group: TierPicture) -> Sequence[str]:
    if not picture.mode.on_island:
        return [""]
    mine = [circuit for circuit in picture.circuits if circuit.tier is group.tier and circuit.sheddable]
    if picture.armed and mine and all(circuit.watched_only for circuit in mine):
        return [say("NOT ARMED: stays as it is"), say("NOT ARMED")]
    if group.next_off:
        when = None if group.hours_left is None else roughly(picture, group.hours_left)
        brief = say("NEXT off") if when is None else say("NEXT off {when}", when=when)
        return [say("goes off NEXT{when}", when="" if when is None else f", {when}"), brief]
    if group.by_price:
        return [say("while there is energy for it"), say("while energy lasts")]
    if group.until_soc_pct is None:
        return [say("stays on")]
    return [
        say("until stored energy is {until_soc_pct:.0f}%", until_soc_pct=group.until_soc_pct),
        say("until {until_soc_pct:.0f}% stored", until_soc_pct=group.until_soc_pct),
    ]


@dataclass(frozen=True, slots=True)
class _State:
    """What a circuit does, why in words, and the same in one word."""

    does: str
    note: str = ""
    brief: str = ""
    tone: Tone = Tone.PLAIN


def circuit_rows(picture: Picture, width: int, most: int) -> tuple[Row, ...]:
    """All circuits, the most important first, in at most `most` rows with their heading."""
    ordered = sorted(picture.circuits, key=lambda circuit: circuit.tier)
    shown = ordered if len(ordered) < most else ordered[: max(0, most - 2)]
    heading = row(f" {say('CIRCUIT'):<{_name_width(width)}}{say('NOW'):>7}  {say('STATE')}")
    rows = [heading, *(_circuit_row(picture, circuit, width) for circuit in shown)]
    if len(shown) < len(ordered):
        rows.append(row(say(" ... and {what} more", what=len(ordered) - len(shown))))
    return tuple(rows[:most])


def _name_width(width: int) -> int:
    return 24 if width >= ROOMY else 18


def _circuit_row(picture: Picture, circuit: CircuitPicture, width: int) -> Row:
    state, space = _circuit_state(picture, circuit), _name_width(width)
    note = state.note if width >= ROOMY else state.brief
    does = Part(f"{state.does:<4}{note}".rstrip(), state.tone)
    return row(f" {circuit.name[:space]:<{space}}{kw(circuit.power_w):>7}  ", does)


def _circuit_state(picture: Picture, circuit: CircuitPicture) -> _State:
    wanted = say("ON") if circuit.wanted else say("OFF")
    if circuit.unsent:
        told = say("would be {wanted}: NOT ARMED", wanted=wanted)
        return _State(say("ON") if circuit.closed else say("OFF"), told, say("NOT ARMED"), Tone.STRONG)
    if circuit.disobeys:
        return _State(wanted, say("asked for, DOES NOT OBEY"), say("DISOBEYS"), Tone.HIGH)
    if circuit.closed is None and circuit.sheddable:
        return _State(UNKNOWN, say("no answer, wanted {wanted}", wanted=wanted), say("SILENT"), Tone.MED)
    if circuit.override_who:
        left = (
            ""
            if circuit.override_left_s is None
            else say(", {duration} left", duration=duration(round(circuit.override_left_s)))
        )
        return _State(
            wanted,
            say("by hand: {override_who}{left}", override_who=circuit.override_who, left=left),
            say("by hand"),
            Tone.STRONG,
        )
    if circuit.closed is not None and circuit.closed is not circuit.wanted:
        return _State(
            say("ON") if circuit.closed else say("OFF"),
            say("going {wanted}", wanted=wanted),
            say("to {wanted}", wanted=wanted),
            Tone.STRONG,
        )
    if not circuit.wanted:
        at = since(picture, circuit.since_s)
        return _State(wanted, at, bare(at))
    if circuit.next_off and circuit.watched_only:
        return _State(wanted, say("would go off next: NOT ARMED"), say("NOT ARMED"), Tone.STRONG)
    if circuit.next_off:
        return _State(wanted, say("goes off next"), say("next off"), Tone.STRONG)
    return _State(wanted, *((say("never switched off"), say("locked")) if circuit.tier is Tier.LIFE_SAFETY else ()))


def names(circuits: Sequence[CircuitPicture]) -> str:
    """`Laundry, Gym`."""
    return ", ".join(circuit.name for circuit in circuits)
