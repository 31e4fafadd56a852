"""The circuits, one by one: on or off, since when, why, and until when somebody wants it so."""

from collections.abc import Sequence
from datetime import timedelta

from hems.model.picture import CircuitPicture, Picture
from hems.model.site import Tier
from hems.tui.format import UNKNOWN, Part, Tone, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.text.notes import names_in
from hems.tui.when import local_time, roughly, since
from hems.wording import clock_time, duration, kw, sentence, tier_name

HEADING = row("  CIRCUIT            GROUP             NOW  IS   WHY / UNTIL WHEN")


def circuit_list(picture: Picture, chosen: str, find: str, width: int) -> Listing:
    """The circuits whose row has `find` in it, the most important first."""
    shown = ordered(picture, find)
    items = [_item(picture, circuit) for circuit in shown]
    told = next((circuit for circuit in shown if circuit.id == chosen), None)
    details = () if told is None else paragraphs(about(picture, told), detail_width(width))
    return Listing((HEADING,), items, details, empty=f'No circuit is called "{find}".')


def ordered(picture: Picture, find: str) -> list[CircuitPicture]:
    """The circuits with `find` in their name or group, the most important first."""
    return [circuit for circuit in sorted(picture.circuits, key=lambda one: one.tier) if _matches(circuit, find)]


def in_a_line(picture: Picture, circuit: CircuitPicture) -> str:
    """The row as a sentence: `Laundry (Non-essential): OFF, 0.0 kW, since 13:07`."""
    position, why, _ = _stands(picture, circuit)
    position = "not known" if position == UNKNOWN else position
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
        return wanted if circuit.closed is None else is_on, "locked: life safety", Tone.PLAIN
    if circuit.disobeys:
        return is_on, f"asked {wanted}, DOES NOT OBEY", Tone.HIGH
    if circuit.closed is None and circuit.sheddable:
        return UNKNOWN, f"NO ANSWER, asked {wanted}", Tone.MED
    if circuit.override_who:
        return _going(circuit, is_on), f"BY HAND {override_end(picture, circuit)}", Tone.STRONG
    if circuit.closed is not None and circuit.closed is not circuit.wanted:
        return is_on, f"going {wanted}", Tone.STRONG
    if not circuit.wanted:
        return wanted, since(picture, circuit.since_s), Tone.PLAIN
    if circuit.next_off:
        return wanted, f"automatic, goes off NEXT{_when_off(picture, circuit)}", Tone.STRONG
    return wanted, _quietly(circuit), Tone.PLAIN


def _quietly(circuit: CircuitPicture) -> str:
    if not circuit.switchable:
        return "no switch"
    return "automatic" if circuit.sheddable else "protected, stays on"


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
        return f"{duration(round(left_s))} more ({circuit.override_who})"
    return f"until {clock_time(now + timedelta(seconds=left_s), now)} ({circuit.override_who})"


def _on(closed: bool) -> str:
    return "ON" if closed else "OFF"


def about(picture: Picture, circuit: CircuitPicture) -> Sequence[str]:
    """All there is to say about one circuit, the most important first."""
    return [text for text in (_by_hand(picture, circuit), _because(picture, circuit), _rule(picture, circuit)) if text]


def _by_hand(picture: Picture, circuit: CircuitPicture) -> str:
    if not circuit.override_who:
        return ""
    reason = f', reason "{circuit.override_reason}"' if circuit.override_reason else ""
    return f"{circuit.name}: kept {_on(circuit.wanted)} by hand {override_end(picture, circuit)}{reason}."


def _because(picture: Picture, circuit: CircuitPicture) -> str:
    if circuit.disobeys:
        asked = _on(circuit.wanted)
        return f"HEMS asked {circuit.name} to be {asked}, and nothing shows it. Look at its contactor and breaker."
    if circuit.closed is None and circuit.sheddable:
        return f"The switch of {circuit.name} does not answer. HEMS counts it as on until it does."
    if circuit.because is None or circuit.override_who:
        return ""
    head = f"{_on(circuit.wanted)} {since(picture, circuit.since_s)}. " if circuit.since_s is not None else ""
    return f"{circuit.name}: {head}{sentence(circuit.because, f'circuits/{circuit.id}', names_in(picture))}"


def _rule(picture: Picture, circuit: CircuitPicture) -> str:
    if circuit.tier is Tier.LIFE_SAFETY:
        return "This circuit is locked: life safety. Nobody can switch it off here."
    if not circuit.switchable:
        return f"{circuit.name} has no switch that HEMS could use. Use its breaker."
    if not circuit.sheddable:
        return f"{circuit.name} is protected: it stays on for as long as there is any power."
    group = next((one for one in picture.tiers if one.tier is circuit.tier), None)
    if group is None or group.until_soc_pct is None:
        return f"{circuit.name} belongs to the group {tier_name(circuit.tier)}."
    return f"In a power cut this group stays on until stored energy is {group.until_soc_pct:.0f}%."
