"""The devices: does each answer, may HEMS command it, and what does it complain of."""

from collections.abc import Iterator

from hems.model.cause import Cause, Why
from hems.model.picture import DevicePicture, Picture
from hems.tui.format import Part, Row, Tone, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.when import since_and_for
from hems.wording import duration
from hems.wording.guidance import guidance

HEADING = row("  DEVICE               ANSWERS            COMMANDS      OWN ALARMS")


def device_list(picture: Picture, chosen: str, find: str, width: int) -> Listing:
    """The silent ones first, for they are why somebody looks here."""
    ordered = sorted(picture.devices, key=lambda device: (device.lost_for_s is None, not device.alarms))
    devices = [device for device in ordered if find.lower() in f"{device.id} {device.link}".lower()]
    items = [Item(device.id, _line(device)) for device in devices]
    one = next((device for device in devices if device.id == chosen), None)
    details = () if one is None else paragraphs(list(about(picture, one)), detail_width(width))
    return Listing((HEADING,), items, details, empty=f'No device has "{find}" in its name or address.')


def _line(device: DevicePicture) -> Row:
    lost = device.lost_for_s is not None
    answers = f"NO ANSWER {duration(int(device.lost_for_s))}" if device.lost_for_s is not None else "answers"
    tone = Tone.MED if lost or device.alarms else Tone.PLAIN
    commands = "armed" if device.armed else "only watched"
    return row(f" {device.id[:20]:<20} ", Part(f"{answers:<18} {commands:<13} {', '.join(device.alarms)}", tone))


def about(picture: Picture, device: DevicePicture) -> Iterator[str]:
    """All there is to say about one device."""
    if device.lost_for_s is not None:
        silent = since_and_for(picture, device.lost_for_s)
        help_ = guidance(Cause(Why.DEVICE_SILENT))
        yield f"{device.id} has given no answer {silent}. {help_.wait}"
        yield f"What to do: {' '.join(help_.do)}"
    else:
        yield f"{device.id} answers."
    yield from (f"It reports itself: {alarm}." for alarm in device.alarms)
    if device.detail:
        yield f"Last error: {device.detail}"
    if device.armed:
        yield "Armed: HEMS may command it."
    else:
        yield "Only watched: HEMS reads it and sends it no commands, until the installer arms it."
    yield f"It is reached at {device.link}."
