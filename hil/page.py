"""The report of a run as one page of HTML that needs nothing else: for people who were not there."""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version

from hems.control.params import differences
from hems.report import timeline_line
from hems.sim.scenario import WorldAct
from hems.wording import names_of
from hil.hazards import INVARIANTS, NO_SCENARIO, UNSAFE
from hil.plot import plot
from hil.revision import revision
from hil.stage import Played
from hil.told import plain, sentence

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222}
h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2.2em;border-top:1px solid #ccc;padding-top:1em}
td:first-child{min-width:5.5em}
.sum{font-size:1.25em;padding:.6em .8em;border-left:.4em solid}.good{background:#eef7ee;color:#17692f}
.bad{background:#fbeaea;color:#a01414}
table{border-collapse:collapse;width:100%;margin:.6em 0}td,th{border:1px solid #ccc;padding:.25em .6em;text-align:left;
vertical-align:top}svg{max-width:100%;height:auto;font:11px system-ui,sans-serif}
.held{color:#17692f}.not{color:#a01414;font-weight:bold}pre{white-space:pre-wrap;font-size:12px}
details{margin:.6em 0}@media print{details{display:none}h2{break-before:page}}
"""
WAYS: Mapping[str, str] = {
    "fast": "by the building's equations: the controller itself, without devices or wires",
    "virtual": "with the program as it is installed, over real sockets and real protocol frames, on a clock that jumps",
    "real": "with the program as it is installed, as a process of its own, in real time",
}
TITLES: Mapping[str, str] = {
    "fast": "on the building's equations",
    "virtual": "over sockets, on a clock that jumps",
    "real": "over sockets, in real time",
}
LEAD = (
    "A simulated building loses its grid, its devices fail, people make demands; the program that would run the real "
    "building decides, and an independent judge looks at what the building really did. Each section tells one story, "
    "what must hold, and whether it did."
)
LIMITS = (
    "That a real product behaves as its maker's documents say, that a site is wired as its "
    "file says, or that fuses and certified switches work. The first two are proven on site, step by step, when HEMS "
    "is put into service; the last is no business of software."
)


AGAIN = (
    "Everybody can see it again: <code>hems hil run</code> with the name of a story plays that one. What must hold "
    "stood in it before it was played; no person judged anything."
)
RULES = (
    "From the safety case, where each has its rule in the code and its tests. That the stories are sharp is shown by "
    "taking rules out of the code, one at a time: a story must then fail."
)
STANDS_FOR = (
    "What a story stands for: UCA and a number is an unsafe action of the safety case, complaint and a number what "
    "people complain of elsewhere, and anything else a scenario of the acceptance list."
)


def page(results: Sequence[Played]) -> str:
    """All of it."""
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>HEMS: scenarios</title>',
            f"<style>{STYLE}</style></head><body>",
            *_summary(results),
            *(part for plays in _by_scenario(results) for part in _section(plays)),
            "</body></html>\n",
        ]
    )


def _by_scenario(results: Iterable[Played]) -> list[list[Played]]:
    found: dict[str, list[Played]] = {}
    for one in results:
        found.setdefault(one.scenario.id, []).append(one)
    return list(found.values())


def _summary(results: Sequence[Played]) -> Iterator[str]:
    plays, wrong = _by_scenario(results), [one for one in results if not one.held]
    told = f"{_count(len(plays), 'story', 'stories')}, {_count(len(results), 'run', 'runs')}, "
    told += _count(sum(len(one.verdicts) for one in results), "expectation", "expectations")
    yield f"<h1>HEMS {escape(version('hems'))}: what was tried, and what came of it</h1>"
    if wrong:
        yield f'<p class="sum bad">{told}: {len(wrong)} of {len(results)} runs did not hold.</p>'
        yield from _failed(wrong)
    else:
        yield f'<p class="sum good">{told}: all held.</p>'
    yield (
        "<table>" + "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in _facts(results)) + "</table>"
    )
    yield f"<h2>How it was tried</h2><p>{LEAD}</p><ul>"
    for way in dict.fromkeys(one.way for one in results):
        yield f"<li>{_count(sum(one.way == way for one in results), 'run', 'runs')} {WAYS[way]}</li>"
    yield f"</ul><p>{AGAIN}</p><h2>What this does not show</h2><p>{LIMITS}</p>"
    yield from _rules(plays)
    yield f"<h2>All stories</h2><p>{STANDS_FOR}</p>"
    yield "<table><tr><th>Story</th><th></th><th>Stands for</th><th>Result</th></tr>"
    for group in plays:
        one = group[0].scenario
        yield f"<tr><td>{_link(group)}</td><td>{escape(one.title)}</td>"
        yield f"<td>{escape(', '.join(one.proves))}</td><td>{_told(_held(group))}</td></tr>"
    yield "</table>"


def _facts(results: Sequence[Played]) -> Iterator[tuple[str, str]]:
    """What somebody must know who wants to see the same again."""
    houses = dict.fromkeys(one.site_file.site.name for one in results)
    seconds = sum(one.scenario.ends_s for one in results)
    yield "When", f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC"
    yield "Code", escape("; ".join(revision()))
    yield "Machine", escape(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}")
    yield "Buildings", escape("; ".join(houses))
    yield (
        "Time played",
        f"{seconds / 3600.0:.1f} hours in buildings, {sum(one.took_s for one in results) / 60.0:.0f} min",
    )


def _failed(wrong: Sequence[Played]) -> Iterator[str]:
    yield "<h2>What did not hold</h2><table><tr><th>Story</th><th>Played</th><th>What must hold</th><th>Seen</th></tr>"
    for one in wrong:
        for verdict in (verdict for verdict in one.verdicts if not verdict.held):
            cells = (TITLES[one.way], verdict.text, verdict.detail)
            yield f"<tr><td>{_link([one])}</td>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</table>"


def _rules(plays: Sequence[Sequence[Played]]) -> Iterator[str]:
    """Every unsafe action and what must always hold, with the stories that stand for it here."""
    yield f"<h2>Rules of safety, and the stories that try them</h2><p>{RULES}</p>"
    yield "<table><tr><th></th><th>What could go wrong</th><th>What forbids it</th><th>Stories</th></tr>"
    for rule in UNSAFE:
        stories = _standing_for(f"UCA-{rule.number}", plays) or escape(rule.unplayed)
        yield f"<tr><td>UCA-{rule.number}</td><td>{escape(rule.action)}</td><td>{escape(rule.constraint)}</td>"
        yield f"<td>{stories or 'none in this run'}</td></tr>"
    for number, words in INVARIANTS.items():
        stories = _standing_for(f"I{number}", plays) or escape(NO_SCENARIO.get(number, ""))
        yield f"<tr><td>I{number}</td><td></td><td>{escape(words)}</td><td>{stories or 'none in this run'}</td></tr>"
    yield "</table>"


def _standing_for(tag: str, plays: Sequence[Sequence[Played]]) -> str:
    return "<br>".join(f"{_link(one)} {_told(_held(one))}" for one in plays if tag in one[0].scenario.proves)


def _link(plays: Sequence[Played]) -> str:
    name = escape(plays[0].scenario.id)
    return f'<a href="#{name}">{name}</a>'


def _held(plays: Sequence[Played]) -> bool:
    return all(one.held for one in plays)


def _section(plays: Sequence[Played]) -> Iterator[str]:
    one = plays[0].scenario
    yield f'<h2 id="{escape(one.id)}">{escape(one.id)}: {escape(one.title)}</h2>'
    yield f"<p>{escape(plays[0].site_file.site.name)}, {one.ends_s:.0f} s. {_shortened(plays[0])}</p>"
    yield "<p>What is done to it:</p><ul>" + "".join(f"<li>{_told_act(act)}</li>" for act in one.acts) + "</ul>"
    yield "<table><tr><th>What must hold</th>" + "".join(f"<th>{TITLES[play.way]}</th>" for play in plays) + "</tr>"
    for verdicts in zip(*(play.verdicts for play in plays), strict=True):
        cells = "".join(f"<td>{_told(one.held)}: {escape(one.detail)}</td>" for one in verdicts)
        yield f"<tr><td>{escape(verdicts[0].text)}</td>{cells}</tr>"
    yield "</table>" + plot(plays[-1].record)
    names = names_of(plays[-1].site_file.site)
    lines = (timeline_line(event, event.at.mono_s - t_s, names) for t_s, event in plays[-1].record.events)
    yield f"<details><summary>Everything that happened</summary><pre>{escape(chr(10).join(lines))}</pre></details>"


def _told_act(act: WorldAct) -> str:
    """When and what; with its arguments as they stand in the scenario where there is no sentence for it."""
    return escape(f"at {act.t_s:g} s: {sentence(act) or plain(act)}")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _shortened(play: Played) -> str:
    if play.scenario.times != "short":
        return "All waits are those of a real building."
    waits = differences(play.site_file.params, play.site_file.normal_params)
    return (
        "Waits that were shortened: " + ", ".join(f"{k}: {a:g} instead of {b:g}" for k, (a, b) in waits.items()) + "."
    )


def _told(held: bool) -> str:
    return '<span class="held">held</span>' if held else '<span class="not">NOT HELD</span>'
