"""Which alarms somebody has seen, and which went away before anybody did.

Kept in memory: after a restart every alarm that still stands is new again, which is the safe side.
"""

from dataclasses import dataclass, replace

from hems.model.errors import RequestError
from hems.model.picture import AlarmPicture, Picture

MOST_GONE = 20
"""Alarms that went unseen and are still shown; the oldest ones give way."""


@dataclass(frozen=True, slots=True)
class _Mark:
    who: str
    at_s: float


class Seen:
    """An alarm is new until somebody has seen it, and leaves when it is gone and seen."""

    def __init__(self) -> None:
        self._marks: dict[str, _Mark] = {}
        self._standing: dict[str, AlarmPicture] = {}
        self._gone: dict[str, tuple[AlarmPicture, float]] = {}

    def marked(self, picture: Picture) -> Picture:
        """The picture with who has seen what, and with what went unseen."""
        now_s = picture.mono_s
        standing = {alarm.key: alarm for alarm in picture.alarms}
        for key, alarm in self._standing.items():
            if key not in standing and self._marks.pop(key, None) is None:
                self._gone[key] = (alarm, now_s)
        self._gone = {key: one for key, one in self._gone.items() if key not in standing}
        while len(self._gone) > MOST_GONE:
            del self._gone[next(iter(self._gone))]
        self._standing = standing
        gone = [
            replace(alarm, since_s=alarm.since_s + now_s - at_s, gone_for_s=now_s - at_s)
            for alarm, at_s in reversed(self._gone.values())
        ]
        return replace(
            picture, alarms=tuple(self._with_mark(alarm, now_s) for alarm in picture.alarms), alarms_gone=tuple(gone)
        )

    def see(self, key: str, who: str, now_s: float) -> None:
        """Somebody has seen it.  Raises: RequestError when there is no such alarm."""
        if key in self._standing:
            self._marks.setdefault(key, _Mark(who, now_s))
        elif key in self._gone:
            del self._gone[key]
        else:
            raise RequestError(f"There is no alarm {key[:60]} any more.")

    def _with_mark(self, alarm: AlarmPicture, now_s: float) -> AlarmPicture:
        mark = self._marks.get(alarm.key)
        return alarm if mark is None else replace(alarm, seen_by=mark.who, seen_for_s=now_s - mark.at_s)
