"""What a start needs of site file and profiles, read and checked in a process that ends.

Checking takes a library, its tables and as many megabytes as control itself; what comes of it is a few kilobytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hems.config.site_file import SiteFile
from hems.ports.device import DriverFactory, Portable
from hems.runtime.apart import apart
from hems.runtime.installed import InstalledDrivers


@dataclass(frozen=True, slots=True)
class Read:
    """What was read."""

    site_file: SiteFile
    card: str
    """The paper for the panel door."""
    known: Mapping[str, object]
    """What each driver knows of the devices of this site."""


def begun(site: Path, last_good: Path | None) -> Callable[[Mapping[str, DriverFactory]], tuple[SiteFile, str]]:
    """Begin to read; what is returned waits for it, and has the drivers know what was read.  Raises: ConfigError."""
    done = apart(lambda: _read(site, last_good))

    def believed(drivers: Mapping[str, DriverFactory]) -> tuple[SiteFile, str]:
        read = done()
        for name, known in read.known.items():
            driver = drivers[name]
            if isinstance(driver, Portable):
                driver.believe(known)
        return read.site_file, read.card

    return believed


def _read(site: Path, last_good: Path | None) -> Read:
    from hems.config.lastgood import load_or_last_good
    from hems.report.panel_card import card_of
    from hems.wording.language import use

    drivers = InstalledDrivers()
    site_file = load_or_last_good(site, last_good, drivers)
    use(site_file.site.language)
    known, devices = dict[str, object](), site_file.wiring.devices
    for name in dict.fromkeys(spec.driver for spec in devices):
        driver = drivers[name]
        if isinstance(driver, Portable):
            known[name] = driver.known([spec for spec in devices if spec.driver == name])
    return Read(site_file, card_of(site_file, drivers), known)
