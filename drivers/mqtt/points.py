"""Messages of one device as readings."""

from collections.abc import Collection, Mapping
from typing import Any

from drivers.mqtt.payload import Incoming, Unreadable, as_json, as_text, dig, raw_value
from drivers.mqtt.schema import MqttProfile, MqttRead
from drivers.profile import derive, point
from drivers.profile.memory import Memory
from drivers.profile.schema import Expect, shown
from hems.model.errors import DeviceMismatch
from hems.model.reading import Quality, Reading
from hems.model.units import DeviceId
from hems.ports.device import DriverContext

RETAINED = "retained"
"""Reason of a reading that the broker had kept: it may be years old."""
VOUCH_S = 1.0
"""How often what holds without being repeated is delivered anew."""

NEVER_S = float("-inf")


class Points:
    """Latest readings, delivered as they change."""

    def __init__(self, device: DeviceId, profile: MqttProfile, context: DriverContext) -> None:
        self.latest: dict[str, Reading[Any]] = {}
        """Every point, private ones too."""
        self._strange: dict[str, str] = {}
        """What is wrong with what the device says it is, by point."""
        self.seen: set[str] = set()
        """Points that were known at least once."""
        self._device = device
        self._context = context
        self._silent_s = profile.link.silent_ms / 1000
        self._lines: Mapping[str, MqttRead] = profile.read
        self._identify: Mapping[str, Expect] = profile.identify
        self._computed: Mapping[str, derive.Expression] = profile.derive
        self._keeps_current = profile.link.retained == "current"
        self._by_topic: dict[str, dict[str, MqttRead]] = {}
        for name, line in profile.read.items():
            self._by_topic.setdefault(line.topic, {})[name] = line
        self._memory = Memory()
        self._told_s: dict[str, float] = {}
        """When a live message last said something about a point."""
        self._standing: dict[str, point.Decoded] = {}
        """Points that hold while the device is heard, and what they are."""
        self._vouched_s = NEVER_S

    @property
    def stranger(self) -> str:
        """What is wrong with what the device says it is; nothing it says is believed meanwhile."""
        return next((wrong for wrong in self._strange.values() if wrong), "")

    @property
    def topics(self) -> Collection[str]:
        """Where values come from."""
        return self._by_topic

    def known(self) -> dict[str, Any]:
        """Points that may be decided on now, by name."""
        now_s = self._now_s()
        values = {name: reading.known(now_s) for name, reading in self.latest.items()}
        return {name: value for name, value in values.items() if value is not None}

    def told_s(self, name: str) -> float:
        """When something live was last said about a point, or about anything it is computed from."""
        if name not in self._computed:
            return self._told_s.get(name, NEVER_S)
        return max((self.told_s(part) for part in derive.operands(self._computed[name])), default=NEVER_S)

    def take(self, message: Incoming) -> None:
        """Deliver what a message says; a live one also vouches for what has not changed since."""
        lines = self._by_topic[message.topic]
        if message.retained:
            self._take_retained(lines, message)
            return
        decoded = self._decoded(lines, message)
        self._told_s |= dict.fromkeys(decoded, self._now_s())
        self._recognise({name: found.value for name, found in decoded.items() if found.value is not None})
        self._standing |= {name: found for name, found in decoded.items() if lines[name].on_change}
        self._deliver_all(decoded)
        self._vouch()

    def doubt(self, reason: str) -> None:
        """Deliver all points as not known, because of something that is known about the device."""
        self._standing.clear()
        self._deliver_all(dict.fromkeys(self._lines, point.Decoded(None, reason)))

    def forget(self) -> None:
        """The connection has changed: what held without being repeated has to be told again."""
        self._standing.clear()

    def _take_retained(self, lines: Mapping[str, MqttRead], message: Incoming) -> None:
        """It says nothing about now and must not push out what does; nor does it vouch for anything."""
        now_s = self._now_s()
        if self._keeps_current:
            decoded = self._decoded(lines, message)
            for name, found in decoded.items():
                if lines[name].on_change:
                    self._standing.setdefault(name, found)
        old = [name for name in lines if not self._is_fresh(name, now_s)]
        self._deliver_all(dict.fromkeys(old, point.Decoded(None, RETAINED)))

    def _vouch(self) -> None:
        now_s = self._now_s()
        known = [name for name, found in self._standing.items() if found.value is not None]
        if now_s - self._vouched_s >= VOUCH_S or any(not self._is_fresh(name, now_s) for name in known):
            self._vouched_s = now_s
            self._recognise({name: found.value for name, found in self._standing.items() if found.value is not None})
            self._deliver_all(self._standing)

    def _decoded(self, lines: Mapping[str, MqttRead], message: Incoming) -> dict[str, point.Decoded]:
        try:
            tree = as_json(message.payload) if any(line.json_ for line in lines.values()) else None
        except Unreadable as wrong:
            return dict.fromkeys(lines, point.Decoded(None, str(wrong)))
        told = {name: line for name, line in lines.items() if not line.on_change or _has(line, tree)}
        return {name: _value(line, message, tree) for name, line in told.items()}

    def _deliver_all(self, decoded: Mapping[str, point.Decoded]) -> None:
        now_s = self._now_s()
        for name, found in decoded.items():
            line = self._lines[name]
            stale_s = line.stale_ms / 1000 if line.stale_ms else self._silent_s
            here = self._memory.reading(name, line, found, taken_s=now_s, stale_after_s=stale_s)
            self._deliver(name, point.absent(ABSENT.reason) if found is ABSENT else here)
        changed = set(decoded)
        for name, node in self._computed.items():
            if changed & derive.operands(node):
                changed.add(name)
                self._deliver(name, derive.derived(node, self.latest))

    def _recognise(self, values: Mapping[str, point.Scalar]) -> None:
        """Compare what the device says it is with what the profile expects."""
        self.seen |= set(values)
        for name in self._identify.keys() & values.keys():
            expected = self._identify[name]
            self._strange[name] = ""
            if not expected.met_by(values[name]):
                told = f"{name.lstrip('_')} that {expected}"
                self._strange[name] = DeviceMismatch(self._device, expected=told, found=shown(values[name])).told

    def _deliver(self, name: str, reading: Reading[Any]) -> None:
        if self.stranger:
            reading = reading._replace(value=None, quality=Quality.INVALID, reason="another device answers here")
        self.latest[name] = reading
        if not name.startswith("_"):
            self._context.sink(self._device, {name: reading})

    def _is_fresh(self, name: str, now_s: float) -> bool:
        reading = self.latest.get(name)
        return reading is not None and reading.is_fresh(now_s)

    def _now_s(self) -> float:
        return self._context.clock.mono_s()


ABSENT = point.Decoded(None, "this unit does not have it")


def _has(line: MqttRead, tree: object) -> bool:
    """Whether a message says anything about a point; some devices tell only what has changed."""
    return line.json_ is None or dig(tree, line.json_)[0]


def _value(line: MqttRead, message: Incoming, tree: object) -> point.Decoded:
    try:
        there, found = (True, as_text(message.payload)) if line.json_ is None else dig(tree, line.json_)
        if not there and line.optional:
            return ABSENT
        if not there:
            raise Unreadable(f"the message has no {line.json_}")
        raw = found if line.map and isinstance(found, str | bool) else raw_value(found, line.type)
        return point.decode(line, raw)
    except Unreadable as wrong:
        return point.Decoded(None, str(wrong))
