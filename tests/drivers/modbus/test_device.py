"""One device as the daemon sees it: its readings, its health, what it is told."""

import asyncio

import pytest

from drivers.modbus import noise
from drivers.modbus.noise import Noise
from drivers.modbus.queue import LinkQueue
from hems.model.command import Fate
from hems.model.reading import Quality
from hems.model.snapshot import Severity
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Request, Site, Unit, eventually, on_gateway, on_pty, on_tcp

pytestmark = pytest.mark.wire


def box(**tables: dict[int, int]) -> Unit:
    unit = Unit()
    unit.put("holding", 10, 11, 12, 13, 14, 15)
    unit.put("holding", 20, 21)
    unit.put("coil", 0, 0, 0, 0, 0)
    for table, values in tables.items():
        getattr(unit, table).update(values)
    return unit


SETPOINT = {
    "read": {"first": {"at": 10}, "shown": {"at": 20}},
    "write": {
        "power_w": {
            "steps": [{"at": 20, "to": "{value}"}],
            "verify": {"read": "shown", "within": 1, "after_ms": 200},
            "lapses_to": "zero",
        }
    },
}


@pytest.mark.parametrize("wire", [on_tcp, on_gateway, on_pty])
async def test_each_value_is_delivered_with_its_time_and_the_staleness_of_its_class(wire):
    site = Site()
    async with wire(Bench(u1=box())) as bench, given.driven(site, given.declared(bench, given.profile())):
        await site.until("box/first", "box/second")
    reading = site.latest["box/first"]
    assert (reading.value, reading.quality, reading.stale_after_s) == (11, Quality.GOOD, 0.5)
    assert 0 < site.context.clock.mono_s() - reading.taken_s < 3


async def test_a_sentinel_is_unknown_with_a_reason_and_never_a_number():
    site = Site()
    product = given.profile(read={"first": {"at": 10, "type": "s16", "nan": [0x8000]}})
    async with (
        on_tcp(Bench(u1=box(holding={10: 0x8000}))) as bench,
        given.driven(site, given.declared(bench, product)),
    ):
        await site.until("box/first")
    reading = site.latest["box/first"]
    assert (reading.value, reading.quality) == (None, Quality.INVALID)
    assert "not known" in reading.reason


async def test_a_counter_that_steps_back_is_unknown_and_a_value_may_stand_while_there_is_none():
    site, unit = Site(), box(holding={10: 100, 20: 55})
    lines = {"first": {"at": 10, "monotonic": True}, "second": {"at": 20, "nan": [0xFFFF], "hold_s": 30}}
    async with on_tcp(Bench(u1=unit)) as bench, given.driven(site, given.declared(bench, given.profile(read=lines))):
        await site.until("box/first", "box/second")
        # when the counter steps back and the other value is missing
        unit.put("holding", 10, 40)
        unit.put("holding", 20, 0xFFFF)
        # then the one is unknown: for some looks, or it would be believed that it was set back
        await eventually(lambda: any("runs forwards only" in one.reason for one in site.told("box/first")))
        # and the other stands with the age it has
        await eventually(lambda: site.latest["box/second"].stale_after_s == 30)
    *_, known = [one for one in site.told("box/second") if one.value is not None and one.stale_after_s != 30]
    standing = site.latest["box/second"]
    assert (standing.value, standing.taken_s) == (55, known.taken_s)


async def test_what_the_device_calls_abnormal_is_in_its_health():
    site = Site()
    product = given.profile(alarms={"fan": {"point": "first", "bits": {"1": "fan stands still"}, "severity": "high"}})
    async with (
        on_tcp(Bench(u1=box(holding={10: 0b10}))) as bench,
        given.driven(site, given.declared(bench, product)) as driver,
    ):
        await site.until("box/first")
        (alarm,) = driver.health()["box"].alarms
    assert (alarm.text, alarm.severity) == ("fan stands still", "high")


WAYS = {
    "read": {"first": {"at": 10}, "_new": {"at": 11, "bit": 2}, "_old": {"at": 11, "bit": 0}},
    "write": {
        "power_w": {
            "way": [
                {"needs": "_new", "steps": [{"at": 20, "to": "{value}"}]},
                {"needs": "_old", "steps": [{"at": 21, "to": "{value}"}]},
            ],
            "lapses_to": "zero",
        }
    },
}


