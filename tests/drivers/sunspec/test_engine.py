"""What the SunSpec engine adds to the Modbus engine: repeated groups, short models, sleeping scales, own registers."""

from typing import Any

import pytest

from drivers.modbus.driver import BusDriver
from drivers.profile.load import parse
from drivers.sunspec.factory import declared
from drivers.sunspec.schema import SunSpecProfile
from hems.model.command import Fate
from hems.model.errors import ConfigError
from hems.model.reading import Quality
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, eventually, on_tcp, running
from tests.drivers.sunspec import inverters as made

pytestmark = pytest.mark.wire

POWER = {"power_w": {"any": ["103.W"]}}


def profile(**sections: Any) -> SunSpecProfile:
    data: dict[str, Any] = {
        "schema": 1,
        "id": "example",
        "title": "Example",
        "class": "pv",
        "engine": "sunspec",
        "status": "draft",
        "sources": ["this test"],
        "link": {"kinds": ["tcp"], "timeout_ms": 200, "max_gap": 24},
        "poll": {"normal": {"every_ms": 50, "stale_ms": 500}},
        "defaults": {"poll": "normal"},
        "read": POWER,
    }
    return parse(SunSpecProfile, {**data, **sections}, {})


def driver_for(bench: Bench, site: Site, of: SunSpecProfile, *, armed: bool = False) -> BusDriver:
    driver = BusDriver([declared(given.spec(bench, "pv", engine="sunspec"), of)], site.context)
    driver.arm("pv", armed)
    return driver


def modules_160(*powers_w: int, registers: int | None = None) -> list[int]:
    """One module for each power, in tens of watts; `registers` cuts the model short."""
    words = [0, 0, 0, 0, made.minus(1), 0, 0, 0, len(powers_w), 0]
    for power_w in powers_w:
        module = [0xFFFF] * 20
        module[11] = power_w
        words += module
    words = words[: 2 + (registers if registers is not None else len(words) - 2)]
    return [160, len(words) - 2, *words[2:]]


async def test_each_module_of_a_repeated_group_is_read_and_one_too_many_is_missing():
    site, read = Site(), {f"m{number}_w": {"any": [f"160.DCW[{number}]"]} for number in (1, 2, 3)}
    bench = Bench(u1=made.unit(made.common(), modules_160(123, 456)))
    async with on_tcp(bench), running(driver_for(bench, site, profile(read=read))):
        await site.until("pv/m1_w", "pv/m2_w", "pv/m3_w")
    assert (site.value("pv/m1_w"), site.value("pv/m2_w")) == (12.3, 45.6)
    assert site.latest["pv/m3_w"].quality is Quality.MISSING


async def test_a_point_behind_the_end_of_a_shorter_edition_is_missing_and_not_taken_from_the_next_model():
    # given the second module of a model that ends in the middle of it, and another model behind
    site, read = Site(), {f"m{number}_w": {"any": [f"160.DCW[{number}]"]} for number in (1, 2)}
    inverter = made.unit(made.common(), modules_160(123, 456, registers=32), made.inverter_103(W=1))
    async with on_tcp(Bench(u1=inverter)) as bench, running(driver_for(bench, site, profile(read=read))):
        await site.until("pv/m1_w", "pv/m2_w")
    assert site.value("pv/m1_w") == 12.3
    assert site.latest["pv/m2_w"].quality is Quality.MISSING


async def test_a_scale_factor_that_goes_to_sleep_keeps_its_last_value():
    site, inverter = Site(), made.unit(made.common(), made.inverter_103(W=250, W_SF=-1))
    async with on_tcp(Bench(u1=inverter)) as bench, running(driver_for(bench, site, profile())):
        await site.until("pv/power_w")
        # when it no longer says its scale factor, and its power changes
        inverter.holding[made.place(inverter, 103, 15)] = made.UNKNOWN_S16
        inverter.holding[made.place(inverter, 103, 14)] = 260
        # then the new power has the old scale
        await eventually(lambda: site.value("pv/power_w") == 26.0)


async def test_a_scale_factor_that_changes_counts_for_the_power_that_comes_with_it():
    site, inverter = Site(), made.unit(made.common(), made.inverter_103(W=250, W_SF=-1))
    read = {"slow_w": {"any": ["103.W"], "poll": "slow"}, **POWER}
    poll = {"normal": {"every_ms": 50}, "slow": {"every_ms": 600000}}
    async with on_tcp(Bench(u1=inverter)) as bench, running(driver_for(bench, site, profile(read=read, poll=poll))):
        await site.until("pv/power_w", "pv/slow_w")
        inverter.put("holding", made.place(inverter, 103, 14), 300, 1)
        await eventually(lambda: site.value("pv/power_w") == 3000.0)
    # and never was one scaled with the other's
    assert {reading.value for name, reading in site.history if name == "pv/power_w"} == {25.0, 3000.0}


