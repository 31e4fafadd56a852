"""The examples against the drivers and profiles that ship with hems."""

import pytest

from drivers import modbus, mqtt, sunspec
from tests.config.given import EXAMPLES, example, report

DRIVERS = {"modbus": modbus.FACTORY, "sunspec": sunspec.FACTORY, "mqtt": mqtt.FACTORY}


@pytest.mark.parametrize("name", ["apartments", "home"])
def test_an_example_goes_with_the_shipped_profiles(name):
    assert report(EXAMPLES / f"{name}.toml", DRIVERS) == ([], [])


def test_what_drivers_find_wrong_is_told_with_line_and_key(tmp_path):
    # given mistakes that only the drivers can know
    text = example().replace("unit_id = 1", "unit_id = 999").replace('"sungrow-sh"', '"sungrow-hs"')
    text = text.replace('params = { prefix = "maple/gym" }', "").replace("tcp://10.0.20.24:502", "tcp://10.0.20.24:x")
    path = tmp_path / "site.toml"
    path.write_text(text)

    # when the file is checked
    problems, _ = report(path, DRIVERS)

    # then each is there, with its place
    expected = {"unit_id": 999, "sungrow-hs": "sungrow-sh", "prefix": "gym_plug", "10.0.20.24": "bay_4"}
    assert len(problems) == len(expected), problems
    for sentence in problems:
        assert sentence.startswith(f"{path}, line ")
    for one, other in expected.items():
        assert [sentence for sentence in problems if one in sentence and str(other) in sentence], one