@pytest.mark.parametrize(
    ("flags", "fate", "written"),
    [
        (0b100, Fate.UNVERIFIED, {20: 7, 21: 0}),
        (0b101, Fate.UNVERIFIED, {20: 7, 21: 0}),
        (0b001, Fate.UNVERIFIED, {20: 0, 21: 7}),
        (0b000, Fate.REFUSED, {20: 0, 21: 0}),
    ],
)
async def test_a_command_goes_the_first_way_that_is_open(flags, fate, written):
    site, unit = Site(), box(holding={11: flags, 20: 0, 21: 0})
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, given.profile(**WAYS)), armed=["box"]) as driver,
    ):
        await site.until("box/first")
        reply = await driver.write("box", "power_w", 7.0, urgent=False, islanded=False)
    assert reply.fate is fate
    assert {address: unit.holding[address] for address in written} == written


async def test_a_block_that_is_refused_is_split_once_and_the_split_is_remembered():
    # given five points of which the middle one does not exist
    site = Site()
    unit = box()
    del unit.holding[12]
    product = given.profile(read={f"p{at}": {"at": at, "optional": at == 12} for at in (10, 11, 12, 13, 14)})
    async with on_tcp(Bench(u1=unit)) as bench, given.driven(site, given.declared(bench, product)):
        # when it is polled several times
        await site.until("box/p10", "box/p11", "box/p12", "box/p13", "box/p14")
        refused = len(bench.diary)
        await eventually(lambda: len(bench.diary) >= refused + 8)
    # then the others have values, the missing one is missing, and nobody asks for it again
    assert [site.value(f"box/p{at}") for at in (10, 11, 13, 14)] == [11, 12, 14, 15]
    assert site.latest["box/p12"].quality is Quality.MISSING
    later = bench.diary[refused:]
    assert all(not request.address <= 12 < request.address + request.count for request in later)


async def test_a_point_that_must_exist_and_does_not_is_invalid_and_the_rest_is_read():
    site = Site()
    async with (
        on_tcp(Bench(u1=box())) as bench,
        given.driven(site, given.declared(bench, given.profile(read={"first": {"at": 10}, "gone": {"at": 30}}))),
    ):
        await site.until("box/first", "box/gone")
    assert site.latest["box/gone"].quality is Quality.INVALID
    assert "exception 2" in site.latest["box/gone"].reason


async def test_an_unarmed_device_never_sees_a_write():
    # given a product with everything that can write
    site = Site()
    product = given.profile(
        **SETPOINT,
        control={
            "acquire": [{"at": 11, "to": 1}],
            "safe": [{"at": 20, "to": 0}],
            "release": [{"at": 20, "to": 0}],
            "watchdog": {
                "kind": "alive_bit",
                "renew_s": 0.1,
                "renew": [{"at": 12, "to": 1}],
                "timeout_s": 1,
                "hold_max_s": 0.2,
            },
        },
    )
    async with on_tcp(Bench(u1=box())) as bench, given.driven(site, given.declared(bench, product)) as driver:
        await site.until("box/first")
        # when everything is tried that writes
        reply = await driver.write("box", "power_w", 100, urgent=True, islanded=False)
        await driver.release("box")
        await asyncio.sleep(0.4)
    # then nothing left, and the caller knows
    assert reply.fate is Fate.OBSERVING
    assert bench.writes() == []


async def test_disarming_stops_writes_that_are_still_queued():
    site = Site()
    product = given.profile(**SETPOINT)
    unit = box()
    unit.fault = lambda _request: Fault(delay_s=0.05)
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/first")
        await asyncio.sleep(0.06)
        queued = asyncio.create_task(driver.write("box", "power_w", 100, urgent=False, islanded=False))
        await asyncio.sleep(0)
        driver.arm("box", False)
        reply = await queued
    assert reply.fate is Fate.OBSERVING
    assert bench.writes() == []