async def test_a_register_of_the_makers_own_is_read_and_written_beside_the_models():
    site, inverter = Site(), made.unit(made.common(), made.inverter_103(W=1))
    # 1.5 as single, low word first
    inverter.put("holding", 57716, 0x0000, 0x3FC0)
    inverter.put("holding", 57348, 0)
    own = profile(
        read={**POWER, "battery_w": {"at": 57716, "type": "f32", "word": "little"}, "_mode": {"at": 57348}},
        write={
            "mode": {
                "lapses_to": "held",
                "verify": {"read": "_mode", "equals": "{value}"},
                "way": [{"steps": [{"at": 57348, "to": "{value}", "fc": 6}]}],
            }
        },
    )
    async with on_tcp(Bench(u1=inverter)) as bench:
        driver = driver_for(bench, site, own, armed=True)
        async with running(driver):
            await site.until("pv/battery_w", "pv/power_w")
            reply = await driver.write("pv", "mode", 4, urgent=False, islanded=False)
    assert site.value("pv/battery_w") == 1.5
    assert reply.fate is Fate.CONFIRMED
    assert [(request.code, request.address, request.values) for request in bench.writes()] == [(6, 57348, [4])]


async def test_a_device_of_another_maker_is_disabled():
    site, other = Site(), Unit()
    other.put("holding", 40000, *made.MARK, 1, 66, *made.text("Other", 16), *[0] * 50, 0xFFFF, 0)
    picky = profile(
        read={**POWER, "_maker": {"any": ["1.Mn"]}},
        identify={"_maker": {"contains": "fronius"}},
    )
    async with on_tcp(Bench(u1=other)) as bench:
        driver = driver_for(bench, site, picky, armed=True)
        async with running(driver):
            await eventually(lambda: "fronius" in driver.health()["pv"].detail, within_s=5)
            reply = await driver.write("pv", "mode", 4, urgent=False, islanded=False)
    assert reply.fate is Fate.REFUSED
    assert "Other" in reply.detail
    assert bench.writes() == []


@pytest.mark.parametrize(
    ("line", "told"),
    [({"scale": 2}, "needs any"), ({"any": ["103.Nonsense"]}, "no SunSpec point"), ({"at": 1, "type": "str"}, "len")],
)
def test_a_line_that_says_no_place_is_refused_with_its_name(line, told):
    with pytest.raises(ConfigError, match=rf"example.toml: read.power_w: .*{told}"):
        profile(read={"power_w": line})


async def test_the_heartbeat_counts_while_a_command_is_in_force_and_stops_when_none_comes():
    site = Site()
    inverter = made.unit(made.common(), made.controls_704(), made.controls_715())
    beating = profile(
        read={"_beat": {"any": ["715.ControllerHb"]}},
        write={
            "power_w": {"lapses_to": "zero", "way": [{"needs": 704, "steps": [{"set": "704.WSet", "to": "{value}"}]}]}
        },
        control={
            "safe": [{"set": "704.WSetEna", "to": 0}],
            "watchdog": {
                "kind": "counter",
                "renew_s": 0.05,
                "hold_max_s": 0.3,
                "renew": [{"set": "715.ControllerHb", "to": "{value}"}],
            },
        },
    )
    async with on_tcp(Bench(u1=inverter)) as bench:
        driver = driver_for(bench, site, beating, armed=True)
        async with running(driver):
            # given nothing asked for: no heartbeat
            await eventually(lambda: len(bench.diary) > 10)
            assert bench.writes() == []
            # when a power is asked for once
            await driver.write("pv", "power_w", 1000.0, urgent=False, islanded=False)
            switch = made.place(inverter, 704, 22)
            await eventually(lambda: bench.writes()[-1].address == switch)
    # then the heartbeat has counted, and in the end the device was told to stop
    beats = [request.values for request in bench.writes() if request.address == made.place(inverter, 715, 5)]
    assert len(beats) >= 3
    assert beats == [[0, number] for number in range(1, len(beats) + 1)]


