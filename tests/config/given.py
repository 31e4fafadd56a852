"""A driver factory that knows the products of the example sites by name only, and ways to write a site file."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from hems.config.load import load
from hems.model.errors import ConfigError
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext, DriverFactory, Product

EXAMPLES = Path(__file__).parents[2] / "examples"


def words(text: str, kind: str = "float") -> dict[str, str]:
    return dict.fromkeys(text.split(), kind)


PHASES_V = "l1_v l2_v l3_v"
COILS = " ".join(f"coil_{number}" for number in range(1, 9))
INPUTS = " ".join(f"input_{number}" for number in range(1, 9))
POINTS = {
    "eastron-sdm630": words(f"{PHASES_V} l1_a l2_a l3_a l1_w l2_w l3_w power_w hz import_wh export_wh"),
    "sunspec-inverter": words(f"power_w {PHASES_V} hz energy_wh")
    | words("state", "str")
    | words("grid_connected", "bool"),
    "sungrow-sh": words(f"battery_w soc_pct load_w grid_w hz {PHASES_V} l1_w l2_w l3_w pv_w")
    | words("grid_connected", "bool")
    | words("state", "str"),
    "evtec-bidipro": words("power_w soc_pct capacity_wh discharge_max_w charge_max_w setpoint_w")
    | words("state", "str")
    | words("discharge_ready", "bool"),
    "vestel-evc04": words("power_w") | words("state", "str"),
    "shelly-gen2-switch": words("power_w l1_v l1_a hz energy_wh") | words("closed", "bool"),
    "waveshare-relay": words(f"{COILS} {INPUTS}", "bool"),
    "dse-genset": words("power_w") | words("running run", "bool"),
}
COMMANDS = {
    "sunspec-inverter": words("power_limit_w"),
    "sungrow-sh": words("battery_w"),
    "evtec-bidipro": words("power_w"),
    "vestel-evc04": words("power_w"),
    "shelly-gen2-switch": words("closed", "bool"),
    "waveshare-relay": words(COILS, "bool"),
    "dse-genset": words("run", "bool"),
}


class PaperFactory:
    """Knows what products can be asked and told; opens nothing."""

    def __init__(self, witness_ms: float | None = None, acts_s: float = 0.5) -> None:
        self.time_ms = witness_ms
        self.acts_s = acts_s

    def lacks(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        return []

    def check(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        return [
            f"devices.{spec.id}.profile = '{spec.profile}': there is no such profile. Use {', '.join(POINTS)}."
            for spec in specs
            if spec.profile not in POINTS
        ]

    def points(self, spec: DeviceSpec) -> Mapping[str, str]:
        if spec.profile not in POINTS:
            raise ConfigError((f"profile '{spec.profile}' does not exist.",))
        return POINTS[spec.profile]

    def commands(self, spec: DeviceSpec) -> Mapping[str, str]:
        return COMMANDS.get(spec.profile, {})

    def witness_ms(self, spec: DeviceSpec, point: str) -> float | None:
        return self.time_ms

    def settle_s(self, spec: DeviceSpec) -> Mapping[str, float]:
        return {}

    def products(self, among: Collection[str] | None = None) -> Sequence[Product]:
        return ()

    def schema(self) -> Mapping[str, object]:
        return {}

    def actuation_s(self, specs: Sequence[DeviceSpec]) -> Mapping[DeviceId, float]:
        return {spec.id: self.acts_s for spec in specs}

    def fingerprint(self, spec: DeviceSpec) -> str:
        """The same for every device of a profile."""
        return spec.profile

    def open(self, specs: Sequence[DeviceSpec], context: DriverContext) -> NoReturn:
        raise AssertionError("a check of a site file opens nothing")


def factories(witness_ms: float | None = None, acts_s: float = 0.5) -> dict[str, PaperFactory]:
    factory = PaperFactory(witness_ms, acts_s)
    return {"modbus": factory, "sunspec": factory, "mqtt": factory}


def example(name: str = "apartments") -> str:
    return (EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")


def report(path: Path, drivers: Mapping[str, DriverFactory]) -> tuple[list[str], list[str]]:
    """Problems and notices of a site file."""
    try:
        return [], list(load(path, drivers).notices)
    except ConfigError as error:
        return list(error.problems), []
