"""What leads out of the building: the tables of `northbound.toml`.

A file of its own beside the site file.  What was proven and armed belongs to the site file, so that a new mail address
must not touch it; and the processes that talk to the Internet need not read what is wired where.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from hems.config.tables.words import Id, Line, Table
from hems.ports.manual import Described

Priority = Literal["LOW", "MED", "HIGH"]
Port = Annotated[int, Field(ge=1, le=65535)]
Keys = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*$", max_length=120)]
"""A way through JSON: `data.rows`; a number is a place in a list."""
LOCAL = ("127.0.0.1", "::1", "localhost")


def _hour(text: str) -> str:
    hours, _, minutes = text.partition(":")
    if not (len(text) == 5 and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise PydanticCustomError("form", "not a time", {"form": "hour"})
    return text


def _http(text: str) -> str:
    if not text.startswith(("http://", "https://")) or " " in text or "@" in text:
        raise PydanticCustomError("form", "not a web address", {"form": "http"})
    return text


Hour = Annotated[str, AfterValidator(_hour)]
Http = Annotated[str, Field(max_length=500), AfterValidator(_http)]


class BrokerTable(Table):
    """An MQTT broker."""

    host: Line = Field(examples=["10.0.20.2"])
    """Its address."""
    port: Port | None = Field(None, examples=[8883])
    """Without it 1883, and 8883 with TLS."""
    tls: bool = False
    """Whether to speak TLS; `ca` and `cert` ask for it as well."""
    ca: Line | None = Field(None, examples=["ca.pem"])
    """File with the certificate of whoever signed the broker's; without it those that the system trusts.  A bare name
    is a file in `/etc/hems/northbound`."""
    cert: Line | None = Field(None, examples=["ha.crt"])
    """File with our own certificate, for brokers that ask for one."""
    key: Line | None = Field(None, examples=["ha.key"])
    """File with the key that belongs to it."""
    login: Line | None = Field(None, examples=["ha_login"])
    """File with one line `name:password`."""

    @property
    def secure(self) -> bool:
        """Whether the connection is by TLS."""
        return self.tls or self.ca is not None or self.cert is not None


class HomeAssistantTable(Table):
    """`hems northbound ha`: the building in Home Assistant, by MQTT discovery."""

    broker: BrokerTable = Field(examples=[{"host": "10.0.20.2"}])
    """The broker that Home Assistant uses."""
    prefix: Keys = "homeassistant"
    """Where Home Assistant looks for what is new."""
    topic: Annotated[str, Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)*$", max_length=80)] = "hems"
    """Where states and commands are; one for each building behind the same broker."""
    discovery: Literal["device", "single"] = "device"
    """`device` is one message for the whole building, which Home Assistant knows from 2024.12 on; `single` is one for
    each value, for older ones."""
    commands: bool = False
    """Whether Home Assistant may keep circuits on or off for a while, and speak for drivers with their bay's code.
    Without it everything is only shown."""
    override_min: Annotated[int, Field(ge=1, le=480)] = 60
    """Minutes that a circuit is kept on or off unless Home Assistant says another number; HEMS may allow less."""
    who: Line = "Home Assistant"
    """Name under which HEMS records what Home Assistant asks."""
    pin: Line | None = Field(None, examples=["ha_pin"])
    """File with the PIN of that person, where operators have PINs."""


class MetricsTable(Table):
    """`hems northbound metrics`: numbers for Prometheus."""

    host: Line = "127.0.0.1"
    """Where to listen: this machine, or the address of a network in which everybody may read them."""
    port: Annotated[int, Field(ge=0, le=65535)] = 9464
    """Answers at `/metrics`."""


class QuietTable(Table):
    """Hours in which messages wait."""

    begins: Hour = Field(examples=["22:00"])
    """By the clock of the building."""
    ends: Hour = Field(examples=["07:00"])
    """What has waited is sent then."""
    unless: Priority = "HIGH"
    """From this priority on a message is sent all the same."""


class ChannelTable(Table):
    """What all ways to people have in common."""

    least: Priority = "MED"
    """Alarms below this are not sent this way."""
    outages: bool = True
    """Whether to tell that a power cut begins and ends."""
    gone: bool = False
    """Whether to tell that an alarm is over."""
    quiet: QuietTable | None = Field(None, examples=[{"begins": "22:00", "ends": "07:00"}])
    """Hours of rest."""


class MailTable(ChannelTable):
    """Messages by e-mail."""

    server: Line = Field(examples=["mail.example.org"])
    """The provider's server for outgoing mail."""
    port: Port | None = Field(None, examples=[587])
    """Without it 587 with `starttls`, 465 with `tls`, 25 with `none`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is protected; `none` only inside the building."""
    ca: Line | None = Field(None, examples=["mail-ca.pem"])
    """File with the certificate of whoever signed the server's, where the system does not know it."""
    sender: Line = Field(examples=["hems@example.org"])
    """Address that the messages come from."""
    to: list[Line] = Field(min_length=1, max_length=20, examples=[["caretaker@example.org"]])
    """Addresses that they go to."""
    login: Line | None = Field(None, examples=["mail_login"])
    """File with one line `name:password`."""


class NtfyTable(ChannelTable):
    """Messages to phones by ntfy."""

    url: Http = Field(examples=["https://ntfy.example.org/maple-court-12"])
    """Server and topic."""
    token: Line | None = Field(None, examples=["ntfy_token"])
    """File with one line, the access token."""


