"""What a site file may say, and its owner should know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hems.config.problem import Path, Problem
from hems.config.schema import SiteTable
from hems.config.tariff import hundredths
from hems.config.wires import Wire
from hems.control.params import Params, differences
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverFactory

FAST_WITNESS_MS = 500.0


def worth_knowing(
    site: SiteTable, wires: Sequence[Wire], devices: Sequence[DeviceSpec], params: Params, normal: Params
) -> Iterator[Problem]:
    """Everything that is permitted and has consequences."""
    yield from _times(site, params, normal)
    yield from _listing(site)
    yield from _utility_points(site)
    yield from _inner_points(site)
    yield from _switching(site)
    yield from _fixed_loads(site)
    yield from _shares((), site.model_dump())
    yield from hundredths(site)
    used = {wire.port.device for wire in wires}
    for spec in devices:
        if spec.id not in used:
            yield Problem(("devices", spec.id), " is polled and used by nothing; wire its points or remove it.")


def _times(site: SiteTable, params: Params, normal: Params) -> Iterator[Problem]:
    if site.times == "short":
        yield Problem(
            ("times",),
            f' = "short" changes {len(differences(params, normal))} times that protect grid, compressors and relays; '
            "for demonstrations only, never with real equipment.",
        )


def _listing(site: SiteTable) -> Iterator[Problem]:
    if site.tie.listing is None:
        yield Problem(
            ("tie", "listing"),
            " is not given: until the certified disconnect device (MID) is declared, hems arms nothing that feeds the "
            "building, starts something that does, or lets the building leave or rejoin the grid.",
        )


def _utility_points(site: SiteTable) -> Iterator[Problem]:
    utility = {name: point for name, point in site.voltage_points.items() if point.location == "utility"}
    if not utility and site.tie.grid_connected is None:
        yield Problem(
            ("voltage_points",),
            ' has no point with location = "utility", and no device tells by tie.grid_connected: '
            "hems cannot see the grid come back and only follows the tie.",
        )
    if not utility and site.tie.permit is not None:
        yield Problem(
            ("tie", "permit"),
            ' will never be given, because no voltage point with location = "utility" can prove that the grid is good.',
        )
    for name, point in utility.items():
        where = ("voltage_points", name)
        if point.hz is None:
            yield Problem((*where, "hz"), " is not given, so this point can never prove that the grid is good.")
        if point.powered_from == "utility":
            yield Problem(
                (*where, "powered_from"),
                ' = "utility" means that it falls silent with the grid, and silence proves nothing; better use a UPS.',
            )


def _inner_points(site: SiteTable) -> Iterator[Problem]:
    if all(point.location == "utility" for point in site.voltage_points.values()):
        yield Problem(
            ("voltage_points",),
            " has no point on the building's side of the tie: whether the bus is live is guessed from flowing power.",
        )
    if site.former.power is None:
        yield Problem(
            ("former", "power"),
            " is not given: overload is judged by the draw of circuits, not by the inverter's output.",
        )


def _switching(site: SiteTable) -> Iterator[Problem]:
    for name, circuit in site.circuits.items():
        if circuit.protected and circuit.switch is not None:
            yield Problem(("circuits", name, "switch"), " will never be used, because the circuit is protected.")
    for name, bay in site.bays.items():
        if bay.setpoint is None:
            yield Problem(("bays", name, "setpoint"), " is not given: hems cannot stop this charger in a power cut.")


def _shares(where: Path, tables: Mapping[str, Any]) -> Iterator[Problem]:
    """Half of something is 50 here; who writes 0.5 most likely does not mean half a percent."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _shares((*where, key), value)
        elif key.endswith("_pct") and isinstance(value, float) and 0 < value < 1:
            told = f" = {value:g} is less than one percent; write {100 * value:g} if {100 * value:g} % is meant."
            yield Problem((*where, key), told)


def _fixed_loads(site: SiteTable) -> Iterator[Problem]:
    """Whether what cannot be switched off fits the island at all."""
    fixed = [circuit for circuit in site.circuits.values() if circuit.switch is None]
    for phase, rated_kva in zip(site.phases, site.former.phase_kva, strict=False):
        draw_kw = sum(circuit.typical_kw / len(circuit.phases) for circuit in fixed if phase in circuit.phases)
        if draw_kw > rated_kva:
            yield Problem(
                ("former", "phase_kva"),
                f" carries {rated_kva:g} kVA on {phase}, but circuits without a switch typically draw {draw_kw:.3g} kW "
                "there: no shedding can keep this island up.",
            )


def slow_witnesses(
    wires: Sequence[Wire], site: SiteTable, devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory]
) -> Iterator[Problem]:
    """Whether fast shedding is to be had; silent where no driver states its times."""
    best_ms = 1000.0 * sees_tie_s(wires, site, devices, factories)
    if best_ms > FAST_WITNESS_MS:
        yield Problem(
            ("tie",),
            f" and bus are seen after {best_ms:.0f} ms at best, and fast shedding needs {FAST_WITNESS_MS:.0f}: "
            "it is not available here, so contactors that fall out by themselves when the tie opens are needed.",
        )


def sees_tie_s(
    wires: Sequence[Wire], site: SiteTable, devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory]
) -> float:
    """Until the fastest witness of tie or bus arrives; 0 where no driver states its time."""
    by_id = {spec.id: spec for spec in devices}
    stated = [_witness_ms(wire, by_id, factories) for wire in wires if _is_witness(wire, site)]
    return min((time_ms for time_ms in stated if time_ms is not None), default=0.0) / 1000.0


def _is_witness(wire: Wire, site: SiteTable) -> bool:
    if wire.where[0] == "tie":
        return not wire.writes
    return wire.where[0] == "voltage_points" and site.voltage_points[str(wire.where[1])].location != "utility"


def _witness_ms(
    wire: Wire, devices: Mapping[DeviceId, DeviceSpec], factories: Mapping[str, DriverFactory]
) -> float | None:
    spec = devices[wire.port.device]
    return factories[spec.driver].witness_ms(spec, wire.port.point)
