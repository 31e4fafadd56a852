"""Whichever key of a site file is spoilt, the answer names that key, or the table it stands in."""

from copy import deepcopy
from typing import Any

import pytest

from hems.config.problem import dotted
from tests.config.given import factories, report
from tests.config.test_mutations import SITES, as_toml, paths

GROUPS = {("devices",), ("voltage_points",), ("batteries",), ("pvs",), ("bays",), ("circuits",)}
KEYS = [
    (name, path)
    for name, site in SITES.items()
    for path in paths(site)
    if isinstance(path[-1], str) and path not in GROUPS
]
NONSENSE: dict[str, Any] = {"a": [{"b": 1}]}


@pytest.mark.parametrize(("name", "path"), KEYS, ids=lambda value: value if isinstance(value, str) else dotted(value))
def test_a_key_with_nonsense_in_it_is_named(name, path, tmp_path):
    # given a site with nonsense in one place
    site = deepcopy(SITES[name])
    parent: Any = site
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = NONSENSE
    file = tmp_path / "site.toml"
    file.write_text(as_toml(site), encoding="utf-8")

    # when it is checked
    problems, _ = report(file, factories())

    # then every sentence is about this place
    assert problems
    for problem in problems:
        assert dotted(path) in problem, problems
