"""Devices as hems sees them: named points that arrive, named commands that are sent."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Literal, Protocol, runtime_checkable

from hems.model.command import Fate
from hems.model.reading import Reading
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.clock import Clock

Scalar = bool | int | float | str


class ReadingSink(Protocol):
    """Where a driver delivers readings the moment they have arrived.  Must return quickly and not raise."""

    def __call__(self, device: DeviceId, readings: Mapping[str, Reading[Any]]) -> None:
        """Take what one answer or message held, by point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a device said to a write."""

    fate: Fate
    detail: str = ""
    overruled: bool = False
    """Since the device was told last, something else has told it more, or the opposite: so it shows."""


class Answer(StrEnum):
    """What became of a question that a person had put to a device."""

    GOOD = "good"
    """It answered, be it that it has no such value."""
    NONE = "none"
    """Nothing usable came."""
    SPEAKS = "speaks"
    """It speaks by itself: there is nothing that it could be asked."""
    BUSY = "busy"
    """Not asked: its link is needed for commands, or by an island that stabilises."""
    LEFT_ALONE = "left_alone"
    """Not asked: it is another product than it should be, or has gone away with the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A device's answer to a question of its own."""

    answer: Answer
    detail: str = ""
    """Why there is no better one, in the driver's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverContext:
    """What a driver is given to work with."""

    clock: Clock
    sink: ReadingSink
    rng: Random
    """For jitter; seeded once, by the composition root."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Objects that several drivers of one process share, such as links: one per host and port or tty."""


class ProductStatus(StrEnum):
    """How far the description of a product is proven."""

    HARDWARE = "hardware"
    """Seen to work on the device."""
    EMULATOR = "emulator"
    """Runs against an emulation that was written from its maker's documents."""
    DOCUMENTED = "documented"
    """Written from documents, each number with its source."""
    DRAFT = "draft"
    """Parts of it are not certain; the notes say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product that a driver knows, for people who choose, install and prove it."""

    id: str
    """The `profile` of a site file."""
    title: str
    kind: str
    """What it is: meter, pv, battery, evse, load_switch, transfer_switch, generator or io."""
    driver: str
    status: ProductStatus
    fails_safe: str
    """What becomes of it when hems falls silent, in a few words."""
    page: Mapping[str, Sequence[str]]
    """Headings in the order of reading, and the lines under each; code in backticks."""


class Driver(Protocol):
    """All devices of one protocol.

    A driver must: poll by itself while `run` is awaited and deliver every value to the sink with the device's own
    staleness; let one silent device delay no other link; send urgent writes ahead of any poll; never write to a device
    that is not armed, enforced at the link; write a device's safe value by its own dead-man when no fresh command has
    come for the time its profile declares.
    """

    def health(self) -> Mapping[DeviceId, DeviceHealth]:
        """Every device and how it answers; cheap, called each tick."""

    def arm(self, device: DeviceId, armed: bool) -> None:
        """Allow or forbid writes to a device.  Nothing is armed at start."""

    def islanded(self, islanded: bool, *, stabilising: bool = False, former: DeviceId | None = None) -> None:
        """The building feeds itself from now on, or no longer; `stabilising` while the island does not rest yet.

        Called once for each change, before the commands that follow from it.  What a profile says goes away with the
        grid is not asked for meanwhile, and a device known to be dead costs a stabilising island no time.  `former` is
        what makes the island: no power of it is repeated, taken back or made safe by the driver itself meanwhile.
        """

    async def run(self) -> None:
        """Connect, identify and poll until cancelled; survives every loss of every device."""

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
        """Write once, verify by read-back as the profile says, and tell.  Never raises for a device's fault.

        `urgent` goes to the head of the link's queue.  What `presses` is for safety or a limit: it does not wait for
        the device's pause between commands, unless its profile says that the pause is hard.  `islanded` lets the engine
        refuse whatever would lapse to "closed" during an outage.

        `lease_s` is for how long the command holds without being repeated, 0 until the next one.  When it runs out the
        driver itself sends off or 0 in its place, also while whoever commands has stopped; nothing else of the device
        changes, and what is off stays off.
        """

    async def ask(self, device: DeviceId) -> Heard:
        """Put one harmless question to a device now, by reading only, because a person wants to see it answer.

        Every command goes first; what was heard is delivered by the next poll, and changes the device's health no
        more than that.  May take as long as the device does: whoever asks gives up by himself.  Never raises for a
        device's fault.
        """

    async def release(self, device: DeviceId) -> str:
        """Hand control back to the device, as its profile says.  Called on the grid only.

        Why that could not be done, in a few words; empty when it was, or when there was nothing to hand back.  Never
        raises for a device's fault.
        """


