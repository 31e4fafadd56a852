"""All drivers together: who drives which device, who may be written to, how each answers."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from hems.model.contained import contained
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec, Port, Role
from hems.ports.device import Driver, DriverContext, DriverFactory
from hems.ports.store import ArmingRecords

log = logging.getLogger(__name__)


class Fleet:
    """The site's devices.  Nothing may be written to unless it was armed for exactly this set-up."""

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        specs: Sequence[DeviceSpec],
        fingerprints: Mapping[DeviceId, str],
        vocabulary: Mapping[DeviceId, Sequence[str]],
        arming: ArmingRecords,
        seal: Callable[[DeviceId], str],
        watched: Collection[DeviceId] = (),
        upstream: Collection[DeviceId] = (),
        reads_only: Collection[DeviceId] = (),
    ) -> None:
        """What is special about some: nobody may arm them, they see the utility's side only, they take no commands."""
        self.drivers = drivers
        """By the name in the site file."""
        self.devices: Mapping[DeviceId, Driver] = {spec.id: drivers[spec.driver] for spec in specs}
        self.vocabulary = vocabulary
        """Points of each device, as its profile lists them."""
        self._specs = specs
        self._fingerprints = fingerprints
        self._arming = arming
        self._seal = seal
        self.watched = watched
        self._upstream = upstream
        self._reads_only = reads_only
        self._trials: dict[DeviceId, float] = {}
        self._health = {spec.id: DeviceHealth(link=spec.link) for spec in specs}
        self._failing: set[str] = set()
        self._lapsed: set[DeviceId] = set()
        self._told: tuple[bool, bool] | None = None

    def rearm(self, at: Instant) -> list[DeviceId]:
        """Arm again what was armed for this very set-up; the devices that were armed for another one are returned."""
        changed = []
        for device, fingerprint in self._arming.armed().items():
            if device in self.devices and device not in self.watched and self._set_up(device) == fingerprint:
                self.devices[device].arm(device, True)
            else:
                self._arming.disarm(device, at=at)
                changed.append(device)
        self._lapsed = {device for device in changed if device in self.devices}
        return changed

    @property
    def disarmings(self) -> int:
        """How often something was disarmed."""
        return self._arming.disarmings

    async def arm(self, device: DeviceId, *, who: str, at: Instant, disarmings: int | None = None) -> None:
        """Allow writes to a device, as it is set up now.

        Raises: StoreError when that cannot be recorded, or there were more than so many `disarmings` by then.
        """
        await self._arming.arm(device, self._set_up(device), who=who, at=at, disarmings=disarmings)
        self.devices[device].arm(device, True)
        self._lapsed.discard(device)

    def disarm(self, device: DeviceId, *, at: Instant, keep_trial: bool = False) -> None:
        """Forbid writes to a device; `keep_trial` when a proof on trial is the reason."""
        if not keep_trial:
            self._trials.pop(device, None)
        self.devices[device].arm(device, device in self._trials)
        self._arming.disarm(device, at=at)
        self._lapsed.discard(device)

    def is_armed(self, device: DeviceId) -> bool:
        """Whether it is armed for good, and not only for a trial."""
        return device in self._arming.armed()

    def try_out(self, device: DeviceId, *, until_s: float) -> None:
        """Allow writes until then, so that something can be proven; nothing of it survives a restart."""
        self._trials[device] = until_s
        self.devices[device].arm(device, True)

    def end_trial(self, device: DeviceId) -> None:
        """Everything is as it was before."""
        self._trials[device] = float("-inf")
        self._end_trials(0.0)

    def _end_trials(self, now_s: float) -> None:
        for device in [device for device, until_s in self._trials.items() if until_s <= now_s]:
            del self._trials[device]
            if not self.is_armed(device):
                self.devices[device].arm(device, False)

    def _set_up(self, device: DeviceId) -> str:
        """What an arming holds for: site file, profile and what was proven."""
        return hashlib.sha256(f"{self._fingerprints[device]} {self._seal(device)}".encode()).hexdigest()

    def faults(self) -> dict[str, str]:
        """What a person has to put right, in sentences: devices that have lost their arming by a change."""
        if not self._lapsed:
            return {}
        names = ", ".join(sorted(self._lapsed))
        what = "the site file, a profile or the commissioning record has changed"
        return {"arming": f"Only watched since {what}: {names}. Prove and arm again."}

    def watched_only(self, writes: Mapping[Role, Port], health: Mapping[DeviceId, DeviceHealth]) -> frozenset[Role]:
        """Roles that are commanded through devices which are not armed."""
        unarmed = {device for device, one in health.items() if not one.armed}
        return frozenset(role for role, port in writes.items() if port.device in unarmed)

    def health(self, now_s: float) -> Mapping[DeviceId, DeviceHealth]:
        """Every device and how it answers; one whose driver cannot even tell that counts as lost."""
        self._end_trials(now_s)
        for name, driver in self.drivers.items():
            with contained() as protocol:
                self._health |= driver.health()
                self._failing.discard(name)
            if protocol.fault is not None:
                if name not in self._failing:
                    log.error("Driver %s cannot tell how its devices are.", name, exc_info=protocol.fault)
                self._failing.add(name)
                self._health |= self._lost(name, now_s)
        return {
            name: replace(one, upstream=name in self._upstream, reads_only=name in self._reads_only)
            for name, one in self._health.items()
        }

    def follow(self, mode: Mode, former: DeviceId | None) -> None:
        """Tell every driver at once when an island, made by `former`, begins, has come to rest, or ends."""
        island = (mode.on_island, mode is Mode.ISLANDED_STABILIZING)
        if island == self._told:
            return
        self._told = island
        for name, driver in self.drivers.items():
            with contained() as protocol:
                driver.islanded(island[0], stabilising=island[1], former=former)
            if protocol.fault is not None:
                log.error("Driver %s cannot be told of the island.", name, exc_info=protocol.fault)

    async def release(self, *, within_s: float) -> None:
        """Hand every device back, all at the same time, as far as that succeeds in time."""
        await self._handed_back(self.devices, within_s=within_s)

    async def dismiss(
        self, devices: Sequence[DeviceId], *, at: Instant, hand_back: bool, within_s: float
    ) -> Mapping[DeviceId, str]:
        """Forbid writes to devices, handed back first if so; why not, of those of them that could not be.

        Nobody who arms meanwhile prevails, and whatever happens, nothing is written to them afterwards.
        """
        for device in devices:
            self._arming.disarm(device, at=at)
        try:
            return await self._handed_back(devices, within_s=within_s) if hand_back else {}
        finally:
            for device in devices:
                self.disarm(device, at=at)

    async def _handed_back(self, devices: Iterable[DeviceId], *, within_s: float) -> Mapping[DeviceId, str]:
        """All at the same time, as far as that succeeds in time; why not, of those with which it did not."""
        tasks = {asyncio.create_task(self.devices[one].release(one), name=one): one for one in devices}
        if not tasks:
            return {}
        done, late = await asyncio.wait(tasks, timeout=within_s)
        failed = {tasks[task]: "it does not answer in time" for task in late}
        for task in late:
            task.cancel()
        for task in done:
            with contained() as release:
                failed |= {tasks[task]: why} if (why := task.result()) else {}
            if release.fault is not None:
                log.error("%s could not be handed back.", tasks[task], exc_info=release.fault)
                failed[tasks[task]] = type(release.fault).__name__
        for device, why in failed.items():
            log.warning("%s could not be handed back: %s.", device, why)
        return failed

    def _lost(self, driver: str, now_s: float) -> dict[DeviceId, DeviceHealth]:
        known = {spec.id: self._health[spec.id] for spec in self._specs if spec.driver == driver}
        return {
            device: replace(
                one,
                lost_since_s=now_s if one.lost_since_s is None else one.lost_since_s,
                detail=f"driver {driver} fails",
            )
            for device, one in known.items()
        }


def open_fleet(
    specs: Sequence[DeviceSpec],
    factories: Mapping[str, DriverFactory],
    context: DriverContext,
    arming: ArmingRecords,
    *,
    digest: str,
    seal: Callable[[DeviceId], str],
    watched: Collection[DeviceId] = (),
    upstream: Collection[DeviceId] = (),
) -> Fleet:
    """One driver per protocol for all its devices; fingerprints and seals tie an arming to what was proven."""
    drivers = {
        name: factories[name].open([spec for spec in specs if spec.driver == name], context)
        for name in dict.fromkeys(spec.driver for spec in specs)
    }
    fingerprints = {
        spec.id: hashlib.sha256(f"{digest} {spec.id} {factories[spec.driver].fingerprint(spec)}".encode()).hexdigest()
        for spec in specs
    }
    vocabulary = {spec.id: tuple(factories[spec.driver].points(spec)) for spec in specs}
    reads_only = {spec.id for spec in specs if not factories[spec.driver].commands(spec)}
    return Fleet(drivers, specs, fingerprints, vocabulary, arming, seal, watched, upstream, reads_only)
