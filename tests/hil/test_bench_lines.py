"""The bench's serial line: what a shed must take by hand, and that one takes about that on the wire."""

import asyncio

import pytest

from hil import bench_lines, foreign


def test_what_a_shed_must_take_is_as_reckoned_by_hand():
    # 8 + 85 octets of a read, 8 + 8 of a write, 10 bits each at 9600 baud, and a silence of 3.5 characters of 11 bits
    by_hand_s = (93 + 16) * 10 / 9600 + 3.5 * 11 / 9600
    assert bench_lines.must_s(93) == pytest.approx(by_hand_s)
    assert bench_lines.READ_OCTETS == 93


@pytest.mark.wire
@pytest.mark.skipif(foreign.missing() is not None, reason=f"no foreign Modbus peer: {foreign.missing()}")
async def test_a_shed_on_a_busy_line_waits_for_one_read_and_no_more():
    # given a line on which a meter is read without a pause
    async with bench_lines._driver(bench_lines.LIVE) as driver:
        await asyncio.sleep(0.2)
        # when a relay on it has to open
        took_s = await bench_lines._shed(driver, False)
    # then that takes what it must, even on a busy machine, and not a second read
    assert bench_lines.must_s(0) * 0.9 < took_s < bench_lines.must_s(2 * bench_lines.READ_OCTETS)