async def test_a_map_that_has_moved_is_walked_again():
    # given an inverter that is read, and that then has another model before the one that is wanted
    site, inverter = Site(), made.unit(made.common(), made.inverter_103(W=250, W_SF=0))
    async with on_tcp(Bench(u1=inverter)) as bench, running(driver_for(bench, site, profile())):
        await eventually(lambda: "pv/power_w" in site.latest and site.value("pv/power_w") == 250.0)
        inverter.holding.clear()
        inverter.put("holding", 0, *made.MARK, *made.common(), *made.inverter_103(W=260, W_SF=0), 0xFFFF, 0)
        # then it is found again, without a lost connection
        await eventually(lambda: site.value("pv/power_w") == 260.0)


async def test_a_map_that_has_changed_over_a_lost_connection_is_walked_again():
    # given an inverter that comes back with another firmware: a longer model stands before the one that is wanted
    site, inverter = Site(), made.unit(made.common(), made.inverter_103(W=250, W_SF=0))
    async with on_tcp(Bench(u1=inverter)) as bench, running(driver_for(bench, site, profile())):
        await eventually(lambda: "pv/power_w" in site.latest and site.value("pv/power_w") == 250.0)
        moved = made.unit(made.common(), modules_160(1, 2, 3), made.inverter_103(W=260, W_SF=0))
        inverter.holding.clear()
        inverter.holding.update(moved.holding)
        bench.drop()
        # then its power is read at the new place, and what stood at the old one was never taken for it
        await eventually(lambda: site.value("pv/power_w") == 260.0, within_s=5.0)
    told = {reading.value for name, reading in site.history if name == "pv/power_w" and reading.value is not None}
    assert told == {250.0, 260.0}


async def test_a_command_never_follows_a_map_that_is_no_longer_there():
    # given a limit that was set once, and an inverter that comes back with its models elsewhere
    site = Site()
    inverter = made.unit(made.common(), made.controls_704())
    set_power = [{"needs": 704, "steps": [{"set": "704.WSet", "to": "{value}"}]}]
    limited = profile(
        read={"_on": {"any": ["704.WSetEna"]}},
        poll={"normal": {"every_ms": 600000}},
        write={"power_w": {"lapses_to": "zero", "way": set_power}},
    )
    async with on_tcp(Bench(u1=inverter)) as bench:
        driver = driver_for(bench, site, limited, armed=True)
        async with running(driver):
            first = await driver.write("pv", "power_w", 100.0, urgent=False, islanded=False)
            moved = made.unit(made.common(), modules_160(1), made.controls_704())
            inverter.holding.clear()
            inverter.holding.update(moved.holding)
            bench.drop()
            bench.diary.clear()
            # when the next command is what opens the connection again
            second = await driver.write("pv", "power_w", 200.0, urgent=False, islanded=False)
    # then it went to the new place, and nothing to the old one
    assert (first.fate, second.fate) == (Fate.UNVERIFIED, Fate.UNVERIFIED)
    assert {request.address for request in bench.writes()} == {made.place(inverter, 704, 24)}
    assert bench.writes()[-1].values == [0, 200]


async def test_a_set_point_whose_revert_timer_is_missing_is_not_sent_at_all():
    # given an edition of model 704 that ends before the timer of its set-point
    site, short = Site(), [704, 24, *made.controls_704()[2:26]]
    steps = [{"set": "704.WSetRvrtTms", "to": 60}, {"set": "704.WSetMod", "to": "{value}"}]
    leased = profile(
        read={"_on": {"any": ["704.WSetEna"]}},
        write={"power_w": {"lapses_to": "zero", "way": [{"needs": 704, "steps": steps}]}},
    )
    async with on_tcp(Bench(u1=made.unit(made.common(), short))) as bench:
        driver = driver_for(bench, site, leased, armed=True)
        async with running(driver):
            reply = await driver.write("pv", "power_w", 100.0, urgent=False, islanded=False)
    assert reply.fate is Fate.REFUSED
    assert bench.writes() == []


async def test_a_point_whose_scale_factor_lies_behind_the_end_is_missing():
    site, short = Site(), [704, 30, *made.controls_704()[2:32]]
    read = {"_set_w": {"any": ["704.WSet"]}, "on": {"any": ["704.WSetEna"]}, "set_w": {"any": ["704.WSet"]}}
    bench = Bench(u1=made.unit(made.common(), short, made.inverter_103(W=1)))
    async with on_tcp(bench), running(driver_for(bench, site, profile(read=read))):
        await site.until("pv/on", "pv/set_w")
    assert site.latest["pv/set_w"].quality is Quality.MISSING