async def test_a_command_is_confirmed_by_what_the_device_shows_and_the_fresh_value_is_delivered():
    site = Site()
    async with (
        on_tcp(Bench(u1=box())) as bench,
        given.driven(site, given.declared(bench, given.profile(**SETPOINT)), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        reply = await driver.write("box", "power_w", 140.0, urgent=False, islanded=False)
        assert site.value("box/shown") == 140
    assert reply.fate is Fate.CONFIRMED


async def test_a_command_that_the_device_does_not_follow_is_unverified_and_says_what_it_shows():
    site = Site()
    unit = box()
    unit.wrote = lambda _request: unit.put("holding", 20, 55)
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, given.profile(**SETPOINT)), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        reply = await driver.write("box", "power_w", 140.0, urgent=False, islanded=False)
    assert reply.fate is Fate.UNVERIFIED
    assert reply.detail == "asked for 140, shown shows 55"


@pytest.mark.parametrize(("told_w", "shown_w", "overruled"), [(140, 140, False), (140, 900, True), (140, 60, False)])
async def test_uca6_a_set_point_that_something_else_has_raised_since_is_found_out_before_it_is_told_again(
    told_w: float, shown_w: int, overruled: bool
):
    site, unit = Site(), box()
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, given.profile(**SETPOINT)), armed=["box"]) as driver,
    ):
        # given a set-point that the device has shown
        await site.until("box/shown")
        first = await driver.write("box", "power_w", told_w, urgent=False, islanded=False)
        # when something else writes another, and it is told anew
        unit.put("holding", 20, shown_w)
        again = await driver.write("box", "power_w", 150.0, urgent=False, islanded=False)
    # then that is found, also by who asks for another power; what the device itself makes less is its own affair
    assert (first.overruled, again.overruled) == (False, overruled)


async def test_what_is_urgent_is_told_without_looking_first():
    site, unit = Site(), box()
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, given.profile(**SETPOINT)), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        await driver.write("box", "power_w", 140.0, urgent=False, islanded=False)
        unit.put("holding", 20, 900)
        reply = await driver.write("box", "power_w", 0.0, urgent=True, islanded=False)
    assert (reply.fate, reply.overruled) == (Fate.CONFIRMED, False)


async def test_a_command_that_the_device_refuses_is_refused_with_its_reason():
    site = Site()
    unit = box()
    unit.fault = lambda request: Fault(exception=3) if request.writes else None
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, given.profile(**SETPOINT)), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        reply = await driver.write("box", "power_w", 140.0, urgent=False, islanded=False)
    assert (reply.fate, reply.detail) == (Fate.REFUSED, "exception 3: illegal value")


async def test_a_later_command_ends_the_watch_over_an_earlier_one():
    site = Site()
    unit = box()
    slow = {"steps": SETPOINT["write"]["power_w"]["steps"], "lapses_to": "zero"}
    product = given.profile(
        read=SETPOINT["read"],
        write={"power_w": {**slow, "verify": {"read": "first", "within": 1, "after_ms": 5000}}},
    )
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        first = asyncio.create_task(driver.write("box", "power_w", 1000.0, urgent=False, islanded=False))
        await asyncio.sleep(0.1)
        second = await driver.write("box", "power_w", 11.0, urgent=False, islanded=False)
        reply = await first
    assert (reply.fate, second.fate) == (Fate.UNVERIFIED, Fate.CONFIRMED)