@runtime_checkable
class Prompt(Protocol):
    """A driver that has circuits opened before it is told so command by command: what is prepared need not wait."""

    def opener(self, device: DeviceId, commands: Sequence[str]) -> Callable[[], None]:
        """What opens switches in the turn of the event loop in which it is called, if it is certain that `write` would.

        `write` is called for each of them in the next turn, judges it, and tells what came of it.  To be made before
        it is needed; what is called then must return quickly and not raise.
        """


@runtime_checkable
class Portable(Protocol):
    """A driver factory whose knowledge of profiles can be carried from the process that checked them to another one."""

    def known(self, specs: Sequence[DeviceSpec]) -> object:
        """All that it knows of these devices, as something that can be pickled.  Raises: ConfigError."""

    def believe(self, known: object) -> None:
        """Take what another one knew; nothing of it is checked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Where to look for devices."""

    kind: Literal["tcp", "rtu", "mqtt"]
    place: str
    """Host, path of a serial port, or for MQTT the link as in a site file."""
    port: int | None = None
    """None for the usual one."""
    units: Sequence[int] = (1,)
    """Addresses to try where one link serves several devices."""
    listen_s: float = 15.0
    """How long to listen where devices speak by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A device that answers, as a proposal for the site file; or what else was met there."""

    driver: str
    profile: str
    """Empty where something is there that nobody knows; then `told` says what, or what is in the way."""
    title: str
    class_: str
    link: str
    place: str = ""
    """Which of several devices on this link; several proposals for one place are alternatives."""
    params: Mapping[str, Scalar]
    open_params: Mapping[str, str] = field(default_factory=dict)
    """Parameters that a person must fill in, each with what the profile says about it."""
    told: str = ""
    """What it said of itself."""
    sure: bool = False
    """Whether that names the product; otherwise its values fit the profile, which others may as well."""


async def _here(asked: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    return await asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Links that are in use while somebody looks for devices: a probe asks through them, never beside them."""

    shared: Mapping[str, Any] = field(default_factory=dict)
    """What `DriverContext.shared` holds."""
    there: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]] = _here
    """Runs something where these links are served, which may be another thread's event loop."""


class DriverFactory(Protocol):
    """What an entry point of group `hems.drivers` names."""

    def check(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """Problems with profiles and parameters, offline; each one sentence naming device, key, value and remedy."""

    def lacks(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """What this machine lacks for them now, such as a certificate's file: sentences as those of `check`.

        A device that lacks something is lost until it is there; all others run.
        """

    def points(self, spec: DeviceSpec) -> Mapping[str, str]:
        """Readable points and their kind (`bool`, `float`, `str`)."""

    def commands(self, spec: DeviceSpec) -> Mapping[str, str]:
        """Commands and their kind (`bool` or `float`)."""

    def witness_ms(self, spec: DeviceSpec, point: str) -> float | None:
        """Worst time in ms from a change on the wire to its arrival, or None when the profile does not say."""

    def settle_s(self, spec: DeviceSpec) -> Mapping[str, float]:
        """Seconds from a command until its effect is there, for the commands of which the profile says so."""

    def actuation_s(self, specs: Sequence[DeviceSpec]) -> Mapping[DeviceId, float]:
        """Worst time in s from handing over an urgent command to its effect on the wire, for each device.

        All of `specs` count, because devices share links: a time-out that has just begun, then every switch of the
        link that is shed at the same time.  Raises: ConfigError.
        """

    def fingerprint(self, spec: DeviceSpec) -> str:
        """A text that changes whenever the device's profile does, so that an arming holds for just this profile."""

    def probe(self, sought: Sought, tell: Callable[[str], None], held: Held) -> AsyncIterator[Found]:
        """Find out what answers there, by reading only; nothing where this protocol is not spoken.

        `tell` is given a few words of progress now and then.  A place that is `held` is asked through the link that
        is open already, after everything else that waits for it.
        """

    def products(self, among: Collection[str] | None = None) -> Sequence[Product]:
        """Every product that it knows, or those whose ids are `among` these, sorted by id.

        Raises: ConfigError when the description of one is wrong.
        """

    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of the files that describe its products, for editors."""

    def open(self, specs: Sequence[DeviceSpec], context: DriverContext) -> Driver:
        """A driver for these devices; opens nothing yet."""
