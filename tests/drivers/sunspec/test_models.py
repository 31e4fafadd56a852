"""Our table of SunSpec points against an independent copy of the definitions."""

import json
from pathlib import Path

import pytest

from drivers.sunspec.models import TYPES, ref
from drivers.sunspec.tables import MODELS


def defined(model: int) -> dict[str, tuple[int, str, str | None, int, int]]:
    """Points of a model as pysunspec2 has them: offset, type, scale factor, size, distance to the next of its kind.

    A point of a repeated group that is called as one of the model itself comes with the name of the group before it.
    """
    package = pytest.importorskip("sunspec2")
    file = Path(package.__file__).parent / "models" / "json" / f"model_{model}.json"
    group = json.loads(file.read_text())["group"]
    found, offset = {}, 0
    for part in (group, *(part for part in group.get("groups", ()) if part["type"] == "group")):
        every = 0 if part is group else sum(point["size"] for point in part["points"])
        for point in part["points"]:
            name = point["name"] if point["name"] not in found else f"{part['name']}.{point['name']}"
            found[name] = (offset, point["type"], point.get("sf"), point["size"], every)
            offset += point["size"]
    return found


@pytest.mark.parametrize("model", MODELS)
def test_every_point_lies_where_the_alliance_says(model):
    theirs = defined(model)
    ours = {
        name: (
            point.offset,
            point.type,
            point.exponent,
            ref(f"{model}.{name}" + ("[1]" if point.every else "")).coding.registers,
            point.every,
        )
        for name, point in MODELS[model].items()
    }
    assert ours == {name: theirs[name] for name in ours}


def test_every_scale_factor_that_is_named_is_there():
    named = {(model, point.exponent) for model, points in MODELS.items() for point in points.values() if point.exponent}
    assert all(exponent in MODELS[model] for model, exponent in named)


def test_every_type_has_a_coding():
    assert {point.type for points in MODELS.values() for point in points.values()} <= set(TYPES)


@pytest.mark.parametrize("name", ["999.W", "103.Nonsense", "W", "103", "103.W[", "160.[1]"])
def test_a_point_that_hems_does_not_know_is_named(name):
    with pytest.raises(ValueError, match="no SunSpec point"):
        ref(name)


@pytest.mark.parametrize(
    ("name", "form"), [("160.DCW", r"DCW\[1\]"), ("160.DCW[0]", r"\[1\]"), ("103.W[1]", "without")]
)
def test_a_repeated_point_is_named_with_its_number_and_no_other_is(name, form):
    with pytest.raises(ValueError, match=form):
        ref(name)


def test_each_module_and_each_port_lies_behind_the_one_before():
    assert [ref(f"160.DCW[{module}]").offset for module in (1, 2, 4)] == [21, 41, 81]
    assert [ref(f"714.Prt.DCW[{port}]").offset for port in (1, 2)] == [32, 57]
