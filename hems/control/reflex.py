"""What may be done on one raw reading, without a tick: the sheds that the last tick made ready."""

from collections.abc import Sequence
from typing import Any

from hems.control.step import Armed, Test, Trigger
from hems.model.reading import Reading
from hems.model.wiring import Role


def fires(trigger: Trigger, role: Role, reading: Reading[Any], now_s: float) -> bool:
    """Whether a fresh, good reading meets a trigger."""
    if trigger.role != role:
        return False
    value = reading.known(now_s)
    return value is not None and trigger.fires(value)


def sets_off(armed: Armed, role: Role, reading: Reading[Any], now_s: float) -> bool:
    """Whether a reading sets off a list, which is to be used once, and not after it has expired."""
    return now_s <= armed.expires_s and any(fires(trigger, role, reading, now_s) for trigger in armed.triggers)


def crossed(
    watch: Sequence[Trigger], role: Role, before: Reading[Any] | None, after: Reading[Any], now_s: float
) -> bool:
    """Whether a watched condition has become true or has stopped being true, so that a tick is due at once."""
    for trigger in watch:
        if trigger.role == role:
            if trigger.test is Test.CHANGES and (before is None or before.value != after.value):
                return True
            was = before is not None and fires(trigger, role, before, now_s)
            if was != fires(trigger, role, after, now_s):
                return True
    return False
