"""Devices that fall silent together are one trouble: how many, how soon after each other, on which wire."""

import pytest

from hems.control.memory.acting import Alarm
from hems.control.silence import GAP_S, NETWORK, SHARED, TOGETHER, called, shared, wire
from hems.model.cause import Cause, Why
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId

LINE, OTHER = "rtu:///dev/ttyUSB0?baud=9600", "rtu:///dev/ttyUSB1"


def silent(*since_s: float | None, link: str = LINE) -> dict[DeviceId, DeviceHealth]:
    """Devices a, b, c and so on, with since when each is silent."""
    names = zip("abcdefgh", since_s, strict=False)
    return {DeviceId(name): DeviceHealth(link=link, lost_since_s=one) for name, one in names}


@pytest.mark.parametrize(
    ("since_s", "members"),
    [
        pytest.param((5.0,) * TOGETHER, "abc", id="as many as it takes"),
        pytest.param((5.0,) * (TOGETHER - 1), "", id="one less"),
        pytest.param((0.0, GAP_S, 2 * GAP_S), "abc", id="each soon after the one before"),
        pytest.param((0.0, GAP_S + 0.1, 2 * GAP_S + 0.1), "", id="the first by itself"),
        pytest.param((50.0, 0.0, 50.0, 50.0, None), "acd", id="one long before, one that speaks"),
        pytest.param((0.0,) * TOGETHER + (90.0,) * TOGETHER, "abcdef", id="twice"),
    ],
)
def test_on_a_wire_those_belong_together_that_fell_silent_soon_after_each_other(
    since_s: tuple[float | None, ...], members: str
):
    assert shared(silent(*since_s), {}) == ({LINE: tuple(members)} if members else {})


def test_each_serial_line_is_a_wire_of_its_own_and_all_else_is_the_network():
    assert (wire(LINE), wire("tcp://10.0.0.5:502"), wire("mqtt://hub")) == (LINE, NETWORK, NETWORK)
    assert called(LINE) == "ttyUSB0"
    here, there = silent(5.0, 5.0), silent(None, None, 5.0, 5.0, link=OTHER)
    assert shared(there | here, {}) == {}


def test_who_was_counted_among_them_stays_until_he_speaks_again():
    def told(name: str, line: str) -> dict[str, Alarm]:
        cause = Cause(Why.DEVICES_SILENT, {SHARED: line})
        return {f"device/{name}": Alarm(priority="LOW", since_s=0.0, subject=name, cause=cause)}

    assert shared(silent(5.0, 90.0), told("a", LINE)) == {LINE: ("a",)}
    assert shared(silent(5.0, 90.0), told("a", OTHER)) == {}
    assert shared(silent(None, 90.0), told("a", LINE)) == {}