class WebhookTable(ChannelTable):
    """Messages as JSON to a program of your own."""

    url: Http = Field(examples=["https://example.org/hems"])
    """Where to post them."""
    token: Line | None = Field(None, examples=["webhook_token"])
    """File with one line, sent as `Authorization: Bearer`."""


class AppriseTable(ChannelTable):
    """Messages by any of the services that Apprise knows; needs the extra `notify`."""

    urls: Line = Field(examples=["apprise_urls"])
    """File with Apprise's addresses, one in each line; they hold passwords."""


class AlarmsTable(Table):
    """`hems northbound alarms`: what all ways to people share."""

    state_dir: Line = "/var/lib/hems-alarms"
    """Where messages wait that could not be sent; on a disk that survives a power cut."""
    collect_s: Annotated[float, Field(ge=0, le=300)] = 5.0
    """Alarms that come within so many seconds go into one message."""
    again_min: Annotated[float, Field(ge=0, le=1440)] = 30.0
    """An alarm that comes and goes is told once in so many minutes."""
    keep_h: Annotated[float, Field(ge=1, le=720)] = 72.0
    """A message that cannot be sent for so long is given up."""


class SourceTable(Table):
    """Where one kind of price comes from, and how to read it.  Exactly one of `file`, `url` and `topic`."""

    file: Line | None = Field(None, examples=["/var/lib/prices/today.json"])
    """A file of JSON, or of CSV with names in its first line where it ends in `.csv`."""
    url: Http | None = Field(None, examples=["https://prices.example.org/day-ahead.json"])
    """A web address that answers with JSON."""
    token: Line | None = Field(None, examples=["prices_token"])
    """File with one line, sent as `Authorization: Bearer` to `url`."""
    topic: Line | None = Field(None, examples=["prices/day-ahead"])
    """A topic of `prices.broker` with JSON in its messages."""
    rows: Keys | None = Field(None, examples=["data"])
    """Where the list is in what is read; without it the whole is the list, or, where it is no list, each key below
    names a list of its own."""
    begins: Keys = Field("start", examples=["start_timestamp"])
    """The key of the beginning of a slot."""
    ends: Keys | None = Field(None, examples=["end_timestamp"])
    """The key of its end; without it a slot lasts until the next one begins."""
    slot_min: Annotated[int, Field(ge=1, le=1440)] = 60
    """Minutes that the last slot lasts where `ends` is not given, and no slot lasts longer."""
    value: Keys = Field("price", examples=["marketprice"])
    """The key of the price."""
    time: Literal["iso", "s", "ms"] = "iso"
    """How times are written: ISO 8601 with zone, or seconds or milliseconds since 1970."""
    per: Literal["kWh", "MWh"] = "kWh"
    """What the price is for.  CO2 is in g for a kWh, or in kg for a MWh, which is the same."""
    hundredths: bool = False
    """Whether it is in cents, pence or the like."""


class PricesTable(Table):
    """`hems northbound prices`: what energy costs, hour by hour."""

    name: Line = "day-ahead prices"
    """What people are told as the source."""
    every_min: Annotated[float, Field(ge=1, le=1440)] = 15.0
    """How often files and web addresses are read."""
    broker: BrokerTable | None = Field(None, examples=[{"host": "10.0.20.2"}])
    """For sources with a `topic`."""
    buy: SourceTable | None = Field(None, examples=[{"url": "https://prices.example.org/day-ahead.json"}])
    """For energy from the grid."""
    sell: SourceTable | None = Field(None, examples=[{"file": "/var/lib/prices/feed-in.csv"}])
    """For energy fed in."""
    co2: SourceTable | None = Field(None, examples=[{"topic": "grid/co2"}])
    """Grams of CO2 for a kilowatt-hour from the grid."""


class OutwardTable(Table):
    """The whole of `northbound.toml`; a table that is not there is a process that is not needed."""

    run_dir: Line = "/run/hems"
    """Where the daemon's sockets are."""
    language: Line | None = Field(None, examples=["de"])
    """Language of messages and of what Home Assistant shows; without it the machine's own."""
    timezone: Line | None = Field(None, examples=["Europe/Dublin"])
    """Zone of quiet hours; without it the machine's own."""
    home_assistant: HomeAssistantTable | None = Field(None, examples=[{"broker": {"host": "10.0.20.2"}}])
    """`[home_assistant]`."""
    metrics: MetricsTable | None = Field(None, examples=[{"port": 9464}])
    """`[metrics]`."""
    alarms: AlarmsTable = AlarmsTable()
    """`[alarms]`."""
    mail: dict[Id, MailTable] = Field(default_factory=dict)
    """`[mail.NAME]`."""
    ntfy: dict[Id, NtfyTable] = Field(default_factory=dict)
    """`[ntfy.NAME]`."""
    webhook: dict[Id, WebhookTable] = Field(default_factory=dict)
    """`[webhook.NAME]`."""
    apprise: dict[Id, AppriseTable] = Field(default_factory=dict)
    """`[apprise.NAME]`."""
    prices: PricesTable | None = Field(None, examples=[{"buy": {"url": "https://prices.example.org/day-ahead.json"}}])
    """`[prices]`."""


def outward_schema() -> dict[str, Any]:
    """JSON Schema of the file, for editors."""
    return OutwardTable.model_json_schema(schema_generator=Described)
