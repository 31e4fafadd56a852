"""A story's file, checked word by word before anything is played: what is mistaken in it is said, never guessed.

The language is checked in any case; the names of circuits, bays and devices where the building is known that the story
happens in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hems.config.explain import explain
from hems.config.params import tuned
from hems.config.problem import Path as KeyPath
from hems.config.problem import Problem, absent, nearest, shown, wrong
from hems.config.schema import SiteTable
from hems.config.source import Source, read
from hems.config.tables.words import Table
from hems.model.errors import ConfigError
from hems.sim import rig_tables
from hems.sim.facts import misfit
from hems.sim.names import Built, strangers
from hems.sim.rig import laid_over
from hems.sim.scenario import WHEN, Expectation, Scenario, WorldAct
from hems.sim.words import ACTS, ASK, ASKED, EXPECTED, StoryTable, Words

WHAT = "a story, such as those of hil/scenarios"
Where = Callable[[str], Built | Problem | None]
"""The place that a story names, or what is wrong with its name; None where nobody knows."""
BEFORE = frozenset({"alarm", "told", "refused", "mode_by"})
"""Checks of what follows from something: before anything has happened there is nothing to wait for."""


def anywhere(place: str) -> None:
    """No building is known, so names are taken as they are."""


def load_scenario(path: Path, where: Where = anywhere) -> Scenario:
    """The story at `path`; `where` says in which building it happens.

    Raises: ConfigError with every mistake, one sentence each, naming file, line, key, value and remedy.
    """
    source = read(path, WHAT)
    found = _mistakes(source.table)
    if found := found or list(_in_place(source.table, where(str(source.table.get("place", ""))))):
        raise ConfigError(source.sentences(found))
    return _scenario(source, path.stem)


def _scenario(source: Source, stem: str) -> Scenario:
    """What a table says that has been found right."""
    table = StoryTable.model_validate(source.table)
    return Scenario(
        id=table.id or stem,
        title=table.title,
        proves=tuple(table.proves),
        place=table.place,
        times=table.times,
        rig=table.rig,
        site=table.site,
        ways=tuple(table.ways),
        seen_days=table.seen_days,
        ends_s=table.ends_s,
        acts=tuple(sorted(map(_act, table.at), key=lambda act: act.t_s)),
        expectations=tuple(map(_expectation, table.expect)),
        short=tuple((long_s, short_s) for long_s, short_s in table.short),
    )


def _act(entry: Mapping[str, Any]) -> WorldAct:
    args = {key: value for key, value in entry.items() if key not in ("t_s", "do")}
    return WorldAct(t_s=float(entry["t_s"]), do=entry["do"], args=args)


def _expectation(entry: Mapping[str, Any]) -> Expectation:
    params = {key: value for key, value in entry.items() if key not in ("check", "text")}
    return Expectation(check=entry["check"], text=entry["text"], params=params)


def _mistakes(raw: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with its language and its times."""
    try:
        table = StoryTable.model_validate(raw)
    except ValidationError as error:
        return explain(error, raw, StoryTable)
    found = [problem for place, entry in enumerate(table.at) for problem in _of_act(("at", place), entry)]
    found += [
        problem
        for place, entry in enumerate(table.expect)
        for problem in _of_word(("expect", place), entry, "check", EXPECTED, "check")
    ]
    return found or [*_of_times(table), *_of_marks(raw.get("short", ()), table.ends_s)]


def _of_act(where: KeyPath, entry: Mapping[str, Any]) -> list[Problem]:
    if entry.get("do") == ASK:
        return _of_word(where, entry, "request", ASKED, "request")
    return _of_word(where, entry, "do", {**ACTS, ASK: Table}, "thing that may happen")


def _of_word(where: KeyPath, entry: Mapping[str, Any], key: str, words: Words, what: str) -> list[Problem]:
    """What is wrong with one entry, of which the word at `key` says what else belongs to it."""
    word = entry.get(key)
    if word is None:
        return [absent((*where, key), f"say which {what}: {', '.join(words)}")]
    if not isinstance(word, str) or word not in words:
        near = nearest(str(word), words)
        remedy = f"write {shown(near)}" if near else f"use one of: {', '.join(words)}"
        return [wrong((*where, key), word, f"is no {what}", remedy)]
    try:
        words[word].model_validate(entry)
    except ValidationError as error:
        return [replace(one, where=(*where, *one.where)) for one in explain(error, entry, words[word])]
    fault = misfit(entry["that"]) if "that" in entry else None
    return [] if fault is None else [wrong((*where, "that"), entry["that"], *fault)]


def _of_times(table: StoryTable) -> Iterator[Problem]:
    """Instants that are not in the story, or from which nothing could follow."""
    ends = f"write at most {table.ends_s:g}, or let the story end later"
    for place, entry in enumerate(table.at):
        if entry["t_s"] > table.ends_s:
            yield wrong(("at", place, "t_s"), entry["t_s"], "is after the end of the story", ends)
    first_s = min((entry["t_s"] for entry in table.at), default=0.0)
    for place, entry in enumerate(table.expect):
        for key in WHEN:
            if entry.get(key, 0.0) > table.ends_s:
                yield wrong(("expect", place, key), entry[key], "is after the end of the story", ends)
        last = next((key for key in ("to_s", "by_s") if key in entry), None)
        if last is not None and entry[last] < entry.get("from_s", 0.0):
            remedy = f"write more than {entry['from_s']:g}, or an earlier from_s"
            yield wrong(("expect", place, last), entry[last], "is before from_s", remedy)
        elif entry["check"] in BEFORE and entry["by_s"] < first_s:
            why = f"is before anything has happened: the first is at {first_s:g} s"
            yield wrong(("expect", place, "by_s"), entry["by_s"], why, f"write more than {first_s:g}")


def _of_marks(marks: Sequence[Sequence[float]], ends_s: float) -> Iterator[Problem]:
    """How it is told in short: instants that rise, up to its end."""
    for place, (before, after) in enumerate(pairwise([(0.0, 0.0), *marks])):
        if not (before[0] < after[0] and before[1] <= after[1]):
            yield wrong(("short", place), after, "does not come after the one before it", "write rising times")
            return
    if marks and marks[-1][0] < ends_s:
        why = "is before the end of the story"
        yield wrong(("short", len(marks) - 1), marks[-1], why, f"add one for {ends_s:g}")


def _in_place(raw: Mapping[str, Any], place: Built | Problem | None) -> Iterator[Problem]:
    """What does not fit the building: what is laid over its files, and names that it does not have."""
    if isinstance(place, Problem):
        yield place
    if not isinstance(place, Built):
        return
    built = Built(laid_over(place.rig, raw.get("rig", {})), laid_over(place.site, raw.get("site", {})))
    of_rig = rig_tables.mistakes(built.rig) if raw.get("rig") else []
    of_site = _of_site(built.site) if raw.get("site") else []
    found = [replace(one, where=(name, *one.where)) for name, of in (("rig", of_rig), ("site", of_site)) for one in of]
    yield from found or strangers(raw, built)


def _of_site(believed: Mapping[str, Any]) -> list[Problem]:
    try:
        table = SiteTable.model_validate(believed)
    except ValidationError as error:
        return explain(error, believed)
    return tuned(table.params, table.grid.code, table.tie.waits_s)[1]
