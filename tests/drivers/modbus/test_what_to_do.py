"""A device that is not heard says in one sentence what to look at, for whoever has just connected it."""

import pytest

from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Site, Unit, eventually, on_gateway, on_pty, on_tcp

pytestmark = pytest.mark.wire

POLL = {"normal": {"every_ms": 100, "stale_ms": 10000}}
LINK = {"kinds": ["tcp", "rtu", "rtu-over-tcp"], "timeout_ms": 200, "quiet_after_timeout_ms": 300}


def product(**parts):
    return given.profile(poll=POLL, link=LINK, **parts)


def unit(fault=lambda _request: None) -> Unit:
    made = Unit(fault=fault)
    made.put("holding", 10, 7)
    made.put("holding", 20, 7)
    return made


async def told(wire, bench: Bench, *words: str) -> str:
    """What is said of the device once these words are in it."""
    async with wire(bench), given.driven(Site(), given.declared(bench, product())) as driver:
        await eventually(lambda: all(one in driver.health()["box"].detail for one in words), within_s=10.0)
        return driver.health()["box"].detail


@pytest.mark.parametrize(
    ("wire", "remedy"),
    [
        (on_pty, "check its unit_id, the line's baud rate, parity and stop bits, and A and B"),
        (on_tcp, "write rtu-over-tcp:// if the gateway only passes serial frames on"),
        (on_gateway, "write tcp:// if the gateway speaks Modbus TCP"),
    ],
)
async def test_a_unit_that_was_never_heard_names_what_to_check_on_its_kind_of_link(wire, remedy):
    # given the device at another number than the site file says
    detail = await told(wire, Bench(u9=unit()), "no answer from unit 1 within 0.2 s", remedy)
    # then it stays so when it has long been known to be silent
    assert detail.count(remedy) == 1


async def test_a_unit_that_was_heard_before_is_only_silent():
    dead = False
    async with on_pty(Bench(u1=unit(lambda _: Fault(silent=dead)))) as bench:
        site = Site()
        async with given.driven(site, given.declared(bench, product())) as driver:
            await site.until("box/first")
            dead = True
            await eventually(lambda: driver.health()["box"].lost_since_s is not None)
            assert driver.health()["box"].detail == "no answer from unit 1 within 0.2 s"


async def test_what_answers_in_another_speed_or_together_with_another_is_noise_and_not_silence():
    await told(on_pty, Bench(u1=unit(lambda _: Fault(mangled=True))), "only noise: check baud rate", "no two units")


async def test_an_answer_that_comes_too_late_is_told_with_its_time():
    await told(on_pty, Bench(u1=unit(lambda _: Fault(delay_s=0.3))), "within 0.2 s, but after 0.", "timeout_ms")


async def test_a_gateway_that_speaks_for_a_silent_unit_is_told_as_one_for_as_long_as_it_does():
    detail = await told(on_tcp, Bench(u1=unit(lambda _: Fault(exception=11))), "gateway got no answer")
    assert detail == "exception 11: gateway got no answer from the unit; check the unit_id and the line behind it"


async def test_a_device_that_hangs_up_on_every_question_may_have_another_client():
    bench = Bench(u1=unit(lambda _: bench.drop()))
    await told(on_tcp, bench, "the other end closed the connection; check the port", "the only connection")


async def test_words_in_the_other_order_are_recognised_and_not_taken_for_another_product():
    meter = unit()
    meter.put("input", 0x46, 0x0A3D, 0x4248)  # 50.01 Hz, low word first
    is_meter = product(
        read={"hz": {"space": "input", "at": 0x46, "type": "f32"}}, identify={"hz": {"between": [40, 70]}}
    )
    site = Site()
    async with on_tcp(Bench(u1=meter)) as bench, given.driven(site, given.declared(bench, is_meter)) as driver:
        await eventually(lambda: "low word first" in driver.health()["box"].detail)
        said = "expected hz that is 40 to 70, found 9.11249e-33. It sends the low word first: then hz is 50.01. "
        assert driver.health()["box"].detail.startswith(said)
        # and nothing of it is believed
        assert site.latest == {}
