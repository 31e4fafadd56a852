"""`hems check FILE`: every mistake at once, worst actuation times, and whether the island would survive its start."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hems.config.actuation import DECIDE_S, SLOWEST_S
from hems.config.site_file import SiteFile
from hems.control import adequacy
from hems.control.adequacy import Adequacy, Moment, Times
from hems.model.errors import ConfigError, StoreError
from hems.model.site import Site
from hems.model.units import CircuitId, SourceId
from hems.wording import duration, kw

EX_CONFIG = 78
LOOK_BACK = timedelta(days=31)
CAR_SHARE_W = 200.0
"""Below this cars count as not charging."""


@dataclass(frozen=True, slots=True)
class Command:
    """`hems check`."""

    help: str = "check a site file; names every mistake at once, and judges whether the island would last"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--history",
            type=Path,
            metavar="DIR",
            help="judge by what was measured there; default: the site's state_dir",
        )

    def run(self, args: argparse.Namespace) -> int:
        """Print; 78 if the file cannot be used."""
        from hems.app import installed_drivers
        from hems.config.load import load

        try:
            site_file = load(args.file, installed_drivers())
        except ConfigError as error:
            for problem in error.problems:
                print(problem, file=sys.stderr)
            return EX_CONFIG
        for notice in site_file.notices:
            print(f"note: {notice}")
        if site_file.site.tie.listing:
            print(f"Certified disconnect device (MID): {site_file.site.tie.listing}. Compare with its label.")
        for line in (*times(site_file), *judged(site_file, args.history)):
            print(line)
        print(f"{args.file}: no mistakes found.")
        return 0


COMMAND = Command()


def times(site_file: SiteFile) -> Iterator[str]:
    """Worst time from a command to its effect, by link, for devices that something is commanded through."""
    commanded = {port.device for port in site_file.wiring.writes.values()}
    by_link: dict[str, list[str]] = {}
    worst: dict[str, float] = {}
    for spec in site_file.wiring.devices:
        if spec.id in commanded and spec.id in site_file.actuation_s:
            by_link.setdefault(spec.link, []).append(spec.id)
            worst[spec.link] = max(worst.get(spec.link, 0.0), site_file.actuation_s[spec.id])
    if by_link:
        yield "Worst time from a command to its effect on the wire:"
    for link, devices in sorted(by_link.items(), key=lambda pair: -worst[pair[0]]):
        yield f"  {worst[link]:5.2f} s  {link} ({', '.join(devices)})"
    if by_link:
        yield f"  The overload logic counts with {site_file.params.overload.actuation_s:.2f} s."
    slow = [bay.name for bay in site_file.site.bays if bay.stops_s and bay.id != site_file.site.former.source]
    if slow:
        yield (
            f"  Not counted on when the tie opens, because they may take more than {SLOWEST_S:g} s to stop charging: "
            f"{', '.join(slow)}; circuits are switched off in their place."
        )


def judged(site_file: SiteFile, history: Path | None) -> Iterator[str]:
    """Whether the building would survive the moment the tie opens, by measured or declared loads."""
    yield "When the tie opens:"
    measured = _worst_measured(site_file, history)
    if measured is not None:
        at, moment = measured
        yield from _sentences(f"At the highest load measured ({_when(at, site_file)}),", site_file, moment)
    else:
        yield from _sentences(
            "With everything on that the site file declares,", site_file, adequacy.declared(site_file.site)
        )


def _sentences(when: str, site_file: SiteFile, moment: Moment) -> Iterator[str]:
    found = _adequacy(site_file, moment)
    for one in found.phases:
        lasts = "for ever" if one.loading_pu <= 1.0 else f"for {duration(one.trips_s)}"
        yield f"  {one.phase}: {kw(one.load_w)}, {one.loading_pu:.2f} of its rating, which the inverter bears {lasts}."
    sheds_s = _times(site_file).cars_s if any(moment.charging_w.values()) else _times(site_file).circuits_s
    dark = [one.phase.value for one in found.phases if one.trips]
    close = [one.phase.value for one in found.phases if one.close]
    if not close:
        yield f"  {when} the island lasts: what is shed is off after {duration(sheds_s)} at worst."
        return
    verdict = f"it would trip on {' and '.join(dark)}" if dark else f"there is no margin on {' and '.join(close)}"
    yield f"  warning: {when} {verdict}, before everything is off that software sheds ({duration(sheds_s)} at worst)."
    names = " and ".join(filter(None, [", ".join(found.layer_0[:-1]), *found.layer_0[-1:]]))
    if found.layer_0:
        yield f"  warning: Put {names} on layer 0: contactors that drop by themselves when the tie opens."
    if not found.enough:
        yield "  warning: Even that is not enough: the inverter is too small for what always stays on."


def _adequacy(site_file: SiteFile, moment: Moment) -> Adequacy:
    return adequacy.judge(site_file.site, moment, _times(site_file))


def _times(site_file: SiteFile) -> Times:
    """From the tie's opening until circuits are off and until cars have stopped."""
    writes = site_file.wiring.writes.items()
    circuits = [site_file.actuation_s.get(port.device, 0.0) for role, port in writes if role.endswith("/closed")]
    told = tuple(f"bays/{bay.id}/" for bay in site_file.site.bays if not bay.layer_0)
    cars = [site_file.actuation_s.get(port.device, 0.0) for role, port in writes if role.startswith(told)]
    first_s = site_file.sees_s + DECIDE_S
    circuits_s = first_s + max(circuits, default=0.0)
    return Times(circuits_s=circuits_s, cars_s=max(circuits_s, first_s + max(cars, default=0.0)))


