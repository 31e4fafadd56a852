"""Drivers by name: only what is asked for is imported."""

import subprocess
import sys

import pytest

from hems.app import installed_drivers

LOOKS = """
import sys
from pathlib import Path
from hems.app import installed_drivers
from hems.config.load import load
from hems.model.errors import ConfigError
drivers = installed_drivers()
assert sorted(drivers) == ["modbus", "mqtt", "sunspec"], sorted(drivers)
problems = ()
try:
    load(Path(sys.argv[1]), drivers)
except ConfigError as error:
    problems = error.problems
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("drivers.")} & set(drivers)))
print(*problems, sep="\\n")
"""

SITE = """
[devices.meter]
driver = "modbuss"
profile = "eastron-sdm630"
link = "tcp://127.0.0.1:502"

[devices.plug]
driver = "mqtt"
profile = "shelly-gen2-switch"
link = "mqtt://127.0.0.1:1883"
"""


def test_only_the_drivers_that_a_file_names_are_imported_and_an_unknown_name_lists_what_there_is(tmp_path):
    # given a file that names one driver and misspells another
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    # when it is checked in a fresh interpreter
    done = subprocess.run([sys.executable, "-c", LOOKS, str(file)], capture_output=True, text=True, check=True)
    imported, *problems = done.stdout.splitlines()
    # then the one was imported, and the mistake names all that are installed
    assert imported == "mqtt"
    assert any('(installed: "modbus", "mqtt" or "sunspec")' in problem for problem in problems), problems


def test_a_name_that_nobody_has_is_a_key_error():
    drivers = installed_drivers()
    assert "carrier_pigeon" not in drivers
    assert "modbus" in drivers
    assert len(drivers) == 3
    with pytest.raises(KeyError):
        drivers["carrier_pigeon"]
