"""What is read in a process that ends, and what is imported for both before it is begun."""

from pathlib import Path

import pytest

from hems.model.errors import ConfigError
from hems.ports.device import DriverFactory
from hems.runtime.installed import InstalledDrivers
from hems.starting import begun
from hil.places import place

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


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
