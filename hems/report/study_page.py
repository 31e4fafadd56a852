"""What a simulation came to, as a page with plots."""

from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite

from hems.model.event import EventKind
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.site import Tier
from hems.model.units import HOUR_S, W_PER_KW
from hems.report.plots import lines, spans
from hems.report.sheet import section_html
from hems.report.study import POWERS, Study, has, in_hours, survival
from hems.report.worth_sections import sections
from hems.wording import called, mode_words, names_of, sentence, tier_name

PLOTTED_H = 14.0 * 24.0
"""A longer time is told in sums; its course stands in the tables."""
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:940px;margin:2rem auto;padding:0 1rem;color:#1c2733}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}svg{width:100%;height:auto}
svg text{font-size:11px;fill:#56636f}.axis{stroke:#56636f}.mesh{stroke:#e3e8ec}
table{border-collapse:collapse;width:100%}td,th{text-align:right;padding:.2rem .6rem;border-bottom:1px solid #e3e8ec}
td:first-child,th:first-child,.words{text-align:left}.legend span{margin-right:1rem}
.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.35em}.note{color:#56636f}
"""


def page(study: Study) -> str:
    """The page: needs nothing but itself, no network and no script."""
    parts = [
        f"<h1>{escape(study.title)}</h1>",
        f'<p class="note">{escape(study.site.name)}, {study.hours:g} h simulated. {escape(_given(study))}</p>',
        *(line for section in sections(study.worth) for line in section_html(section)),
        "<h2>In short</h2>",
        _table(("", ""), _short(study)),
        "<h2>Energy by group</h2>",
        _table(("Group", "served", "not served", "fairness among equals"), _by_tier(study)),
        *(_course(study) if study.hours <= PLOTTED_H else ()),
        *_survival(study),
    ]
    title = escape(study.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _course(study: Study) -> list[str]:
    return [
        "<h2>Power</h2>",
        _powers(study),
        "<h2>Stored energy</h2>",
        _stored(study),
        '<h2>Circuits with power</h2><p class="note">Shaded: the building is on its own.</p>',
        _circuits(study),
        "<h2>Decisions</h2>",
        _table(("at", "what", "why"), _decisions(study), words=True),
    ]


def _given(study: Study) -> str:
    return "; ".join(f"{name}: {value}" for name, value in (study.given or {}).items())


def _short(study: Study) -> list[tuple[str, str]]:
    tally = study.tally
    runtime = ", ".join(
        f"{tier_name(tier).lower()} {in_hours(seconds):.1f} h" for tier, seconds in sorted(tally.first_loss_s.items())
    )
    rows = [
        ("Minutes without power, average circuit", f"{tally.minutes_off():.0f}"),
        ("Interruptions, average circuit", f"{tally.interruptions():.2f}"),
        ("From the power cut to the first circuit without power", runtime or "nobody was"),
        ("Trips of the inverter", str(tally.trips)),
        ("Movements of relays", str(sum(one.operations for one in tally.circuits.values()))),
        ("Cars below what their drivers keep", ", ".join(sorted(tally.below_floor)) or "none"),
    ]
    return rows + [(one.text, f"{'held' if one.held else 'FAILED'} ({one.detail})") for one in study.verdicts]


def _by_tier(study: Study) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for tier in Tier:
        if has(study.site, tier):
            served_wh, unserved_wh = study.tally.tier_wh(tier)
            fairness = study.tally.fairness(tier)
            told = "" if fairness is None else f"{fairness:.3f}"
            rows.append((tier_name(tier), f"{served_wh / 1e3:.1f} kWh", f"{unserved_wh / 1e3:.1f} kWh", told))
    return rows


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]], *, words: bool = False) -> str:
    kind = ' class="words"' if words else ""
    head = "".join(f"<th{kind}>{escape(one)}</th>" for one in heading)
    body = "".join(f"<tr>{''.join(f'<td{kind}>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _powers(study: Study) -> str:
    looks = study.tally.looks
    kinds = dict(zip(("load", "sun", "battery (+ gives)", "cars (+ give)", "grid"), POWERS, strict=True))
    return lines(
        {name: [(_h(one.t_s), getattr(one, field) / W_PER_KW) for one in looks] for name, field in kinds.items()},
        unit="kW",
    )


def _stored(study: Study) -> str:
    looks = study.tally.looks
    series = {"battery": [(_h(one.t_s), one.battery_pct) for one in looks]}
    for bay in study.site.bays:
        series[bay.name] = [(_h(one.t_s), one.cars_pct[bay.id]) for one in looks if bay.id in one.cars_pct]
    return lines({name: points for name, points in series.items() if points}, unit="%")


def _h(seconds: float) -> float:
    return max(0.0, seconds) / HOUR_S


def _circuits(study: Study) -> str:
    looks = study.tally.looks
    ends = [_h(one.t_s) for one in looks[1:]] + [study.hours]
    rows: dict[str, list[tuple[float, float]]] = {one.name: [] for one in study.site.circuits}
    island: list[tuple[float, float]] = []
    for look, end in zip(looks, ends, strict=True):
        begin = _h(look.t_s)
        if Mode(look.mode) in ISLAND_MODES or not look.live:
            _add(island, begin, end)
        for one in study.site.circuits:
            if look.live and one.id not in look.off:
                _add(rows[one.name], begin, end)
    return spans(rows, study.hours, island)


def _add(spells: list[tuple[float, float]], begin: float, end: float) -> None:
    """Lengthen the last spell, or begin another."""
    if spells and begin - spells[-1][1] < 1e-9:
        spells[-1] = (spells[-1][0], end)
    else:
        spells.append((begin, end))


def _survival(study: Study) -> list[str]:
    points = survival(study)
    if not points:
        return []
    curves = {
        "critical circuits": [(hour, 100.0 * share) for hour, share, _ in points],
        "essential circuits": [(hour, 100.0 * share) for hour, _, share in points],
    }
    told = f"{len(study.survived)} power cuts that begin at random times; the share in which no such circuit was off."
    return ["<h2>Surviving a power cut</h2>", f'<p class="note">{told}</p>', lines(curves, unit="%")]


def _decisions(study: Study) -> list[tuple[str, str, str]]:
    names = names_of(study.site)
    rows = []
    for t_s, one in study.tally.decisions():
        what = mode_words(Mode(one.subject)) if one.kind is EventKind.MODE else called(one.subject, names)
        rows.append((_clock(t_s), what, sentence(one.cause, one.subject, names)))
    return rows


def _clock(t_s: float) -> str:
    if not isfinite(t_s) or t_s < 0.0:
        return f"{t_s:.1f} s"
    return f"{int(t_s // HOUR_S)}:{int(t_s % HOUR_S // 60):02}:{t_s % 60:04.1f}"
