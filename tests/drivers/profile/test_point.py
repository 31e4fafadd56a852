"""From a raw value to a reading, or to the reason why it is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from drivers.profile.checked import checked
from drivers.profile.point import ReadSpec, decode, reads
from hems.model.errors import ConfigError
from hems.model.reading import Quality


@pytest.mark.parametrize(
    ("spec", "raw", "value"),
    [
        ({}, 5, 5.0),
        ({"scale": 0.1}, 2301, 230.1),
        ({"scale": 0.1, "offset": -40}, 650, 25.0),
        ({"negate": True}, 4200, -4200.0),
        ({"negate": True}, 0, 0.0),
        ({"negate": True, "negate_if": True}, 4200, 4200.0),
        ({"unit": "kWh"}, 1.5, 1500.0),
        ({"unit": "mA"}, 10500, 10.5),
        ({"bit": 3}, 0b1000, True),
        ({"bit": 3, "invert": True}, 0b1000, False),
        ({"mask": 0xF0, "shift": 4}, 0xAB, 10.0),
        ({"map": {"0x40": "running", "7": "fault"}}, 64, "running"),
        ({"map": {"1": True, "0": False}}, 0, False),
        ({"map": {"true": "on", "false": "off"}}, True, "on"),
        ({"map": {"1": "on"}, "otherwise": "other"}, 9, "other"),
        ({"mask": 0x03, "map": {"2": "discharging"}}, 0xFE, "discharging"),
        ({"as": "bits", "map": {"0": "hot", "3": "grid lost"}}, 0b1001, "hot, grid lost"),
        ({"as": "bits", "map": {"0": "hot"}}, 0b100, "bit 2"),
        ({"as": "bits", "map": {"0": "hot"}}, 0, "none"),
        ({"as": "bits", "mask": 0xF0, "shift": 4, "map": {"0": "hot"}}, 0x1F, "hot"),
        ({"unit": "MWh"}, 2, 2_000_000.0),
        ({"unit": "h"}, 2, 7200.0),
        ({"invert": True}, True, False),
        ({}, "text", "text"),
        ({"valid": [-5, 5], "negate": True}, 5, -5.0),
    ],
)
def test_a_value_becomes_what_its_profile_says(spec, raw, value):
    assert decode(checked(ReadSpec, spec, "example"), raw).value == value


@pytest.mark.parametrize(
    ("spec", "raw", "bits", "reason"),
    [
        ({"nan": [0x8000]}, -32768, 16, "not known"),
        ({"nan": [-32768]}, 0x8000, 16, "not known"),
        ({"nan": [0xFFFFFFFF]}, 0xFFFFFFFF, 32, "not known"),
        ({"nan": ["n/a"]}, "n/a", 64, "not known"),
        ({"zero_is_null": True}, 0, 16, "0 for not known"),
        ({"map": {"1": "on"}}, 9, 16, "does not know"),
        ({"valid": [0, 400]}, 401, 16, "401 is outside 0 to 400"),
        ({}, float("nan"), 32, "nan"),
        ({}, float("inf"), 32, "inf"),
        ({"unit": "kWh"}, 1e308, 64, "no number that can be measured"),
        ({}, 10**400, 64, "no number that can be measured"),
        ({"map": {"1": "on"}}, -(10**400), 64, "no number that can be measured"),
        ({}, None, 16, "null"),
    ],
)
def test_what_cannot_be_true_is_unknown_with_a_reason(spec, raw, bits, reason):
    decoded = decode(checked(ReadSpec, spec, "example"), raw, bits=bits)
    assert decoded.value is None
    assert reason in decoded.reason
    assert decoded.reading(taken_s=1.0, stale_after_s=2.0).quality is Quality.INVALID


def test_the_valid_range_is_judged_in_the_unit_and_sign_of_the_point():
    spec = checked(ReadSpec, {"unit": "kW", "negate": True, "valid": [-11000, 0]}, "example")
    assert decode(spec, 7.4).value == -7400.0
    assert decode(spec, -7.4).value is None


def test_a_scale_factor_of_the_device_multiplies():
    assert decode(ReadSpec(), 123, exponent=-1).value == 12.3
    assert decode(ReadSpec(), 123, exponent=2).value == 12300.0


@given(some.integers(-(1 << 63), (1 << 63) - 1) | some.floats() | some.booleans() | some.text() | some.none())
def test_no_raw_value_breaks_the_chain(raw):
    for spec in (
        ReadSpec(),
        ReadSpec(nan=(0x8000, "x", 1.5), zero_is_null=True, scale=0.1, negate=True, valid=(-10, 10)),
        ReadSpec(map={"1": "one", "true": "yes"}),
        ReadSpec(bit=3),
        checked(ReadSpec, {"as": "bits", "map": {"1": "one"}}, "example"),
        ReadSpec(mask=0xFF, shift=4),
    ):
        decoded = decode(spec, raw)
        assert (decoded.value is None) == bool(decoded.reason)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"unit": "furlong"}, "kWh"),
        ({"otherwise": 1}, "needs a map"),
        ({"as": "bits"}, "needs a map from bit"),
        ({"as": "bits", "map": {"64": "too far"}}, "0 to 63"),
        ({"bit": 1, "mask": 3}, "stands alone"),
        ({"valid": [5, 1]}, "lowest, highest"),
        ({"map": {"1": True, "2": "two"}}, "one type"),
    ],
)
def test_a_contradiction_in_a_line_is_told(spec, problem):
    with pytest.raises(ConfigError, match=problem):
        checked(ReadSpec, spec, "example")


@given(
    raw=some.one_of(
        some.integers(-(2**31), 2**32 - 1), some.floats(), some.booleans(), some.text(max_size=3), some.just(999.0)
    ),
    scale=some.sampled_from([1.0, 0.1, 0.01, 10.0, 1e300]),
    offset=some.sampled_from([0.0, -40.0]),
    negate=some.booleans(),
    nan=some.sampled_from([(), (0x8000,), (-1,), ("-",), (999.0,)]),
    valid=some.sampled_from([None, (0.0, 400.0), (-1e5, 1e5)]),
    unit=some.sampled_from([None, "kW", "mA"]),
    zero_is_null=some.booleans(),
    invert=some.booleans(),
)
def test_the_prepared_way_says_what_the_plain_way_says_or_leaves_it_to_that(
    raw, scale, offset, negate, nan, valid, unit, zero_is_null, invert
):
    spec = ReadSpec(
        scale=scale,
        offset=offset,
        negate=negate,
        nan=nan,
        valid=valid,
        unit=unit,
        zero_is_null=zero_is_null,
        invert=invert,
    )
    plain = decode(spec, raw, bits=32).reading(taken_s=1.0, stale_after_s=2.0)
    prepared = reads(spec, lambda *_: None, bits=32)(raw, 1.0, 2.0)
    assert prepared in (plain, None)
    # and an ordinary number or bit is read by it, or there would be no use in preparing
    if type(raw) in (int, float, bool) and plain.quality is Quality.GOOD and not zero_is_null and not nan:
        assert prepared == plain
