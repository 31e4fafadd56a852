"""The circuits, one by one: on or off, since when, why, and until when somebody wants it so."""

from collections.abc import Sequence
from datetime import timedelta

from hems.model.cause import Why
from hems.model.picture import CircuitPicture, Picture
from hems.model.site import Tier
from hems.tui.format import UNKNOWN, Part, Tone, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.text.notes import names_in
from hems.tui.when import local_time, roughly, since
from hems.wording import clock_time, duration, kw, sentence, tier_name
from hems.wording.language import say

HEADING = row("  CIRCUIT            GROUP             NOW  IS   WHY / UNTIL WHEN")


def circuit_list(picture: Picture, chosen: str, find: str, width: int) -> Listing:
    """The circuits whose row has `find` in it, the most important first."""
    shown = ordered(picture, find)
    items = [_item(picture, circuit) for circuit in shown]
    told = next((circuit for circuit in shown if circuit.id == chosen), None)
    details = () if told is None else paragraphs(about(picture, told), detail_width(width))
    return Listing((HEADING,), items, details, empty=say('No circuit is called "{find}".', find=find))


def ordered(picture: Picture, find: str) -> list[CircuitPicture]:
    """The circuits with `find` in their name or group, the most important first."""
    return [circuit for circuit in sorted(picture.circuits, key=lambda one: one.tier) if _matches(circuit, find)]


def in_a_line(picture: Picture, circuit: CircuitPicture) -> str:
    """The row as a sentence: `Laundry (Non-essential): OFF, 0.0 kW, since 13:07`."""
    position, why, _ = _stands(picture, circuit)
    position = say("not known") if position == UNKNOWN else position
    return f"{circuit.name} ({tier_name(circuit.tier)}): {position}, {kw(circuit.power_w)}, {why}."


def _matches(circuit: CircuitPicture, find: str) -> bool:
    return find.lower() in f"{circuit.name} {tier_name(circuit.tier)}".lower()


def _item(picture: Picture, circuit: CircuitPicture) -> Item:
    position, why, tone = _stands(picture, circuit)
    head = f" {circuit.name[:18]:<18} {tier_name(circuit.tier)[:13]:<13}{kw(circuit.power_w):>8}  "
    return Item(circuit.id, row(head, Part(f"{position:<4} {why}", tone)))


def _stands(picture: Picture, circuit: CircuitPicture) -> tuple[str, str, Tone]:
    """What its switch says, why in a few words, and how far that is from normal."""
    wanted, is_on = _on(circuit.wanted), UNKNOWN if circuit.closed is None else _on(circuit.closed)
    if circuit.tier is Tier.LIFE_SAFETY:
        return wanted if circuit.closed is None else is_on, say("locked: life safety"), Tone.PLAIN
    if circuit.by_hand:
        return is_on, say("HAND SWITCH, not on AUTO"), Tone.MED
    if circuit.unsent:
        return is_on, say("would be {wanted}: NOT ARMED", wanted=wanted), Tone.STRONG
    if circuit.disobeys:
        return is_on, say("asked {wanted}, DOES NOT OBEY", wanted=wanted), Tone.HIGH
    if circuit.closed is None and circuit.sheddable:
        return UNKNOWN, say("NO ANSWER, asked {wanted}", wanted=wanted), Tone.MED
    if _awaits(circuit):
        return is_on, say("WAITS {override_end}", override_end=override_end(picture, circuit)), Tone.STRONG
    if circuit.override_who:
        return (
            _going(circuit, is_on),
            say("BY HAND {override_end}", override_end=override_end(picture, circuit)),
            Tone.STRONG,
        )
    if circuit.closed is not None and circuit.closed is not circuit.wanted:
        return is_on, say("going {wanted}", wanted=wanted), Tone.STRONG
    if not circuit.wanted:
        return wanted, since(picture, circuit.since_s), Tone.PLAIN
    if circuit.next_off and circuit.watched_only:
        when = _when_off(picture, circuit)
        return is_on, say("would go off NEXT{when_off}: NOT ARMED", when_off=when), Tone.STRONG
    if circuit.next_off:
        return wanted, say("automatic, goes off NEXT{when_off}", when_off=_when_off(picture, circuit)), Tone.STRONG
    return wanted, _quietly(circuit), Tone.PLAIN


def _quietly(circuit: CircuitPicture) -> str:
    if not circuit.switchable:
        return say("no switch")
    return say("automatic") if circuit.sheddable else say("protected, stays on")


def _going(circuit: CircuitPicture, is_on: str) -> str:
    return _on(circuit.wanted) if circuit.closed is None else is_on


