"""Our table of SunSpec points against an independent copy of the definitions."""

import json
from pathlib import Path

import pytest

from drivers.sunspec.models import MODELS, TYPES, split


def defined(model: int) -> dict[str, tuple[int, str, str | None, int]]:
    """Points of a model as pysunspec2 has them: offset, type, scale factor, size."""
    package = pytest.importorskip("sunspec2")
    file = Path(package.__file__).parent / "models" / "json" / f"model_{model}.json"
    found, offset = {}, 0
    for point in json.loads(file.read_text())["group"]["points"]:
        found[point["name"]] = (offset, point["type"], point.get("sf"), point["size"])
        offset += point["size"]
    return found


@pytest.mark.parametrize("model", MODELS)
def test_every_point_lies_where_the_alliance_says(model):
    theirs = defined(model)
    ours = {
        name: (point.offset, point.type, point.exponent, point.coding().registers)
        for name, point in MODELS[model].items()
    }
    assert ours == {name: theirs[name] for name in ours}


def test_every_scale_factor_that_is_named_is_there():
    named = {(model, point.exponent) for model, points in MODELS.items() for point in points.values() if point.exponent}
    assert all(exponent in MODELS[model] for model, exponent in named)


def test_every_type_has_a_coding():
    assert {point.type for points in MODELS.values() for point in points.values()} <= set(TYPES)


@pytest.mark.parametrize("name", ["999.W", "103.Nonsense", "W", "103"])
def test_a_point_that_hems_does_not_know_is_named(name):
    with pytest.raises(ValueError, match="no SunSpec point"):
        split(name)
