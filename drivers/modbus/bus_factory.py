"""What the engines on Modbus lines share: Modbus itself and SunSpec, whose devices may hang on the same line."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from drivers.modbus.check import Declared, problems, worst_s
from drivers.modbus.driver import BusDriver
from drivers.profile.factory import ProfileFactory, ProfileT
from hems.model.errors import ConfigError
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext


class BusFactory(ProfileFactory[ProfileT]):
    """An engine whose devices stand on a line; it says only how one of them is declared."""

    @abstractmethod
    def declare(self, spec: DeviceSpec) -> Declared:
        """One device as the engine takes it.

        Raises:
            ConfigError: profile, parameters or link are wrong.
        """

    def check(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """Every problem with profiles, parameters and links, offline."""
        wrongs: list[str] = []
        declared: list[Declared] = []
        for spec in specs:
            try:
                declared.append(self.declare(spec))
            except ConfigError as wrong:
                wrongs += wrong.problems
        return [*wrongs, *problems(declared)]

    def actuation_s(self, specs: Sequence[DeviceSpec]) -> Mapping[DeviceId, float]:
        """Worst times to the wire."""
        return worst_s([self.declare(spec) for spec in specs])

    def open(self, specs: Sequence[DeviceSpec], context: DriverContext) -> BusDriver:
        """A driver for these devices; opens nothing yet."""
        return BusDriver([self.declare(spec) for spec in specs], context)
