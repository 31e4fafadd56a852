"""What a simulation came to, as tables for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

from hems.model.site import Circuit
from hems.report.cars import as_csv, known_months
from hems.report.study import POWERS, Study, survival
from hems.report.worth import as_rows
from hems.sim.tally import CircuitTally, Look
from hems.wording import names_of, sentence, tier_name

Table = tuple[list[str], list[list[object]]]
"""Heading and rows."""


def tables(study: Study) -> dict[str, str]:
    """Each by the name of its file."""
    found = {"course.csv": _course(study), "circuits.csv": _circuits(study), "decisions.csv": _decisions(study)}
    months = as_rows(study.worth)
    if months:
        found["months.csv"] = (list(months[0]), [list(row.values()) for row in months])
    if study.survived:
        found["survival.csv"] = (["hours", "critical", "essential"], [list(row) for row in survival(study)])
    written = {name: _csv(heading, rows) for name, (heading, rows) in found.items()}
    ledgers = study.worth.ledgers
    return {**written, "cars.csv": as_csv(study.site, ledgers, known_months(ledgers))} if ledgers else written


def _course(study: Study) -> Table:
    bays = [bay.id for bay in study.site.bays]
    heading = ["time_s", "mode", *POWERS, "battery_pct", *(f"{bay}_pct" for bay in bays), "off"]
    return heading, [_course_row(look, bays) for look in study.tally.looks]


def _course_row(look: Look, bays: Sequence[str]) -> list[object]:
    powers = (round(getattr(look, name)) for name in POWERS)
    cars = (_pct(look.cars_pct.get(bay)) for bay in bays)
    return [round(look.t_s, 1), look.mode, *powers, round(look.battery_pct, 2), *cars, " ".join(sorted(look.off))]


def _circuits(study: Study) -> Table:
    heading = ["circuit", "tier", "served_wh", "unserved_wh", "minutes_off", "interruptions", "operations"]
    seen = study.tally.circuits
    return heading, [_circuit_row(one, seen[one.id]) for one in study.site.circuits if one.id in seen]


def _circuit_row(circuit: Circuit, own: CircuitTally) -> list[object]:
    energy = (round(own.served_wh), round(max(0.0, own.wanted_wh - own.served_wh)))
    often = (round(own.off_s / 60.0, 2), own.interruptions, own.operations)
    return [circuit.id, tier_name(circuit.tier), *energy, *often]


def _decisions(study: Study) -> Table:
    names = names_of(study.site)
    return ["time_s", "kind", "subject", "words"], [
        [round(t_s, 2), one.kind, one.subject, sentence(one.cause, one.subject, names)]
        for t_s, one in study.tally.decisions()
    ]


def _pct(value: float | None) -> str | float:
    return "" if value is None else round(value, 2)


def _csv(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()
