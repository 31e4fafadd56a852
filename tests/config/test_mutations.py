"""However a site file is mangled, the answer is whole sentences and nothing else."""

import tomllib
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.config.given import example, factories, report

SITES = {name: tomllib.loads(example(name)) for name in ("apartments", "home")}
NUMBERS = [0, -1, -0.0, 1.5, 99, 10**30, 10**400, float("nan"), float("inf"), True, date(2026, 1, 1)]
WORDS = ["", "x", "a/b", "a/b/c", "é\x00", "L1", "main", "relays/coil_1"]
STRUCTURES = [[], [[]], [1, 2], ["L1"], ["a/b"] * 9, {}, {"a": 1}, {"a": {"b": [1]}}]
STRANGE = st.sampled_from([*NUMBERS, *WORDS, *STRUCTURES])


def paths(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every key of a file, and every entry of its lists."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, value in inner for found in [(*at, key), *paths(value, (*at, key))]]


def mangled(data: st.DataObject, site: dict[str, Any]) -> dict[str, Any]:
    """A copy with one to four keys deleted, misspelt, replaced or scaled."""
    site = deepcopy(site)
    for _ in range(data.draw(st.integers(1, 4))):
        known = paths(site)
        if not known:
            break
        path = data.draw(st.sampled_from(known))
        parent: Any = site
        for key in path[:-1]:
            parent = parent[key]
        match data.draw(st.sampled_from(["delete", "misspell", "replace", "scale"])):
            case "delete":
                del parent[path[-1]]
            case "misspell" if isinstance(parent, dict):
                misspelt = st.sampled_from([f"{path[-1]}s", f"{path[-1]}"[1:], "x y", "é"])
                parent[data.draw(misspelt)] = parent.pop(path[-1])
            case "scale" if isinstance(parent[path[-1]], int | float) and abs(parent[path[-1]]) < 1e9:
                parent[path[-1]] = parent[path[-1]] * data.draw(st.sampled_from([-1, 0, 1000, 1e-6]))
            case _:
                parent[path[-1]] = deepcopy(data.draw(STRANGE))
    return site


@pytest.mark.parametrize("name", sorted(SITES))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mangled_site_is_answered_in_sentences(name, data, tmp_path):
    # given a site file with some of its keys mangled
    path = tmp_path / "site.toml"
    path.write_text(as_toml(mangled(data, SITES[name])), encoding="utf-8")

    # when it is checked
    problems, notices = report(path, factories(100.0))

    # then whatever is said is one line that names the file and ends like a sentence
    for sentence in (*problems, *notices):
        assert sentence.startswith(str(path))
        assert sentence.endswith(".")
        assert len(sentence) > len(str(path)) + 10
        assert sentence.isprintable(), sentence


def as_toml(site: dict[str, Any]) -> str:
    """The site as TOML, everything in one inline line per top-level key."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in site.items())


def _key(key: str) -> str:
    return '"' + "".join(_character(one) for one in key) + '"'


def _character(one: str) -> str:
    return f"\\u{ord(one):04X}" if one in '"\\' or not one.isprintable() else one


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _key(value)
        case dict():
            return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            return str(value)
