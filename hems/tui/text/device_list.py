"""The devices: does each answer, may HEMS command it, and what does it complain of."""

from collections.abc import Iterator, Sequence

from hems.model.cause import Cause, Why
from hems.model.picture import DevicePicture, DeviceState, Picture
from hems.model.point import PointRow, PointState
from hems.tui.format import UNKNOWN, Part, Row, Tone, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.when import since_and_for
from hems.wording import duration
from hems.wording.guidance import guidance
from hems.wording.language import N_, say
from hems.wording.spoken import spoken

BELIEFS = {
    PointState.OLD: N_("TOO OLD"),
    PointState.INVALID: N_("NOT BELIEVED"),
    PointState.MISSING: N_("NOT READ"),
}
STATES = {
    DeviceState.OK: N_("OK"),
    DeviceState.SLOW: N_("SLOW"),
    DeviceState.LOST: N_("LOST"),
    DeviceState.NOT_TRUSTED: N_("NOT TRUSTED"),
}
ANSWERS = {
    DeviceState.OK: N_("{id} answers."),
    DeviceState.SLOW: N_(
        "{id} answers badly: {bad} of what was asked in the last hour got no good answer. Its line needs looking at."
    ),
    DeviceState.NOT_TRUSTED: N_("{id} is not the device that the site file says: it is not believed nor commanded."),
}
HEADING = row("  DEVICE               STATE            BAD/HOUR  COMMANDS      OWN ALARMS")


def device_list(picture: Picture, chosen: str, find: str, width: int) -> Listing:
    """The silent ones first, for they are why somebody looks here."""
    ordered = sorted(picture.devices, key=lambda device: (device.lost_for_s is None, not device.alarms))
    devices = [device for device in ordered if find.lower() in f"{device.id} {device.link}".lower()]
    items = [Item(device.id, _line(device)) for device in devices]
    one = next((device for device in devices if device.id == chosen), None)
    details = () if one is None else paragraphs(list(about(picture, one)), detail_width(width))
    return Listing((HEADING,), items, details, empty=say('No device has "{find}" in its name or address.', find=find))


def _line(device: DevicePicture) -> Row:
    state = say(STATES[device.state])
    if device.lost_for_s is not None:
        state = f"{state} {duration(int(device.lost_for_s))}"
    tone = Tone.PLAIN if device.state is DeviceState.OK and not device.alarms else Tone.MED
    bad = "" if device.bad_share is None else f"{100.0 * device.bad_share:.1f}%"
    commands = say("takes none") if device.reads_only else say("armed") if device.armed else say("only watched")
    return row(
        f" {device.id[:20]:<20} ", Part(f"{state:<16} {bad:>8}  {commands:<13} {', '.join(device.alarms)}", tone)
    )


def reading_lines(rows: Sequence[PointRow]) -> list[str]:
    """Every point of a device as a table."""
    width = max((len(one.name) for one in rows), default=0)
    told = [f"{one.name:<{width}}  {_value(one):>12} {one.unit:<3} {_age(one):>9}  {_belief(one)}" for one in rows]
    return [one.rstrip() for one in told] or [say("Nothing is read of it.")]


def _value(point: PointRow) -> str:
    if point.value is None:
        return UNKNOWN
    if isinstance(point.value, bool):
        return say("yes") if point.value else say("no")
    return f"{point.value:.5g}" if isinstance(point.value, float) else str(point.value)


def _age(point: PointRow) -> str:
    return say("never") if point.age_s is None else f"{point.age_s:.1f} s"


def _belief(point: PointRow) -> str:
    return "" if point.state is PointState.GOOD else f"{say(BELIEFS[point.state])} {point.reason}"


def about(picture: Picture, device: DevicePicture) -> Iterator[str]:
    """All there is to say about one device."""
    if device.lost_for_s is not None:
        silent = since_and_for(picture, device.lost_for_s)
        help_ = guidance(Cause(Why.DEVICE_SILENT))
        yield say("{id} has given no answer {silent}. {wait}", id=device.id, silent=silent, wait=help_.wait)
        yield say("What to do: {names}", names=" ".join(help_.do))
    else:
        yield say(ANSWERS[device.state], id=device.id, bad=f"{100.0 * (device.bad_share or 0.0):.1f}%")
    yield from (say("It reports itself: {alarm}.", alarm=alarm) for alarm in device.alarms)
    if device.detail:
        yield say("Last error: {detail}", detail=spoken(device.detail))
    if device.reads_only:
        yield say("It takes no commands: HEMS only reads it.")
    elif device.armed:
        yield say("Armed: HEMS may command it.")
    else:
        yield say("Only watched: HEMS reads it and sends it no commands, until the installer arms it.")
    yield say("It is reached at {link}.", link=device.link)
