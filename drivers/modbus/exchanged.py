"""Whether a device that seems to be another one would be the right one with its words the other way round."""

from collections.abc import Sequence

from drivers.modbus.codec import BadReading, decode
from drivers.modbus.layout import PlacedPoint
from drivers.profile import point
from drivers.profile.schema import Expect, shown
from hems.model.copies import replace


def remedy(place: PlacedPoint, words: Sequence[int], expected: Expect) -> str | None:
    """What to do then; None if it would not be."""
    coding = place.register.coding
    if coding.type == "str" or coding.registers == 1:
        return None
    low_first = coding.word == "big"
    try:
        raw = decode(replace(coding, word="little" if low_first else "big"), words)
    except BadReading:
        return None
    value = point.decode(place.spec, raw, bits=coding.bits).value
    if value is None or value == 0 or not expected.met_by(value):
        return None
    first = "low" if low_first else "high"
    name = place.name.lstrip("_")
    return f"It sends the {first} word first: then {name} is {shown(value)}. Set that on it, or take another profile."
