"""What an actuator was told last, whatever has come of it."""

from hems.control.state import ControlState
from hems.model.wiring import Role


def told_on(state: ControlState, role: Role) -> bool:
    """Whether it was told to be on; nobody has told it anything yet: no."""
    entry = state.sent.get(role)
    return entry is not None and bool(entry.value)


def told_off(state: ControlState, role: Role) -> bool:
    """Whether it was told to be off; nobody has told it anything yet: no."""
    entry = state.sent.get(role)
    return entry is not None and not entry.value