def _when(at: datetime | None, site_file: SiteFile) -> str:
    from hems.runtime.jobs import zone_named

    return (
        "time not known" if at is None else f"{at.astimezone(zone_named(site_file.settings.timezone)):%a %d %b %H:%M}"
    )


def _worst_measured(site_file: SiteFile, history: Path | None) -> tuple[datetime | None, Moment] | None:
    """The minute of the last month in which one phase was loaded most; None where nothing was recorded."""
    from hems.store.reader import series

    site, directory = site_file.site, history or site_file.settings.state_dir
    try:
        by_minute: dict[float, tuple[datetime | None, dict[str, float]]] = {}
        for name in (*(f"circuits/{one.id}/power_w" for one in site.circuits), "cars_w"):
            for sample in series(directory, name):
                if sample.high is not None and sample.low is not None:
                    key = sample.at.utc.timestamp() if sample.at.utc is not None else sample.at.mono_s
                    peak = sample.low if name == "cars_w" else sample.high  # cars are negative while they charge
                    by_minute.setdefault(key, (sample.at.utc, {}))[1][name] = peak
    except StoreError:
        if history is not None:
            raise
        return None
    since = max(by_minute, default=0.0) - LOOK_BACK.total_seconds()
    moments = [(at, _moment(site, seen)) for key, (at, seen) in by_minute.items() if key >= since]
    return max(moments, key=lambda pair: _loading(site_file, pair[1]), default=None)


def _moment(site: Site, seen: Mapping[str, float]) -> Moment:
    circuits_w = {one.id: seen.get(f"circuits/{one.id}/power_w", 0.0) for one in site.circuits}
    charging_w = max(0.0, -seen.get("cars_w", 0.0))
    rated_w = sum(bay.charge_max_w for bay in site.bays)
    bays: dict[SourceId, float] = {}
    if charging_w > CAR_SHARE_W and rated_w > 0.0:
        bays = {bay.id: charging_w * bay.charge_max_w / rated_w for bay in site.bays}
    known: dict[CircuitId, float] = circuits_w
    return Moment(circuits_w=known, charging_w=bays)


def _loading(site_file: SiteFile, moment: Moment) -> float:
    return max(one.loading_pu for one in _adequacy(site_file, moment).phases)
