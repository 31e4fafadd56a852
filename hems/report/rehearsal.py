"""What a rehearsal of a power cut has shown, in plain lines."""

from collections.abc import Mapping
from datetime import datetime

from hems.model.cause import Cause
from hems.model.codec import from_plain
from hems.model.mode import Mode
from hems.wording import day, mode_words, percent, sentence, weekday
from hems.wording.language import say


def rehearsal_lines(rehearsal: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
    """The rehearsal in plain lines."""
    off = rehearsal["off"]
    assert isinstance(off, list)
    lines = [
        say(
            "If the power failed now ({at}), within a minute: {mode}.",
            at=_when(rehearsal["at"]),
            mode=mode_words(Mode(str(rehearsal["mode"]))),
        ),
        say(
            "Own power would be at {before} of its limit, and at {after} with these off: {none}",
            before=_pct(rehearsal["before_pu"]),
            after=_pct(rehearsal["after_pu"]),
            none="" if off else say("none"),
        ).rstrip(),
    ]
    for one in off:
        told = sentence(from_plain(Cause, one["cause"]))
        only = "" if one["sent"] else say(" ONLY WATCHED: its device is not armed and would stay on.")
        lines.append(f"  {one['after_s']:5.1f} s  {names.get(one['circuit'], one['circuit'])}: {told}{only}")
    return [*lines, say("Nothing was switched.")]


def _when(utc: object) -> str:
    """In the reader's own time, as on the screen."""
    if not utc:
        return say("date not known")
    moment = datetime.fromisoformat(str(utc)).astimezone()
    return f"{weekday(moment)} {day(moment)} {moment:%H:%M}"


def _pct(part: object) -> str:
    return percent(100.0 * part) if isinstance(part, int | float) else percent(None)
