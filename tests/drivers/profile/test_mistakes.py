"""Lines of a profile that do not fit each other: each is one sentence with file, key, value and remedy."""

from pathlib import Path

import pytest

from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import profile_for
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec

BOX = """
schema = 1
id = "box"
title = "Box"
class = "battery"
engine = "modbus"
status = "draft"
sources = ["this test, with {braces}"]
[params]
unit_id = { type = "int", default = 1, min = 1, max = 247 }
limit_w = { type = "int" }
[link]
kinds = ["tcp"]
unit_id = "{unit_id}"
[poll]
normal = { every_ms = 1000 }
[defaults]
poll = "normal"
[identify]
_model = { equals = 7 }
[read]
_model = { at = 1 }
_scale = { at = 2, type = "s16" }
power_w = { at = 10, type = "s32", sf = "_scale" }
ready = { at = 20, bit = 1 }
state = { at = 20, map = { 0 = "off", 1 = "on" } }
soc_pct = { at = 30, hold_s = 60 }
[derive]
limit_w = { max0 = { neg = "power_w" } }
idle = { all = [{ point = "state", equals = "off" }, { point = "limit_w", below = 5 }] }
[write.power_w]
steps = [{ at = 40, type = "s32", to = "{value} / 2" }]
range = ["-limit_w", 5000]
guard = [{ needs = "ready" }]
verify = { read = "power_w", within = 5 }
lapses_to = "zero"
[control]
safe = [{ at = 40, type = "s32", to = 0 }]
[alarms.state]
point = "state"
map = { off = "it is off" }
"""


def problems(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "box.toml").write_text(text)
    try:
        spec = DeviceSpec(id="box", driver="modbus", profile="box", link="tcp://192.0.2.1")
        profile_for(ModbusProfile, spec, tmp_path)
    except ConfigError as told:
        return told.problems
    return ()


def test_the_profile_that_the_mistakes_are_made_in_has_none(tmp_path):
    assert problems(tmp_path, BOX) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # names that are not there
        ('neg = "power_w"', 'neg = "pover_w"', "derive.limit_w names the point 'pover_w', which is not defined; did"),
        ('sf = "_scale"', 'sf = "_scael"', "read.power_w.sf names the point '_scael', which is not defined; did you"),
        ("_model = { equals", "_modell = { equals", "identify names the point '_modell', which is not defined; did"),
        ('needs = "ready"', 'needs = "read"', "write.power_w.guard names the point 'read', which is not defined"),
        ('"-limit_w", 5000', '"-limit", 5000', "write.power_w.range names the point 'limit', which is not defined"),
        ('{ read = "power_w"', '{ read = "power"', "write.power_w.verify names the point 'power', which is not"),
        ('point = "state"\nmap', 'point = "stat"\nmap', "alarms.state.point names the point 'stat', which is not"),
        ('poll = "normal"', 'poll = "quick"', "read.power_w.poll names the class 'quick', which [poll] does not"),
        # placeholders that stand for nothing
        ('"{unit_id}"', '"{unit}"', "link.unit_id = '{unit}': there is no parameter or point 'unit'. Did you mean"),
        ('"{value} / 2"', '"{valu} / 2"', "write.power_w.steps.to = '{valu} / 2': there is no parameter or point"),
        ("at = 30", 'at = "{limit_w}"', "read.soc_pct.at = '{limit_w}': the parameter 'limit_w' has no value. Give"),
        # the wrong kind
        ('needs = "ready"', 'needs = "state"', "guard names the point 'state', which is text, where yes or no is"),
        ('"-limit_w", 5000', '"-state", 5000', "range names the point 'state', which is text, where a number is"),
        ('neg = "power_w"', 'neg = "ready"', "derive.limit_w names the point 'ready', which is yes or no, where a"),
        ('"limit_w", below', '"state", below', "derive.idle names the point 'state', which is text, where a number"),
        ('read = "power_w", w', 'read = "idle", w', "verify names the point 'idle', which is yes or no, where a"),
        # places and order
        ("ready = { at = 20", "ready = { at = 11", "read.ready at 11 begins inside power_w, which takes 10 to 11"),
        ("\nidle =", '\nfirst = { sum = ["later"] }\nlater = { neg = "power_w" }\nidle =', "must stand above it"),
        ("\nidle =", '\nloop = { sum = ["loop"] }\nidle =', "derive.loop needs derive.loop, which must stand above"),
        ("\nidle =", "\nready = 1\nidle =", "ready stands under both read and derive"),
        ('read = "power_w", w', 'read = "soc_pct", w', "verify reads soc_pct, which has hold_s: an old value would"),
        ("_model = { equals", "idle = { equals", "identify names idle, which is computed; name a point under [read]"),
        # contradictions inside a command
        ("steps = [{ at = 40", "stepz = [{ at = 40", "write.power_w.stepz"),
        ('lapses_to = "zero"', "", "write.power_w.lapses_to: is required and missing. Add it."),
        ('lapses_to = "zero"', 'lapses_to = "uncapped"', "lapses_to uncapped needs a timer of the device that lifts"),
        ('class = "battery"', 'class = "batery"', "class = 'batery': should be 'meter', 'pv', 'battery'"),
    ],
)
def test_each_mistake_is_a_sentence_with_its_remedy(tmp_path, old, new, told):
    assert BOX.count(old) >= 1
    found = problems(tmp_path, BOX.replace(old, new, 1))
    assert any(problem.startswith("box.toml: ") and told in problem for problem in found), found
    assert all(problem[-1] in ".?" for problem in found)


def test_a_way_needs_a_point_that_is_yes_or_no(tmp_path):
    way = 'way = [{ needs = "state", steps = [{ at = 40, type = "s32", to = "{value} / 2" }] }]'
    (told,) = problems(tmp_path, BOX.replace('steps = [{ at = 40, type = "s32", to = "{value} / 2" }]', way))
    assert told == (
        "box.toml: write.power_w.way names the point 'state', which is text, where yes or no is needed. Correct it."
    )


def test_several_mistakes_that_concern_each_other_are_told_one_by_one(tmp_path):
    found = problems(
        tmp_path, BOX.replace('neg = "power_w"', 'neg = "pover_w"').replace('needs = "ready"', 'needs = "x"')
    )
    assert len(found) == 2


def test_a_verification_by_what_is_computed_from_a_held_value_is_told_too(tmp_path):
    computed = BOX.replace("\nidle =", '\nheld = { neg = "soc_pct" }\nidle =').replace(
        'read = "power_w", w', 'read = "held", w'
    )
    (told,) = problems(tmp_path, computed)
    assert "write.power_w.verify reads soc_pct, which has hold_s" in told
