"""All MQTT devices of a site, and what hems asks about them before it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from drivers.mqtt import credentials
from drivers.mqtt.address import BrokerAddress, parse_address
from drivers.mqtt.device import Device
from drivers.mqtt.link import ACKNOWLEDGE_S, Link
from drivers.mqtt.probe import probe
from drivers.mqtt.schema import MqttProfile
from drivers.profile.factory import ProfileFactory
from drivers.profile.load import profile_for
from hems.model.command import Fate
from hems.model.errors import ConfigError
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import Driver, DriverContext, Found, Heard, Held, Reply, Scalar, Sought

OTHERS_TURNS = 3
"""Of the event loop, in which what was asked of other drivers at the same time reaches the wire: the library takes as
long for one message as they do for five frames."""


class MqttDriver:
    """Fulfils `hems.ports.device.Driver`: one connection per broker, one task per device."""

    def __init__(self, specs: Sequence[DeviceSpec], context: DriverContext) -> None:
        self._links: dict[str, Link] = {}
        self._devices: dict[DeviceId, Device] = {}
        for spec in specs:
            link = _shared_link(spec, context)
            self._links[str(link.address)] = link
            self._devices[spec.id] = Device(spec, profile_for(MqttProfile, spec), link, context)

    def health(self) -> Mapping[DeviceId, DeviceHealth]:
        """Every device and how it answers."""
        return {name: device.health() for name, device in self._devices.items()}

    def arm(self, device: DeviceId, armed: bool) -> None:
        """Allow or forbid commands to a device."""
        self._devices[device].arm(armed)

    def islanded(self, islanded: bool, *, stabilising: bool = False, former: DeviceId | None = None) -> None:
        """Only what makes the island is spared: devices tell by themselves, and a silent one costs no time."""
        for name, device in self._devices.items():
            device.spare(islanded and name == former)

    async def run(self) -> None:
        """Keep all connections and devices going until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link in self._links.values():
                tasks.create_task(link.serve())
            for device in self._devices.values():
                tasks.create_task(device.run())

    async def write(
        self,
        device: DeviceId,
        command: str,
        value: Scalar,
        *,
        urgent: bool,
        islanded: bool,
        lease_s: float = 0.0,
        presses: bool = False,
    ) -> Reply:
        """Send one command and tell what became of it.

        `urgent` changes nothing here: no command ever waits behind anything, and each device is asked by itself.
        """
        if device not in self._devices:
            return Reply(fate=Fate.REFUSED, detail=f"there is no MQTT device {device}")
        for _ in range(OTHERS_TURNS):
            await asyncio.sleep(0)
        return await self._devices[device].write(command, value, islanded=islanded, lease_s=lease_s, presses=presses)

    async def ask(self, device: DeviceId) -> Heard:
        """One question to a device, for a person."""
        return await self._devices[device].ask()

    async def release(self, device: DeviceId) -> str:
        """Hand control back, as far as the device can be reached and may be written to; why not, if it could not be."""
        return await self._devices[device].release()


class MqttFactory(ProfileFactory[MqttProfile]):
    """Fulfils `hems.ports.device.DriverFactory`."""

    def __init__(self) -> None:
        super().__init__("mqtt", MqttProfile)

    def check(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """What is wrong with links, profiles and parameters, all at once."""
        return [*(problem for spec in specs for problem in _problems(spec)), *_twice(specs), *_at_odds(specs)]

    def lacks(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """Certificates and logins that are not there or cannot be used."""
        return [sentence for spec in specs for sentence in _unusable(spec)]

    def actuation_s(self, specs: Sequence[DeviceSpec]) -> Mapping[DeviceId, float]:
        """Worst times until the broker has all messages of a command; devices do not wait for each other here."""
        return {spec.id: ACKNOWLEDGE_S + longest_pause_s(self.profile(spec)) for spec in specs}

    def probe(self, sought: Sought, tell: Callable[[str], None], held: Held) -> AsyncIterator[Found]:
        """What speaks on that broker, by listening only; a broker takes one more listener beside those it has."""
        return probe(sought, tell)

    def open(self, specs: Sequence[DeviceSpec], context: DriverContext) -> Driver:
        """A driver for these devices; connects when it is run.  Raises: ConfigError, ValueError."""
        return MqttDriver(specs, context)


def longest_pause_s(profile: MqttProfile) -> float:
    """What a profile's own pauses between messages can add to a command, in s."""
    first_ms = sum(step.wait_ms for step in profile.control.acquire)
    ways = [way for line in profile.write.values() for way in line.ways()]
    sent = [[step.wait_ms for step in way.steps if step.applies(value)] for way in ways for value in (-1.0, 0.0, 1.0)]
    return (first_ms + max((sum(pauses_ms[:-1]) for pauses_ms in sent), default=0)) / 1000


def _shared_link(spec: DeviceSpec, context: DriverContext) -> Link:
    address = parse_address(spec.link)
    link: Link = context.shared.setdefault(f"mqtt://{address}", Link(address, clock=context.clock, rng=context.rng))
    return link


def _problems(spec: DeviceSpec) -> Iterator[str]:
    try:
        parse_address(spec.link)
    except ValueError as unclear:
        yield f"devices.{spec.id}.link: {unclear}."
    try:
        profile_for(MqttProfile, spec)
    except ConfigError as wrong:
        yield from wrong.problems


def _unusable(spec: DeviceSpec) -> Iterator[str]:
    with suppress(ValueError):
        for wrong in credentials.problems(parse_address(spec.link)):
            yield f"devices.{spec.id}.link: {wrong}."


def _twice(specs: Sequence[DeviceSpec]) -> Iterator[str]:
    """Two devices of a site file that are one device: each would see the other's commands as disobedience."""
    first: dict[tuple[str, str], DeviceId] = {}
    for spec in specs:
        with suppress(ConfigError, ValueError):
            writes = repr(profile_for(MqttProfile, spec).write)
            other = first.setdefault((str(parse_address(spec.link)), writes), spec.id)
            if other != spec.id:
                yield f"devices.{spec.id}: is the same output as devices.{other}. Give each its own prefix or channel."


def _at_odds(specs: Sequence[DeviceSpec]) -> Iterator[str]:
    """One broker, entered in two ways: there is one connection to each."""
    first: dict[str, tuple[BrokerAddress, DeviceId]] = {}
    for spec in specs:
        with suppress(ValueError):
            address = parse_address(spec.link)
            other, owner = first.setdefault(str(address), (address, spec.id))
            if other != address:
                yield f"devices.{spec.id}.link: leads to the broker of devices.{owner} in another way. Write one link."