def _when_off(picture: Picture, circuit: CircuitPicture) -> str:
    group = next((one for one in picture.tiers if one.tier is circuit.tier), None)
    return "" if group is None or group.hours_left is None else f" {roughly(picture, group.hours_left)}"


def override_end(picture: Picture, circuit: CircuitPicture) -> str:
    """`until 15:32 (Ana)`."""
    left_s, now = circuit.override_left_s, local_time(picture)
    if left_s is None:
        return f"({circuit.override_who})"
    if now is None:
        return say(
            "{duration} more ({override_who})", duration=duration(round(left_s)), override_who=circuit.override_who
        )
    return say(
        "until {clock_time} ({override_who})",
        clock_time=clock_time(now + timedelta(seconds=left_s), now),
        override_who=circuit.override_who,
    )


def _on(closed: bool) -> str:
    return say("ON") if closed else say("OFF")


def about(picture: Picture, circuit: CircuitPicture) -> Sequence[str]:
    """All there is to say about one circuit, the most important first."""
    return [text for text in (_by_hand(picture, circuit), _because(picture, circuit), _rule(picture, circuit)) if text]


def _awaits(circuit: CircuitPicture) -> bool:
    """Whether somebody wants it on, and HEMS waits for room."""
    return bool(circuit.override_on) and not circuit.wanted


def _by_hand(picture: Picture, circuit: CircuitPicture) -> str:
    if not circuit.override_who:
        return ""
    reason = (
        say(', reason "{override_reason}"', override_reason=circuit.override_reason) if circuit.override_reason else ""
    )
    if _awaits(circuit):
        return say(
            "{name}: asked ON by hand {override_end}{reason}; HEMS waits until there is room for it.",
            name=circuit.name,
            override_end=override_end(picture, circuit),
            reason=reason,
        )
    return say(
        "{name}: kept {on} by hand {override_end}{reason}.",
        name=circuit.name,
        on=_on(circuit.wanted),
        override_end=override_end(picture, circuit),
        reason=reason,
    )


def _because(picture: Picture, circuit: CircuitPicture) -> str:
    if circuit.by_hand:
        return say(
            "The hand switch of {name} in the panel does not stand on AUTO: HEMS cannot switch it. Put it back to AUTO "
            "when nobody needs it any more.",
            name=circuit.name,
        )
    asked = _on(circuit.wanted)
    if circuit.unsent:
        return say(
            "HEMS would have {name} {asked}, but its device is not armed: nothing is sent.",
            name=circuit.name,
            asked=asked,
        )
    if circuit.disobeys:
        return say(
            "HEMS asked {name} to be {asked}, and nothing shows it. Look at its contactor and breaker.",
            name=circuit.name,
            asked=asked,
        )
    if circuit.closed is None and circuit.sheddable:
        return say("The switch of {name} does not answer. HEMS counts it as on until it does.", name=circuit.name)
    if circuit.because is None or circuit.override_who:
        return ""
    head = f"{_on(circuit.wanted)} {since(picture, circuit.since_s)}. " if circuit.since_s is not None else ""
    if head and picture.mode.on_island and circuit.because.why is Why.GRID_RESTORED:
        return f"{circuit.name}: {head}".rstrip()  # why it came back then holds no more
    subject = f"circuits/{circuit.id}" if "value" in circuit.because.facts or not head else None
    return f"{circuit.name}: {head}{sentence(circuit.because, subject, names_in(picture))}"


def _rule(picture: Picture, circuit: CircuitPicture) -> str:
    if circuit.tier is Tier.LIFE_SAFETY:
        return say("This circuit is locked: life safety. Nobody can switch it off here.")
    if not circuit.switchable:
        return say("{name} has no switch that HEMS could use. Use its breaker.", name=circuit.name)
    if not circuit.sheddable:
        return say("{name} is protected: it stays on for as long as there is any power.", name=circuit.name)
    group = next((one for one in picture.tiers if one.tier is circuit.tier), None)
    if group is None or group.until_soc_pct is None:
        return say("{name} belongs to the group {tier_name}.", name=circuit.name, tier_name=tier_name(circuit.tier))
    if picture.mode.on_island and not circuit.wanted:
        return ""  # what holds for its group does not hold for it, and why has just been said
    if group.by_price:
        return say(
            "This group stays on while there is energy for it, at the latest until {until_soc_pct:.0f}% is stored.",
            until_soc_pct=group.until_soc_pct,
        )
    return say(
        "In a power cut this group stays on until stored energy is {until_soc_pct:.0f}%.",
        until_soc_pct=group.until_soc_pct,
    )
