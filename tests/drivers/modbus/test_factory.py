"""What is told about a site's Modbus devices before any connection."""

import pytest

from drivers.modbus import FACTORY
from drivers.modbus.address import Address, SerialLine, parse_address
from hems.model.wiring import DeviceSpec


def device(
    name: str = "meter", profile: str = "eastron-sdm630", link: str = "rtu:///dev/ttyUSB0", **params
) -> DeviceSpec:
    return DeviceSpec(id=name, driver="modbus", profile=profile, link=link, params=params)


def test_points_and_commands_are_known_offline_and_private_ones_stay_private():
    car = device("car", "evtec-bidipro", "tcp://192.0.2.1")
    assert FACTORY.points(car) == {
        "state": "str",
        "power_w": "float",
        "soc_pct": "float",
        "charge_max_w": "float",
        "setpoint_w": "float",
        "errors": "str",
        "capacity_wh": "float",
        "discharge_max_w": "float",
        "discharge_ready": "bool",
    }
    assert FACTORY.commands(car) == {"power_w": "float"}
    assert FACTORY.points(device("board", "waveshare-relay", "tcp://192.0.2.2"))["input_2"] == "bool"
    assert FACTORY.commands(device("board", "waveshare-relay", "tcp://192.0.2.2"))["coil_8"] == "bool"


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("tcp://192.0.2.1", "eastron-sdm630 is reached by rtu:// or rtu-over-tcp://. Correct it."),
        ("serial:///dev/ttyUSB0", "is no Modbus link. Write tcp://HOST:PORT"),
        ("rtu://ttyUSB0", "names no device file"),
        ("rtu:///dev/ttyUSB0?speed=9600", "'speed' is no setting of a serial line"),
        ("rtu:///dev/ttyUSB0?parity=X", "parity must be N, E or O"),
        ("rtu:///dev/ttyUSB0?baud=fast", "must be whole numbers"),
    ],
)
def test_a_wrong_link_is_one_sentence_with_its_remedy(link, told):
    (only,) = FACTORY.check([device(link=link)])
    assert only.startswith(f"devices.meter.link = '{link}'")
    assert told in only


def test_every_problem_of_every_device_is_told():
    assert len(FACTORY.check([device(unit_id=0), device("box", "nonsense"), device("good", unit_id=5)])) == 2


def test_two_devices_with_other_settings_on_one_tty_are_told():
    told = FACTORY.check([device("one"), device("two", unit_id=2, link="rtu:///dev/ttyUSB0?baud=19200")])
    assert "one uses /dev/ttyUSB0 with other settings" in told[0]


def test_a_link_takes_what_it_does_not_say_from_the_product():
    product = SerialLine(19200, "E", 2)
    assert parse_address("rtu:///dev/ttyS0?parity=n", serial=product) == Address(
        "rtu", "/dev/ttyS0", 0, SerialLine(19200, "N", 2)
    )
    assert parse_address("tcp://charger", port=5020) == Address("tcp", "charger", 5020)


def test_a_frame_ends_after_three_and_a_half_characters_of_silence():
    assert SerialLine(9600).silence_s == pytest.approx(0.00401, rel=1e-2)
    assert SerialLine(115200).silence_s == 0.00175


def test_a_computed_witness_is_as_slow_as_the_slowest_it_is_computed_from():
    hybrid = device("hybrid", "huawei-sun2000", "tcp://192.0.2.3", poll_ms=1000)
    assert FACTORY.witness_ms(hybrid, "l1_v") == 3000
    assert FACTORY.witness_ms(hybrid, "grid_connected") == 3000
    assert FACTORY.witness_ms(hybrid, "setpoint_w") is None
    assert FACTORY.witness_ms(hybrid, "nonsense") is None
