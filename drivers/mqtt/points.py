"""Messages of one device as readings."""

from collections.abc import Collection, Mapping
from typing import Any

from drivers.mqtt.payload import Incoming, Unreadable, as_json, as_text, dig, raw_value
from drivers.mqtt.schema import MqttProfile, MqttRead
from drivers.profile import derive, point
from drivers.profile.memory import Memory
from hems.model.reading import Reading
from hems.model.units import DeviceId
from hems.ports.device import DriverContext

RETAINED = "retained"
"""Reason of a reading that the broker had kept: it may be years old."""


class Points:
    """Latest readings, delivered as they change."""

    def __init__(self, device: DeviceId, profile: MqttProfile, context: DriverContext) -> None:
        self.latest: dict[str, Reading[Any]] = {}
        """Every point, private ones too."""
        self._device = device
        self._context = context
        self._stale_s = profile.link.silent_ms / 1000
        self._computed: Mapping[str, derive.Expression] = profile.derive
        self._memory = Memory()
        self._by_topic: dict[str, dict[str, MqttRead]] = {}
        for name, line in profile.read.items():
            self._by_topic.setdefault(line.topic, {})[name] = line

    @property
    def topics(self) -> Collection[str]:
        """Where values come from."""
        return self._by_topic

    def known(self) -> dict[str, Any]:
        """Points that may be decided on now, by name."""
        now_s = self._now_s()
        values = {name: reading.known(now_s) for name, reading in self.latest.items()}
        return {name: value for name, value in values.items() if value is not None}

    def take(self, message: Incoming) -> None:
        """Deliver what a message says."""
        lines = self._by_topic[message.topic]
        now_s = self._now_s()
        if message.retained:  # says nothing about now, and must not push out what does
            self._deliver_all([name for name in lines if not self._is_fresh(name, now_s)], RETAINED)
            return
        try:
            tree = as_json(message.payload) if any(line.json_ for line in lines.values()) else None
        except Unreadable as wrong:
            self._deliver_all(lines, str(wrong))
            return
        for name, line in lines.items():
            self._deliver(name, self._reading(name, line, message, tree))
        self._compute(set(lines))

    def doubt(self, reason: str) -> None:
        """Deliver all points as not known, because of something that is known about the device."""
        self._deliver_all([name for lines in self._by_topic.values() for name in lines], reason)

    def _reading(self, name: str, line: MqttRead, message: Incoming, tree: object) -> Reading[Any]:
        try:
            if line.json_ is None:
                there, found = True, as_text(message.payload)
            else:
                there, found = dig(tree, line.json_)
            if not there and line.optional:
                return point.absent("this unit does not have it")
            if not there:
                raise Unreadable(f"the message has no {line.json_}")
            raw = found if line.map and isinstance(found, str | bool) else raw_value(found, line.type)
            decoded = point.decode(line, raw)
        except Unreadable as wrong:
            decoded = point.Decoded(None, str(wrong))
        return self._memory.reading(name, line, decoded, taken_s=self._now_s(), stale_after_s=self._stale_s)

    def _deliver_all(self, names: Collection[str], reason: str) -> None:
        decoded = point.Decoded(None, reason)
        for name in names:
            self._deliver(name, decoded.reading(taken_s=self._now_s(), stale_after_s=self._stale_s))
        self._compute(set(names))

    def _compute(self, changed: set[str]) -> None:
        for name, node in self._computed.items():
            if changed & derive.operands(node):
                changed.add(name)
                self._deliver(name, derive.derived(node, self.latest))

    def _deliver(self, name: str, reading: Reading[Any]) -> None:
        self.latest[name] = reading
        if not name.startswith("_"):
            self._context.sink(self._device, name, reading)

    def _is_fresh(self, name: str, now_s: float) -> bool:
        reading = self.latest.get(name)
        return reading is not None and reading.is_fresh(now_s)

    def _now_s(self) -> float:
        return self._context.clock.now().mono_s
