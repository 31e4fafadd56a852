"""What a rehearsal of a power cut has shown, in plain lines."""

from collections.abc import Mapping

from hems.model.cause import Cause
from hems.model.codec import from_plain
from hems.model.mode import Mode
from hems.wording import mode_words, percent, sentence


def rehearsal_lines(rehearsal: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
    """The rehearsal in plain lines."""
    off = rehearsal["off"]
    assert isinstance(off, list)
    lines = [
        f"If the power failed now ({rehearsal['at'] or 'date not known'}), within a minute: "
        f"{mode_words(Mode(str(rehearsal['mode'])))}.",
        f"Own power would be at {_pct(rehearsal['before_pu'])} of its limit, and at {_pct(rehearsal['after_pu'])} "
        f"with these off: {'none' if not off else ''}".rstrip(),
    ]
    for one in off:
        told = sentence(from_plain(Cause, one["cause"]))
        only = "" if one["sent"] else " ONLY WATCHED: its device is not armed and would stay on."
        lines.append(f"  {one['after_s']:5.1f} s  {names.get(one['circuit'], one['circuit'])}: {told}{only}")
    return [*lines, "Nothing was switched."]


def _pct(part: object) -> str:
    return percent(100.0 * part) if isinstance(part, int | float) else percent(None)
