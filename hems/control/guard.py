"""A fault in one proposal maker must not stop the others.

It is left out and alarmed, and after three in a row rests an hour.

Evidence, overload, shedding and arbitration are not guarded: if those cannot be computed, the process must not go on.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from hems.control.memory.acting import Failing
from hems.control.state import ControlState
from hems.model.contained import contained
from hems.model.copies import replace

T = TypeVar("T")
STRIKES = 3
REST_S = 3600.0
"""A maker of proposals that has raised so often in a row is left out for this long."""


def guarded(
    state: ControlState, maker: str, make: Callable[[], Iterable[T]], now_s: float
) -> tuple[ControlState, list[T]]:
    """What `make` gives, or nothing if it raises or is resting; the state remembers which."""
    before = state.failing.get(maker)
    if resting(state, maker, now_s):
        return state, []
    made: list[T] = []
    with contained() as maker_run:  # whatever it is, it must not reach the shedding of loads; it is alarmed, not hidden
        made = list(make())
    if maker_run.fault is not None:
        return _failed(state, maker, before, maker_run.fault, now_s), []
    if before is None:
        return state, made
    return replace(state, failing={name: one for name, one in state.failing.items() if name != maker}), made


def resting(state: ControlState, maker: str, now_s: float) -> bool:
    """Whether a maker is left out for good, or for an hour."""
    before = state.failing.get(maker)
    return before is not None and now_s < before.until_s


def _failed(state: ControlState, maker: str, before: Failing | None, error: Exception, now_s: float) -> ControlState:
    times = before.times + 1 if before is not None else 1
    until_s = now_s + REST_S if times >= STRIKES else now_s
    entry = Failing(times=times, until_s=until_s, error=f"{type(error).__name__}: {error}")
    return replace(state, failing={**state.failing, maker: entry})