async def test_a_device_that_is_another_product_is_disabled_and_never_commanded():
    site = Site()
    product = given.profile(**SETPOINT, identify={"first": {"equals": 4711}})
    async with (
        on_tcp(Bench(u1=box())) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        early = await driver.write("box", "power_w", 1.0, urgent=True, islanded=True)
        await eventually(lambda: "Check the address" in driver.health()["box"].detail)
        reply = await driver.write("box", "power_w", 1.0, urgent=True, islanded=True)
    assert (early.fate, reply.fate) == (Fate.REFUSED, Fate.REFUSED)
    assert "expected first that is 4711, found 11" in reply.detail
    assert bench.writes() == []


async def test_health_tells_since_when_a_device_is_silent_and_forgets_it_when_it_answers_again():
    site = Site()
    unit = box()
    async with on_tcp(Bench(u1=unit)) as bench, given.driven(site, given.declared(bench, given.profile())) as driver:
        await site.until("box/first")
        assert driver.health()["box"].lost_since_s is None
        unit.fault = lambda _request: Fault(silent=True)
        await eventually(lambda: driver.health()["box"].lost_since_s is not None)
        assert "no answer" in driver.health()["box"].detail
        unit.fault = lambda _request: None
        await eventually(lambda: driver.health()["box"].lost_since_s is None)
        assert driver.health()["box"].detail == ""


def test_a_line_on_which_one_request_in_ten_fails_is_told_and_one_in_fifty_is_not():
    well, bad = Noise(), Noise()
    for number in range(2000):
        well.heard(0.0, well=number % 50 != 0)
        bad.heard(0.0, well=number % 10 != 0)
    assert well.alarms(lost=False) == ()
    assert bad.alarms(lost=True) == ()
    (alarm,) = bad.alarms(lost=False)
    assert alarm.severity is Severity.LOW
    assert "of requests get no good answer; look at the cable" in alarm.text


def test_a_device_that_was_cut_off_tells_nothing_of_its_line_when_it_is_back():
    heard = Noise()
    for _ in range(200):
        heard.heard(0.0, well=False)
    heard.heard(0.0, well=True)
    assert heard.alarms(lost=False) == ()


def test_the_share_that_fails_is_of_the_last_hour_and_what_is_older_is_forgotten():
    heard = Noise()
    assert heard.bad_share(0.0) is None
    for second in range(3600):
        heard.heard(float(second), well=second >= 1800)
    assert heard.bad_share(3600.0) == pytest.approx(0.5, abs=0.06)
    for second in range(3600, 5400):
        heard.heard(float(second), well=True)
    assert heard.bad_share(5400.0) == pytest.approx(0.0, abs=0.06)
    assert heard.bad_share(20_000.0) is None


async def test_requests_that_fail_make_a_device_tell_of_its_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(noise, "OVER", 10.0)
    site = Site()
    unit = box()
    async with on_tcp(Bench(u1=unit)) as bench, given.driven(site, given.declared(bench, given.profile())) as driver:
        await site.until("box/first")
        assert driver.health()["box"].alarms == ()
        unit.fault = lambda _request: Fault(silent=True)
        await eventually(lambda: driver.health()["box"].lost_since_s is not None)
        unit.fault = lambda _request: None
        await eventually(lambda: [one.code for one in driver.health()["box"].alarms] == ["noise"])
        await eventually(lambda: driver.health()["box"].alarms == ())


async def test_a_reset_connection_costs_one_poll_and_no_more():
    site = Site()
    async with on_tcp(Bench(u1=box())) as bench, given.driven(site, given.declared(bench, given.profile())) as driver:
        await site.until("box/first")
        bench.drop()
        before = len(site.history)
        await eventually(lambda: len(site.history) > before + 2, within_s=1.0)
        assert driver.health()["box"].lost_since_s is None


async def test_a_shed_that_would_end_by_itself_is_refused_on_an_island_only():
    site = Site()
    product = given.profile(
        read={"first": {"at": 10}},
        write={
            "closed": {"kind": "bool", "lapses_to": "closed", "steps": [{"space": "coil", "at": 0, "to": "{value}"}]}
        },
    )
    async with (
        on_tcp(Bench(u1=box())) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/first")
        on_island = await driver.write("box", "closed", False, urgent=True, islanded=True)
        written = len(bench.writes())
        on_grid = await driver.write("box", "closed", False, urgent=True, islanded=False)
    assert on_island.fate is Fate.REFUSED
    assert written == 0
    assert on_grid.fate is Fate.UNVERIFIED


async def test_two_devices_behind_one_gateway_share_its_connection():
    site = Site()
    second = given.profile(link={"kinds": ["tcp"], "unit_id": 2, "timeout_ms": 150, "max_gap": 4})
    async with (
        on_tcp(Bench(u1=box(), u2=box())) as bench,
        given.driven(
            site, given.declared(bench, given.profile(), "one"), given.declared(bench, second, "two")
        ) as driver,
    ):
        await site.until("one/first", "two/first")
        assert {request.unit for request in bench.diary} == {1, 2}
        (queue,) = [one for one in site.context.shared.values() if isinstance(one, LinkQueue)]
        assert queue.connections == 1
        assert set(driver.health()) == {"one", "two"}


async def test_an_urgent_write_reaches_a_device_that_has_not_been_polled_yet():
    site = Site()
    product = given.profile(**SETPOINT, poll={"normal": {"every_ms": 60000}})
    unit = box()

    def slow_start(request: Request) -> Fault | None:
        return Fault(delay_s=0.05) if not request.writes else None

    unit.fault = slow_start
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        reply = await driver.write("box", "power_w", 0.0, urgent=True, islanded=True)
    assert reply.fate is Fate.CONFIRMED
    assert bench.writes()[0].values == [0]


async def test_the_rest_of_a_command_is_not_sent_once_a_later_one_has_begun():
    # given a command of three steps on a slow device
    site, unit = Site(), box()
    unit.fault = lambda _request: Fault(delay_s=0.03)
    steps = [{"at": 11, "to": 3}, {"at": 12, "to": "{value}"}, {"at": 20, "to": "{value}"}]
    product = given.profile(read={"shown": {"at": 20}}, write={"power_w": {"steps": steps, "lapses_to": "zero"}})
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        # when less is asked, urgently, while it is under way
        more = asyncio.create_task(driver.write("box", "power_w", 900.0, urgent=False, islanded=False))
        await eventually(lambda: bool(bench.writes()))
        await driver.write("box", "power_w", 0.0, urgent=True, islanded=False)
        reply = await more
        await asyncio.sleep(0.1)
    # then the device ends up with less
    assert unit.holding[20] == 0
    assert [request.values for request in bench.writes() if request.address == 20] == [[0]]
    assert reply.detail == "a later command took its place"


async def test_what_goes_away_with_the_grid_is_not_asked_for_during_an_outage():
    site = Site()
    product = given.profile(
        **{**SETPOINT, "read": {"first": {"at": 10, "poll": "grid"}, "shown": {"at": 20}}},
        poll={"normal": {"every_ms": 50}, "grid": {"every_ms": 50, "islanded": "skip"}},
    )
    async with (
        on_tcp(Bench(u1=box())) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/first", "box/shown")
        driver.islanded(True)
        await asyncio.sleep(0.1)
        skipped = len([request for request in bench.diary if request.address == 10])
        await asyncio.sleep(0.2)
        assert len([request for request in bench.diary if request.address == 10]) == skipped
        driver.islanded(False)
        await eventually(lambda: len([request for request in bench.diary if request.address == 10]) > skipped)


async def test_what_the_device_takes_within_its_own_limits_is_told_as_clamped():
    site = Site()
    limited = {"power_w": {**SETPOINT["write"]["power_w"], "range": [0, 100], "dead_zone": 10}}
    product = given.profile(read=SETPOINT["read"], write=limited)
    async with (
        on_tcp(Bench(u1=box())) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        more = await driver.write("box", "power_w", 140.0, urgent=False, islanded=False)
        less = await driver.write("box", "power_w", 5.0, urgent=False, islanded=False)
        exact = await driver.write("box", "power_w", 90.0, urgent=False, islanded=False)
    assert (more.fate, more.detail) == (Fate.CLAMPED, "clamped from 140 to 100")
    assert (less.fate, less.detail) == (Fate.CLAMPED, "5 is below the smallest step of 10 and sent as 0")
    assert (exact.fate, exact.detail) == (Fate.CONFIRMED, "")


async def test_a_coil_whose_profile_asks_for_function_5_is_written_alone():
    site, unit = Site(), box()
    unit.put("coil", 0, 1, 1, 1)
    fc = {"one": 5, "two": 5, "three": None}
    steps = {name: {"space": "coil", "at": at, "to": "{value}"} for at, name in enumerate(fc)}
    product = given.profile(
        read={"first": {"at": 10}},
        write={
            name: {"kind": "bool", "lapses_to": "held", "steps": [{**steps[name], **({"fc": code} if code else {})}]}
            for name, code in fc.items()
        },
    )
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product), armed=["box"]) as driver,
    ):
        await site.until("box/first")
        replies = await asyncio.gather(*(driver.write("box", name, False, urgent=True, islanded=True) for name in fc))
    assert {reply.fate for reply in replies} == {Fate.UNVERIFIED}
    assert [unit.coil[at] for at in range(3)] == [0, 0, 0]
    assert [request.code for request in bench.writes()] == [5, 5, 5]
