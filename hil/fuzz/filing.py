"""A scenario as the text of a file that `load_scenario` reads."""

import json
from collections.abc import Iterator, Mapping

from hems.sim.scenario import Scenario


def text_of(scenario: Scenario, *remarks: str) -> str:
    """All of a scenario that stands in its file; `remarks` go on top."""
    return "\n".join(_lines(scenario, remarks)) + "\n"


def _lines(scenario: Scenario, remarks: tuple[str, ...]) -> Iterator[str]:
    yield from (f"# {line}" for remark in remarks for line in remark.splitlines())
    yield f"id = {json.dumps(scenario.id)}"
    yield f"title = {json.dumps(scenario.title, ensure_ascii=False)}"
    yield f"proves = {json.dumps(list(scenario.proves))}"
    yield f"place = {json.dumps(scenario.place)}"
    if scenario.times != "normal":
        yield f"times = {json.dumps(scenario.times)}"
    yield f"ends_s = {scenario.ends_s:g}"
    for name, table in (("rig", scenario.rig), ("site", scenario.site)):
        yield from _table(name, table)
    for act in scenario.acts:
        yield from ("", "[[at]]", f"t_s = {json.dumps(act.t_s)}", f"do = {json.dumps(act.do)}", *_values(act.args))
    for one in scenario.expectations:
        text = json.dumps(one.text, ensure_ascii=False)
        yield from ("", "[[expect]]", f"check = {json.dumps(one.check)}", *_values(one.params), f"text = {text}")


def _table(name: str, table: Mapping[str, object]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if plain:
        yield from ("", f"[{name}]", *_values(plain))
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _table(f"{name}.{key}", value)


def _values(table: Mapping[str, object]) -> Iterator[str]:
    """JSON's scalars and lists are TOML's too."""
    return (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items())
