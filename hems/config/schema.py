"""The site file; the text under each key is its manual.

kW and kWh here, because people write this; W and Wh everywhere behind `hems.config.build`.  The example of a key shows
its form, and stands in for a mistaken value while the rest of the file is checked.
"""

from typing import Any, Literal

from pydantic import Field

from hems.config.tables.connection import GridTable, PanelTable, TieTable, VoltagePointTable
from hems.config.tables.people import ContactTable
from hems.config.tables.sources import BatteryTable, FormerTable, GeneratorTable, PvTable, ReserveTable
from hems.config.tables.tariff import TariffTable
from hems.config.tables.uses import BayTable, CircuitTable, InputsTable
from hems.config.tables.words import Id, Language, Line, LogLevel, Name, Phases, Table
from hems.ports.manual import Described


class KeepTable(Table):
    """For how many days each kind of record is kept."""

    minutes_days: int = Field(60, ge=7, le=3650)
    """Means by the minute; older ones become quarters of an hour."""
    quarters_days: int = Field(1095, ge=31, le=36500)
    """Quarters of an hour; older ones become days, which stay."""
    inputs_days: int = Field(60, ge=7, le=3650)
    """Everything that was known and decided second by second around events, for `hems replay`."""
    events_days: int = Field(3650, ge=31, le=36500)
    """What happened and why."""


class SettingsTable(Table):
    """Where the daemon keeps its things."""

    state_dir: Line = "/var/lib/hems"
    """Directory of `state.db` and `history.db`; must be on a disk that survives a power cut."""
    run_dir: Line = "/run/hems"
    """Directory of the sockets `view.sock`, `operate.sock` and `admin.sock`."""
    log_level: LogLevel = "info"
    """How much is written to the log."""
    fed_by: Line | None = Field(None, examples=["network_room"])
    """The circuit that feeds this gateway and its network, or `elsewhere`.  It is never switched off and must have no
    switch."""
    keep: KeepTable = Field(KeepTable(), examples=[{}])
    """For how many days each kind of record is kept."""
    timezone: Line | None = Field(None, examples=["Europe/Dublin"])
    """Zone for clock times in reports, such as `Europe/Dublin`; without it the machine's own."""
    language: Language | None = Field(None, examples=["de"])
    """What people in the building read, on screens, in lists and reports; without it each reader's own.  Whoever sets
    `LANGUAGE` reads another one."""


class DeviceTable(Table):
    """A thing that answers on a wire."""

    driver: Line = Field(examples=["modbus"])
    """What speaks its protocol: `modbus`, `sunspec` or `mqtt`."""
    profile: Line = Field(examples=["eastron-sdm630"])
    """The product, as in `drivers/profiles/`, without `.toml`."""
    link: Line = Field(examples=["tcp://10.0.20.11:502"])
    """Where it answers: `tcp://HOST:PORT`, `rtu:///dev/serial/by-id/NAME?baud=9600&parity=N&stop_bits=1` or
    `mqtt://HOST:PORT`, with TLS and a login `mqtts://HOST:PORT?ca=FILE&login=FILE`.  Devices with the same link share
    it."""
    params: dict[str, bool | int | float | str] = Field(default_factory=dict, examples=[{"unit_id": 1}])
    """What the profile asks of a site, such as `unit_id`, `connector` or `prefix`."""
    fed_by: Line | None = Field(None, examples=["network_room"])
    """The circuit that feeds it, where that is not the gateway's; that one, too, is never switched off."""


class SiteTable(Table):
    """A whole site file."""

    name: Name = Field(examples=["Maple Court 12"])
    """The building, as screens and reports call it."""
    phases: Phases = Field(examples=[["L1", "L2", "L3"]])
    """`["L1", "L2", "L3"]`, `["L1", "L2"]` for split phase, `["L1"]` for a single-phase supply."""
    times: Literal["normal", "short"] = "normal"
    """`short` cuts every wait that protects a real grid, compressor or relay.  For demonstrations only."""
    grid: GridTable
    devices: dict[Id, DeviceTable] = Field(
        min_length=1,
        examples=[{"meter": {"driver": "modbus", "profile": "eastron-sdm630", "link": "tcp://10.0.20.11:502"}}],
    )
    """`[devices.NAME]`, one table per device."""
    tie: TieTable
    former: FormerTable
    inputs: InputsTable = InputsTable()
    generator: GeneratorTable | None = Field(
        None, examples=[{"rated_kw": 20.0, "run": "genset/run", "running": "genset/running"}]
    )
    """`[generator]`."""
    tariff: TariffTable | None = Field(None, examples=[{"buy": 0.30, "sell": 0.08}])
    """`[tariff]`, what energy costs; without it batteries take the sun and serve the building."""
    voltage_points: dict[Id, VoltagePointTable] = Field(default_factory=dict)
    """`[voltage_points.NAME]`."""
    batteries: dict[Id, BatteryTable] = Field(default_factory=dict)
    """`[batteries.NAME]`."""
    panels: dict[Id, PanelTable] = Field(default_factory=dict)
    """`[panels.NAME]`, boards behind the main one."""
    reserve: ReserveTable | None = Field(None, examples=[{"kwh": 40.0}])
    """`[reserve]`, what batteries and cars keep together for power cuts."""
    pvs: dict[Id, PvTable] = Field(default_factory=dict)
    """`[pvs.NAME]`."""
    bays: dict[Id, BayTable] = Field(default_factory=dict)
    """`[bays.NAME]`."""
    circuits: dict[Id, CircuitTable] = Field(
        min_length=1, examples=[{"laundry": {"tier": "non-essential", "phases": ["L1"], "typical_kw": 2.0}}]
    )
    """`[circuits.NAME]`."""
    contacts: dict[Id, ContactTable] = Field(default_factory=dict)
    """`[contacts.NAME]`: whom to call, in the order of the file."""
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """`[params.GROUP]` tunes single numbers of the decisions, each within its permitted range."""
    settings: SettingsTable = SettingsTable()


def json_schema() -> dict[str, Any]:
    """JSON Schema of the site file, for editors and for the manual."""
    return SiteTable.model_json_schema(schema_generator=Described)
