"""How long a shed takes at worst, before any connection."""

import asyncio

import pytest

from drivers.modbus import FACTORY
from drivers.modbus.errors import LinkError
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.job import Manners
from hems.model.wiring import DeviceSpec
from hil.vloop import VirtualLoop, run
from tests.drivers.modbus.paper import PaperLink, queue_on


def device(name: str, profile: str, link: str, **params) -> DeviceSpec:
    return DeviceSpec(id=name, driver="modbus", profile=profile, link=link, params=params)


def test_a_board_alone_on_its_line_needs_its_own_time_out_its_silence_and_four_frames_at_worst():
    board = device("board", "waveshare-relay", "rtu:///dev/ttyUSB0")
    # 0.4 s time-out, 0.5 s silence; 4 x (16 octets of 11 bits at 9600 + two silences of 4 ms + 50 ms)
    assert FACTORY.actuation_s([board])["board"] == pytest.approx(0.9 + 4 * (0.01833 + 0.00802 + 0.05), rel=1e-3)


def test_a_board_without_function_15_needs_a_frame_for_each_of_its_relays():
    board = device("board", "kmtronic-relay", "tcp://192.0.2.1")
    assert FACTORY.actuation_s([board])["board"] == pytest.approx(0.4 + 8 * 0.05)


def test_on_tcp_there_is_no_silence_and_no_line_to_wait_for():
    board = device("board", "waveshare-relay", "tcp://192.0.2.1")
    assert FACTORY.actuation_s([board])["board"] == pytest.approx(0.4 + 4 * 0.05)


def test_who_shares_a_line_waits_for_the_slowest_and_for_every_switch_on_it():
    alone = device("alone", "waveshare-relay", "rtu:///dev/ttyUSB1")
    first = device("first", "waveshare-relay", "rtu:///dev/ttyUSB0")
    second = device("second", "waveshare-relay", "rtu:///dev/ttyUSB0", unit_id=2)
    slow = device("slow", "sungrow-sh", "rtu:///dev/ttyUSB0", unit_id=3)
    told = FACTORY.actuation_s([alone, first, second, slow])
    frames_s = told["alone"] - 0.9
    assert told["first"] == told["second"] == pytest.approx(2.0 + 2 * frames_s)
    assert told["alone"] == FACTORY.actuation_s([alone])["alone"]


def test_a_faster_line_is_faster():
    slow, fast = (device("board", "waveshare-relay", f"rtu:///dev/ttyUSB0?baud={baud}") for baud in (9600, 115200))
    assert FACTORY.actuation_s([fast])["board"] < FACTORY.actuation_s([slow])["board"] - 0.08


def test_the_queue_is_never_slower_than_was_told():
    """Eight relays of which every other is shed, at the worst instant: their own unit has just failed to answer."""
    board = device("board", "waveshare-relay", "rtu:///dev/ttyUSB0")
    told_s = FACTORY.actuation_s([board])["board"]
    manners = Manners(timeout_s=0.4, quiet_s=0.5)

    async def story(loop: VirtualLoop) -> float:
        link = PaperLink(takes_s=0.05 + 16 * 11 / 9600)
        queue = queue_on(link)
        serving = asyncio.create_task(queue.serve())
        link.silent = lambda _unit: True
        poll = asyncio.create_task(queue.read(ReadFrame(1, Space.HOLDING, 0, 1), manners))
        await asyncio.sleep(0.001)
        started_s = loop.time()
        sheds = [
            asyncio.create_task(queue.write_coil(1, coil, False, manners, allowed=lambda: True, urgent=True))
            for coil in (0, 2, 4, 6)
        ]
        await asyncio.wait({poll})
        link.silent = lambda _unit: False
        assert isinstance(poll.exception(), LinkError)
        await asyncio.gather(*sheds)
        serving.cancel()
        return loop.time() - started_s

    assert told_s - 0.05 < run(story) <= told_s
