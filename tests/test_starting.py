"""What is read in a process that ends, and what is imported for both before it is begun."""

import subprocess
import sys
from pathlib import Path

import pytest

from hems.model.errors import ConfigError
from hems.ports.device import DriverFactory
from hems.runtime.installed import InstalledDrivers
from hems.starting import begun
from hil.places import place

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


STARTED = """
import sys
from pathlib import Path
import hems.service, hems.starting
from hems.app import installed_drivers
drivers = installed_drivers()
site_file, card = hems.starting.begun(Path(sys.argv[1]), None, drivers)()
for spec in site_file.wiring.devices:
    drivers[spec.driver].points(spec), drivers[spec.driver].commands(spec), drivers[spec.driver].fingerprint(spec)
print("pydantic" in sys.modules)
"""
"""A start as far as the first question to a device, and whether what checks files has been imported."""


class Told(InstalledDrivers):
    """Knows which drivers were asked for over here."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> DriverFactory:
        self.asked.append(name)
        return super().__getitem__(name)


class Lacking(Told):
    """A library of theirs is not installed."""

    def __getitem__(self, name: str) -> DriverFactory:
        super().__getitem__(name)
        raise ConfigError((f"Driver {name} cannot be loaded.",))


def test_drivers_that_a_site_file_names_are_there_before_it_is_read_and_no_others() -> None:
    drivers = Told()
    read = begun(place("home").site, None, drivers)
    named = set(drivers.asked)
    # when it has been read
    site_file, card = read()
    # then these were the ones it names
    assert named == {spec.driver for spec in site_file.wiring.devices} < {*drivers}
    assert site_file.site.name in card()


def test_what_is_wrong_with_file_or_driver_is_told_where_it_is_read(tmp_path: Path) -> None:
    for site, drivers in ((tmp_path / "none.toml", Told()), (place("home").site, Lacking())):
        read = begun(site, None, drivers)
        with pytest.raises(ConfigError):
            read()


def test_what_checks_files_is_never_imported_by_the_daemon(checkout: Path) -> None:
    started = [sys.executable, "-c", STARTED, str(place("home").site)]
    told = subprocess.run(started, cwd=checkout, capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout == "False\n"
