"""What other packages plug in, by entry point: drivers of group `hems.drivers`."""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points

from hems.model.errors import ConfigError
from hems.ports.device import DriverFactory


class InstalledDrivers(Mapping[str, DriverFactory]):
    """Every installed driver by its name; only those that are asked for are imported."""

    def __init__(self) -> None:
        self._entries: dict[str, EntryPoint] = {entry.name: entry for entry in entry_points(group="hems.drivers")}

    def __getitem__(self, name: str) -> DriverFactory:
        """The driver of that name.  Raises: KeyError; ConfigError when it lacks something that it needs."""
        entry = self._entries[name]
        try:
            factory: DriverFactory = entry.load()
        except (ImportError, AttributeError) as error:
            raise ConfigError((f"Driver {name} cannot be loaded: {error}. Install what it needs.",)) from error
        return factory

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
